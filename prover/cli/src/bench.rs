//! Measuring this machine, and writing down what was measured.
//!
//! - [`plan`]: what is measured, and how often.
//! - [`subject`]: the circuits: predicates, and a chain of squares of any size.
//! - [`machine`]: which machine this is, and what it lets us read of itself. [`guard`]: whether it is quiet enough.
//! - [`measure`]: the measuring. [`report`]: what comes of it.
//! - [`stats`]: from samples to numbers. [`mod@unit`]: numbers for people.
//! - [`page`], [`plot`]: one page, with its pictures. [`csv`], [`json`]: the same for programs.
//!
//! Floats occur here and nowhere else in the binary: nothing that is proved, paid or stored depends on a measurement.

pub mod csv;
pub mod guard;
pub mod json;
pub mod machine;
pub mod measure;
pub mod page;
pub mod plan;
pub mod plot;
pub mod report;
pub mod stats;
pub mod subject;
pub mod unit;
