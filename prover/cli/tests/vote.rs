//! A rule changed by votes, by hand: proposed, supported, passed, adopted, and the money taken back.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use binary::{Running, ask, done, units, zera};

#[test]
fn a_rule_is_proposed_supported_and_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for name in ["proposer.key", "voter.key"] {
        done(dir, &["account", "new", "-o", name]);
    }
    let start = ["node", "run", "--data", "node", "--listen", "127.0.0.1:0", "--block-ms", "50"];
    let accounts = ["proposer.key=1000", "voter.key=1000"].map(|account| ["--dev-account", account]).concat();
    let mut node = Running::start(dir, &[&start[..], &accounts[..]].concat());
    let url = node.line()["url"].as_str().unwrap().to_owned();
    let by = |args: &[&str], key: &str| ask(dir, &[args, &["--node", &url, "--key", key]].concat());
    let look = |args: &[&str]| done(dir, &[args, &["--node", &url]].concat());

    // Refused by the rules: exit code 1, and nothing taken but the fee.
    for (rule, value, status) in [
        ("open_feee", "1", "E_NOT_FOUND"),
        ("open_fee", "0.0015", "E_LIMIT"),
        ("open_fee", "0.001", "E_DUP"),
        ("burn_share", "5100", "E_UNSUPPORTED"),
    ] {
        let (refused, code) = by(&["vote", "propose", rule, value], "proposer.key");
        assert_eq!((code, &refused["status"]["name"]), (1, &status.into()), "{refused}");
        assert!(refused.get("proposal").is_none(), "{refused}");
    }
    // Bad input never reaches the node.
    for (rule, value) in
        [("Open", "1"), ("lock_blocks", "1.5"), ("lock_blocks", "-1"), ("open_fee", "a lot"), ("", "1")]
    {
        let args = ["vote", "propose", rule, value, "--node", &url, "--key", "voter.key"];
        let output = zera(dir).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{rule} {value}: {output:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1);
    }
    assert_eq!(look(&["vote", "list"])["proposals"], serde_json::json!([]));

    let (proposed, code) = by(&["vote", "propose", "open_fee", "0.0011"], "proposer.key");
    assert_eq!((code, &proposed["proposal"]), (0, &0.into()), "{proposed}");
    let shown = look(&["vote", "show", "0"]);
    assert!(shown["state"] == "voting" && shown["old"] == "1000000" && shown["new"] == "1100000", "{shown}");
    assert!(shown["passes"].is_null() && shown["need"].is_string(), "{shown}");
    let (supported, code) = by(&["vote", "support", "0", "500"], "voter.key");
    assert_eq!(code, 0, "{supported}");
    let shown = look(&["vote", "show", "0", "--account", "voter.key"]);
    assert!(shown["support"] == "500000000000" && shown["votes"] == "500000000000", "{shown}");
    let account = look(&["account", "show", "voter.key"]);
    assert_eq!(account["voting"], "500000000000", "{account}");

    let mut seen = vec![];
    loop {
        let shown = look(&["vote", "show", "0"]);
        let state = shown["state"].as_str().unwrap().to_owned();
        if seen.last() != Some(&state) {
            seen.push(state.clone());
        }
        if state == "adopted" {
            assert_eq!(shown["version"], 1, "{shown}");
            break;
        }
        assert!(shown["passes"].is_u64() || shown["executes"].is_u64(), "{shown}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(seen.last().unwrap(), "adopted");
    assert_eq!(look(&["vote", "list", "--state", "adopted"])["proposals"].as_array().unwrap().len(), 1);
    assert_eq!(look(&["vote", "list", "--state", "voting"])["proposals"], serde_json::json!([]));

    let (withdrawn, code) = by(&["vote", "withdraw", "0"], "voter.key");
    assert_eq!(code, 0, "{withdrawn}");
    let account = look(&["account", "show", "voter.key"]);
    assert_eq!((&account["voting"], &account["ballots"]), (&"0".into(), &serde_json::json!([])));
    assert!(units(&account["free"]) > 999_900_000_000, "{account}");
    let (late, code) = by(&["vote", "support", "0", "5"], "voter.key");
    assert_eq!((code, &late["status"]["name"]), (1, &"E_STATE".into()), "{late}");
    assert_eq!(zera(dir).args(["vote", "show", "7", "--node", &url]).output().unwrap().status.code(), Some(2));
    assert_eq!(node.stop().0, Some(0));
}
