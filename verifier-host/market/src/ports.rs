//! All that the market, and the block rules built on it, ask of the world: a store of rows and a judge of proofs.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use zera_abi::{AccountId, Height, KeyId, Outcome, PredicateId, TaskId};

macro_rules! tables {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal;)*) => {
        /// Every table of a node's state. Keys sort as bytes; integers inside keys are big-endian.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Table { $($(#[$doc])* $variant = $code,)* }

        impl Table {
            /// Every table, in order of its code.
            pub const ALL: &'static [Table] = &[$(Table::$variant,)*];

            /// The byte that stands for the table inside the state root; append-only.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The name on disk.
            pub const fn name(self) -> &'static str {
                match self { $(Table::$variant => $name,)* }
            }
        }
    };
}

tables! {
    /// `name -> bytes`: schema, genesis, height, roots.
    Meta = 0, "meta";
    /// `height u64 -> header`.
    Blocks = 1, "blocks";
    /// `height u64, index u32 -> signed transaction`.
    Txs = 2, "txs";
    /// `height u64, index u32 -> receipt`.
    Receipts = 3, "receipts";
    /// `tx hash -> height u64, index u32`.
    TxIndex = 4, "tx_index";
    /// `account -> free, locked`; the market's.
    Accounts = 5, "accounts";
    /// `account -> next nonce u64`.
    Nonces = 6, "nonces";
    /// `task -> record`; the market's.
    Tasks = 7, "tasks";
    /// `sequence u64 -> task`; the market's dense order.
    TaskSeq = 8, "task_seq";
    /// `name -> amount`: insurance, treasury, burned, minted; the market's.
    Totals = 9, "totals";
    /// `rules version u32 -> rules`; the market's.
    Rules = 10, "rules";
    /// `contract -> code hash, creator, nonce`.
    Contracts = 11, "contracts";
    /// `code hash -> module`.
    Code = 12, "code";
    /// `contract, key -> value`: contract storage.
    Kv = 13, "kv";
    /// `contract, key -> amount`: contract configuration.
    Config = 14, "config";
    /// `contract, handle u64 -> task`.
    Handles = 15, "handles";
    /// `contract, handle u64 -> ()`: tasks a contract waits for.
    Pending = 16, "pending";
    /// `task -> public input bytes`.
    Inputs = 17, "inputs";
    /// `key -> canonical verifying-key bytes`.
    Keys = 18, "keys";
    /// `key -> predicate, owner, status, activation`.
    KeyMeta = 19, "key_meta";
    /// `predicate -> layout, current key`.
    Predicates = 20, "predicates";
    /// `name -> owner, predicate`.
    Names = 21, "names";
    /// `task, index u32 -> submission`.
    Submissions = 22, "submissions";
    /// `height u64, index u32 -> event`.
    Events = 23, "events";
    /// `sequence u64 -> a call-back that waits for room`.
    Callbacks = 24, "callbacks";
    /// `key -> owner and deposit, or how it went out of force`; the market's.
    KeyBonds = 25, "key_bonds";
    /// `schedule -> the numbers of voting itself`; the market's.
    Voting = 30, "voting";
    /// `proposal u64 -> record`; the market's.
    Proposals = 31, "proposals";
    /// `account, proposal u64 -> amount locked`; the market's.
    Ballots = 32, "ballots";
    /// `task -> the signed transaction that delivered its private bytes`; while its holder has them to answer with.
    Sealed = 33, "sealed";
}

/// One row written or, with `value: None`, removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: Vec<u8>,
    /// Its value; `None` removes the row.
    pub value: Option<Vec<u8>>,
}

