//! A watcher at work: a lie about a program is found, challenged and settled by the chain's own run, and again by hand.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use std::path::Path;

use binary::{Dispute, Running, done, units, zera};
use serde_json::Value;

const WASM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/predicates/prebuilt/prices.wasm");
/// Holds, by an implementation in Python (`contracts/predicates/cases/prices.json`).
const HOLDS: &str = "680000006500000000000000670000006b00000069000000660000006a000000ffffffff6800000068000000";

/// Lines up to the first of this name, which it is.
fn until(watch: &mut Running, name: &str) -> Value {
    loop {
        let line = watch.line();
        assert!(!["failed", "unreachable"].contains(&line["sight"].as_str().unwrap()), "{line}");
        if line["sight"] == name {
            return line;
        }
    }
}

fn account(dir: &Path, key: &str, url: &str) -> Value {
    done(dir, &["account", "show", key, "--node", url])
}

#[test]
fn a_watcher_earns_by_a_lie_and_stops_when_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let network = Dispute::start(dir);
    let url = network.url.clone();
    let must = |args: &[&str], key: &str| network.must(args, key);
    let compiled = done(dir, &["predicate", "compile", WASM, "--public-bytes", "44", "-o", "prices.zpred"]);
    let predicate = compiled["predicate_id"].as_str().unwrap().to_owned();
    must(&["predicate", "publish", "prices.zpred"], "asker.key");
    done(dir, &["setup", "dev", "prices.zpred", "-o", "keys"]);
    must(&["key", "register", "keys"], "asker.key");
    let lied = || {
        let open =
            ["task", "open", &predicate, "--public", HOLDS, "--bounty", "4", "--attested", "--level", "attested"];
        let task = must(&open, "asker.key")["task"].as_str().unwrap().to_owned();
        must(&["task", "lock", &task], "liar.key");
        must(&["task", "attest", &task, "false"], "liar.key");
        task
    };

    // The watcher knows nothing of the predicate: its file comes from the node.
    let watching = ["watch", "--node", &url, "--key", "watcher.key", "--budget", "5"];
    let mut watch = Running::start(dir, &watching);
    let begun = until(&mut watch, "started");
    assert_eq!((&begun["resumed"], &begun["account"]), (&0.into(), &account(dir, "watcher.key", &url)["id"]));
    let task = lied();
    let looked = until(&mut watch, "looked");
    assert_eq!(
        (&looked["said"], &looked["found"], &looked["task"]),
        (&"false".into(), &"true".into(), &task.clone().into())
    );
    let challenged = until(&mut watch, "challenged");
    assert_eq!((&challenged["claimed"], &challenged["bond"]), (&"true".into(), &"4".into()));
    let settled = until(&mut watch, "settled");
    assert_eq!((&settled["by"], &settled["outcome"]), (&"native run".into(), &"true".into()));
    let earned = until(&mut watch, "earned");
    // A tenth of a stake of twice the bounty; the run is paid back as the settlement.
    assert_eq!((&earned["amount"], &earned["by"]), (&"0.8".into(), &"challenge".into()));
    let back = until(&mut watch, "earned");
    assert_eq!((&back["amount"], &back["by"]), (&settled["fee"], &"settlement".into()));
    let shown = done(dir, &["task", "show", &task, "--node", &url]);
    assert!(shown["state"] == "final" && shown["outcome"] == "true", "{shown}");
    let (code, rest) = watch.stop();
    let stopped: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!((code, &stopped["sight"], &stopped["challenges"]), (Some(0), &"stopped".into(), &1.into()));
    assert!(units(&account(dir, "watcher.key", &url)["free"]) > 100_700_000_000, "it pays to look");

    // By hand, with the file that is here.
    let task = lied();
    must(&["task", "challenge", &task, "true"], "watcher.key");
    let settled = must(&["task", "settle", &task, "--native", "prices.zpred"], "asker.key");
    assert_eq!((&settled["outcome"], &settled["upheld"]), (&"true".into(), &false.into()));
    let again = ["task", "settle", &task, "--native", "--node", &url, "--key", "asker.key"];
    assert_eq!(zera(dir).args(again).output().unwrap().status.code(), Some(2), "settled already");
    let mut follow = Running::start(dir, &["task", "follow", &task, "--node", &url]);
    let mut events = Vec::new();
    while events.last().is_none_or(|event| event != "task_final") {
        events.push(follow.line()["event"].as_str().unwrap().to_owned());
    }
    let expected = [
        "task_opened",
        "task_locked",
        "task_attested",
        "challenge_committed",
        "task_challenged",
        "native_run",
        "challenge_settled",
        "task_accepted",
        "attestation_slashed",
        "task_final",
    ];
    assert_eq!(events, expected);

    // What can not be meant is said in one line.
    for (args, code) in [
        (vec!["--sample", "0"], 2),
        (vec!["--sample", "1.5"], 2),
        (vec!["--proofs-first"], 2),
        (vec!["--predicates", "nowhere"], 2),
    ] {
        let output = zera(dir).args([&watching[..], &args].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1, "{args:?}");
    }
    let Dispute { mut node, .. } = network;
    assert_eq!(node.stop().0, Some(0));
}
