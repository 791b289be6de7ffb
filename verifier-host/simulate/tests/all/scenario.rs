//! Scenario files: what is refused, and how.

use zera_simulate::Scenario;
use zera_simulate::scenario::EMBEDDED;

const GOOD: &str = "name = \"mine\"\ntitle = \"t\"\n[study.griefing]\npreflights = 2\nlarge = 10.0\n";

#[test]
fn embedded_ones_are_named_after_their_files() {
    for (name, text) in EMBEDDED {
        let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(scenario.name, *name);
    }
    let error = Scenario::embedded("none").expect_err("unknown").to_string();
    assert!(error.contains("there are expected-value, heat"), "{error}");
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    let scenario = Scenario::parse(GOOD).expect("good");
    assert_eq!((scenario.seed, scenario.seeds), (1, 20));
    let edited = |from: &str, to: &str| GOOD.replace(from, to);
    let cases = [
        (String::new(), "missing field"),
        ("\u{0}".to_owned(), "line 1"),
        (edited("title", "tittle"), "unknown field `tittle`"),
        (edited("preflights", "preflight"), "unknown field `preflight`"),
        (edited("griefing", "griefings"), "unknown variant `griefings`"),
        (edited("= 2", "= \"two\""), "line 4"),
        (edited("= 2", "= -2"), "line 4"),
        (edited("= 2", "= 0"), "preflights is 0, expected 1 to 1000"),
        (edited("10.0", "nan"), "large is NaN, expected 1 to 10000"),
        (edited("10.0", "inf"), "large is inf"),
        (edited("mine", "../mine"), "name is"),
        (format!("seeds = 0\n{GOOD}"), "seeds is 0, expected 1 to 10000"),
        (format!("seeds = 4294967296\n{GOOD}"), "line 1"),
        (format!("[costs]\nnative = 1.0\n{GOOD}"), "line"),
        (format!("{GOOD}[study.heat]\njobs = 1\n"), "line"),
        (format!("{GOOD}[costs]\nnative = 0.1\nproof = -1.0\nmargin = 0.0\ndelay = 0.0\n"), "proof is -1.0"),
        (
            format!("{GOOD}[costs]\nnative = 0.1\nproof = 1.0\nmargin = 0.0\ndelay = 0.0\ngas = 1.0\n"),
            "unknown field `gas`",
        ),
    ];
    for (text, expected) in cases {
        let error = Scenario::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn numbers_of_every_study_have_bounds() {
    let edits = [
        ("expected-value", "detection = 0.3", "detection = 0.0", "detection"),
        ("expected-value", "jobs = 1000", "jobs = 0", "jobs"),
        ("heat", "stakes = [2.0,", "stakes = [1.0,", "stakes"),
        ("rescue", "spread = 0.05", "spread = 2.0", "spread"),
        ("outage", "total = 1300", "total = 800", "total"),
        ("auction", "providers = 5", "providers = 0", "providers"),
        ("setup", "windows = [10.0,", "windows = [9.0,", "windows"),
        ("dynamics", "generations = 400", "generations = 1", "generations"),
        ("conviction", "loan_days = 1.0", "loan_days = 0.0", "loan_days"),
        ("conviction", "changes = [1.02,", "changes = [1.5,", "changes"),
        ("split", "stake = 1.0", "stake = 0.1", "stake"),
        ("split", "heroes = [0.0,", "heroes = [0.9,", "heroes"),
        ("audits", "loads = [0.125,", "loads = [9.0,", "loads"),
        ("audits", "watchers = 8", "watchers = 65", "watchers"),
        ("silence", "requester = 0.15", "requester = 0.3", "requester"),
        ("griefing", "publish = 0.0027", "publish = 0.0", "publish"),
        ("crowd", "blocks = 3000", "blocks = 10", "tasks"),
        ("crowd", "lazy = 0.05", "lazy = 0.9", "mix"),
        ("crowd", "lazy = 0.05", "lazier = 0.05", "lazier"),
    ];
    for (name, from, to, field) in edits {
        let (_, text) = EMBEDDED.iter().find(|(known, _)| *known == name).expect("embedded");
        assert!(text.contains(from), "{name} has {from}");
        let error = Scenario::parse(&text.replace(from, to)).expect_err(to).to_string();
        assert!(error.contains(field), "{name} {to}: {error}");
    }
}
