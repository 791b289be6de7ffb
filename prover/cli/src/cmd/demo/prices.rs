//! The real series that the demo asks about, and the quotes derived from it. Origin and licence: `data/wti_2018q4.md`.

use anyhow::{Context, bail};
use zera_library::special_price::Input;

const CSV: &str = include_str!("../../../data/wti_2018q4.csv");
/// Feeds derived from the series.
pub const FEEDS: u64 = 9;
/// Millionths of a dollar in a dollar.
pub const MICROS: u64 = 1_000_000;

/// A day's published price in millionths of a dollar a barrel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// `year-month-day`.
    pub date: &'static str,
    /// The price.
    pub price: u64,
}

/// Every day of the extract, in order.
pub fn series() -> anyhow::Result<Vec<Day>> {
    CSV.lines()
        .skip(1)
        .map(|line| {
            let (date, price) = line.split_once(',').with_context(|| format!("price series: no comma in {line:?}"))?;
            Ok(Day { date, price: micros(price).with_context(|| format!("price series: {line:?}"))? })
        })
        .collect()
}

/// Dollars with two places as millionths.
fn micros(text: &str) -> Option<u64> {
    let (dollars, cents) = text.split_once('.')?;
    if cents.len() != 2 {
        return None;
    }
    Some(dollars.parse::<u64>().ok()? * MICROS + cents.parse::<u64>().ok()? * (MICROS / 100))
}

/// Nine feeds of a day, each with another delay: feed `k` has seen `k` eighths of the move since the day before.
fn quotes(before: u64, price: u64) -> Vec<u64> {
    (0..FEEDS)
        .map(|k| {
            let part = before.abs_diff(price) * k / (FEEDS - 1);
            if price >= before { before + part } else { before - part }
        })
        .collect()
}

/// The question for a date: is the median of its feeds above `dollars`, and are they within `max_spread_bps`?
pub fn question(date: &str, dollars: u64, max_spread_bps: u16) -> anyhow::Result<Input> {
    let series = series()?;
    let Some(at) = series.iter().position(|day| day.date == date) else { bail!("price series: no price for {date}") };
    let before =
        at.checked_sub(1).and_then(|before| series.get(before)).context("price series: no day before the first")?;
    Ok(Input { threshold: dollars * MICROS, max_spread_bps, quotes: quotes(before.price, series[at].price) })
}

/// Millionths of a dollar for people.
pub fn dollars(micros: u64) -> String {
    format!("{}.{:02}", micros / MICROS, micros % MICROS / (MICROS / 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_fourth_quarter_of_2018() {
        let series = series().unwrap();
        assert_eq!(series.len(), 61);
        assert_eq!(series[2], Day { date: "2018-10-03", price: 76_400_000 });
        assert!(series.windows(2).all(|pair| pair[0].date < pair[1].date));
    }

    #[test]
    fn feeds_run_from_yesterday_to_today_and_the_median_is_the_middle_of_the_move() {
        for (before, price) in [(80, 160), (160, 80)] {
            let mut feeds = quotes(before, price);
            assert_eq!((feeds[0], feeds[8]), (before, price));
            feeds.sort_unstable();
            assert_eq!(feeds[4], 120);
        }
        let question = question("2018-10-03", 70, 500).unwrap();
        assert_eq!((question.quotes[0], question.quotes[8]), (75_160_000, 76_400_000));
        assert!(super::question("2018-10-01", 70, 500).is_err(), "the first day has no day before");
        assert!(super::question("2018-10-06", 70, 500).is_err(), "a Saturday");
    }
}
