//! Pictures: SVG elements to stand in a page, without scripts, fonts or links.
//!
//! Colours are classes (`s0`, `s1` and so on) that the page's style sheet gives a meaning; what a shape is stands in its
//! `title`, which a browser shows under the pointer.

mod bars; // stacked bars
mod lines; // curves on logarithmic axes
mod strips; // every sample as a dot

pub use bars::{Bar, Part, bars};
pub use lines::{Curve, Scale, lines};
pub use strips::{Strip, strips};

use crate::markup::escaped;

/// Width of every picture; a page scales it.
const WIDTH: f64 = 900.0;

/// Where a text stands with regard to its point.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Shapes under way.
struct Picture {
    height: f64,
    label: String,
    body: String,
}

impl Picture {
    fn new(label: &str, height: f64) -> Picture {
        Picture { height, label: escaped(label), body: String::new() }
    }

    fn rect(&mut self, [x, y, width, height]: [f64; 4], class: &str, title: &str) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(coordinate);
        let title = escaped(title);
        self.body.push_str(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{title}</title></rect>\n"
        ));
    }

    fn line(&mut self, from: [f64; 2], to: [f64; 2], class: &str) {
        let ([x1, y1], [x2, y2]) = (from.map(coordinate), to.map(coordinate));
        self.body.push_str(&format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"));
    }

    fn path(&mut self, points: &[[f64; 2]], class: &str) {
        let points: Vec<String> = points.iter().map(|&[x, y]| format!("{},{}", coordinate(x), coordinate(y))).collect();
        self.body.push_str(&format!("<polyline class=\"{class}\" points=\"{}\"/>\n", points.join(" ")));
    }

    fn dot(&mut self, at: [f64; 2], radius: f64, class: &str, title: &str) {
        let ([x, y], radius, title) = (at.map(coordinate), coordinate(radius), escaped(title));
        self.body.push_str(&format!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"><title>{title}</title></circle>\n"
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

    fn finish(self) -> String {
        let Picture { height, label, body } = self;
        let (width, height) = (coordinate(WIDTH), coordinate(height));
        format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">\n{body}</svg>\n")
    }
}

/// Boxes with names, in rows where one line does not hold them; the height that they take.
fn legend(picture: &mut Picture, y: f64, entries: &[(&str, String)]) -> f64 {
    let (mut x, mut line) = (0.0, y);
    for (name, class) in entries {
        let width = 32.0 + 7.0 * name.chars().count() as f64;
        if x + width > WIDTH {
            (x, line) = (0.0, line + 20.0);
        }
        picture.rect([x, line, 12.0, 12.0], class, name);
        picture.text([x + 17.0, line + 10.0], Anchor::Start, "label", name);
        x += width;
    }
    line + 24.0 - y
}

/// A name that fits beside a bar: its middle left out where it is long, since kinds and threads stand at its end.
fn clipped(name: &str) -> String {
    const HALF: usize = 19;
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= 2 * HALF + 2 {
        return name.to_owned();
    }
    letters[..HALF].iter().chain(&['.', '.']).chain(&letters[letters.len() - HALF..]).collect()
}

/// A coordinate with one decimal; what is no number is 0.
fn coordinate(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".to_owned() } else { text }
}

/// Round numbers from 0 to `max`, at least two and about `count`.
fn ticks(max: f64, count: usize) -> Vec<f64> {
    if !(max.is_finite() && max > 0.0) {
        return vec![0.0, 1.0];
    }
    let rough = max / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|&step| step >= rough);
    let step = step.unwrap_or(10.0 * power);
    // A step is at least max / count, so these are few.
    (0..=(max / step).ceil() as usize).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_break_out() {
        assert_eq!(escaped("<b a=\"1\" c='2'>&\n"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;?");
        let mut picture = Picture::new("\"><script>", 10.0);
        picture.text([0.0, 0.0], Anchor::Start, "label", "</text><script>");
        picture.rect([0.0; 4], "s0", "</title>");
        let svg = picture.finish();
        assert!(!svg.contains("<script") && svg.matches("</title>").count() == 1, "{svg}");
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(clipped("SpecialPriceOraclePredicate, 2 threads"), "SpecialPriceOraclePredicate, 2 threads");
        let clipped = clipped(&format!("{}: first", "long".repeat(16)));
        assert!(clipped.len() == 40 && clipped.starts_with("long") && clipped.ends_with(": first"), "{clipped}");
    }

    #[test]
    fn coordinates_are_numbers() {
        for (value, text) in [(f64::NAN, "0.0"), (f64::INFINITY, "0.0"), (-0.01, "0.0"), (1.25, "1.2"), (-3.0, "-3.0")]
        {
            assert_eq!(coordinate(value), text);
        }
    }

    #[test]
    fn ticks_are_round_and_reach_the_end() {
        assert_eq!(ticks(9.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(1_000.0, 5), [0.0, 200.0, 400.0, 600.0, 800.0, 1_000.0]);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ticks(bad, 5), [0.0, 1.0]);
        }
        for max in [1e-9, 0.37, 3.0, 123_456.0, 9.99e12] {
            let ticks = ticks(max, 6);
            assert!(ticks.len() <= 8 && *ticks.last().unwrap() >= max, "{max}: {ticks:?}");
        }
    }
}
