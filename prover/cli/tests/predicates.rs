//! A predicate of one's own, from its file to money: keys, publication, a task by id, a provider that gets the file from the
//! node and the private bytes from a folder.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use std::path::Path;

use binary::{Running, zera};
use serde_json::Value;
use zera_ir::{Bit, Builder, Layout, Verdict};
use zera_r1cs::manifest::COMMITMENT;
use zera_r1cs::{Artefact, Manifest};
use zera_statement::{input_root, scalar_to_be};

/// `x * x == public` with x private, and the input root of x declared.
fn square() -> Artefact {
    let mut builder = Builder::new(Layout { public_len: 8, private_len: 8, declared: 1 });
    let (x, y) = (builder.private_int(0, 8), builder.public_int(0, 8));
    let product = builder.mul(x.rep(), x.rep());
    let truth = builder.is_zero(&product.sub(y.rep()));
    let commitment = builder.private_commitment();
    let verdict = Verdict { truth, trap: Bit::constant(false), exceeded: Bit::constant(false) };
    let manifest = Manifest::new("Square", 1, 8, 8, vec![COMMITMENT.to_owned()]).unwrap();
    let manifest = manifest.with_commitment(true).unwrap();
    builder.finish(&verdict, &[commitment], manifest, [7; 32]).unwrap()
}

fn ask(dir: &Path, args: &[&str]) -> (Value, i32) {
    let output = zera(dir).args(args).arg("--json").output().expect("the binary runs");
    let code = output.status.code().expect("an exit code");
    (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), code)
}

fn done(dir: &Path, args: &[&str]) -> Value {
    let (value, code) = ask(dir, args);
    assert_eq!(code, 0, "{args:?}: {value}");
    value
}

fn number(value: u64) -> String {
    hex::encode(value.to_le_bytes())
}

#[test]
fn a_predicate_of_ones_own_with_private_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let artefact = square();
    let id = artefact.predicate_id().to_string();
    std::fs::write(dir.join("square.zpred"), artefact.encode()).unwrap();
    let commitment = hex::encode(scalar_to_be(&input_root(&12u64.to_le_bytes())));

    // By file, and by id in the folder of known predicates.
    let run = ["predicate", "run", "square.zpred", "--public", &number(144), "--private", &number(12)];
    let told = done(dir, &run);
    assert!(told["outcome"] == "true" && told["declared"][0] == commitment.as_str(), "{told}");
    assert_eq!(ask(dir, &["predicate", "info", &id]).1, 2, "no folder, no id");
    let info = zera(dir).env("ZERA_PREDICATES", ".").args(["predicate", "info", &id, "--json"]).output().unwrap();
    let info: Value = serde_json::from_slice(&info.stdout).unwrap();
    assert!(info["predicate_id"] == id.as_str() && info["built_in"] == false, "{info}");

    for name in ["operator.key", "provider.key", "stranger.key"] {
        done(dir, &["account", "new", "-o", name]);
    }
    let start = ["node", "run", "--data", "node", "--listen", "127.0.0.1:0", "--block-ms", "50"];
    let accounts = ["operator.key=1000", "provider.key=100", "stranger.key=100"];
    let accounts = accounts.map(|account| ["--dev-account", account]).concat();
    let mut node = Running::start(dir, &[&start[..], &accounts[..]].concat());
    let url = node.line()["url"].as_str().unwrap().to_owned();
    let signed = ["--node", &url, "--key", "operator.key"];
    let with = |args: &[&str]| done(dir, &[args, &signed[..]].concat());

    let fetch = ["predicate", "fetch", &id, "-o", "back.zpred", "--node", &url];
    assert_eq!(ask(dir, &fetch).1, 2, "not published");
    done(dir, &["setup", "dev", "square.zpred", "-o", "keys"]);
    let published = with(&["predicate", "publish", "square.zpred"]);
    assert_eq!(published["predicate_id"], id.as_str());
    // Again: the file alone; nobody else gives the node a file of it.
    assert_eq!(with(&["predicate", "publish", "square.zpred"])["artefact"], published["artefact"]);
    let other = ["predicate", "publish", "square.zpred", "--node", &url, "--key", "stranger.key"];
    assert_ne!(ask(dir, &other).1, 0);
    done(dir, &fetch);
    assert_eq!(std::fs::read(dir.join("back.zpred")).unwrap(), artefact.encode());
    with(&["key", "register", "keys"]);

    // The provider knows nothing of the predicate but what the node tells.
    std::fs::create_dir(dir.join("private")).unwrap();
    std::fs::write(dir.join("private").join(&commitment), 12u64.to_le_bytes()).unwrap();
    let run = ["provider", "run", "--node", &url, "--key", "provider.key", "--data", "provider"];
    let mut provider = Running::start(dir, &[&run[..], &["--private-dir", "private"]].concat());
    while provider.line()["report"] != "started" {}

    // Fixed: false is an answer, too.
    for (asked, answer) in [(144, "true"), (145, "false")] {
        let public = number(asked);
        let open = ["task", "open", &id, "--public", &public, "--bounty", "4", "--expect", &commitment];
        let task = with(&open)["task"].as_str().unwrap().to_owned();
        let mut follow = Running::start(dir, &["task", "follow", &task, "--node", &url]);
        assert_eq!(follow.child.wait().unwrap().code(), Some(0));
        let shown = done(dir, &["task", "show", &task, "--node", &url]);
        assert!(shown["state"] == "final" && shown["outcome"] == answer, "{shown}");
        assert_eq!((&shown["witness_only"], &shown["expected"][0]), (&false.into(), &commitment.as_str().into()));
    }
    // Not fixed: the provider sells no false, and without the bytes nothing.
    for (deliver, reason) in [(false, "input_missing"), (true, "outcome_refused")] {
        let public = number(if deliver { 145 } else { 144 });
        let task = with(&["task", "open", &id, "--public", &public, "--bounty", "4"])["task"].clone();
        if deliver {
            std::fs::write(dir.join("private").join(task.as_str().unwrap()), 12u64.to_le_bytes()).unwrap();
        }
        loop {
            let line = provider.line();
            if line["report"] == "declined" && line["task"] == task && line["reason"] == reason {
                break;
            }
            assert!(line["report"] != "locked" || line["task"] != task, "{line}");
        }
    }
    assert_eq!(provider.stop().0, Some(0));
    assert_eq!(node.stop().0, Some(0));
}
