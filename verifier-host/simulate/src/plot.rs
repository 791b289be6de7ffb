//! Pictures: SVG that needs no script, font or link, and stands alone or in a page.

mod area; // layers on each other
mod bars; // factors beside a line
mod heat; // a grid of signed numbers
mod lines; // curves with intervals

pub use area::area;
pub use bars::{Bar, bars};
pub use heat::heat;
pub use lines::{Axis, Curve, Mark, lines};

/// Width of every picture; a page scales it.
const WIDTH: f64 = 900.0;

/// What classes mean; inside each picture, so that it can be taken out of a page.
const STYLE: &str = "text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.grid{stroke:#ddd;stroke-width:1}\
.mark{stroke:#b00;stroke-width:1.5;stroke-dasharray:5 4}.marked{fill:#b00}.curve{fill:none;stroke-width:2}\
.broken{stroke-dasharray:6 4;stroke-width:1.5}.band{opacity:.18;stroke:none}.contour{fill:none;stroke:#000;stroke-width:2}\
.over{fill:#c23}.under{fill:#2a7}\
.f0{fill:#1f6fb4}.f1{fill:#d95f02}.f2{fill:#2a8f4f}.f3{fill:#b0307f}.f4{fill:#7a6a00}.f5{fill:#5b3fb0}\
.k0{stroke:#1f6fb4}.k1{stroke:#d95f02}.k2{stroke:#2a8f4f}.k3{stroke:#b0307f}.k4{stroke:#7a6a00}.k5{stroke:#5b3fb0}";

/// Colours of curves.
const COLOURS: usize = 6;

/// Where a text stands with regard to its point.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Shapes under way.
struct Picture {
    label: String,
    body: String,
}

impl Picture {
    fn new(label: &str) -> Picture {
        Picture { label: escaped(label), body: String::new() }
    }

    fn rect(&mut self, [x, y, width, height]: [f64; 4], class: &str, fill: &str, title: &str) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(coordinate);
        let fill = if fill.is_empty() { String::new() } else { format!(" fill=\"{fill}\"") };
        let title = escaped(title);
        self.body.push_str(&format!(
            "<rect class=\"{class}\"{fill} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{title}</title></rect>\n"
        ));
    }

    fn line(&mut self, from: [f64; 2], to: [f64; 2], class: &str) {
        let ([x1, y1], [x2, y2]) = (from.map(coordinate), to.map(coordinate));
        self.body.push_str(&format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"));
    }

    fn shape(&mut self, form: &str, points: &[[f64; 2]], class: &str) {
        let points: Vec<String> = points.iter().map(|&[x, y]| format!("{},{}", coordinate(x), coordinate(y))).collect();
        self.body.push_str(&format!("<{form} class=\"{class}\" points=\"{}\"/>\n", points.join(" ")));
    }

    fn dot(&mut self, at: [f64; 2], class: &str, title: &str) {
        let ([x, y], title) = (at.map(coordinate), escaped(title));
        self.body.push_str(&format!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"3.5\"><title>{title}</title></circle>\n"
        ));
    }

    fn text(&mut self, at: [f64; 2], anchor: Anchor, class: &str, text: &str) {
        let ([x, y], text) = (at.map(coordinate), escaped(text));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.body
            .push_str(&format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>\n"));
    }

    /// Boxes with names, in rows; the height that they take.
    fn legend(&mut self, entries: &[(String, usize)]) -> f64 {
        let (mut x, mut y) = (0.0, 4.0);
        for (name, colour) in entries {
            let width = 34.0 + 6.6 * name.chars().count() as f64;
            if x + width > WIDTH {
                (x, y) = (0.0, y + 20.0);
            }
            self.rect([x, y, 12.0, 12.0], &format!("f{}", colour % COLOURS), "", name);
            self.text([x + 17.0, y + 10.0], Anchor::Start, "", name);
            x += width;
        }
        y + 28.0
    }

    fn finish(self, height: f64) -> String {
        let Picture { label, body } = self;
        let (width, height) = (coordinate(WIDTH), coordinate(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">\n\
             <style>{STYLE}</style>\n{body}</svg>\n"
        )
    }
}

/// Text as HTML and SVG have it; what they can not hold becomes a question mark.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || !c.is_ascii() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// A coordinate with one decimal; what is no number is 0.
fn coordinate(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".to_owned() } else { text }
}

/// Round numbers around `[least, most]`, at least two and about `count`.
fn ticks(least: f64, most: f64, count: usize) -> Vec<f64> {
    let width = most - least;
    if !(width.is_finite() && width > 0.0) {
        let at = if least.is_finite() { least } else { 0.0 };
        return vec![at - 1.0, at + 1.0];
    }
    let rough = width / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|&step| step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((least / step + 1e-9).floor() as i64, (most / step - 1e-9).ceil() as i64);
    (first..=last).map(|at| at as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Mean;

    #[test]
    fn names_do_not_break_out() {
        let svg = bars("\"><script>", &[Bar { name: "</text><script>".to_owned(), value: f64::NAN }], 1.0, 4.0);
        assert!(!svg.contains("<script") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn ticks_are_round_and_reach_both_ends() {
        assert_eq!(ticks(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(-3.0, 7.0, 5), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0]);
        for (least, most) in [(0.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert_eq!(ticks(least, most, 5).len(), 2);
        }
    }

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
