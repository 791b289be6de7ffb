//! `zera bench report`, as small as it gets: the files that it writes, what is in them, what it refuses.

#[path = "support/binary.rs"]
mod binary;

use std::path::Path;
use std::process::Output;

use serde_json::Value;

const SECTIONS: [&str; 12] = [
    "headline",
    "cost",
    "phases",
    "cold",
    "threads",
    "size",
    "peers",
    "distribution",
    "machine",
    "security",
    "method",
    "limits",
];

fn report(dir: &Path, args: &[&str]) -> Output {
    binary::zera(dir).args(["bench", "report"]).args(args).output().expect("the binary runs")
}

#[test]
fn one_predicate_in_three_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let small = ["--quick", "--force", "--predicates", "range", "--samples", "3", "--threads", "1,2", "--chain", "6,7"];
    let output = report(dir.path(), &[&small[..], &["-o", "r.html", "--json"]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(printed["files"], serde_json::json!({"html": "r.html", "csv": "r.csv", "json": "r.json"}));
    assert_eq!(printed["predicates"][0]["name"], "RangePredicate");
    assert!(printed["predicates"][0]["cells"][0]["latency_ns"]["p50"].as_u64() > Some(0), "{printed}");
    let mut names: Vec<_> =
        std::fs::read_dir(dir.path()).expect("a folder").map(|e| e.expect("one").file_name()).collect();
    names.sort();
    assert_eq!(names, ["r.csv", "r.html", "r.json"], "and nothing else");
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect("UTF-8");

    let json: Value = serde_json::from_str(&read("r.json")).expect("JSON");
    assert_eq!((&json["schema"], &json["version"]), (&"zera-bench-report".into(), &1.into()));
    let predicate = &json["predicates"][0];
    let sizes = ["rows", "domain", "publics", "proof_bytes"].map(|field| predicate[field].as_u64());
    assert_eq!(sizes, [Some(563), Some(1024), Some(3), Some(256)]);
    assert_eq!(predicate["verify_fuel"], 3_280_000);
    let cells = predicate["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 2);
    for (cell, threads) in cells.iter().zip([1, 2]) {
        assert_eq!(cell["threads"], threads);
        let samples = cell["samples"].as_array().expect("samples");
        assert_eq!((samples.len(), cell["peer_samples_ns"].as_array().map(Vec::len)), (3, Some(3)));
        let of = |field: &str| cell["latency_ns"][field].as_u64().expect("a number");
        assert!(0 < of("min") && of("min") <= of("p50") && of("p50") <= of("p95") && of("p99") <= of("max"));
        assert!(cell["ratio"].as_f64() > Some(0.0));
    }
    // On one thread the parts of each proof are within its time.
    for sample in cells[0]["samples"].as_array().expect("samples") {
        let parts: u64 = sample["stages_ns"].as_object().expect("stages").values().filter_map(Value::as_u64).sum();
        assert!(0 < parts && Some(parts) <= sample["prove_ns"].as_u64(), "{sample}");
    }
    assert_eq!(predicate["cold"].as_array().map(Vec::len), Some(3));
    assert!(predicate["saturated"]["per_second"].as_f64() > Some(0.0));
    let chain: Vec<_> = json["chain"].as_array().expect("chain").iter().map(|point| point["rows"].as_u64()).collect();
    assert_eq!(chain, [Some(62), Some(126)]);
    assert_eq!(json["price"]["example"], true);
    assert!(json["command"].as_str().expect("a command").starts_with("zera bench report --quick --force"), "{json}");

    let csv = read("r.csv");
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    // The predicate on two numbers of threads, two sizes of the chain on one; two provers; the head.
    assert_eq!(rows.len(), 1 + (2 + 2) * 2);
    let at = |name: &str| rows[0].iter().position(|column| *column == name).expect("a column");
    for row in &rows[1..] {
        assert_eq!(row.len(), rows[0].len(), "{row:?}");
        for column in ["threads", "n", "p50_ns", "p99_ns", "rows", "verify_fuel"] {
            assert!(row[at(column)].parse::<u64>().is_ok_and(|number| number > 0), "{column}: {row:?}");
        }
    }
    assert_eq!((rows[1][at("prover")], rows[2][at("prover")]), ("zera", "ark-groth16"));

    let html = read("r.html");
    for id in SECTIONS {
        assert!(html.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    assert!(!html.replace("http://www.w3.org/2000/svg", "").contains("http"), "something from outside");
    for outside in ["src=", "<link", "@import", "url(", "NaN"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("RangePredicate") && html.contains("development keys") && html.contains("variable time"));
}

#[test]
fn bad_usage_is_refused_before_anything_is_measured() {
    let dir = tempfile::tempdir().expect("a folder");
    for (args, code) in [
        (&["--predicates", "nothing"][..], 2),
        (&["-o", "r.txt"], 2),
        (&["--threads", "0"], 2),
        (&["--chain", "31"], 2),
        (&["--samples", "0"], 2),
        (&["--utilisation", "0"], 2),
        (&["--usd-per-hour", "NaN"], 2),
        (&["--program", "one.zpred"], 2),
        (&["--program", "one.zpred", "cases.json"], 2),
        (&["--program", "RangePredicate", "cases.json"], 2),
        (&["-o", "no/such/r.html"], 3),
    ] {
        let output = report(dir.path(), args);
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {line}");
        assert!(
            line.starts_with("zera: ") && line.lines().count() == 1 && output.stdout.is_empty(),
            "{args:?}: {line}"
        );
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

/// A signal to stop leaves no file, and no folder of keys.
#[cfg(unix)]
#[test]
fn interrupted_it_leaves_nothing() {
    let (dir, tmp) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let mut command = binary::zera(dir.path());
    command.args(["bench", "report", "--force", "--predicates", "range", "--samples", "100000", "--threads", "1"]);
    let mut child =
        command.env("TMPDIR", tmp.path()).stderr(std::process::Stdio::piped()).spawn().expect("the binary runs");
    // Long enough to be at work; too early is no failure, either.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("a pipe"), &mut stderr).expect("UTF-8");
    assert_eq!(child.wait().expect("an exit").code(), Some(3), "{stderr}");
    assert!(stderr.ends_with("zera: interrupted: nothing is written\n"), "{stderr}");
    for folder in [dir.path(), tmp.path()] {
        assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 0);
    }
}
