//! Transactions that wait for a block.

use std::collections::{BTreeMap, VecDeque};

use zera_abi::{AccountId, Height, TxHash};
use zera_host::{BlockReport, Rejection, SignedTx};

/// Most transactions that wait.
pub const POOL_MAX: usize = 1024;
/// Most bytes of transactions that wait.
pub const POOL_LEN_MAX: usize = 32 * 1024 * 1024;
/// Most transactions of one sender that wait.
pub const PER_SENDER_MAX: usize = 16;
/// Most transactions whose nonce leaves a gap: they may wait for long, and pay nothing for it.
const GAPPED_MAX: usize = 256;
/// Most rejections that are remembered.
const REJECTED_MAX: usize = 4096;

/// Why a transaction may not wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PoolError {
    /// There is no room.
    #[error("pool: full with {waiting} transactions, at most {POOL_MAX} and {POOL_LEN_MAX} bytes wait")]
    Full { waiting: usize },
    /// There is no room for one that can not be in the next block.
    #[error("pool: {GAPPED_MAX} transactions wait for an earlier nonce already")]
    GappedFull,
    /// The sender has its share.
    #[error("pool: {PER_SENDER_MAX} transactions of this sender wait already")]
    SenderFull,
    /// Another transaction of the sender waits with this nonce.
    #[error("pool: another transaction of this sender waits with nonce {nonce}")]
    NonceTaken { nonce: u64 },
}

struct Entry {
    tx: SignedTx,
    len: usize,
    gapped: bool,
}

/// What waits, in order of arrival, and why the last ones that do not wait any more are in no block.
#[derive(Default)]
pub(crate) struct Pool {
    arrivals: u64,
    len: usize,
    gapped: usize,
    entries: BTreeMap<u64, Entry>,
    hashes: BTreeMap<TxHash, u64>,
    senders: BTreeMap<AccountId, BTreeMap<u64, u64>>,
    rejected: BTreeMap<TxHash, Rejection>,
    rejected_order: VecDeque<TxHash>,
}

impl Pool {
    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    /// Whether a transaction waits.
    pub(crate) fn holds(&self, hash: &TxHash) -> bool {
        self.hashes.contains_key(hash)
    }

    /// Why a transaction that waited is in no block.
    pub(crate) fn rejection(&self, hash: &TxHash) -> Option<&Rejection> {
        self.rejected.get(hash)
    }

    /// Whether every nonce of `sender` from `expected` up to `nonce` waits already.
    pub(crate) fn leads_to(&self, sender: &AccountId, expected: u64, nonce: u64) -> bool {
        let waiting = self.senders.get(sender);
        let count = waiting.map_or(0, |nonces| nonces.range(expected..nonce.max(expected)).count());
        u64::try_from(count) == Ok(nonce.saturating_sub(expected))
    }

    /// Takes a transaction of `len` bytes that is neither held nor in a block.
    pub(crate) fn insert(&mut self, tx: SignedTx, len: usize, gapped: bool) -> Result<(), PoolError> {
        let (sender, nonce) = (tx.tx().sender, tx.tx().nonce);
        if let Some(nonces) = self.senders.get(&sender) {
            if nonces.contains_key(&nonce) {
                return Err(PoolError::NonceTaken { nonce });
            }
            if nonces.len() >= PER_SENDER_MAX {
                return Err(PoolError::SenderFull);
            }
        }
        if self.entries.len() >= POOL_MAX || self.len + len > POOL_LEN_MAX {
            return Err(PoolError::Full { waiting: self.entries.len() });
        }
        if gapped && self.gapped >= GAPPED_MAX {
            return Err(PoolError::GappedFull);
        }
        let (arrival, hash) = (self.arrivals, tx.hash());
        self.arrivals += 1;
        self.len += len;
        self.gapped += usize::from(gapped);
        self.rejected.remove(&hash);
        self.hashes.insert(hash, arrival);
        self.senders.entry(sender).or_default().insert(nonce, arrival);
        self.entries.insert(arrival, Entry { tx, len, gapped });
        Ok(())
    }

    /// What the next block can take, in order of arrival; a sender's own in order of nonce, on the places where they
    /// arrived. `next` gives a sender's next nonce; what leaves a gap behind it stays. All of it goes on waiting until
    /// [`Pool::settle`].
    pub(crate) fn ready<E>(&self, mut next: impl FnMut(&AccountId) -> Result<u64, E>) -> Result<Vec<SignedTx>, E> {
        let mut order: BTreeMap<u64, u64> = BTreeMap::new();
        for (sender, nonces) in &self.senders {
            let mut expected = next(sender)?;
            // A nonce below was used meanwhile: the chain says so, and it leaves the pool with a reason.
            let run = nonces.iter().take_while(|(nonce, _)| {
                let follows = **nonce <= expected;
                expected += u64::from(**nonce == expected);
                follows
            });
            let arrivals: Vec<u64> = run.map(|(_, arrival)| *arrival).collect();
            let mut places = arrivals.clone();
            places.sort_unstable();
            order.extend(places.into_iter().zip(arrivals));
        }
        Ok(order.into_values().filter_map(|arrival| self.entries.get(&arrival)).map(|entry| entry.tx.clone()).collect())
    }

    /// Removes what a block took or refused, and what can be in no later block than the one at `next`.
    pub(crate) fn settle(&mut self, report: &BlockReport, next: Height) {
        for receipt in &report.receipts {
            self.remove(&receipt.tx);
        }
        for (hash, reason) in &report.rejected {
            self.reject(*hash, reason.clone());
        }
        let expired: Vec<(TxHash, Height)> = self
            .entries
            .values()
            .filter(|entry| entry.tx.tx().expiry < next)
            .map(|entry| (entry.tx.hash(), entry.tx.tx().expiry))
            .collect();
        for (hash, expiry) in expired {
            self.reject(hash, Rejection::Expired { expiry: expiry.0, next: next.0 });
        }
    }

    fn reject(&mut self, hash: TxHash, reason: Rejection) {
        self.remove(&hash);
        if self.rejected.insert(hash, reason).is_none() {
            self.rejected_order.push_back(hash);
        }
        // A hash that was taken again after its rejection may stand in the order twice: what is removed is then younger
        // than it might be, and both stay bounded.
        while self.rejected_order.len() > REJECTED_MAX {
            let oldest = self.rejected_order.pop_front();
            oldest.map(|hash| self.rejected.remove(&hash));
        }
    }

    fn remove(&mut self, hash: &TxHash) {
        let Some(entry) = self.hashes.remove(hash).and_then(|arrival| self.entries.remove(&arrival)) else { return };
        self.len -= entry.len;
        self.gapped -= usize::from(entry.gapped);
        let (sender, nonce) = (entry.tx.tx().sender, entry.tx.tx().nonce);
        if let Some(nonces) = self.senders.get_mut(&sender) {
            nonces.remove(&nonce);
            if nonces.is_empty() {
                self.senders.remove(&sender);
            }
        }
    }
}
