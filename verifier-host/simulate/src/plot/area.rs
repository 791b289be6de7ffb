//! Layers on each other.

use zera_figure::{Anchor, Picture, WIDTH, ticks};

use super::{COLOURS, STYLE};
use crate::stats::digits;

const LEFT: f64 = 90.0;
const RIGHT: f64 = 30.0;
const HEIGHT: f64 = 300.0;

/// Layers of equal length from the ground up.
pub fn area(label: &str, x: &str, y: &str, layers: &[(&str, Vec<(f64, f64)>)]) -> String {
    let mut picture = Picture::new(label);
    let entries: Vec<(&str, String)> =
        layers.iter().enumerate().map(|(at, (name, _))| (*name, format!("f{}", at % COLOURS))).collect();
    let top = 4.0 + picture.legend(4.0, &entries);
    let bottom = top + HEIGHT;
    let count = layers.iter().map(|(_, points)| points.len()).min().unwrap_or(0);
    let sums: Vec<f64> = (0..count).map(|at| layers.iter().map(|(_, points)| points[at].1).sum()).collect();
    let (columns, rows) = (
        ticks(0.0, layers.iter().flat_map(|(_, points)| points.last()).map(|point| point.0).fold(0.0, f64::max), 8),
        ticks(0.0, sums.iter().copied().fold(0.0, f64::max), 6),
    );
    let place = |value: f64, grid: &[f64], from: f64, to: f64| {
        let (first, last) = (grid.first().copied().unwrap_or(0.0), grid.last().copied().unwrap_or(1.0));
        from + (value - first) / (last - first) * (to - from)
    };
    let across = |value| place(value, &columns, LEFT, WIDTH - RIGHT);
    let down = |value| place(value, &rows, bottom, top);
    let mut floor = vec![0.0; count];
    for (at, (_, points)) in layers.iter().enumerate() {
        let roof: Vec<f64> = floor.iter().zip(points).map(|(floor, point)| floor + point.1).collect();
        let above = points.iter().zip(&roof).map(|(point, roof)| [across(point.0), down(*roof)]);
        let below = points.iter().zip(&floor).rev().map(|(point, floor)| [across(point.0), down(*floor)]);
        picture.area(&above.chain(below).collect::<Vec<_>>(), &format!("f{}", at % COLOURS));
        floor = roof;
    }
    for &tick in &columns {
        picture.text([across(tick), bottom + 16.0], Anchor::Middle, "label", &digits(tick));
    }
    for &tick in &rows {
        picture.line([LEFT, down(tick)], [WIDTH - RIGHT, down(tick)], "grid");
        picture.text([LEFT - 6.0, down(tick) + 4.0], Anchor::End, "label", &digits(tick));
    }
    picture.text([(LEFT + WIDTH - RIGHT) / 2.0, bottom + 34.0], Anchor::Middle, "label", x);
    picture.text([0.0, top - 6.0], Anchor::Start, "label", y);
    picture.alone(bottom + 42.0, STYLE)
}
