//! Checks of a chain's rows: each by itself, the headers by their hashes, all of them by a replay.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zera_abi::{Amount, ChainId, TaskId};
use zera_host::codec::Field;
use zera_host::{
    Chain, ContractRow, Event, Genesis, Header, InputRow, KeyRow, NameRow, PredicateRow, Receipt, SignedTx,
    SubmissionRow, Verdicts, receipt, root, verify_jobs,
};
use zera_market::Market;
use zera_market::ports::{self, MemStore, Row, Store, StoreError, Table};
use zera_verifier::VerifyingKey;

/// What one check came to: what holds, or what does not.
pub struct Finding {
    /// Its name.
    pub check: &'static str,
    /// One line.
    pub outcome: Result<String, String>,
}

impl Finding {
    /// A check's outcome.
    pub fn new(check: &'static str, outcome: Result<String, String>) -> Finding {
        Finding { check, outcome }
    }
}

/// Runs every check and gives the facts of the chain.
pub fn audit(
    store: &dyn Store,
    genesis: &Genesis,
    replay: bool,
    findings: &mut Vec<Finding>,
    step: impl Fn(&str),
) -> Value {
    step("reading every row");
    findings.push(Finding::new("rows", rows(store)));
    step("following the headers");
    let headers = headers(store, genesis);
    let last = headers.as_ref().ok().and_then(|headers| headers.last().cloned());
    let mut summary = json!({ "chain_id": genesis.chain_id().to_string() });
    if let Some(last) = &last {
        summary["height"] = last.height.0.into();
        summary["state_root"] = hex::encode(last.state_root).into();
    }
    match headers {
        Err(what) => findings.push(Finding::new("headers", Err(what))),
        Ok(headers) => {
            let count = headers.len();
            findings
                .push(Finding::new("headers", Ok(format!("{count} headers, each with the hash of the one before"))));
            step("hashing transactions, receipts and events");
            findings.push(Finding::new("roots", roots(store, &headers)));
            step("adding up money");
            findings.push(Finding::new("money", money(store, &mut summary)));
            if replay {
                findings.push(Finding::new("replay", replayed(store, genesis, &headers, &step)));
            }
        }
    }
    summary
}

/// What stops a walk, in words.
struct Stop(String);

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop(error.to_string())
    }
}

/// Walks a table's rows in order.
fn walk(
    store: &dyn Store,
    table: Table,
    prefix: &[u8],
    mut visit: impl FnMut(Row) -> Result<(), String>,
) -> Result<u64, String> {
    ports::walk(store, table, prefix, |row| visit(row).map_err(Stop)).map_err(|Stop(what)| what)
}

/// Every row decodes, and stands under the key that its content says.
fn rows(store: &dyn Store) -> Result<String, String> {
    let mut count = 0;
    for &table in Table::ALL {
        count += walk(store, table, &[], |(key, value)| {
            decodes(table, &key, &value).map_err(|what| format!("{} row {}: {what}", table.name(), hex::encode(&key)))
        })?;
    }
    Ok(format!("{count} rows read back"))
}

