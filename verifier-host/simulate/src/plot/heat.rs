//! A grid of signed numbers, with a curve over it.

use zera_figure::{Anchor, Picture, WIDTH};

use super::STYLE;
use crate::stats::digits;

const LEFT: f64 = 80.0;
const RIGHT: f64 = 30.0;
const ROW: f64 = 34.0;

/// `cells[i][j]` at `xs[i]`, `ys[j]`, both rising; a value's place on an axis is between those of its neighbours, by logarithm. `curve` is drawn
/// where it is inside.
pub fn heat(label: &str, x: &str, y: &str, xs: &[f64], ys: &[f64], cells: &[Vec<f64>], curve: &[(f64, f64)]) -> String {
    let mut picture = Picture::new(label);
    let (top, bottom) = (24.0, 24.0 + ROW * ys.len() as f64);
    let column = (WIDTH - LEFT - RIGHT) / xs.len().max(1) as f64;
    for (i, (at, row)) in xs.iter().zip(cells).enumerate() {
        for (j, (stake, value)) in ys.iter().zip(row).enumerate() {
            let corner = [LEFT + column * i as f64, bottom - ROW * (j + 1) as f64, column, ROW];
            picture.painted(
                corner,
                "",
                &colour(*value),
                &format!("{x} {}, {y} {}: {}", digits(*at), digits(*stake), digits(*value)),
            );
            let middle = [corner[0] + column / 2.0, corner[1] + ROW / 2.0 + 4.0];
            picture.text(middle, Anchor::Middle, "label", &digits((value * 10.0).round() / 10.0));
        }
        picture.text([LEFT + column * (i as f64 + 0.5), bottom + 16.0], Anchor::Middle, "label", &digits(*at));
    }
    for (j, stake) in ys.iter().enumerate() {
        picture.text([LEFT - 6.0, bottom - ROW * (j as f64 + 0.5) + 4.0], Anchor::End, "label", &digits(*stake));
    }
    let inside = curve.iter().filter_map(|&(a, b)| {
        let (i, j) = (between(xs, a)?, between(ys, b)?);
        Some([LEFT + column * (i + 0.5), bottom - ROW * (j + 0.5)])
    });
    picture.path(&inside.collect::<Vec<_>>(), "contour");
    picture.text([(LEFT + WIDTH - RIGHT) / 2.0, bottom + 34.0], Anchor::Middle, "label", x);
    picture.text([LEFT, top - 8.0], Anchor::Start, "label", y);
    picture.alone(bottom + 42.0, STYLE)
}

/// The place of `value` among `grid`, counted in cells; `None` outside.
fn between(grid: &[f64], value: f64) -> Option<f64> {
    let at = grid.windows(2).position(|pair| pair[0] <= value && value <= pair[1])?;
    let place = (value / grid[at]).ln() / (grid[at + 1] / grid[at]).ln();
    place.is_finite().then_some(at as f64 + place)
}

/// Blue above zero, red below, paler near it.
fn colour(value: f64) -> String {
    let strength = if value.is_finite() { (value.abs() / (value.abs() + 3.0)).min(1.0) } else { 0.0 };
    let other = (240.0 - 130.0 * strength) as u8;
    if value >= 0.0 {
        format!("#{other:02x}{:02x}f5", other.saturating_add(10))
    } else {
        format!("#f5{other:02x}{other:02x}")
    }
}
