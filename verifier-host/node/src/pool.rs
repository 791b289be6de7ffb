//! Transactions that wait for a block.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};
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
    /// How many blocks were made before it came.
    age: u64,
}

/// What waits, and why the last ones that do not wait any more are in no block.
#[derive(Default)]
pub(crate) struct Pool {
    arrivals: u64,
    /// Blocks made.
    blocks: u64,
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

    /// Their bytes.
    pub(crate) fn len_bytes(&self) -> usize {
        self.len
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
        self.entries.insert(arrival, Entry { tx, len, gapped, age: self.blocks });
        Ok(())
    }

    /// What the next block can take, in an order that does not depend on who came first since the last block: by age in
    /// blocks, so that what waits comes in; then by the place among the sender's own, so that nobody's second goes before
    /// another's first; then by the sender, in an order that `head`, the hash of the last block, draws anew for each block.
    /// A sender's own stand in order of nonce, on the ages at which they came. `next` gives a sender's next nonce; what leaves
    /// a gap behind it stays. All of it goes on waiting until [`Pool::settle`].
    pub(crate) fn ready<E>(
        &self,
        head: &[u8; 32],
        mut next: impl FnMut(&AccountId) -> Result<u64, E>,
    ) -> Result<Vec<SignedTx>, E> {
        let mut order: BTreeMap<(u64, usize, [u8; 32], AccountId), &SignedTx> = BTreeMap::new();
        for (sender, nonces) in &self.senders {
            let mut expected = next(sender)?;
            // A nonce below was used meanwhile: the chain says so, and it leaves the pool with a reason.
            let run = nonces.iter().take_while(|(nonce, _)| {
                let follows = **nonce <= expected;
                expected += u64::from(**nonce == expected);
                follows
            });
            let run: Vec<&Entry> = run.filter_map(|(_, arrival)| self.entries.get(arrival)).collect();
            let mut ages: Vec<u64> = run.iter().map(|entry| entry.age).collect();
            ages.sort_unstable();
            // By the sender and not by the transaction, of which a sender can sign as many as it takes to be the first.
            let lot = lot(head, sender);
            let places = ages.into_iter().enumerate().map(|(index, age)| (age, index, lot, *sender));
            order.extend(places.zip(run.into_iter().map(|entry| &entry.tx)));
        }
        Ok(order.into_values().cloned().collect())
    }