fn decodes(table: Table, key: &[u8], value: &[u8]) -> Result<(), String> {
    fn is<T: Field>(value: &[u8]) -> Result<(), String> {
        T::parse(value).map(|_| ()).map_err(|error| error.to_string())
    }
    let key_len = |len: usize| if key.len() == len { Ok(()) } else { Err(format!("a key of {} bytes", key.len())) };
    let named = |id: &[u8]| if id == key { Ok(()) } else { Err("stands under another key".to_owned()) };
    match table {
        Table::Meta => match key {
            b"chain_id" => is::<ChainId>(value),
            b"head" => is::<Header>(value),
            _ => Err("nothing of this name is known".to_owned()),
        },
        Table::Blocks => {
            let header = Header::parse(value).map_err(|error| error.to_string())?;
            named(&header.height.0.to_be_bytes())
        }
        Table::Txs => key_len(12).and_then(|()| SignedTx::decode(value).map(|_| ()).map_err(|e| e.to_string())),
        Table::Receipts => key_len(12).and_then(|()| is::<Receipt>(value)),
        Table::Events => key_len(12).and_then(|()| is::<Event>(value)),
        Table::TxIndex => key_len(32).and_then(|()| is::<[u8; 12]>(value)),
        Table::Nonces => key_len(32).and_then(|()| is::<u64>(value)),
        Table::Contracts => key_len(32).and_then(|()| is::<ContractRow>(value)),
        Table::Code => named(zera_statement::code_hash(value).as_bytes()),
        Table::Kv => {
            if key.len() >= 32 {
                Ok(())
            } else {
                Err("a key without a contract".to_owned())
            }
        }
        Table::Config => is::<Amount>(value),
        Table::Handles => key_len(40).and_then(|()| is::<TaskId>(value)),
        Table::Pending => key_len(40),
        Table::Inputs => key_len(32).and_then(|()| is::<InputRow>(value)),
        Table::Keys => {
            let decoded = VerifyingKey::decode(value).map_err(|error| error.to_string())?;
            named(decoded.id().as_bytes())
        }
        Table::KeyMeta => key_len(32).and_then(|()| is::<KeyRow>(value)),
        Table::Predicates => {
            let row = PredicateRow::parse(value).map_err(|error| error.to_string())?;
            named(row.publication.id().as_bytes())
        }
        Table::Names => is::<NameRow>(value),
        Table::Submissions => key_len(36).and_then(|()| is::<SubmissionRow>(value)),
        Table::Callbacks => key_len(8),
        Table::Sealed => key_len(32).and_then(|()| SignedTx::decode(value).map(|_| ()).map_err(|e| e.to_string())),
        // The market reads these back by itself.
        Table::Accounts | Table::Tasks | Table::TaskSeq | Table::Totals | Table::Rules | Table::KeyBonds => Ok(()),
        Table::Voting | Table::Proposals | Table::Ballots => Ok(()),
    }
}

/// The headers from genesis to the head, each with the hash of the one before it.
fn headers(store: &dyn Store, genesis: &Genesis) -> Result<Vec<Header>, String> {
    let meta = |key: &[u8], name: &str| {
        let row = store.read(Table::Meta, key).map_err(|error| error.to_string())?;
        row.ok_or_else(|| format!("the {name} is missing"))
    };
    let chain = genesis.chain_id();
    let found = meta(b"chain_id", "chain's id")?;
    if found != chain.0 {
        return Err(format!("the data is of chain {}, the genesis is of {chain}", hex::encode(found)));
    }
    let mut headers: Vec<Header> = Vec::new();
    walk(store, Table::Blocks, &[], |(key, value)| {
        let header = Header::parse(&value).map_err(|error| format!("block {}: {error}", hex::encode(&key)))?;
        let height = headers.len() as u64;
        let previous = headers.last().map_or([0; 32], Header::hash);
        if header.height.0 != height || key != height.to_be_bytes() {
            return Err(format!("block {height} is missing"));
        }
        if header.previous != previous {
            return Err(format!("block {height} does not name the block before it"));
        }
        headers.push(header);
        Ok(())
    })?;
    let last = headers.last().ok_or("there is no block")?;
    if meta(b"head", "head of the chain")? != last.bytes() {
        return Err(format!("the head is not block {}", last.height));
    }
    Ok(headers)
}