/// The world failed: not the input's fault, and not a decision of the rules.
#[derive(Debug, thiserror::Error)]
#[error("store: {message}")]
pub struct StoreError {
    /// What failed, with the file or table it concerns.
    pub message: String,
    /// The cause, where the store has one.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A row of a table: its key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Rows by table and key. One `commit` is one atomic, durable step; readers see whole commits only.
pub trait Store: Send + Sync {
    /// The row's value, `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`] where the store can not be read; so for every method.
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` rows with `from <= key`, and `key` starting with `prefix`, in order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, StoreError>;

    /// Applies all changes, in order, or none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it is visible, now or after a restart.
    fn commit(&self, changes: &[Change]) -> Result<(), StoreError>;
}

/// Visits every row of `table` whose key starts with `prefix`, in order, a page at a time; gives their number.
///
/// # Errors
/// The store's, or the first of `visit`.
pub fn walk<E: From<StoreError>>(
    store: &dyn Store,
    table: Table,
    prefix: &[u8],
    mut visit: impl FnMut(Row) -> Result<(), E>,
) -> Result<u64, E> {
    const PAGE: usize = 1024;
    let (mut from, mut count) = (prefix.to_vec(), 0u64);
    loop {
        let page = store.scan(table, prefix, &from, PAGE)?;
        let full = page.len() == PAGE;
        for row in page {
            from.clone_from(&row.0);
            count = count.saturating_add(1);
            visit(row)?;
        }
        if !full {
            return Ok(count);
        }
        // The least key after the last one.
        from.push(0);
    }
}

/// A store in memory: the test double, and the store of a network that is thrown away.
#[derive(Debug, Default)]
pub struct MemStore {
    rows: RwLock<Rows>,
}

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

impl Store for MemStore {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get(&(table, key.to_vec())).cloned())
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let start = prefix.max(from).to_vec();
        Ok(rows
            .range((table, start)..)
            .take_while(|((at, key), _)| *at == table && key.starts_with(prefix))
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for Change { table, key, value } in changes {
            match value {
                Some(value) => rows.insert((*table, key.clone()), value.clone()),
                None => rows.remove(&(*table, key.clone())),
            };
        }
        Ok(())
    }
}

/// Everything that decides whether a proof settles a task. The judge derives the public inputs from it and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The task.
    pub task: TaskId,
    /// The key pinned when the task opened.
    pub key: KeyId,
    /// The predicate pinned when the task opened.
    pub predicate: PredicateId,
    /// Who is paid; inside the binding.
    pub provider: AccountId,
    /// Last height of the task; inside the binding.
    pub not_after: Height,
    /// The input root as a canonical big-endian scalar.
    pub input_root: [u8; 32],
    /// The outcome claimed.
    pub outcome: Outcome,
    /// Declared values, canonical big-endian scalars.
    pub declared: Vec<[u8; 32]>,
}

/// What the judge says of a proof. Malformed and false are told apart for the status only: both cost the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The proof verifies for exactly this claim.
    Valid,
    /// Well-formed, and does not verify.
    Invalid,
    /// Not a canonical proof, or a declared value is not a canonical scalar.
    Malformed,
}

/// The judge of proofs: a pure function of claim and proof bytes.
pub trait Verify {
    /// Judges `proof` as a proof of `claim`.
    fn verify(&mut self, claim: &Claim, proof: &[u8; 256]) -> Verdict;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_sees_every_row_of_its_prefix_across_pages() {
        let store = MemStore::default();
        let row = |table, key: &[u8]| Change { table, key: key.to_vec(), value: Some(vec![]) };
        let mut changes: Vec<Change> =
            (0u32..3000).map(|i| row(Table::Kv, &[&[7], &i.to_be_bytes()[..]].concat())).collect();
        changes.extend([row(Table::Kv, &[6]), row(Table::Kv, &[8]), row(Table::Config, &[7])]);
        store.commit(&changes).expect("memory");
        let mut seen = 0u32;
        let count = walk(&store, Table::Kv, &[7], |(key, _)| {
            assert_eq!(key[1..], seen.to_be_bytes());
            seen += 1;
            Ok::<_, StoreError>(())
        });
        assert_eq!((count.expect("memory"), seen), (3000, 3000));
        let mut left = 5;
        let stopped = walk(&store, Table::Kv, &[], |_| {
            left -= 1;
            if left == 0 { Err(StoreError { message: "enough".to_owned(), source: None }) } else { Ok(()) }
        });
        assert_eq!((stopped.expect_err("stopped").message.as_str(), left), ("enough", 0));
    }
}