    /// Removes what a block took or refused, and what can be in no later block than the one at `next`.
    /// Gives the latter, with their last heights.
    pub(crate) fn settle(&mut self, report: &BlockReport, next: Height) -> Vec<(TxHash, Height)> {
        self.blocks += 1;
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
        for (hash, expiry) in &expired {
            self.reject(*hash, Rejection::Expired { expiry: expiry.0, next: next.0 });
        }
        expired
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

/// A sender's place in the block after `head`.
fn lot(head: &[u8; 32], sender: &AccountId) -> [u8; 32] {
    let text = Sha256::new_with_prefix(b"zera/order/v1").chain_update(head).chain_update(sender.as_bytes());
    text.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;

    use super::*;
    use ed25519_dalek::SigningKey;
    use zera_abi::{Amount, Blocks, ChainId};
    use zera_host::{Action, Chain, Ending, Genesis, Header, Lanes, Receipt, Tx, Verdicts};
    use zera_market::Rules;
    use zera_market::ports::MemStore;

    fn tx(seed: u8, nonce: u64) -> SignedTx {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let sender = AccountId(key.verifying_key().to_bytes());
        let action = Action::Transfer { to: sender, amount: Amount::ZERO };
        let expiry = Height(10 + nonce);
        let tx = Tx { chain: ChainId([0; 32]), sender, nonce, expiry, fuel_limit: 0, action };
        tx.sign(&key).expect("its own key")
    }

    fn report(included: &[TxHash], rejected: Vec<(TxHash, Rejection)>) -> BlockReport {
        let header = Header {
            height: Height(1),
            previous: [0; 32],
            tx_root: [0; 32],
            receipt_root: [0; 32],
            event_root: [0; 32],
            state_root: [0; 32],
        };
        let receipt = |tx: &TxHash| Receipt {
            tx: *tx,
            ending: Ending::Done,
            fuel_used: 0,
            fee: Amount::ZERO,
            data: Vec::new(),
            detail: String::new(),
        };
        let receipts = included.iter().map(receipt).collect();
        BlockReport { header, receipts, events: Vec::new(), rejected, deferred: Vec::new() }
    }

    const HEAD: [u8; 32] = [9; 32];

    /// What is ready where every sender's next nonce is `next`.
    fn ready(pool: &Pool, next: u64) -> Vec<SignedTx> {
        pool.ready(&HEAD, |_| Ok::<_, Infallible>(next)).expect("infallible")
    }

    /// Senders in the order of their lots.
    fn by_lot(seeds: &[u8], head: &[u8; 32]) -> Vec<u8> {
        let mut seeds = seeds.to_vec();
        seeds.sort_by_key(|seed| lot(head, &tx(*seed, 0).tx().sender));
        seeds
    }

    #[test]
    fn order_is_by_age_then_turn_then_lot_and_within_a_sender_by_nonce() {
        let mut pool = Pool::default();
        for tx in [tx(1, 2), tx(2, 0), tx(1, 0), tx(3, 1), tx(1, 1), tx(2, 1), tx(1, 4)] {
            pool.insert(tx, 1, false).expect("room");
        }
        // Sender 3 lacks its first, and sender 1's last one leaves a gap.
        let turns = |seeds: &[u8], nonce| by_lot(seeds, &HEAD).into_iter().map(move |seed| tx(seed, nonce));
        let expected: Vec<SignedTx> = turns(&[1, 2], 0).chain(turns(&[1, 2], 1)).chain(turns(&[1], 2)).collect();
        assert_eq!(ready(&pool, 0), expected);
        assert_eq!(ready(&pool, 0), expected, "nothing has left");
        // A nonce that was used meanwhile goes first, to be rejected with a reason.
        let firsts = turns(&[1, 2], 0).collect::<Vec<_>>();
        assert!(ready(&pool, 1).iter().take(3).filter(|tx| firsts.contains(tx)).count() == 2);
        assert_eq!(ready(&pool, 1).len(), 6);
        // After a block of somebody else's, what comes then stands behind all of it: also a sender's own earlier nonce,
        // whose place is taken by the one that came before.
        pool.settle(&report(&[], vec![]), Height(2));
        for tx in [tx(3, 0), tx(4, 0)] {
            pool.insert(tx, 1, false).expect("room");
        }
        let first = by_lot(&[1, 2, 3], &HEAD).into_iter().map(|seed| tx(seed, 0));
        let second = turns(&[1, 2], 1).chain(turns(&[1], 2));
        let later = [tx(4, 0), tx(3, 1)];
        assert_eq!(ready(&pool, 0), first.chain(second).chain(later).collect::<Vec<_>>());
    }

    /// Whatever the order in which they came, the next block is made of the same list.
    #[test]
    fn arrival_does_not_show() {
        let txs: Vec<SignedTx> =
            (1..=6).flat_map(|seed| (0..u64::from(seed)).map(move |nonce| tx(seed, nonce))).collect();
        let mut lists = Vec::new();
        for turn in 0..20u64 {
            // A shuffle by a hash.
            let mut arrivals = txs.clone();
            arrivals.sort_by_key(|tx| Sha256::digest([tx.hash().0.as_slice(), &turn.to_le_bytes()].concat()).to_vec());
            let mut pool = Pool::default();
            for tx in arrivals {
                pool.insert(tx, 1, false).expect("room");
            }
            lists.push(ready(&pool, 0));
        }
        assert_eq!(lists[0].len(), txs.len());
        assert!(lists.iter().all(|list| *list == lists[0]));
        // Another block draws other lots.
        let senders: Vec<u8> = (1..=6).collect();
        assert!((0..20).any(|head| by_lot(&senders, &[head; 32]) != by_lot(&senders, &HEAD)));
    }

    /// Blocks of three accounts' transactions to three contracts, made as a node makes them: whatever the lanes and whatever
    /// came first, the headers are the same, state root and all.
    #[test]
    fn blocks_are_the_same_on_1_2_4_and_8_lanes_and_in_any_order_of_arrival() {
        let one = headers(1, 0);
        assert_eq!(one.len(), 3);
        for (lanes, turn) in [(1, 1), (2, 2), (4, 3), (8, 4), (8, 0)] {
            assert_eq!(headers(lanes, turn), one, "{lanes} lanes, shuffle {turn}");
        }
    }

    fn headers(lanes: usize, turn: u64) -> Vec<Header> {
        let key = |seed: u8| SigningKey::from_bytes(&[seed; 32]);
        let account = |seed: u8| AccountId(key(seed).verifying_key().to_bytes());
        let zra = |zra| Amount::from_zra(zra).expect("fits");
        let genesis = Genesis {
            name: "test".to_owned(),
            development: true,
            rules: Rules::local(),
            voting: zera_market::Schedule::local(),
            fuel_price: 1,
            key_activation: Blocks(0),
            name_timelock: Blocks(5),
            accounts: (1..=3).map(|seed| (account(seed), zra(1_000))).collect(),
        };
        let mut chain = Chain::open(Arc::new(MemStore::default()), &genesis).expect("opens");
        chain.set_lanes(Lanes::new(lanes.try_into().expect("not zero")));
        let id = chain.chain_id().expect("no fault");
        let sign = |seed: u8, nonce: u64, fuel_limit: u64, action: Action| {
            let tx = Tx { chain: id, sender: account(seed), nonce, expiry: Height(100), fuel_limit, action };
            tx.sign(&key(seed)).expect("its own key")
        };
        let (mut pool, mut made) = (Pool::default(), Vec::new());
        let mut block = |mut txs: Vec<SignedTx>| {
            txs.sort_by_key(|tx| Sha256::digest([tx.hash().0.as_slice(), &turn.to_le_bytes()].concat()).to_vec());
            for tx in txs {
                pool.insert(tx, 1, false).expect("room");
            }
            let head = chain.head().hash();
            let txs = pool.ready(&head, |sender| chain.nonce(sender)).expect("no fault");
            let report = chain.apply(txs, Verdicts::default()).expect("no fault");
            assert!(report.receipts.iter().all(|receipt| receipt.ending == Ending::Done), "{:?}", report.receipts);
            pool.settle(&report, Height(report.header.height.0 + 1));
            assert_eq!(pool.count(), 0, "{:?}", report.rejected);
            made.push(report.header.clone());
            (report, chain.rehearsed().expect("no fault").kept)
        };

        // Each call appends its caller's first byte to what the contract keeps, so an order would show.
        let wasm = wat::parse_str(
            r#"(module
              (import "zera1" "caller" (func $caller (param i32) (result i32)))
              (import "zera1" "storage_get" (func $get (param i32 i32 i32 i32 i32) (result i32)))
              (import "zera1" "storage_set" (func $set (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1 1) (func (export "zera_abi_1"))
              (func (export "sign")
                (drop (call $get (i32.const 0) (i32.const 1) (i32.const 64) (i32.const 1024) (i32.const 8)))
                (drop (call $caller (i32.add (i32.const 64) (i32.load (i32.const 8)))))
                (drop (call $set (i32.const 0) (i32.const 1) (i32.const 64)
                  (i32.add (i32.load (i32.const 8)) (i32.const 1))))))"#,
        )
        .expect("a module");
        let deploy = |nonce| {
            let action = Action::Deploy { wasm: wasm.clone(), config: vec![], endowment: zra(1) };
            sign(1, nonce, 100_000_000, action)
        };
        let (report, _) = block((0..3).map(deploy).collect());
        let contracts: Vec<AccountId> = report
            .receipts
            .iter()
            .map(|receipt| AccountId(receipt.data.as_slice().try_into().expect("an address")))
            .collect();
        for round in 0..2 {
            let mut txs = Vec::new();
            for seed in 1..=3u8 {
                let first = 4 * round + if seed == 1 { 3 } else { 0 };
                for nonce in 0..3u64 {
                    let contract = contracts[(usize::from(seed) + nonce as usize) % 3];
                    let call = Action::Call { contract, entry: "sign".to_owned(), input: vec![] };
                    txs.push(sign(seed, first + nonce, 4_000_000, call));
                }
                let transfer = Action::Transfer { to: account(1 + seed % 3), amount: Amount::from_units(7) };
                txs.push(sign(seed, first + 3, 4_000_000, transfer));
            }
            let (_, kept) = block(txs);
            assert_eq!(kept, if lanes == 1 { 0 } else { 9 * (round + 1) }, "run ahead");
        }
        made
    }

    #[test]
    fn settling_removes_what_was_decided_and_what_expired() {
        let mut pool = Pool::default();
        for nonce in 0..4 {
            pool.insert(tx(1, nonce), 5, nonce == 3).expect("room");
        }
        let used = Rejection::NonceUsed { got: 1, expected: 2 };
        pool.settle(&report(&[tx(1, 0).hash()], vec![(tx(1, 1).hash(), used.clone())]), Height(13));
        assert_eq!((pool.count(), pool.len, pool.gapped), (1, 5, 1));
        assert!(!pool.holds(&tx(1, 0).hash()) && pool.rejection(&tx(1, 0).hash()).is_none());
        assert_eq!(pool.rejection(&tx(1, 1).hash()), Some(&used));
        assert_eq!(pool.rejection(&tx(1, 2).hash()), Some(&Rejection::Expired { expiry: 12, next: 13 }));
        assert!(pool.holds(&tx(1, 3).hash()));
        // Taken again, it is not rejected any more.
        pool.insert(tx(1, 1), 5, false).expect("room");
        assert_eq!(pool.rejection(&tx(1, 1).hash()), None);
        pool.settle(&report(&[tx(1, 1).hash(), tx(1, 3).hash()], vec![]), Height(13));
        assert_eq!((pool.count(), pool.len, pool.gapped), (0, 0, 0));
        assert!(pool.hashes.is_empty() && pool.senders.is_empty());
    }

    #[test]
    fn every_bound_holds() {
        let mut pool = Pool::default();
        for nonce in 0..16 {
            pool.insert(tx(1, nonce), 1, false).expect("room");
        }
        assert_eq!(pool.insert(tx(1, 16), 1, false), Err(PoolError::SenderFull));
        assert_eq!(pool.insert(tx(1, 3), 1, false), Err(PoolError::NonceTaken { nonce: 3 }));
        assert_eq!(pool.insert(tx(2, 0), POOL_LEN_MAX, false), Err(PoolError::Full { waiting: 16 }));
        // What can not be in the next block never takes the places of what can.
        let mut gapped = 0;
        for seed in 10..=255 {
            for nonce in 1..=16 {
                match pool.insert(tx(seed, nonce), 1, true) {
                    Ok(()) => gapped += 1,
                    Err(error) => assert_eq!(error, PoolError::GappedFull),
                }
            }
        }
        assert_eq!(gapped, GAPPED_MAX);
        for seed in 100..=255 {
            for nonce in 0..5 {
                if let Err(error) = pool.insert(tx(seed, nonce), 1, false) {
                    assert_eq!(error, PoolError::Full { waiting: POOL_MAX });
                }
            }
        }
        assert_eq!(pool.count(), POOL_MAX);
    }

    #[test]
    fn rejections_are_remembered_up_to_a_bound() {
        let mut pool = Pool::default();
        let hash = |n: u32| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&n.to_le_bytes());
            TxHash(bytes)
        };
        for n in 0..5000 {
            pool.settle(&report(&[], vec![(hash(n), Rejection::Chain)]), Height(1));
        }
        assert_eq!((pool.rejected.len(), pool.rejected_order.len()), (REJECTED_MAX, REJECTED_MAX));
        assert!(pool.rejection(&hash(0)).is_none() && pool.rejection(&hash(4999)).is_some());
    }

    #[test]
    fn leads_to_tells_gaps() {
        let mut pool = Pool::default();
        for nonce in [3, 4, 6] {
            pool.insert(tx(1, nonce), 1, false).expect("room");
        }
        let sender = tx(1, 0).tx().sender;
        assert!(pool.leads_to(&sender, 3, 3) && pool.leads_to(&sender, 3, 5));
        assert!(!pool.leads_to(&sender, 3, 6) && !pool.leads_to(&sender, 2, 3));
        assert!(!pool.leads_to(&AccountId([9; 32]), 0, 1));
    }
}
