//! Every scenario in a small size, and what holds of all of them.

#[path = "all/market.rs"]
mod market; // splitting and scaling
#[path = "all/scenario.rs"]
mod scenario; // files: what is refused, and how
#[path = "all/small.rs"]
mod small; // every scenario, small
