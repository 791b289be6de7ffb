//! The example that embeds the crates, against the node's own store: the same blocks, the same state root at every height.

#[path = "../examples/embed.rs"]
mod embed;

use std::sync::Arc;

use embed::{LogStore, Runtime, story};
use zera_abi::Height;
use zera_host::{Chain, SignedTx, Verdicts};
use zera_ledger::Ledger;
use zera_market::ports::{Change, MemStore, Store, Table};

#[test]
fn another_runtime_has_the_state_root_of_the_node() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    let mut runtime = Runtime::open(&log, &story::genesis()).unwrap();
    let played = story::play(&mut runtime).unwrap();
    assert!(played.len() > 20, "two tasks from opening to final: {} blocks", played.len());

    // The node's store, and one in memory; proofs are verified inside the block here.
    let ledger = place.path().join("ledger");
    let mut node = Chain::open(Arc::new(Ledger::open(&ledger).unwrap()), &story::genesis()).unwrap();
    let mut memory = Chain::open(Arc::new(MemStore::default()), &story::genesis()).unwrap();
    for (wires, header) in &played {
        for chain in [&mut node, &mut memory] {
            let txs = wires.iter().map(|wire| SignedTx::decode(wire).unwrap()).collect();
            assert_eq!(chain.apply(txs, Verdicts::default()).unwrap().header, *header);
        }
    }
    let height = node.head().height;
    drop((runtime, node));

    // Both stores come back after a restart, with every header.
    let again = Runtime::open(&log, &story::genesis()).unwrap().chain;
    let node = Chain::open(Arc::new(Ledger::open(&ledger).unwrap()), &story::genesis()).unwrap();
    assert_eq!((again.head(), again.head().height), (node.head(), height));
    for at in 0..=height.0 {
        assert_eq!(again.header(Height(at)).unwrap(), node.header(Height(at)).unwrap());
    }
    drop(again);

    // A block that a crash left half written is as if it had never been: the chain goes on from the one before.
    let whole = std::fs::read(&log).unwrap();
    for cut in [1, 100] {
        std::fs::write(&log, &whole[..whole.len() - cut]).unwrap();
        let mut runtime = Runtime::open(&log, &story::genesis()).unwrap();
        let (wires, header) = played.last().unwrap();
        assert_eq!(runtime.chain.head(), &played[played.len() - 2].1);
        assert_eq!(runtime.block(wires).unwrap().header, *header, "cut by {cut}");
    }
}

/// The example's store keeps the port's promises as the provided one does.
#[test]
fn the_log_is_a_store() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("log");
    let (log, memory) = (LogStore::open(&path).unwrap(), MemStore::default());
    let change =
        |table, key: &[u8], value: Option<&[u8]>| Change { table, key: key.to_vec(), value: value.map(<[u8]>::to_vec) };
    let commits = [
        vec![
            change(Table::Kv, b"ab", Some(b"1")),
            change(Table::Kv, b"a", Some(b"")),
            change(Table::Meta, b"", Some(b"m")),
        ],
        vec![],
        vec![
            change(Table::Kv, b"ab", None),
            change(Table::Kv, b"ac", Some(b"2")),
            change(Table::Config, b"a", Some(b"3")),
        ],
        // The last of two changes of one row stands; removing what is not there is nothing.
        vec![change(Table::Kv, b"ac", Some(b"4")), change(Table::Kv, b"ac", Some(b"5")), change(Table::Kv, b"x", None)],
    ];
    for commit in &commits {
        log.commit(commit).unwrap();
        memory.commit(commit).unwrap();
    }
    drop(log);
    let log = LogStore::open(&path).unwrap();
    for table in Table::ALL {
        for (prefix, from, limit) in [("", "", 10), ("a", "", 10), ("a", "ab", 10), ("", "", 1), ("ac", "a", 1)] {
            let scan = |store: &dyn Store| store.scan(*table, prefix.as_bytes(), from.as_bytes(), limit).unwrap();
            assert_eq!(scan(&log), scan(&memory), "{table:?} {prefix} {from} {limit}");
        }
        assert_eq!(log.read(*table, b"ac").unwrap(), memory.read(*table, b"ac").unwrap());
    }
    assert_eq!(log.read(Table::Kv, b"ac").unwrap(), Some(b"5".to_vec()));
}
