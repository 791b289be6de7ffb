//! Criterion benches, their workloads, and the records kept of them.
//!
//! ```text
//! cargo bench -p zera-benches                                   everything, some minutes
//! cargo bench -p zera-benches --bench verify -- 'verify::key'   one subject, one group
//! cargo bench -p zera-benches -- --test                         every body once, no timing
//! cargo run --release -p zera-benches --bin record              medians of the last run -> benches/records
//! ```
//!
//! # Names
//! `subject::work/parameter=value ..`, as in `prove::special_price/engine=arkworks threads=2`. What is ours and what it is
//! measured against stand in one group and differ in one parameter: `by=zera` and `by=ark-groth16`, `form=sparse` and
//! `form=definition`, `store=ledger` and `store=redb`. Every bench asserts its known answer before it is timed. Where one
//! iteration handles many items the name says how many (`proofs=64`, `rows=200`, `tasks=500`), and criterion prints items
//! a second; a record keeps the time of the whole iteration.
//!
//! Rivals of some milliseconds are timed in turns ([`mod@pair`]), so that a machine that slows down slows both.
//!
//! # Records
//! `benches/records/<cpu>/<date>.csv`, one row a bench, and `<date>.txt` with `lscpu` and `rustc -vV`:
//!
//! ```text
//! name        as above
//! median_ns   median time of one iteration
//! n           samples that the median is of
//! date        UTC day on which it was measured
//! commit      the commit checked out, "+dirty" where tracked files differed
//! cpu         model name
//! rustc       rustc --version
//! ```
//! Medians are of one machine; compare rows of one file, or files of one folder. Measure on a quiet one: every call of a
//! contract hands over to a thread of its own, and a block of 64 call-backs that takes 20 ms takes 150 ms where other
//! programs keep all cores busy.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

// What items of the cost schedule take.
pub mod calibrate;
// Two rivals in turns.
pub mod pair;
// Criterion's files -> a record.
pub mod record;
// Seeded inputs with known answers.
pub mod workload;

pub use pair::pair;
