//! An answer without a proof, by hand: a lie is challenged, a proof settles it, and money moves when that is final.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use binary::{Dispute, Running, done, units, zera};

const NAME: &str = "RangePredicate";
const TRUE: &str = r#"{"x": 42, "lo": 18, "hi": 99}"#;

#[test]
fn a_lie_is_challenged_and_a_proof_settles_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let network = Dispute::start(dir);
    let url = network.url.clone();
    let by = |args: &[&str], key: &str| network.by(args, key);
    let must = |args: &[&str], key: &str| network.must(args, key);
    done(dir, &["setup", "dev", NAME, "-o", "keys"]);
    must(&["predicate", "publish", NAME], "asker.key");
    must(&["key", "register", "keys"], "asker.key");

    let open = ["task", "open", NAME, "--public", TRUE, "--bounty", "4"];
    // A proof was asked for: nothing less is taken, and no more value than the stake secures.
    let proved = must(&open, "asker.key")["task"].as_str().unwrap().to_owned();
    must(&["task", "lock", &proved], "liar.key");
    let (refused, code) = by(&["task", "attest", &proved, "false"], "liar.key");
    assert_eq!((code, &refused["status"]["name"]), (1, &"E_UNSUPPORTED".into()), "{refused}");
    let attested = ["--attested", "--level", "attested"];
    let (refused, code) = by(&[&open[..], &attested[..], &["--value-at-risk", "4"]].concat(), "asker.key");
    assert_eq!((code, &refused["status"]["name"]), (1, &"E_LIMIT".into()), "{refused}");
    let (refused, code) = by(&[&open[..], &["--level", "attested"]].concat(), "asker.key");
    assert_eq!((code, &refused["status"]["name"]), (1, &"E_UNSUPPORTED".into()), "{refused}");

    let task = must(&[&open[..], &attested[..]].concat(), "asker.key")["task"].as_str().unwrap().to_owned();
    let show = || done(dir, &["task", "show", &task, "--node", &url]);
    must(&["task", "lock", &task], "liar.key");
    must(&["task", "attest", &task, "false"], "liar.key");
    let shown = show();
    assert!(shown["state"] == "attested" && shown["outcome"] == "false" && shown["mode"] == "attested", "{shown}");
    assert!(shown["challenge_until"].is_u64(), "{shown}");
    must(&["task", "challenge", &task, "true"], "watcher.key");
    let shown = show();
    assert!(shown["state"] == "challenged" && shown["claimed"] == "true" && shown["outcome"] == "false", "{shown}");
    let settled = must(&["task", "settle", &task, "--keys", "keys"], "watcher.key");
    assert_eq!((&settled["outcome"], &settled["upheld"]), (&"true".into(), &false.into()));
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
        "challenge_settled",
        "task_accepted",
        "attestation_slashed",
        "task_final",
    ];
    assert_eq!(events, expected);
    let shown = show();
    let watcher = done(dir, &["account", "show", "watcher.key", "--node", &url]);
    let liar = done(dir, &["account", "show", "liar.key", "--node", &url]);
    assert!(shown["outcome"] == "true" && shown["provider"] == watcher["id"], "{shown}");
    assert!(units(&watcher["free"]) > 100_000_000_000, "it pays to be right: {watcher}");
    assert!(units(&liar["free"]) < 93_000_000_000, "a stake of 8 is gone: {liar}");
    // What is settled is not settled again.
    let again = ["task", "settle", &task, "--keys", "keys", "--node", &url, "--key", "watcher.key"];
    assert_eq!(zera(dir).args(again).output().unwrap().status.code(), Some(2));
    let Dispute { mut node, .. } = network;
    assert_eq!(node.stop().0, Some(0));
}
