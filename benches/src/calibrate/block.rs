//! Items whose cost is a block's: rows and their share of the commit, events, tasks, transactions, calls.
//!
//! A sample is a block on a ledger on disk, less a block of the same calls that do not do it: what a row costs is mostly
//! paid when the block is committed, and no clock inside a call would see it.

use zera_abi::wire::Request;
use zera_abi::{AccountId, Level};
use zera_host::{Action, SignedTx};
use zera_library::range;
use zera_params::dev_keys;
use zera_r1cs::Artefact;

use super::Effort;
use super::guest::{input, keys};
use super::net::{KEYS, Net};
use super::sample::{Class, beside, median, per_unit, time, times};

/// Calls of a block.
const CALLS: usize = 10;
/// Events of a call, as many as there may be.
const EVENTS: u32 = 32;
/// Bytes of a short row.
const SHORT: u32 = 32;
/// Bytes of a long row; more than one in ten calls would not fit the fuel of a block.
const LONG: u32 = 4_096;
/// Long rows of a call.
const LONG_ROWS: u32 = 30;

pub(super) fn classes(effort: Effort, pure: &[Class]) -> Vec<Class> {
    let mut found = rows(effort);
    let row = found.iter().find(|class| class.item == "storage_set").map_or(0.0, |class| class.per_unit.p50);
    // A key's registration writes three rows beside its checks.
    let register = pure.iter().filter(|class| class.item == "register_key").map(|class| {
        let mut with_rows = class.clone();
        with_rows.class = format!("{}, with its rows", class.class);
        for time in [&mut with_rows.per_unit.p50, &mut with_rows.per_unit.p99, &mut with_rows.per_unit.p999] {
            *time += 3.0 * row;
        }
        with_rows
    });
    found.extend(register);
    found.extend(transactions(effort));
    found.extend(tasks(effort, pure));
    found
}

/// The calls of a block, each with its own seed.
fn calls(net: &mut Net, entry: &str, (count, len): (u32, u32), seed: u64) -> Vec<SignedTx> {
    (0..CALLS as u64).map(|index| net.call(entry, input(count, len, seed + index, &[]))).collect()
}

fn rows(effort: Effort) -> Vec<Class> {
    let mut net = Net::new(effort.rows, SHORT as usize);
    let seeds = (effort.rows / KEYS) as u64;
    let known = keys(3).nth(5).expect("endless");
    assert_eq!(net.storage(&known), Some(vec![3; SHORT as usize]), "a row that a loop will read");
    // Seeds beyond those that are there make new rows.
    let fresh = std::cell::Cell::new(1u64 << 32);
    let next = |known: bool| {
        let seed = fresh.get();
        fresh.set(seed + CALLS as u64);
        if known { (seed * 7) % (seeds - CALLS as u64).max(1) } else { seed }
    };
    let mut found = Vec::new();
    let mut measure = |item: &'static str, word: &str, (entry, known): (&str, bool), (count, len): (u32, u32)| {
        let units = CALLS * count as usize;
        let cell = std::cell::RefCell::new(&mut net);
        let block = |entry: &str| {
            let mut net = cell.borrow_mut();
            let txs = calls(&mut net, entry, (count, len), next(known));
            net.done(txs).0
        };
        let samples = beside(effort.blocks, units, || block(entry), || block("back_key"));
        found.push(Class::new(item, word, samples.clone()));
        samples
    };
    let many = KEYS as u32;
    let read = measure("storage_get", "known key", ("get", true), (many, SHORT));
    measure("storage_get", "unknown key", ("get", false), (many, SHORT));
    let written = measure("storage_set", "new key", ("set", false), (many, SHORT));
    measure("storage_set", "known key", ("set", true), (many, SHORT));
    measure("storage_remove", "unknown key", ("remove", false), (many, SHORT));
    let told = measure("event", "short", ("emit", true), (EVENTS, SHORT));
    let (read, written, told) = (median(&read), median(&written), median(&told));
    let long = measure("storage_set", "", ("set", false), (LONG_ROWS, LONG));
    let loud = measure("event", "", ("emit", true), (EVENTS, 1_024));
    let slope = |samples: &[f64], base: f64, len: u32| per_unit(samples, base, (len - SHORT) as usize);
    let (long, loud) = (slope(&long, written, LONG), slope(&loud, told, 1_024));
    found.retain(|class| !class.class.is_empty());
    found.push(Class::new("storage_set_byte", "4 KiB", long));
    found.push(Class::new("event_byte", "1 KiB", loud));
    found.push(removals(effort));
    found.push(reads(effort, read));
    found
}

/// Rows that are there, each removed once: a ledger of their own.
fn removals(effort: Effort) -> Class {
    let blocks = effort.blocks + 1;
    let mut net = Net::new(blocks * CALLS * KEYS, SHORT as usize);
    let cell = std::cell::RefCell::new(&mut net);
    let mut seed = 0;
    let samples = beside(
        effort.blocks,
        CALLS * KEYS,
        || {
            let mut net = cell.borrow_mut();
            assert!(net.storage(&keys(seed).next().expect("endless")).is_some());
            let txs = calls(&mut net, "remove", (KEYS as u32, SHORT), seed);
            seed += CALLS as u64;
            net.done(txs).0
        },
        || {
            let mut net = cell.borrow_mut();
            let txs = calls(&mut net, "back_key", (KEYS as u32, SHORT), 0);
            net.done(txs).0
        },
    );
    Class::new("storage_remove", "known key", samples)
}

