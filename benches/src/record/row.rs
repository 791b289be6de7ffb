//! One row of a record.

use std::fmt;

use super::{Machine, Measurement};

/// The first line of a record.
pub const HEAD: &str = "name,median_ns,n,date,commit,cpu,rustc";

/// One bench, measured once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The bench.
    pub name: String,
    /// Median time of an iteration, with one decimal.
    pub median_ns: String,
    /// Samples.
    pub n: String,
    /// UTC day of the measurement.
    pub date: String,
    /// Commit that was measured.
    pub commit: String,
    /// Model of the CPU.
    pub cpu: String,
    /// Compiler.
    pub rustc: String,
}

impl Row {
    /// A measurement on a machine.
    pub fn new(measurement: &Measurement, machine: &Machine) -> Row {
        Row {
            name: measurement.name.clone(),
            median_ns: format!("{:.1}", measurement.median_ns),
            n: measurement.n.to_string(),
            date: Date::of(measurement.seconds).to_string(),
            commit: machine.commit.clone(),
            cpu: machine.cpu.clone(),
            rustc: machine.rustc.clone(),
        }
    }

    /// The row as a line of CSV.
    pub fn line(&self) -> String {
        let Row { name, median_ns, n, date, commit, cpu, rustc } = self;
        [name, median_ns, n, date, commit, cpu, rustc].map(|field| quote(field)).join(",")
    }

    /// The rows of a record; the number of the first line that is none, from 1.
    ///
    /// # Errors
    /// That number.
    pub fn parse_all(text: &str) -> Result<Vec<Row>, usize> {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(1);
        }
        lines.zip(2..).map(|(line, number)| Row::parse(line).ok_or(number)).collect()
    }

    fn parse(line: &str) -> Option<Row> {
        let [name, median_ns, n, date, commit, cpu, rustc] = split(line)?.try_into().ok()?;
        median_ns.parse::<f64>().ok()?;
        n.parse::<usize>().ok()?;
        Some(Row { name, median_ns, n, date, commit, cpu, rustc })
    }
}

fn quote(field: &str) -> String {
    // A record has one line a row.
    let field = field.replace(['\n', '\r'], " ");
    if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

/// The fields of a line of CSV; `None` where its quotes do not match.
fn split(line: &str) -> Option<Vec<String>> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let field = fields.last_mut()?;
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            letter => field.push(letter),
        }
    }
    (!quoted).then_some(fields)
}

/// A day of the Gregorian calendar, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    year: u64,
    month: u64,
    day: u64,
}

impl Date {
    /// The day of a time in seconds since 1970.
    ///
    /// Years are counted from March, so that a leap day ends one; an era is 400 years, 146,097 days, and 719,468 days lie
    /// between the first of March of the year 0 and 1970.
    ///
    /// Source: Hinnant, <https://howardhinnant.github.io/date_algorithms.html>, `civil_from_days`.
    pub fn of(seconds: u64) -> Date {
        let days = seconds / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Date { year: year_of_era + 400 * era + u64::from(month <= 2), month, day }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days that `date -u -d @seconds` gives.
    #[test]
    fn days_of_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (4_107_542_400, "2100-03-01"),
            (4_107_542_399, "2100-02-28"),
        ] {
            assert_eq!(Date::of(seconds).to_string(), date, "{seconds}");
        }
    }

    #[test]
    fn fields_survive_quoting() {
        for field in ["", "plain", "a,b", "\"", "say \"a, b\"", ",,", "x=1 y=2"] {
            assert_eq!(split(&quote(field)), Some(vec![field.to_owned()]), "{field}");
        }
        assert_eq!(split("a,\"b,c\",d"), Some(["a", "b,c", "d"].map(str::to_owned).to_vec()));
        assert_eq!(split("a,\"b"), None);
    }
}
