//! The report's pictures, each with what its classes mean.

mod area; // layers on each other
mod bars; // factors beside a line
mod heat; // a grid of signed numbers
mod lines; // curves with intervals

pub use area::area;
pub use bars::{Bar, bars};
pub use heat::heat;
pub use lines::{Axis, Curve, Mark, lines};

/// What classes mean; inside each picture, so that it can be taken out of a page.
const STYLE: &str = "text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.grid{stroke:#ddd;stroke-width:1}\
.mark{stroke:#b00;stroke-width:1.5;stroke-dasharray:5 4}.marked{fill:#b00}.curve{fill:none;stroke-width:2}\
.broken{stroke-dasharray:6 4;stroke-width:1.5}.band{opacity:.18;stroke:none}.contour{fill:none;stroke:#000;stroke-width:2}\
.over{fill:#c23}.under{fill:#2a7}\
.f0{fill:#1f6fb4}.f1{fill:#d95f02}.f2{fill:#2a8f4f}.f3{fill:#b0307f}.f4{fill:#7a6a00}.f5{fill:#5b3fb0}\
.k0{stroke:#1f6fb4}.k1{stroke:#d95f02}.k2{stroke:#2a8f4f}.k3{stroke:#b0307f}.k4{stroke:#7a6a00}.k5{stroke:#5b3fb0}";

/// Colours of curves.
const COLOURS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Mean;

    #[test]
    fn every_kind_draws_without_points() {
        let none = Curve::measured("none", 0, &[]);
        let odd =
            Curve::measured("odd", 1, &[(f64::NAN, Mean::default()), (1.0, Mean { mean: f64::INFINITY, half: 0.0 })]);
        for svg in [
            lines("l", Axis::log("x"), Axis::linear("y"), &[none, odd], &[]),
            bars("b", &[], 1.0, 2.0),
            heat("h", "x", "y", &[], &[], &[], &[]),
            area("a", "x", "y", &[("one", Vec::new())]),
        ] {
            assert!(
                svg.starts_with("<svg") && svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf")
            );
        }
    }
}
