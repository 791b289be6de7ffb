//! `zera simulate` through the binary: exit codes, one JSON object, a report that is whole.

use std::process::{Command, Output};

fn zera(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zera")).args(args).output().expect("zera runs")
}

fn object(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn predictions_that_hold_are_exit_code_0_and_others_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("new");
    let shown = report.to_str().expect("UTF-8");
    let output = zera(&["--json", "simulate", "--scenario", "rescue", "--seeds", "2", "--report", shown]);
    assert_eq!(output.status.code(), Some(0));
    let first = object(&output);
    assert_eq!((&first["holds"], &first["scenarios"][0]["seeds"]), (&true.into(), &2.into()));
    let page = std::fs::read_to_string(report.join("report.html")).expect("a page");
    assert!(page.contains("zera --json simulate --scenario rescue --seeds 2"));
    for name in ["rescue-rescue.csv", "rescue-rescue.svg"] {
        assert!(report.join(name).is_file(), "{name}");
    }
    let again = object(&zera(&["--json", "simulate", "--scenario", "rescue", "--seeds", "2"]));
    assert_eq!(first["scenarios"][0]["digest"], again["scenarios"][0]["digest"]);

    // What attacks cost is known to be above what was predicted.
    let output = zera(&["--json", "simulate", "--scenario", "griefing"]);
    assert_eq!((output.status.code(), &object(&output)["holds"]), (Some(1), &false.into()));
}

#[test]
fn what_is_wrong_is_one_line_and_exit_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, "name = \"x\"\ntitle = \"t\"\nwrong = 1\n[study.griefing]\npreflights = 1\nlarge = 2.0\n")
        .expect("written");
    let file = file.to_str().expect("UTF-8");
    let cases: [&[&str]; 6] = [
        &["simulate", "--scenario", "nothing"],
        &["simulate", "--scenario", file],
        &["simulate", "--scenario", "missing.toml"],
        &["simulate", "--scenario", "heat", "--tasks", "5"],
        &["simulate", "--seeds", "0"],
        &["simulate", "--providers", "1"],
    ];
    for args in cases {
        let output = zera(args);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(
            output.stdout.is_empty() && text.lines().count() == 1 && text.starts_with("zera: "),
            "{args:?}: {text}"
        );
    }
}