/// The transactions, receipts and events of a block are those that its header commits to; the index names each once.
fn roots(store: &dyn Store, headers: &[Header]) -> Result<String, String> {
    let (mut txs, mut receipts, mut events) = (0, 0, 0);
    for header in headers {
        let height = header.height;
        let of = |what: &str| format!("block {height}: its {what} are not what its header says");
        let prefix = height.0.to_be_bytes();
        let mut hashes = Vec::new();
        txs += walk(store, Table::Txs, &prefix, |(key, value)| {
            let tx = SignedTx::decode(&value).map_err(|error| format!("block {height}: transaction: {error}"))?;
            let hash = tx.hash();
            hashes.push(hash.0);
            let place = store.read(Table::TxIndex, hash.as_bytes()).map_err(|error| error.to_string())?;
            if place.as_deref() == Some(key.as_slice()) {
                Ok(())
            } else {
                Err(format!("transaction {hash} is not in the index"))
            }
        })?;
        if root::merkle(hashes) != header.tx_root {
            return Err(of("transactions"));
        }
        let mut rows = Vec::new();
        receipts += walk(store, Table::Receipts, &prefix, |(_, value)| {
            rows.push(Receipt::parse(&value).map_err(|error| format!("block {height}: receipt: {error}"))?);
            Ok(())
        })?;
        if receipt::root(&rows) != header.receipt_root {
            return Err(of("receipts"));
        }
        let mut hasher = Sha256::new_with_prefix(b"zera/events/v1");
        events += walk(store, Table::Events, &prefix, |(_, value)| {
            hasher.update(&value);
            Ok(())
        })?;
        if <[u8; 32]>::from(hasher.finalize()) != header.event_root {
            return Err(of("events"));
        }
    }
    for (table, counted) in
        [(Table::Txs, txs), (Table::TxIndex, txs), (Table::Receipts, receipts), (Table::Events, events)]
    {
        let there = walk(store, table, &[], |_| Ok(()))?;
        if there != counted {
            return Err(format!("{}: {there} rows, the blocks account for {counted}", table.name()));
        }
    }
    Ok(format!("{txs} transactions, {receipts} receipts, {events} events as the headers say"))
}

/// The market reads back, and its rows add up to what was minted.
fn money(store: &dyn Store, summary: &mut Value) -> Result<String, String> {
    let market = Market::restore(store).map_err(|error| error.to_string())?;
    market.conserved().map_err(|error| error.to_string())?;
    let totals = market.totals();
    summary["totals"] = json!({
        "free": totals.free.units().to_string(),
        "escrowed": totals.escrowed.units().to_string(),
        "insurance": totals.insurance.units().to_string(),
        "treasury": totals.treasury.units().to_string(),
        "burned": totals.burned.units().to_string(),
        "minted": totals.minted.units().to_string(),
    });
    if totals.sum() == Some(totals.minted) {
        Ok(format!("{} units minted, as many there", totals.minted.units()))
    } else {
        Err(format!("not conserved: {totals:?}"))
    }
}

/// The same transactions on an empty store give every header again, and in the end every row.
fn replayed(store: &dyn Store, genesis: &Genesis, headers: &[Header], step: &impl Fn(&str)) -> Result<String, String> {
    let fresh = Arc::new(MemStore::default());
    let mut chain =
        Chain::open(Arc::clone(&fresh) as Arc<dyn Store>, genesis).map_err(|error| format!("genesis: {error}"))?;
    for header in headers {
        let height = header.height;
        let found = if height.0 == 0 {
            chain.head().clone()
        } else {
            let mut txs = Vec::new();
            walk(store, Table::Txs, &height.0.to_be_bytes(), |(_, value)| {
                txs.push(SignedTx::decode(&value).map_err(|error| format!("block {height}: {error}"))?);
                Ok(())
            })?;
            let fault = |error: zera_host::NodeFault| format!("block {height}: {error}");
            let mut verdicts = Verdicts::default();
            verdicts.extend(verify_jobs(&chain.proof_jobs(&txs).map_err(fault)?));
            chain.apply(txs, verdicts).map_err(fault)?.header
        };
        if found != *header {
            return Err(format!("block {height}: a replay gives another header"));
        }
        if height.0.is_multiple_of(256) {
            step(&format!("replaying from genesis: block {height} of {}", headers.len()));
        }
    }
    for &table in Table::ALL {
        let there = walk(store, table, &[], |(key, value)| match fresh.read(table, &key) {
            Ok(Some(expected)) if expected == value => Ok(()),
            _ => Err(format!("{} row {}: a replay gives another", table.name(), hex::encode(&key))),
        })?;
        let expected = walk(fresh.as_ref(), table, &[], |_| Ok(()))?;
        if there != expected {
            return Err(format!("{}: {there} rows, a replay gives {expected}", table.name()));
        }
    }
    Ok(format!("{} blocks give the same headers and rows again", headers.len()))
}
