//! Curves with their intervals over two axes.

use zera_figure::{Anchor, Picture, WIDTH, ticks};

use super::{COLOURS, STYLE};
use crate::stats::{Mean, digits};

const LEFT: f64 = 80.0;
const RIGHT: f64 = 30.0;
const HEIGHT: f64 = 320.0;

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    /// A line with a dot at each point.
    Dots,
    /// A line.
    Smooth,
    /// A line that keeps its height until the next point.
    Step,
    /// A broken line: what was expected.
    Broken,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    name: String,
    colour: usize,
    style: Style,
    points: Vec<(f64, Mean)>,
}

fn exact(points: &[(f64, f64)]) -> Vec<(f64, Mean)> {
    points.iter().map(|&(x, mean)| (x, Mean { mean, half: 0.0 })).collect()
}

impl Curve {
    /// What was measured, with dots and intervals.
    pub fn measured(name: &str, colour: usize, points: &[(f64, Mean)]) -> Curve {
        Curve { name: name.to_owned(), colour, style: Style::Dots, points: points.to_vec() }
    }

    /// What was measured at many points.
    pub fn smooth(name: &str, colour: usize, points: &[(f64, Mean)]) -> Curve {
        Curve { name: name.to_owned(), colour, style: Style::Smooth, points: points.to_vec() }
    }

    /// A distribution.
    pub fn step(name: &str, colour: usize, points: &[(f64, f64)]) -> Curve {
        Curve { name: name.to_owned(), colour, style: Style::Step, points: exact(points) }
    }

    /// What was expected.
    pub fn expected(name: &str, colour: usize, points: &[(f64, f64)]) -> Curve {
        Curve { name: name.to_owned(), colour, style: Style::Broken, points: exact(points) }
    }
}

/// An axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    title: &'static str,
    log: bool,
    share: bool,
}

impl Axis {
    /// Equal distances.
    pub const fn linear(title: &'static str) -> Axis {
        Axis { title, log: false, share: false }
    }

    /// Equal ratios.
    pub const fn log(title: &'static str) -> Axis {
        Axis { title, log: true, share: false }
    }

    /// From nothing to the whole.
    pub const fn share(title: &'static str) -> Axis {
        Axis { title, log: false, share: true }
    }

    fn place(&self, value: f64) -> f64 {
        if self.log { value.max(f64::MIN_POSITIVE).log10() } else { value }
    }

    /// Places of the grid and what stands there.
    fn grid(&self, values: &[f64]) -> Vec<(f64, String)> {
        let placed = values.iter().map(|&value| self.place(value)).filter(|value| value.is_finite());
        let (least, most) =
            placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), value| (a.min(value), b.max(value)));
        if self.share {
            return ticks(0.0, 1.0, 5).into_iter().map(|at| (at, format!("{} %", digits(100.0 * at)))).collect();
        }
        if self.log {
            let (first, last) = if least <= most { (least, most) } else { (0.0, 1.0) };
            let powers = (first.floor() as i32)..=(last.ceil() as i32).max(first.floor() as i32 + 1);
            return powers.map(|power| (f64::from(power), digits(10f64.powi(power)))).collect();
        }
        ticks(least, most, 6).into_iter().map(|at| (at, digits(at))).collect()
    }
}

/// An upright line with its name.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Where it stands.
    pub at: f64,
    /// Its name.
    pub name: String,
}

/// The curves, what was expected upright between them, and a legend.
pub fn lines(label: &str, x: Axis, y: Axis, curves: &[Curve], marks: &[Mark]) -> String {
    let mut picture = Picture::new(label);
    let entries: Vec<(&str, String)> =
        curves.iter().map(|curve| (&*curve.name, format!("f{}", curve.colour % COLOURS))).collect();
    let top = 4.0 + picture.legend(4.0, &entries) + 14.0 * marks.len().min(3) as f64;
    let bottom = top + HEIGHT;
    let there = |x: f64, mean: &Mean| x.is_finite() && mean.mean.is_finite();
    let points = || curves.iter().flat_map(|curve| &curve.points).filter(|(x, mean)| there(*x, mean));
    let across: Vec<f64> =
        points().map(|(x, _)| *x).chain(marks.iter().map(|mark| mark.at)).filter(|x| x.is_finite()).collect();
    let down: Vec<f64> = points().flat_map(|(_, mean)| [mean.mean - mean.half, mean.mean + mean.half]).collect();
    let (columns, rows) = (x.grid(&across), y.grid(&down));
    let span = |grid: &[(f64, String)]| (grid.first().map_or(0.0, |at| at.0), grid.last().map_or(1.0, |at| at.0));
    let ((x0, x1), (y0, y1)) = (span(&columns), span(&rows));
    let at_x = |value: f64| LEFT + (x.place(value) - x0) / (x1 - x0) * (WIDTH - RIGHT - LEFT);
    let at_y = |value: f64| (bottom - (y.place(value) - y0) / (y1 - y0) * HEIGHT).clamp(top, bottom);
    for (place, shown) in &columns {
        let at = LEFT + (place - x0) / (x1 - x0) * (WIDTH - RIGHT - LEFT);
        picture.line([at, top], [at, bottom], "grid");
        picture.text([at, bottom + 16.0], Anchor::Middle, "label", shown);
    }
    for (place, shown) in &rows {
        let at = bottom - (place - y0) / (y1 - y0) * HEIGHT;
        picture.line([LEFT, at], [WIDTH - RIGHT, at], "grid");
        picture.text([LEFT - 6.0, at + 4.0], Anchor::End, "label", shown);
    }
    picture.text([(LEFT + WIDTH - RIGHT) / 2.0, bottom + 34.0], Anchor::Middle, "label", x.title);
    picture.text([LEFT, top - 6.0], Anchor::Start, "label", y.title);
    for curve in curves {
        let colour = curve.colour % COLOURS;
        let seen: Vec<(f64, Mean)> = curve.points.iter().copied().filter(|(x, mean)| there(*x, mean)).collect();
        if seen.iter().any(|(_, mean)| mean.half > 0.0) {
            let above = seen.iter().map(|(x, mean)| [at_x(*x), at_y(mean.mean + mean.half)]);
            let below = seen.iter().rev().map(|(x, mean)| [at_x(*x), at_y(mean.mean - mean.half)]);
            picture.area(&above.chain(below).collect::<Vec<_>>(), &format!("band f{colour}"));
        }
        let mut path: Vec<[f64; 2]> = Vec::new();
        for (x, mean) in &seen {
            let point = [at_x(*x), at_y(mean.mean)];
            if let (Style::Step, Some(last)) = (curve.style, path.last().copied()) {
                path.push([point[0], last[1]]);
            }
            path.push(point);
        }
        let broken = if curve.style == Style::Broken { " broken" } else { "" };
        picture.path(&path, &format!("curve k{colour}{broken}"));
        for (x, mean) in seen.iter().filter(|_| curve.style == Style::Dots) {
            let title = format!("{}: {} at {}", curve.name, mean.shown(), digits(*x));
            picture.dot([at_x(*x), at_y(mean.mean)], 3.5, &format!("f{colour}"), &title);
        }
    }
    for (row, mark) in marks.iter().enumerate().filter(|(_, mark)| mark.at.is_finite()) {
        let at = at_x(mark.at);
        picture.line([at, top], [at, bottom], "mark");
        let anchor = if at > WIDTH * 0.7 { Anchor::End } else { Anchor::Start };
        picture.text([at, top - 6.0 - 14.0 * (row % 3) as f64], anchor, "marked", &mark.name);
    }
    picture.alone(bottom + 42.0, STYLE)
}
