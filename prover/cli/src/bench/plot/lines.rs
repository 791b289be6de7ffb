//! Curves over a logarithmic axis.

use zera_figure::{Anchor, Picture, WIDTH};

use crate::bench::unit;

const LEFT: f64 = 70.0;
const RIGHT: f64 = 40.0;
const HEIGHT: f64 = 320.0;

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Whether it is what was measured, or something to hold against it: a broken line without dots.
    pub measured: bool,
    /// Its points, by `x`; all above zero.
    pub points: Vec<(f64, f64)>,
}

/// An axis.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// What is along it.
    pub title: &'static str,
    /// Between two lines of the grid, 2 or 10.
    pub base: f64,
    /// A number on it.
    pub shown: fn(f64) -> String,
}

impl Scale {
    /// Counts, by powers of two.
    pub const fn count(title: &'static str) -> Scale {
        Scale { title, base: 2.0, shown: |value| unit::count(value as u64) }
    }

    /// Nanoseconds, by powers of ten.
    pub const fn time(title: &'static str) -> Scale {
        Scale { title, base: 10.0, shown: |value| unit::time(value as u64) }
    }

    /// Factors, by powers of two.
    pub const fn factor(title: &'static str) -> Scale {
        Scale { title, base: 2.0, shown: unit::digits }
    }

    /// The powers around these values, at least two of them.
    fn powers(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let logs: Vec<f64> = values.map(|value| value.log(self.base)).filter(|log| log.is_finite()).collect();
        let (least, most) =
            logs.iter().fold((f64::MAX, f64::MIN), |(least, most), &log| (least.min(log), most.max(log)));
        if logs.is_empty() {
            return vec![1.0, self.base];
        }
        // A point on a power is on its line, and logarithms are not exact.
        let (first, last) = ((least + 1e-9).floor() as i32, (most - 1e-9).ceil() as i32);
        (first..=last.max(first + 1)).map(|power| self.base.powi(power)).collect()
    }
}

/// The curves over both axes, with a legend.
pub fn lines(label: &str, x: Scale, y: Scale, curves: &[Curve]) -> String {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().copied()).filter(|(x, y)| *x > 0.0 && *y > 0.0);
    let (columns, rows) = (x.powers(points().map(|(x, _)| x)), y.powers(points().map(|(_, y)| y)));
    let mut picture = Picture::new(label);
    let entries: Vec<(&str, String)> = curves.iter().map(|curve| (&*curve.name, curve.class.clone())).collect();
    let top = picture.legend(2.0, &entries) + 16.0;
    let bottom = top + HEIGHT;
    let place = |value: f64, powers: &[f64], from: f64, to: f64| {
        let (first, last) = (powers.first().copied().unwrap_or(1.0), powers.last().copied().unwrap_or(2.0));
        from + (value / first).ln() / (last / first).ln() * (to - from)
    };
    let across = |value| place(value, &columns, LEFT, WIDTH - RIGHT);
    let down = |value| place(value, &rows, bottom, top);
    for &column in &columns {
        picture.line([across(column), top], [across(column), bottom], "grid");
        picture.text([across(column), bottom + 16.0], Anchor::Middle, "tick", &(x.shown)(column));
    }
    for &row in &rows {
        picture.line([LEFT, down(row)], [WIDTH - RIGHT, down(row)], "grid");
        picture.text([LEFT - 6.0, down(row) + 4.0], Anchor::End, "tick", &(y.shown)(row));
    }
    picture.text([(LEFT + WIDTH - RIGHT) / 2.0, bottom + 34.0], Anchor::Middle, "label", x.title);
    picture.text([0.0, top - 8.0], Anchor::Start, "label", y.title);
    for curve in curves {
        let there = curve.points.iter().filter(|(x, y)| *x > 0.0 && *y > 0.0);
        let path: Vec<[f64; 2]> = there.clone().map(|&(x, y)| [across(x), down(y)]).collect();
        picture.path(&path, &format!("curve {}{}", curve.class, if curve.measured { "" } else { " broken" }));
        for (&(at, value), &point) in there.zip(&path).filter(|_| curve.measured) {
            let title = format!("{}: {} at {}", curve.name, (y.shown)(value), (x.shown)(at));
            picture.dot(point, 3.5, &curve.class, &title);
        }
    }
    picture.finish(bottom + 42.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_reach_around_the_points() {
        let scale = Scale::count("n");
        assert_eq!(scale.powers([1.0, 2.0].into_iter()), [1.0, 2.0]);
        assert_eq!(scale.powers([4094.0, 16382.0].into_iter()), [2048.0, 4096.0, 8192.0, 16384.0]);
        assert_eq!(scale.powers([8.0].into_iter()), [8.0, 16.0]);
        assert_eq!(scale.powers([f64::NAN, 0.0].into_iter()), [1.0, 2.0]);
        assert_eq!(Scale::time("t").powers([2e6, 3e8].into_iter()), [1e6, 1e7, 1e8, 1e9]);
    }

    #[test]
    fn curves_are_lines_with_dots() {
        let curve = |name: &str, measured, points: &[(f64, f64)]| Curve {
            name: name.to_owned(),
            class: "s0".to_owned(),
            measured,
            points: points.to_vec(),
        };
        let curves = [
            curve("a & b", true, &[(1.0, 1e6), (2.0, 6e5)]),
            curve("ideal", false, &[(1.0, 1e6), (2.0, 5e5)]),
            curve("empty", true, &[(0.0, 1.0), (1.0, f64::NAN)]),
        ];
        let svg = lines("l", Scale::count("threads"), Scale::time("time"), &curves);
        assert_eq!((svg.matches("<circle").count(), svg.matches("<polyline").count()), (2, 3), "{svg}");
        assert!(svg.contains("a &amp; b: 600 us at 2"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(lines("none", Scale::count("x"), Scale::factor("y"), &[]).ends_with("</svg>\n"));
    }
}