/// Long rows, read.
fn reads(effort: Effort, short: f64) -> Class {
    let seeds = CALLS * 4;
    let mut net = Net::new(seeds * KEYS, LONG as usize);
    let cell = std::cell::RefCell::new(&mut net);
    let block = |entry: &str| {
        let mut net = cell.borrow_mut();
        let txs = calls(&mut net, entry, (KEYS as u32, LONG), 0);
        net.done(txs).0
    };
    let samples = beside(effort.blocks, CALLS * KEYS, || block("get"), || block("back_key"));
    Class::new("storage_get_byte", "4 KiB", per_unit(&samples, short, (LONG - SHORT) as usize))
}

/// The signature's check, and a transaction's rows; what a call costs before it does anything.
fn transactions(effort: Effort) -> Vec<Class> {
    const TXS: usize = 100;
    const LEN: usize = 32 * 1024;
    let mut net = Net::new(0, 0);
    let cell = std::cell::RefCell::new(&mut net);
    let nobody = AccountId([9; 32]);
    let block = |to: Option<AccountId>, count: usize, len: usize| {
        let mut net = cell.borrow_mut();
        let to = to.unwrap_or(net.contract);
        let txs = (0..count).map(|_| net.call_of(to, "empty", vec![7; len], 1_000_000)).collect();
        net.block(txs).0
    };
    let decode = |len: usize| {
        let tx = cell.borrow_mut().call_of(nobody, "empty", vec![7; len], 0);
        cell.borrow_mut().forget();
        let good = tx.encode();
        let mut bad = good.clone();
        *bad.last_mut().expect("a signature") ^= 1;
        let decode = |bytes: &Vec<u8>| zera_host::SignedTx::decode(bytes).is_ok();
        assert!(decode(&good) && !decode(&bad));
        (times(effort.short, &[good], decode), times(effort.short, &[bad], decode))
    };
    let refused = beside(effort.blocks, TXS, || block(Some(nobody), TXS, 0), || block(Some(nobody), 0, 0));
    let row = median(&refused);
    let ((good, bad), (long, long_bad)) = (decode(0), decode(LEN));
    let mut found = Vec::new();
    for (word, short, long) in [("valid", &good, &long), ("bad signature", &bad, &long_bad)] {
        // A transaction with a bad signature reaches no block.
        let share = if word == "valid" { row } else { 0.0 };
        found.push(Class::new("tx_floor", word, per_unit(short, -share, 1)));
        let in_block = block(Some(nobody), TXS / 4, LEN) / (TXS / 4) as f64;
        let share = if word == "valid" { (in_block - row).max(0.0) } else { 0.0 };
        found.push(Class::new("tx_byte", word, per_unit(long, median(short) - share, LEN)));
    }
    let started = beside(effort.blocks, TXS, || block(None, TXS, 0), || block(Some(nobody), TXS, 0));
    found.push(Class::new("call_start", "empty entry", started));
    found
}

fn tasks(effort: Effort, pure: &[Class]) -> Vec<Class> {
    const ASKS: u32 = 5;
    let artefact = (zera_library::by_name(range::NAME).expect("built in").artefact)();
    let mut net = Net::new(0, 0);
    net.publish(artefact, &dev_keys(&artefact.matrices).expect("development keys"));
    let root = pure.iter().filter(|class| class.item == "poseidon").map(|class| class.per_unit.p50).fold(0.0, f64::max);
    let cell = std::cell::RefCell::new(&mut net);
    let block = |entry: &str| {
        let mut net = cell.borrow_mut();
        let txs = asks(&mut net, artefact, entry, ASKS, CALLS);
        let before = net.tasks();
        let elapsed = net.done(txs).0;
        let opened = if entry == "request" { CALLS * ASKS as usize } else { 0 };
        assert_eq!(net.tasks(), before + opened, "the requests are taken");
        elapsed
    };
    // Tasks end some hundred blocks later; the measurement is over by then.
    let units = CALLS * ASKS as usize;
    let samples = beside(effort.blocks.min(40), units, || block("request"), || block("back"));
    vec![Class::new("task_open", "range", per_unit(&samples, root, 1))]
}

/// Calls that ask `count` times each.
pub(super) fn asks(net: &mut Net, artefact: &Artefact, entry: &str, count: u32, calls: usize) -> Vec<SignedTx> {
    let public = range::Input { x: 42, lo: 18, hi: 99 }.encode();
    let request = Request {
        predicate: artefact.predicate_id(),
        public: &public,
        bounty: 100_000_000,
        min_stake: 100_000_000,
        value_at_risk: 0,
        deadline: net.head().0 + 100,
        callback_fuel: 1_000_000,
        expected: &[],
        attested: false,
        level: Level::Accepted,
    };
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).expect("it fits");
    let input = input(count, bytes.len() as u32, 0, &bytes);
    (0..calls).map(|_| net.call(entry, input.clone())).collect()
}

/// Transfers of nothing much.
pub(super) fn transfers(net: &mut Net, count: usize) -> Vec<SignedTx> {
    let action =
        |index: usize| Action::Transfer { to: AccountId([index as u8; 32]), amount: zera_abi::Amount::from_units(1) };
    (0..count).map(|index| net.sign(action(index), 1_000_000)).collect()
}

/// Nanoseconds that decoding transactions takes, signatures and all.
pub(super) fn decoding(txs: &[SignedTx]) -> f64 {
    let encoded: Vec<Vec<u8>> = txs.iter().map(SignedTx::encode).collect();
    time(|| encoded.iter().filter(|bytes| SignedTx::decode(bytes).is_ok()).count())
}
