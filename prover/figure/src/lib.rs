//! Pictures: SVG that needs no script, font or link, and text as HTML and SVG have it.
//!
//! Colours are classes that a style sheet gives a meaning, a page's or a picture's own; what a shape is stands in its `title`, which a
//! browser shows under the pointer.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

/// Width of every picture; a page scales it.
pub const WIDTH: f64 = 900.0;

/// Where a text stands with regard to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// Shapes under way.
#[derive(Debug)]
pub struct Picture {
    label: String,
    body: String,
}

impl Picture {
    /// An empty one; readers aloud say `label`.
    pub fn new(label: &str) -> Picture {
        Picture { label: escaped(label), body: String::new() }
    }

    /// A box of `[x, y, width, height]`.
    pub fn rect(&mut self, at: [f64; 4], class: &str, title: &str) {
        self.painted(at, class, "", title);
    }

    /// A box of a colour of its own, where `fill` names one.
    pub fn painted(&mut self, [x, y, width, height]: [f64; 4], class: &str, fill: &str, title: &str) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(coordinate);
        let fill = if fill.is_empty() { String::new() } else { format!(" fill=\"{}\"", escaped(fill)) };
        let title = escaped(title);
        self.body.push_str(&format!(
            "<rect class=\"{class}\"{fill} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{title}</title></rect>\n"
        ));
    }

    /// A straight line.
    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], class: &str) {
        let ([x1, y1], [x2, y2]) = (from.map(coordinate), to.map(coordinate));
        self.body.push_str(&format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"));
    }

    /// Straight lines from point to point.
    pub fn path(&mut self, points: &[[f64; 2]], class: &str) {
        self.shape("polyline", points, class);
    }

    /// The same, back to the first point.
    pub fn area(&mut self, points: &[[f64; 2]], class: &str) {
        self.shape("polygon", points, class);
    }

    fn shape(&mut self, form: &str, points: &[[f64; 2]], class: &str) {
        let points: Vec<String> = points.iter().map(|&[x, y]| format!("{},{}", coordinate(x), coordinate(y))).collect();
        self.body.push_str(&format!("<{form} class=\"{class}\" points=\"{}\"/>\n", points.join(" ")));
    }

    /// A point.
    pub fn dot(&mut self, at: [f64; 2], radius: f64, class: &str, title: &str) {
        let ([x, y], radius, title) = (at.map(coordinate), coordinate(radius), escaped(title));
        self.body.push_str(&format!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"><title>{title}</title></circle>\n"
        ));
    }

    /// Words.
    pub fn text(&mut self, at: [f64; 2], anchor: Anchor, class: &str, text: &str) {
        let ([x, y], text) = (at.map(coordinate), escaped(text));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.body
            .push_str(&format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>\n"));
    }

    /// Boxes of classes with names beside them, in rows where one line does not hold them; the height that they take.
    pub fn legend(&mut self, y: f64, entries: &[(&str, String)]) -> f64 {
        let (mut x, mut line) = (0.0, y);
        for (name, class) in entries {
            let width = 32.0 + 7.0 * name.chars().count() as f64;
            if x + width > WIDTH {
                (x, line) = (0.0, line + 20.0);
            }
            self.rect([x, line, 12.0, 12.0], class, name);
            self.text([x + 17.0, line + 10.0], Anchor::Start, "label", name);
            x += width;
        }
        line + 24.0 - y
    }

    /// The element, to stand in a page whose style sheet says what its classes mean.
    pub fn finish(self, height: f64) -> String {
        let Picture { label, body } = self;
        let (width, height) = (coordinate(WIDTH), coordinate(height));
        format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">\n{body}</svg>\n")
    }

    /// A file of its own, with what its classes mean.
    pub fn alone(self, height: f64, style: &str) -> String {
        let svg = self.finish(height);
        svg.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", 1).replacen(
            '\n',
            &format!("\n<style>{style}</style>\n"),
            1,
        )
    }
}

/// Text as HTML and SVG have it; what they can not hold becomes a question mark.
pub fn escaped(text: &str) -> String {
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
pub fn ticks(least: f64, most: f64, count: usize) -> Vec<f64> {
    let width = most - least;
    if !(width.is_finite() && width > 0.0) {
        let at = if least.is_finite() { least } else { 0.0 };
        return vec![at, at + 1.0];
    }
    let rough = width / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|&step| step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    // A step is about width / count, so these are few.
    let (first, last) = ((least / step + 1e-9).floor() as i64, (most / step - 1e-9).ceil() as i64);
    (first..=last).map(|at| at as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_break_out() {
        assert_eq!(escaped("<b a=\"1\" c='2'>&\n"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;?");
        let mut picture = Picture::new("\"><script>");
        picture.text([0.0, 0.0], Anchor::Start, "label", "</text><script>");
        picture.painted([0.0; 4], "s0", "\"><script>", "</title>");
        let svg = picture.alone(10.0, "");
        assert!(!svg.contains("<script") && svg.matches("</title>").count() == 1, "{svg}");
    }

    #[test]
    fn a_picture_stands_alone_or_in_a_page() {
        let drawn = || {
            let mut picture = Picture::new("x");
            picture.path(&[[0.0, 1.0], [2.0, 3.0]], "curve");
            picture
        };
        let (inside, alone) = (drawn().finish(10.0), drawn().alone(10.0, "a{b:c}"));
        assert!(inside.starts_with("<svg viewBox=") && !inside.contains("style"), "{inside}");
        assert!(alone.starts_with("<svg xmlns=") && alone.contains("\n<style>a{b:c}</style>\n"), "{alone}");
        for svg in [inside, alone] {
            assert!(svg.contains("points=\"0.0,1.0 2.0,3.0\"") && svg.ends_with("</svg>\n"), "{svg}");
        }
    }

    #[test]
    fn coordinates_are_numbers() {
        for (value, text) in [(f64::NAN, "0.0"), (f64::INFINITY, "0.0"), (-0.01, "0.0"), (1.25, "1.2"), (-3.0, "-3.0")]
        {
            assert_eq!(coordinate(value), text);
        }
    }

    #[test]
    fn ticks_are_round_and_reach_both_ends() {
        assert_eq!(ticks(0.0, 9.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.0, 1_000.0, 5), [0.0, 200.0, 400.0, 600.0, 800.0, 1_000.0]);
        assert_eq!(ticks(-3.0, 7.0, 5), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0]);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ticks(0.0, bad, 5), [0.0, 1.0]);
        }
        assert_eq!(ticks(f64::NAN, 1.0, 5).len(), 2);
        for max in [1e-9, 0.37, 3.0, 123_456.0, 9.99e12] {
            let ticks = ticks(0.0, max, 6);
            assert!(ticks.len() <= 8 && *ticks.last().unwrap() >= max, "{max}: {ticks:?}");
        }
    }
}
