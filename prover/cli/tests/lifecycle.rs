//! A network by hand, as the README has it: node, account, predicate, keys, contract, provider, question, answer, money.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use std::path::Path;

use binary::{Running, ask, done, units, zera};
use serde_json::Value;

const NAME: &str = "SpecialPriceOraclePredicate";
const TRUE: &str = r#"{"threshold": 100, "max_spread_bps": 500, "quotes": [104, 101, 102]}"#;

#[test]
fn a_network_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let operator = done(dir, &["account", "new", "-o", "operator.key"]);
    done(dir, &["account", "new", "-o", "provider.key"]);
    let start = ["node", "run", "--data", "node", "--listen", "127.0.0.1:0", "--block-ms", "50"];
    let accounts = ["--dev-account", "operator.key=1000", "--dev-account", "provider.key=100"];
    let mut node = Running::start(dir, &[&start[..], &accounts[..]].concat());
    let ready = node.line();
    let url = ready["url"].as_str().unwrap().to_owned();
    let signed = ["--node", &url, "--key", "operator.key"];
    let with = |args: &[&str], more: &[&str]| done(dir, &[args, more].concat());

    // Before anything is there, the answers are no.
    let key = done(dir, &["setup", "dev", NAME, "-o", "keys"])["key_id"].as_str().unwrap().to_owned();
    let (status, code) = ask(dir, &["key", "status", &key, "--node", &url]);
    assert_eq!((code, &status["registered"]), (1, &Value::Bool(false)));
    let (refused, code) = ask(dir, &[&["key", "register", "keys"][..], &signed[..]].concat());
    assert_eq!((code, &refused["ending"]), (1, &"refused".into()), "{refused}");

    let id = with(&["predicate", "publish", NAME], &signed)["predicate_id"].clone();
    assert_eq!(id, done(dir, &["predicate", "info", NAME])["predicate_id"]);
    assert_eq!(with(&["key", "register", "keys"], &signed)["key_id"], key);
    let status = with(&["key", "status", &key], &["--node", &url]);
    assert!(status["state"] == "active" && status["current"] == true && status["owner"] == operator["id"], "{status}");
    let wasm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/prebuilt/special_price.wasm");
    let config = ["OFFCHAIN_COMP_MIN_STAKE=2", "OFFCHAIN_COMP_BOUNTY=4", "OFFCHAIN_COMP_CALLBACK_FUEL=3000000u"];
    let config = config.map(|entry| ["--config", entry]).concat();
    let deploy =
        [&["contract", "deploy", wasm.to_str().unwrap(), "--endow", "60"][..], &config[..], &signed[..]].concat();
    let contract = done(dir, &deploy)["contract"].as_str().unwrap().to_owned();
    assert_eq!(units(&with(&["account", "show", &contract], &["--node", &url])["free"]), 60_000_000_000);
    let (_, code) = ask(dir, &["contract", "storage", &contract, "state", "--node", &url]);
    assert_eq!(code, 1, "no answer yet");

    let run = ["provider", "run", "--node", &url, "--key", "provider.key", "--data", "provider", "--predicate", NAME];
    let mut provider = Running::start(dir, &run);
    while provider.line()["report"] != "started" {}

    let call = ["contract", "call", &contract, "evaluate_complex_condition", "--predicate-input", NAME, TRUE];
    let task = with(&call, &signed)["task"].as_str().unwrap().to_owned();
    // Follows the task to its end, one object a line.
    let mut follow = Running::start(dir, &["task", "follow", &task, "--node", &url]);
    let mut events = Vec::new();
    while events.last().is_none_or(|event| event != "task_final") {
        let event = follow.line();
        assert_eq!(event["task"], task.as_str());
        events.push(event["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(events, ["task_opened", "task_locked", "task_accepted", "callback", "task_final"]);
    assert_eq!(follow.child.wait().unwrap().code(), Some(0), "following ends with the task");

    let shown = with(&["task", "show", &task], &["--node", &url]);
    assert!(shown["state"] == "final" && shown["outcome"] == "true" && shown["key"] == key.as_str(), "{shown}");
    let listed = with(&["task", "list", "--state", "final"], &["--node", &url]);
    assert_eq!(listed["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(with(&["contract", "storage", &contract, "state"], &["--node", &url])["value"], "01");
    assert_eq!(with(&["contract", "query", &contract, "query"], &["--node", &url])["data"], "01");
    let earned = units(&with(&["account", "show", "provider.key"], &["--node", &url])["free"]);
    assert!(earned > 100_000_000_000, "the provider was paid: {earned}");

    // An account asks for itself: it pays what it was told, and the provider answers.
    let open = ["task", "open", NAME, "--public", TRUE, "--bounty", "4"];
    let told = with(&[&open[..], &["--dry-run"]].concat(), &signed);
    assert_eq!(listed, with(&["task", "list", "--state", "final"], &["--node", &url]), "a dry run asks nothing");
    let opened = with(&open, &signed);
    assert_eq!((&opened["fuel_used"], &opened["fee"]), (&told["fuel"]["total"], &told["fee"]));
    let task = opened["task"].as_str().unwrap().to_owned();
    let mut follow = Running::start(dir, &["task", "follow", &task, "--node", &url]);
    assert_eq!(follow.child.wait().unwrap().code(), Some(0));
    let shown = with(&["task", "show", &task], &["--node", &url]);
    assert!(shown["state"] == "final" && shown["contract"] == operator["id"], "{shown}");
    // A free name is registered at once, another's is refused.
    let name = ["predicate", "name", "latest", id.as_str().unwrap()];
    assert_eq!(with(&name, &signed)["status"]["name"], "OK");
    let stranger = ["--node", &url, "--key", "provider.key"];
    let (refused, code) = ask(dir, &[&name[..], &stranger[..]].concat());
    assert_eq!((code, &refused["status"]["name"]), (1, &"E_UNAUTH".into()));

    let sent = with(&["account", "send", &contract, "1.5"], &signed);
    assert_eq!(sent["status"]["name"], "OK");
    // Everything that the account has leaves nothing for the fee.
    let (_, code) = ask(dir, &[&["account", "send", &contract, "900"][..], &signed[..]].concat());
    assert_eq!(code, 0);
    let (short, code) = ask(dir, &[&["account", "send", &contract, "100"][..], &signed[..]].concat());
    assert_eq!((code, &short["ending"]), (1, &"refused".into()), "{short}");

    let (code, rest) = provider.stop();
    assert_eq!(code, Some(0));
    assert!(rest.contains(r#""report":"finalised""#), "{rest}");
    assert_eq!(node.stop().0, Some(0));

    // The same folder is the same chain, with its state.
    let mut again = Running::start(dir, &start);
    let ready_again = again.line();
    assert_eq!(ready_again["chain_id"], ready["chain_id"]);
    assert!(ready_again["height"].as_u64() > Some(10), "{ready_again}");
    let url = ready_again["url"].as_str().unwrap();
    assert_eq!(done(dir, &["contract", "storage", &contract, "state", "--node", url])["value"], "01");
    assert_eq!(again.stop().0, Some(0));
    let other = zera(dir).args(start).args(["--dev-account", "operator.key=999"]).output().unwrap();
    assert_eq!(other.status.code(), Some(2), "another genesis for the same folder");
}
