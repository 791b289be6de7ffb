//! Bars beside a line that they should not cross.

use zera_figure::{Anchor, Picture, WIDTH, ticks};

use super::STYLE;
use crate::stats::digits;

const LEFT: f64 = 360.0;
const RIGHT: f64 = 80.0;
const BAR: f64 = 22.0;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// How long it is.
    pub value: f64,
}

/// The bars beneath each other, those beyond `limit` in another colour; none is drawn longer than `most`.
pub fn bars(label: &str, bars: &[Bar], limit: f64, most: f64) -> String {
    let mut picture = Picture::new(label);
    let (top, bottom) = (6.0, 6.0 + BAR * bars.len() as f64);
    let at = |value: f64| LEFT + value / most * (WIDTH - LEFT - RIGHT);
    for tick in ticks(0.0, most, 8) {
        picture.line([at(tick), top], [at(tick), bottom + 3.0], "grid");
        picture.text([at(tick), bottom + 17.0], Anchor::Middle, "label", &digits(tick));
    }
    for (row, bar) in bars.iter().enumerate() {
        let y = top + BAR * row as f64;
        // What is no number has no length.
        let length = if bar.value.is_nan() { 0.0 } else { bar.value.clamp(0.0, most) };
        let class = if bar.value > limit { "over" } else { "under" };
        picture.text([LEFT - 8.0, y + 15.0], Anchor::End, "label", &bar.name);
        picture.rect(
            [LEFT, y + 2.0, at(length) - LEFT, BAR - 6.0],
            class,
            &format!("{}: {}", bar.name, digits(bar.value)),
        );
        picture.text([at(length) + 6.0, y + 15.0], Anchor::Start, "label", &digits(bar.value));
    }
    picture.line([at(limit), top], [at(limit), bottom + 3.0], "mark");
    picture.alone(bottom + 26.0, STYLE)
}
