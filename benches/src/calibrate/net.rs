//! A chain on a ledger on disk, with a contract of loops, for the items whose cost is a block's.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use tempfile::TempDir;
use zera_abi::{AccountId, Amount, Blocks, Height};
use zera_host::{Action, BlockReport, Chain, CostSchedule, Ending, Genesis, Publication, SignedTx, Tx, Verdicts};
use zera_ledger::Ledger;
use zera_market::ports::{Change, Store, Table};
use zera_market::{Rules, Schedule};
use zera_params::Keys;
use zera_r1cs::Artefact;

use super::guest;
use super::sample::time;

/// Keys that one seed of a contract's loop goes through, where rows are there to be read.
pub(super) const KEYS: usize = 100;

/// A chain, the only account that signs, and the contract.
pub(super) struct Net {
    chain: Chain,
    ledger: Arc<Ledger>,
    key: SigningKey,
    nonce: u64,
    pub(super) contract: AccountId,
    _folder: TempDir,
}

impl Net {
    /// A network of one account and the contract; `rows` rows of `len` bytes are in its storage, under the keys of the
    /// seeds from 0.
    pub(super) fn new(rows: usize, len: usize) -> Net {
        // Beside the build, on a disk: the system's folder for temporary files may be memory.
        let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(std::path::Path::to_path_buf));
        let folder = beside.map_or_else(tempfile::tempdir, tempfile::tempdir_in).expect("a folder");
        let ledger = Arc::new(Ledger::open(folder.path().join("ledger")).expect("a ledger"));
        let key = SigningKey::from_bytes(&[7; 32]);
        let sender = AccountId(key.verifying_key().to_bytes());
        let genesis = Genesis {
            name: "calibrate".to_owned(),
            development: true,
            rules: Rules::local(),
            voting: Schedule::local(),
            fuel_price: 1,
            key_activation: Blocks(0),
            name_timelock: Blocks(5),
            accounts: vec![(sender, zra(1_000_000))],
        };
        let chain = Chain::open(Arc::clone(&ledger) as Arc<dyn Store>, &genesis).expect("opens");
        let mut net = Net { chain, ledger, key, nonce: 0, contract: sender, _folder: folder };
        net.contract = net.deploy(guest::module(2));
        net.fill(rows, len);
        net
    }

    fn deploy(&mut self, wasm: Vec<u8>) -> AccountId {
        let action = Action::Deploy { wasm, config: Vec::new(), endowment: zra(100_000) };
        let tx = self.sign(action, 300_000_000);
        let (_, report) = self.block(vec![tx]);
        AccountId(report.receipts[0].data.as_slice().try_into().expect("the contract's id"))
    }

    /// Rows as they would stand after the contract's own writes, put there at once.
    fn fill(&self, rows: usize, len: usize) {
        for seed in 0..rows / KEYS {
            let change = |seed: usize, key: [u8; 32]| Change {
                table: Table::Kv,
                key: [self.contract.as_bytes().as_slice(), &key].concat(),
                value: Some(vec![seed as u8; len]),
            };
            // One commit is one sync: some thousand rows each.
            let batch = 50;
            if seed % batch == 0 {
                let seeds = seed..(seed + batch).min(rows / KEYS);
                let changes: Vec<Change> = seeds
                    .flat_map(|seed| guest::keys(seed as u64).take(KEYS).map(move |key| change(seed, key)))
                    .collect();
                self.ledger.commit(&changes).expect("committed");
            }
        }
    }

    /// A row of the contract's storage.
    pub(super) fn storage(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.chain.storage(&self.contract, key).expect("no fault")
    }

    /// Publishes a predicate and registers its key.
    pub(super) fn publish(&mut self, artefact: &Artefact, keys: &Keys) {
        let publication = Publication {
            name: artefact.manifest.name.clone(),
            matrices_digest: artefact.matrices.digest(),
            program_hash: artefact.program_hash,
            manifest_hash: artefact.manifest.hash(),
            public_len: artefact.manifest.public_len,
            private_len: artefact.manifest.private_len,
            declared: 0,
            commitment: None,
        };
        let register = Action::RegisterKey { predicate: artefact.predicate_id(), key: keys.verifying.encode() };
        let txs = [Action::Publish(publication), register].map(|action| self.sign(action, 30_000_000));
        self.done(txs.into());
    }

    pub(super) fn cost(&self) -> &CostSchedule {
        self.chain.cost().expect("no fault")
    }

    pub(super) fn head(&self) -> Height {
        self.chain.head().height
    }

    pub(super) fn tasks(&self) -> usize {
        self.chain.market().expect("no fault").tasks().len()
    }

    /// The next transaction of the account.
    pub(super) fn sign(&mut self, action: Action, fuel_limit: u64) -> SignedTx {
        let tx = Tx {
            chain: self.chain.chain_id().expect("no fault"),
            sender: AccountId(self.key.verifying_key().to_bytes()),
            nonce: self.nonce,
            expiry: Height(u64::MAX),
            fuel_limit,
            action,
        };
        self.nonce += 1;
        tx.sign(&self.key).expect("the sender's key")
    }

    /// A call of one of the loops with as much fuel as a call may use.
    pub(super) fn call(&mut self, entry: &str, input: Vec<u8>) -> SignedTx {
        let most = self.cost().call_fuel_max;
        let contract = self.contract;
        self.call_of(contract, entry, input, most)
    }

    /// A call of any account with `fuel` beside what the transaction itself costs.
    pub(super) fn call_of(&mut self, contract: AccountId, entry: &str, input: Vec<u8>, fuel: u64) -> SignedTx {
        let action = Action::Call { contract, entry: entry.to_owned(), input };
        // The limit is a field of fixed length, so what a transaction costs does not depend on it.
        let bare = self.sign(action.clone(), 0);
        self.nonce -= 1;
        let intrinsic = self.chain.intrinsic_fuel(&bare).expect("no fault");
        self.sign(action, intrinsic + fuel)
    }

    /// Takes the last transaction back: it will be in no block.
    pub(super) fn forget(&mut self) {
        self.nonce -= 1;
    }

    /// Applies a block; nanoseconds, and its report. All of `txs` must be in it.
    pub(super) fn block(&mut self, txs: Vec<SignedTx>) -> (f64, BlockReport) {
        let count = txs.len();
        let mut report = None;
        let elapsed = time(|| report = Some(self.chain.apply(txs, Verdicts::default()).expect("no fault")));
        let report = report.expect("applied");
        assert_eq!(report.receipts.len(), count, "{:?}, {} deferred", report.rejected, report.deferred.len());
        (elapsed, report)
    }

    /// Applies a block whose every transaction must end well; nanoseconds and fuel.
    pub(super) fn done(&mut self, txs: Vec<SignedTx>) -> (f64, u64) {
        let (elapsed, report) = self.block(txs);
        for receipt in &report.receipts {
            assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
        }
        (elapsed, report.receipts.iter().map(|receipt| receipt.fuel_used).sum())
    }
}

pub(super) fn zra(zra: u64) -> Amount {
    Amount::from_units(u128::from(zra) * zera_abi::amount::UNITS_PER_ZRA)
}
