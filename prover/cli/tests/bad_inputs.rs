//! Every input that must be refused has a test, and the table that says so is true.

use std::path::Path;

#[test]
fn every_row_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("verifier-host/host/docs/bad_inputs.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let numbers: Vec<u32> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=113).collect::<Vec<_>>());
    for row in rows {
        assert_eq!(row.len(), 5, "row {}", row[0]);
        let (file, name) = row[4].trim_matches('`').split_once("::").unwrap();
        let source = std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let at = source.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("row {}: no {name} in {file}", row[0]));
        let marked = source[..at].trim_end().rsplit('\n').take(3).any(|line| line.contains("test]"));
        assert!(marked || source[..at].trim_end().ends_with("async"), "row {}: {name} is no test", row[0]);
    }
}
