//! Every sample as a dot, over its own median.

use zera_figure::{Anchor, Picture, WIDTH, ticks};

use super::clipped;
use crate::bench::stats::Summary;
use crate::bench::unit;

const LEFT: f64 = 270.0;
const RIGHT: f64 = 20.0;
const STRIP: f64 = 30.0;

/// Samples of one kind of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// The samples, in nanoseconds, in the order in which they were taken.
    pub samples: Vec<u64>,
}

/// The strips beneath each other: 1 is each strip's median, the bars are its 50th, 95th and 99th percentile.
pub fn strips(label: &str, strips: &[Strip]) -> String {
    let known: Vec<(&Strip, Summary)> =
        strips.iter().filter_map(|strip| Some((strip, Summary::of(&strip.samples)?))).collect();
    let over = |ns: u64, summary: &Summary| ns as f64 / summary.p50.max(1) as f64;
    // From the least that is to the most that is, so that no sample falls off; at least 0.9 to 1.1.
    let least = known.iter().map(|(_, summary)| over(summary.min, summary)).fold(0.9, f64::min);
    let least = (least * 10.0).floor() / 10.0;
    let most = known.iter().map(|(_, summary)| over(summary.max, summary)).fold(1.1, f64::max);
    let marks: Vec<f64> = ticks(0.0, most - least, 6).into_iter().map(|tick| least + tick).collect();
    let end = marks.last().copied().unwrap_or(most);
    let at = |value: f64| LEFT + (value - least) / (end - least) * (WIDTH - LEFT - RIGHT);
    let (top, bottom) = (4.0, 4.0 + STRIP * known.len() as f64);
    let mut picture = Picture::new(label);
    for &mark in &marks {
        picture.line([at(mark), top], [at(mark), bottom], "grid");
        picture.text([at(mark), bottom + 16.0], Anchor::Middle, "tick", &format!("{mark:.2}"));
    }
    for (row, (strip, summary)) in known.iter().enumerate() {
        let middle = top + STRIP * (row as f64 + 0.5);
        picture.text([LEFT - 8.0, middle + 4.0], Anchor::End, "label", &clipped(&strip.name));
        for (i, &ns) in strip.samples.iter().enumerate() {
            // Moved up and down in turn, so that dots at one place are seen.
            let y = middle + [0.0, -6.0, 6.0, -3.0, 3.0][i % 5];
            let title = format!("{}: sample {}: {}", strip.name, i + 1, unit::time(ns));
            picture.dot([at(over(ns, summary)), y], 2.2, &format!("sample {}", strip.class), &title);
        }
        for ns in [summary.p50, summary.p95, summary.p99] {
            let x = at(over(ns, summary));
            picture.line([x, middle - 11.0], [x, middle + 11.0], "mark");
        }
    }
    picture.finish(bottom + 24.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sample_falls_off() {
        let strip = |samples: &[u64]| Strip { name: "p".into(), class: "s0".into(), samples: samples.to_vec() };
        let svg = strips("s", &[strip(&[100, 50, 400]), strip(&[7]), strip(&[]), strip(&[0, 0])]);
        assert_eq!(svg.matches("<circle").count(), 6);
        assert_eq!(svg.matches("class=\"mark\"").count(), 9);
        for part in svg.split("cx=\"").skip(1) {
            let x: f64 = part.split('"').next().unwrap().parse().unwrap();
            assert!((LEFT..=WIDTH).contains(&x), "{x}");
        }
        assert!(strips("none", &[]).starts_with("<svg"));
    }
}
