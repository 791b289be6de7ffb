//! Criterion's files -> a record.
//!
//! Criterion keeps `<dir>/<group>/<bench>/new/{benchmark,estimates,sample}.json`. Its JSON is private: what is read here is
//! one name, one median and one count, and whatever does not have them is named and left out.

mod machine;
mod row;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

pub use machine::Machine;
pub use row::{Date, HEAD, Row};

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing to record.
    #[error("{path}: no measurement to record; run `cargo bench -p zera-benches` first")]
    Nothing {
        /// Where criterion's files were looked for.
        path: PathBuf,
    },
    /// A record that this program did not write.
    #[error("{path}: line {line} is not a row of a record")]
    Row {
        /// The record.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
}

/// One bench as criterion left it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// `group/bench`.
    pub name: String,
    /// Median time of an iteration.
    pub median_ns: f64,
    /// Samples; 0 where criterion does not say.
    pub n: usize,
    /// When it was written, in seconds since 1970.
    pub seconds: u64,
}

/// Every measurement below criterion's folder by name, and a line for each folder that holds none though it should.
///
/// # Errors
/// [`RecordError::Nothing`] where there is no such folder, [`RecordError::Io`] where one cannot be listed.
pub fn measurements(criterion: &Path) -> Result<(Vec<Measurement>, Vec<String>), RecordError> {
    if !criterion.exists() {
        return Err(RecordError::Nothing { path: criterion.to_path_buf() });
    }
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let mut waiting = vec![criterion.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let io = |source| RecordError::Io { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if !path.is_dir() {
                continue;
            }
            if path.file_name().is_some_and(|name| name == "new") {
                match measurement(&path) {
                    Ok(measurement) => found.push(measurement),
                    Err(fault) => faults.push(fault),
                }
            } else {
                waiting.push(path);
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    faults.sort();
    Ok((found, faults))
}

fn measurement(folder: &Path) -> Result<Measurement, String> {
    let estimates = folder.join("estimates.json");
    let name = field(&folder.join("benchmark.json"), "/full_id")?;
    let median = field(&estimates, "/median/point_estimate")?;
    let n = field(&folder.join("sample.json"), "/times").ok().and_then(|times| times.as_array().map(Vec::len));
    let wrong = |what: &str| format!("{}: {what}", folder.display());
    let written =
        fs::metadata(&estimates).and_then(|data| data.modified()).map_err(|error| wrong(&error.to_string()))?;
    Ok(Measurement {
        name: name.as_str().ok_or_else(|| wrong("the bench's name is not a text"))?.to_owned(),
        median_ns: median
            .as_f64()
            .filter(|median| median.is_finite() && *median >= 0.0)
            .ok_or_else(|| wrong("the median is not a time"))?,
        n: n.unwrap_or(0),
        seconds: seconds(written),
    })
}

fn field(path: &Path, pointer: &str) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let missing = || format!("{}: no field {pointer}; criterion may have changed its files", path.display());
    json.pointer(pointer).cloned().ok_or_else(missing)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Writes `records/<cpu>/<date of the newest>.csv` and `.txt`; the CSV's path.
///
/// A record of that day keeps its rows, but for those of the same name and commit.
///
/// # Errors
/// [`RecordError`]; an existing record that does not read back is left as it is.
pub fn write(records: &Path, machine: &Machine, measured: &[Measurement]) -> Result<PathBuf, RecordError> {
    let newest = measured.iter().map(|measurement| measurement.seconds).max();
    let date = Date::of(newest.ok_or_else(|| RecordError::Nothing { path: records.to_path_buf() })?);
    let folder = records.join(machine.slug());
    let path = folder.join(format!("{date}.csv"));
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| RecordError::Io { path, source }
    };
    fs::create_dir_all(&folder).map_err(io(&folder))?;
    let mut rows: Vec<Row> = measured.iter().map(|measurement| Row::new(measurement, machine)).collect();
    if path.exists() {
        let text = fs::read_to_string(&path).map_err(io(&path))?;
        let kept = Row::parse_all(&text).map_err(|line| RecordError::Row { path: path.clone(), line })?;
        let same = |a: &Row, b: &Row| a.name == b.name && a.commit == b.commit;
        let kept: Vec<Row> = kept.into_iter().filter(|old| !rows.iter().any(|new| same(old, new))).collect();
        rows.extend(kept);
    }
    rows.sort_by(|a, b| (&a.name, &a.commit).cmp(&(&b.name, &b.commit)));
    let lines: Vec<String> = [HEAD.to_owned()].into_iter().chain(rows.iter().map(Row::line)).collect();
    fs::write(&path, lines.join("\n") + "\n").map_err(io(&path))?;
    let text = path.with_extension("txt");
    fs::write(&text, &machine.text).map_err(io(&text))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            cpu: "Some CPU, 3 GHz".to_owned(),
            rustc: "rustc 1.95.0".to_owned(),
            commit: "0123456789ab".to_owned(),
            committed: 0,
            text: "lscpu\n".to_owned(),
        }
    }

    fn bench(criterion: &Path, name: &str, estimates: &str) -> PathBuf {
        let folder = criterion.join(name.replace([':', '/'], "_")).join("new");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("benchmark.json"), format!(r#"{{"full_id": "{name}", "other": 1}}"#)).unwrap();
        fs::write(folder.join("estimates.json"), estimates).unwrap();
        fs::write(folder.join("sample.json"), r#"{"iters": [1, 2, 3], "times": [1.0, 2.0, 3.0]}"#).unwrap();
        folder
    }

    #[test]
    fn medians_become_rows_and_what_does_not_read_is_named() {
        let place = tempfile::tempdir().unwrap();
        let criterion = place.path().join("criterion");
        bench(&criterion, "a::b/x=1 y=2", r#"{"median": {"point_estimate": 1234.56, "standard_error": 1}}"#);
        bench(&criterion, "a::b/x=2, quoted", r#"{"median": {"point_estimate": 7}}"#);
        bench(&criterion, "bad/one", r#"{"mean": {"point_estimate": 7}}"#);
        let torn = bench(&criterion, "bad/two", r#"{"median": "#);
        let bare = bench(&criterion, "c", r#"{"median": {"point_estimate": 1}}"#);
        fs::remove_file(bare.join("sample.json")).unwrap();
        let (found, faults) = measurements(&criterion).unwrap();
        let seen: Vec<(&str, f64, usize)> = found.iter().map(|m| (m.name.as_str(), m.median_ns, m.n)).collect();
        assert_eq!(seen, [("a::b/x=1 y=2", 1234.56, 3), ("a::b/x=2, quoted", 7.0, 3), ("c", 1.0, 0)]);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("no field /median/point_estimate"), "{faults:?}");
        assert!(matches!(measurements(&place.path().join("none")), Err(RecordError::Nothing { .. })));
        assert!(faults[1].contains(&torn.join("estimates.json").display().to_string()), "{faults:?}");
    }

    #[test]
    fn a_record_is_extended_and_its_rows_are_replaced_by_name_and_commit() {
        let place = tempfile::tempdir().unwrap();
        let at =
            |name: &str, median_ns| Measurement { name: name.to_owned(), median_ns, n: 10, seconds: 1_795_000_000 };
        let path = write(place.path(), &machine(), &[at("b", 2.0), at("a", 1.5)]).unwrap();
        assert_eq!(path, place.path().join("some-cpu-3-ghz/2026-11-18.csv"));
        assert_eq!(fs::read_to_string(path.with_extension("txt")).unwrap(), "lscpu\n");
        let next = Machine { commit: "ba9876543210".to_owned(), ..machine() };
        write(place.path(), &next, &[at("a", 9.0)]).unwrap();
        write(place.path(), &machine(), &[at("b", 3.0)]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let row =
            |name, median, commit| format!("{name},{median},10,2026-11-18,{commit},\"Some CPU, 3 GHz\",rustc 1.95.0\n");
        let (old, new) = ("0123456789ab", "ba9876543210");
        let rows = [row("a", "1.5", old), row("a", "9.0", new), row("b", "3.0", old)].concat();
        assert_eq!(text, format!("{HEAD}\n{rows}"));
    }

    #[test]
    fn a_file_that_is_no_record_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let one = [Measurement { name: "a".to_owned(), median_ns: 1.0, n: 1, seconds: 0 }];
        let path = write(place.path(), &machine(), &one).unwrap();
        fs::write(&path, format!("{HEAD}\nnot,a,row\n")).unwrap();
        assert!(matches!(write(place.path(), &machine(), &one), Err(RecordError::Row { line: 2, .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{HEAD}\nnot,a,row\n"));
        assert!(matches!(write(place.path(), &machine(), &[]), Err(RecordError::Nothing { .. })));
    }
}
