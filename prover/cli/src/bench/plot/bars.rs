//! Bars along one axis of time, each of parts.

use zera_figure::{Anchor, Picture, WIDTH, ticks};

use super::clipped;
use crate::bench::unit;

/// Left of the bars, for their names.
const LEFT: f64 = 270.0;
/// Right of them, for their sums.
const RIGHT: f64 = 80.0;
/// A bar with the space beneath it.
const BAR: f64 = 24.0;
/// What a letter of a part's name takes.
const LETTER: f64 = 6.2;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Its parts, from the left.
    pub parts: Vec<Part>,
}

/// A part of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name, the same in every bar.
    pub name: &'static str,
    /// Its class.
    pub class: String,
    /// Its length, in nanoseconds.
    pub ns: f64,
}

impl Bar {
    fn total(&self) -> f64 {
        self.parts.iter().map(|part| part.ns).sum()
    }
}

/// The bars beneath each other, with a legend where there is more than one kind of part.
pub fn bars(label: &str, bars: &[Bar]) -> String {
    let ticks = ticks(0.0, bars.iter().map(Bar::total).fold(0.0, f64::max), 6);
    let end = ticks.last().copied().unwrap_or(1.0);
    let at = |ns: f64| LEFT + ns / end * (WIDTH - LEFT - RIGHT);
    let mut entries: Vec<(&str, String)> = Vec::new();
    for part in bars.iter().flat_map(|bar| &bar.parts) {
        if entries.iter().all(|(name, _)| *name != part.name) {
            entries.push((part.name, part.class.clone()));
        }
    }
    let mut picture = Picture::new(label);
    let top = if entries.len() > 1 { picture.legend(2.0, &entries) } else { 4.0 };
    let bottom = top + BAR * bars.len() as f64;
    for &tick in &ticks {
        picture.line([at(tick), top], [at(tick), bottom + 3.0], "grid");
        picture.text([at(tick), bottom + 17.0], Anchor::Middle, "tick", &unit::time(tick as u64));
    }
    for (row, bar) in bars.iter().enumerate() {
        let y = top + BAR * row as f64;
        picture.text([LEFT - 8.0, y + 15.0], Anchor::End, "label", &clipped(&bar.name));
        let mut start = 0.0;
        for part in &bar.parts {
            let (x, width) = (at(start), at(start + part.ns) - at(start));
            let time = unit::time(part.ns as u64);
            picture.rect([x, y + 2.0, width, BAR - 6.0], &part.class, &format!("{}: {}: {time}", bar.name, part.name));
            if entries.len() > 1 && width > LETTER * (part.name.len() as f64 + 1.0) {
                let inner = format!("inner {}", part.class);
                picture.text([x + width / 2.0, y + 15.0], Anchor::Middle, &inner, part.name);
            }
            start += part.ns;
        }
        picture.text([at(start) + 6.0, y + 15.0], Anchor::Start, "value", &unit::time(start as u64));
    }
    picture.finish(bottom + 24.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_beneath_each_other() {
        let part = |name, ns| Part { name, class: "s1".to_owned(), ns };
        let svg = bars(
            "b",
            &[
                Bar { name: "one".to_owned(), parts: vec![part("x", 2e6), part("y", 1e6)] },
                Bar { name: "<two>".to_owned(), parts: vec![part("x", f64::NAN)] },
            ],
        );
        assert!(
            svg.contains(">3.00 ms</text>") && svg.contains("one: y: 1.00 ms") && svg.contains("&lt;two&gt;"),
            "{svg}"
        );
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(bars("none", &[]).starts_with("<svg"));
    }
}
