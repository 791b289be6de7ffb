//! What each item of the cost schedule takes on this machine, beside what is charged for it.
//!
//! Every item has one runner, and every runner takes a baseline away: the same block, call or loop without the work. What
//! is measured is a time per unit; a slope (per byte, per input, per page) is the steepest secant from the smallest size,
//! and the slowest class counts. That is an upper envelope: no class lies above it, as half of them would with a line
//! of least squares.

mod block;
mod byzantine;
mod deploy;
mod guest;
mod net;
mod pure;
mod report;
mod sample;

use zera_host::CostSchedule;

pub use byzantine::{Burned, SHARE_MAX, byzantine};
pub use report::{Item, RATIO_MAX, Report, write_schedule};
pub use sample::{Class, Quantiles};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Samples of work below a few milliseconds.
    pub short: usize,
    /// Samples of blocks.
    pub blocks: usize,
    /// Samples of a compilation.
    pub compiles: usize,
    /// Rows in the ledger before storage is measured.
    pub rows: usize,
}

impl Effort {
    /// For a record: some minutes.
    pub const FULL: Effort = Effort { short: 1_000, blocks: 40, compiles: 5, rows: 100_000 };
    /// To see that every runner runs.
    pub const QUICK: Effort = Effort { short: 20, blocks: 3, compiles: 1, rows: 2_000 };
}

/// Entries of the schedule that are no prices.
pub const NOT_PRICES: [&str; 2] = ["version", "call_fuel_max"];

/// Measures every item.
pub fn calibrate(cost: &CostSchedule, effort: Effort) -> Report {
    let mut classes = told(pure::classes(effort));
    classes.extend(told(guest::classes(effort)));
    classes.extend(told(block::classes(effort, &classes)));
    classes.extend(told(deploy::classes(effort)));
    Report::new(cost, classes)
}

/// Some minutes pass until the table is printed.
fn told(classes: Vec<Class>) -> Vec<Class> {
    for Class { item, class, per_unit } in &classes {
        let Quantiles { n, p50, p99, p999 } = per_unit;
        eprintln!("{item} ({class}): {p50:.2} ns, p99 {p99:.2}, p99.9 {p999:.2} of {n}");
    }
    classes
}
