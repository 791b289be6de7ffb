//! Numbers for people: three digits and a unit; times of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// A time.
pub fn time(ns: u64) -> String {
    let ns = ns as f64;
    match ns {
        ..1e3 => format!("{ns} ns"),
        ..1e6 => format!("{} us", digits(ns / 1e3)),
        ..1e9 => format!("{} ms", digits(ns / 1e6)),
        _ => format!("{} s", digits(ns / 1e9)),
    }
}

/// A time of seconds.
pub fn seconds(seconds: f64) -> String {
    // Saturates; no measurement lasts for centuries.
    time((seconds * 1e9) as u64)
}

/// A size in memory or on disk.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", digits(bytes as f64 / 1e3)),
        10_000_000..10_000_000_000 => format!("{} MB", digits(bytes as f64 / 1e6)),
        _ => format!("{} GB", digits(bytes as f64 / 1e9)),
    }
}

/// A count, its thousands apart.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of threads.
pub fn threads(threads: usize) -> String {
    if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") }
}

/// Three digits that count, and no exponent; 0 of what is no number.
pub fn digits(value: f64) -> String {
    match value.abs() {
        magnitude if !magnitude.is_finite() => "0".to_owned(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        0.1.. => format!("{value:.3}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.4}"),
    }
}

/// Seconds since 1970; 0 for what was before.
pub fn since_1970(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `2026-11-29 13:05 UTC`.
///
/// Source of the days: Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
pub fn moment(time: SystemTime) -> String {
    let seconds = since_1970(time);
    let (days, minutes) = (seconds / 86_400 + 719_468, seconds % 86_400 / 60);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    // Months from March on.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn three_digits_and_a_unit() {
        for (ns, shown) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.50 us"),
            (12_345_678, "12.3 ms"),
            (999_999_999, "1000 ms"),
            (2_000_000_000, "2.00 s"),
        ] {
            assert_eq!(time(ns), shown);
        }
        assert_eq!((seconds(0.0123), seconds(-1.0)), ("12.3 ms".to_owned(), "0 ns".to_owned()));
        assert_eq!(
            (bytes(256), bytes(1_234_567), bytes(98_765_432)),
            ("256 B".into(), "1235 kB".into(), "98.8 MB".into())
        );
        assert_eq!((count(0), count(999), count(3_280_000)), ("0".into(), "999".into(), "3,280,000".into()));
        assert_eq!((digits(f64::NAN), digits(0.00123), digits(0.5)), ("0".into(), "0.0012".into(), "0.500".into()));
    }

    #[test]
    fn days_have_dates() {
        for (seconds, shown) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (951_868_800, "2000-03-01 00:00 UTC"),
            (1_700_000_000, "2023-11-14 22:13 UTC"),
        ] {
            assert_eq!(moment(UNIX_EPOCH + Duration::from_secs(seconds)), shown);
        }
    }
}
