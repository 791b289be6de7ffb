//! K4: node and provider are killed at random moments, through the binary, until every task has ended. What was acknowledged
//! is there, nobody is paid twice, and it is the same chain.
//!
//! `ZERA_KILL_ROUNDS` and `ZERA_KILL_SEED` ask for more rounds and for others.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use binary::{PATIENCE, Running, zera};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use zera_abi::{AccountId, Amount, TaskId};
use zera_host::codec::Field;
use zera_host::{Event, Receipt, SignedTx};
use zera_ledger::Ledger;
use zera_market::Market;
use zera_market::ports::{Store, Table};

const NAME: &str = "SpecialPriceOraclePredicate";
const INPUT: &str = r#"{"threshold": 100, "max_spread_bps": 500, "quotes": [104, 101, 102]}"#;
/// Time to answer in that survives a restart or two of the provider.
const GENESIS: &str = r#"
name = "kill"
development = true
fuel_price = 1
key_activation_blocks = 0
name_timelock_blocks = 100
[rules]
base = "local"
lock_blocks = 33
"#;

fn done(dir: &Path, args: &[&str]) -> Value {
    let output = zera(dir).args(args).arg("--json").stderr(Stdio::piped()).output().expect("the binary runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one object")
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Every header, by height, of a node that does not run.
fn headers(data: &Path) -> Vec<Vec<u8>> {
    let ledger = Ledger::view(data.join("ledger.redb")).expect("a sound ledger");
    let rows = ledger.scan(Table::Blocks, &[], &[], usize::MAX).expect("scan");
    rows.into_iter().map(|(_, header)| header).collect()
}

fn rows<T>(ledger: &Ledger, table: Table, decode: impl Fn(&[u8]) -> T) -> Vec<T> {
    let rows = ledger.scan(table, &[], &[], usize::MAX).expect("scan");
    rows.iter().map(|(_, value)| decode(value)).collect()
}

#[test]
fn nothing_acknowledged_is_lost_and_nobody_is_paid_twice() {
    let (rounds, seed) = (setting("ZERA_KILL_ROUNDS", 5), setting("ZERA_KILL_SEED", 4));
    // Printed where the test fails.
    println!("seed {seed}, {rounds} rounds");
    let mut rng = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let data = dir.join("node");
    let account = |file: &str| done(dir, &["account", "new", "-o", file])["id"].as_str().unwrap().to_owned();
    let (operator, provider_id) = (account("operator.key"), account("provider.key"));
    let accounts = [(&operator, rounds * 10 + 200), (&provider_id, 1_000)];
    let accounts = accounts.map(|(id, zra)| format!("[[accounts]]\nid = \"{id}\"\nzra = \"{zra}\"\n"));
    std::fs::write(dir.join("genesis.toml"), format!("{GENESIS}{}", accounts.concat())).unwrap();
    // A port that stays the same, so that clients find the node again.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let url = format!("http://{address}");
    let run_node =
        ["node", "run", "--data", "node", "--listen", &address, "--block-ms", "100", "--genesis", "genesis.toml"];
    let run_provider =
        ["provider", "run", "--node", &url, "--key", "provider.key", "--data", "provider", "--predicate", NAME];
    let signed = ["--node", &url, "--key", "operator.key"];

    let mut node = Running::start(dir, &run_node);
    let chain = node.line()["chain_id"].clone();
    done(dir, &[&["predicate", "publish", NAME][..], &signed[..]].concat());
    done(dir, &["setup", "dev", NAME, "-o", "keys"]);
    done(dir, &[&["key", "register", "keys"][..], &signed[..]].concat());
    let wasm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/prebuilt/special_price.wasm");
    let config = ["OFFCHAIN_COMP_MIN_STAKE=2", "OFFCHAIN_COMP_BOUNTY=4", "OFFCHAIN_COMP_CALLBACK_FUEL=3000000u"];
    let config = config.map(|entry| ["--config", entry]).concat();
    let endow = (rounds * 6 + 50).to_string();
    let deploy = ["contract", "deploy", wasm.to_str().unwrap(), "--endow", &endow];
    let deployed = done(dir, &[&deploy[..], &config[..], &signed[..]].concat());
    let contract = deployed["contract"].as_str().unwrap().to_owned();
    let mut provider = Running::start(dir, &run_provider);
    while provider.line()["report"] != "started" {}

    let mut tasks: Vec<TaskId> = Vec::new();
    let mut known = Vec::new();
    let mut kills = BTreeMap::from([("node", 0), ("provider", 0)]);
    for round in 0..rounds {
        let call = ["contract", "call", &contract, "evaluate_complex_condition", "--predicate-input", NAME, INPUT];
        let mut asking = Running::start(dir, &[&call[..], &signed[..]].concat());
        std::thread::sleep(Duration::from_millis(rng.gen_range(0..1_500)));
        let victim = rng.gen_range(0..3);
        if victim != 0 {
            provider.kill();
            *kills.get_mut("provider").unwrap() += 1;
        }
        if victim != 1 {
            node.kill();
            *kills.get_mut("node").unwrap() += 1;
            // What had been there is there, block for block.
            let now = headers(&data);
            assert!(now.starts_with(&known), "seed {seed} round {round}: the chain has changed");
            known = now;
            std::thread::sleep(Duration::from_millis(rng.gen_range(0..200)));
            node = Running::start(dir, &run_node);
            let ready = node.line();
            assert_eq!(ready["chain_id"], chain, "seed {seed} round {round}");
            assert_eq!(ready["height"].as_u64(), Some(known.len() as u64 - 1), "seed {seed} round {round}");
        }
        if victim != 0 {
            provider = Running::start(dir, &run_provider);
        }
        // The call waits for a node that is away, and is answered once.
        let answer = asking.line();
        assert!(asking.child.wait().unwrap().success(), "seed {seed} round {round}: {answer}");
        tasks.push(answer["task"].as_str().unwrap().parse().unwrap());
    }
    let since = Instant::now();
    loop {
        let listed = done(dir, &["task", "list", "--node", &url]);
        let states = listed["tasks"].as_array().unwrap().iter();
        let states: Vec<String> = states.map(|task| task["state"].as_str().unwrap().to_owned()).collect();
        if states.iter().all(|state| state == "final") {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "seed {seed}: the tasks do not end: {states:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    node.kill();
    provider.kill();

    let now = headers(&data);
    assert!(now.starts_with(&known), "seed {seed}: the chain has changed");
    let ledger = Ledger::view(data.join("ledger.redb")).unwrap();
    let events = rows(&ledger, Table::Events, |value| Event::parse(value).unwrap());
    let txs = rows(&ledger, Table::Txs, |value| SignedTx::decode(value).unwrap());
    let receipts = rows(&ledger, Table::Receipts, |value| Receipt::parse(value).unwrap());
    let market = Market::restore(&ledger).unwrap();
    market.conserved().unwrap();
    // One question each, however often it was sent; one answer, one call-back, one payout.
    let times = |what: &dyn Fn(&Event) -> bool| events.iter().filter(|event| what(event)).count();
    assert_eq!(market.tasks().len(), tasks.len(), "seed {seed}: tasks");
    for task in &tasks {
        let opened = times(&|event| matches!(event, Event::TaskOpened { task: id, .. } if id == task));
        let accepted = times(&|event| matches!(event, Event::TaskAccepted { task: id, .. } if id == task));
        let called = times(&|event| matches!(event, Event::Callback { task: id, done: true, .. } if id == task));
        let settled = times(&|event| matches!(event, Event::TaskFinal { task: id, .. } if id == task));
        assert_eq!((opened, accepted, called, settled), (1, 1, 1, 1), "seed {seed}: task {task}");
    }
    // The provider has what it had, what the events say it was paid, less fees and what was burnt or passed on.
    let id: AccountId = provider_id.parse().unwrap();
    let sum = |amounts: &mut dyn Iterator<Item = Amount>| amounts.map(Amount::units).sum::<u128>();
    let fees = sum(&mut txs.iter().zip(&receipts).filter(|(tx, _)| tx.tx().sender == id).map(|(_, got)| got.fee));
    let paid = sum(&mut events.iter().filter_map(|event| match event {
        Event::TaskFinal { provider, paid, .. } if *provider == id => Some(*paid),
        _ => None,
    }));
    let lost = times(&|event| {
        matches!(
            event,
            Event::StakeSlashed { .. }
                | Event::TaskReleased { .. }
                | Event::ProofRejected { .. }
                | Event::DepositBurned { .. }
        )
    });
    let balance = market.account(&id);
    assert!(balance.locked.is_zero(), "seed {seed}: {balance:?}");
    if lost == 0 {
        let start = Amount::from_zra(1_000).unwrap().units();
        assert_eq!(balance.free.units(), start + paid - fees, "seed {seed}: the provider's money");
    }
    drop((market, ledger));
    let checked = done(dir, &["node", "check", "--data", "node"]);
    assert_eq!(checked["ok"], true, "seed {seed}: {checked}");
    println!("{} tasks final, {lost} losses of stake, killed {kills:?}, {} blocks", tasks.len(), now.len());
}
