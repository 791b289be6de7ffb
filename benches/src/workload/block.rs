//! A chain one block before its proofs: tasks asked for by a contract and locked by a provider.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use zera_abi::wire::Request;
use zera_abi::{AccountId, Amount, Blocks, Height, Level, Outcome, PredicateId, TaskId};
use zera_host::{
    Action, BlockReport, Chain, Ending, EntryName, Genesis, ProofJob, Publication, SignedTx, Tx, Verdicts, verify_jobs,
};
use zera_kernels::Arkworks;
use zera_library::range;
use zera_market::ports::{Change, MemStore, Store, Table};
use zera_market::{Answer, Rules, Schedule};
use zera_params::{Keys, dev_keys};
use zera_r1cs::{Artefact, TapeInputs};
use zera_statement::Binding;

/// Most fuel of a transaction; what it does not use is not charged.
const FUEL: u64 = 6_000_000;
/// Transactions of one block while the chain is prepared.
const BLOCK: usize = 32;
const OWNER: u8 = 1;
/// The first provider; the others follow.
const PROVIDER: u8 = 2;

/// The next block's transactions are submissions, one for each task, in order.
pub struct Stage {
    genesis: Genesis,
    rows: MemStore,
    contract: AccountId,
    tasks: Vec<TaskId>,
    submissions: Vec<SignedTx>,
}

/// A chain that is ready for `txs`.
pub struct Ready {
    /// The chain, with the contract compiled.
    pub chain: Chain,
    /// The block.
    pub txs: Vec<SignedTx>,
    /// Verdicts computed ahead; none for a block that is verified inline.
    pub verdicts: Verdicts,
}

impl Ready {
    /// Applies the block.
    pub fn apply(mut self) -> (Chain, BlockReport) {
        let report = self.chain.apply(self.txs, self.verdicts).expect("no fault");
        (self.chain, report)
    }
}

impl Stage {
    /// `count` tasks of `RangePredicate`, with a valid proof for each: some tens of milliseconds a task.
    pub fn new(count: usize) -> Stage {
        Stage::with_providers(count, 1)
    }

    /// The same, with the tasks dealt out to some providers: a node takes few transactions of one sender at a time.
    pub fn with_providers(count: usize, providers: u8) -> Stage {
        let genesis = genesis(PROVIDER + providers);
        let artefact = (zera_library::by_name(range::NAME).expect("built in").artefact)();
        let keys = dev_keys(&artefact.matrices).expect("development keys");
        let store = Arc::new(MemStore::default());
        let chain = Chain::open(Arc::clone(&store) as Arc<dyn Store>, &genesis).expect("opens");
        let mut client = Client::new(chain, PROVIDER + providers);

        let wasm = wat::parse_str(include_str!("asker.wat")).expect("a module");
        let register = Action::RegisterKey { predicate: artefact.predicate_id(), key: keys.verifying.encode() };
        let deploy = Action::Deploy { wasm, config: Vec::new(), endowment: zra(5_000) };
        let setup = [Action::Publish(publication(artefact)), register, deploy];
        let report = client.block(setup.map(|action| (OWNER, action)).into());
        let contract = report.receipts.last().and_then(|receipt| receipt.data.as_slice().try_into().ok());
        let contract = AccountId(contract.expect("the contract's id"));

        let public = range::Input { x: 42, lo: 18, hi: 99 }.encode();
        let input = request(artefact.predicate_id(), &public, client.chain.head().height);
        let ask = Action::Call { contract, entry: "ask".to_owned(), input };
        client.blocks(vec![(OWNER, ask); count]);
        let tasks: Vec<TaskId> = client.market().tasks().map(|task| *task.id()).collect();
        let dealt: Vec<(u8, TaskId)> = (PROVIDER..PROVIDER + providers).cycle().zip(tasks.iter().copied()).collect();
        client.blocks(dealt.iter().map(|(who, task)| (*who, Action::Lock { task: *task })).collect());

        let prove = |(who, task): &(u8, TaskId)| answer(&client, artefact, &keys, &public, (*who, task));
        let answers: Vec<Answer> = dealt.iter().map(prove).collect();
        let submit = |((who, task), answer): (&(u8, TaskId), Answer)| (*who, Action::Submit { task: *task, answer });
        let actions: Vec<(u8, Action)> = dealt.iter().zip(answers).map(submit).collect();
        let submissions = actions.into_iter().map(|(who, action)| client.sign(who, action)).collect();
        Stage { genesis, rows: copy(store.as_ref()), contract, tasks, submissions }
    }

    /// A copy of the chain, ready for the first `count` submissions.
    pub fn ready(&self, count: usize, ahead: bool) -> Ready {
        self.ready_on(Arc::new(copy(&self.rows)), count, ahead)
    }

    /// The same chain on a store that is empty.
    pub fn ready_on(&self, store: Arc<dyn Store>, count: usize, ahead: bool) -> Ready {
        if store.read(Table::Meta, b"head").expect("read").is_none() {
            self.fill(store.as_ref());
        }
        let mut chain = Chain::open(store, &self.genesis).expect("opens");
        // A node that has run the contract before has it compiled.
        let nothing = EntryName::parse("nothing").expect("a name");
        chain.query(self.contract, account(OWNER), nothing, &[]).expect("no fault").expect("a contract");
        let txs = self.submissions[..count].to_vec();
        let mut verdicts = Verdicts::default();
        if ahead {
            verdicts.extend(verify_jobs(&self.jobs(&chain, count)));
        }
        Ready { chain, txs, verdicts }
    }

    /// Writes the chain's rows to an empty store.
    pub fn fill(&self, store: &dyn Store) {
        store.commit(&rows(&self.rows)).expect("written");
    }

    /// Where the chain starts.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Every submission, in order.
    pub fn submissions(&self) -> &[SignedTx] {
        &self.submissions
    }

    /// Transfers from the account that asked, which has no other transaction after its questions.
    pub fn transfers(&self, chain: &Chain, count: usize) -> Vec<SignedTx> {
        let nonce = chain.nonce(&account(OWNER)).expect("no fault");
        let chain = chain.chain_id().expect("no fault");
        let transfer = |index: u64| {
            let action = Action::Transfer { to: AccountId([index as u8; 32]), amount: Amount::from_units(1) };
            let (sender, nonce, fuel_limit) = (account(OWNER), nonce + index, FUEL);
            let tx = Tx { chain, sender, nonce, expiry: Height(1_000), fuel_limit, action };
            tx.sign(&key(OWNER)).expect("the sender's key")
        };
        (0..count as u64).map(transfer).collect()
    }

    /// The proofs of the first `count` submissions.
    pub fn jobs(&self, chain: &Chain, count: usize) -> Vec<ProofJob> {
        let jobs = chain.proof_jobs(&self.submissions[..count]).expect("no fault");
        assert_eq!(jobs.len(), count);
        jobs
    }

    /// Every submission is accepted and the contract was called back; the state root.
    pub fn check(&self, count: usize, (chain, report): (Chain, BlockReport)) -> [u8; 32] {
        assert!(report.rejected.is_empty() && report.deferred.is_empty(), "{:?}", report.rejected);
        assert_eq!(report.receipts.len(), count);
        let market = chain.market().expect("no fault");
        for (index, task) in self.tasks.iter().enumerate() {
            let level = market.task(task).expect("the task").level();
            assert_eq!(level, if index < count { Level::Accepted } else { Level::Pending }, "task {index}");
        }
        assert_eq!(chain.storage(&self.contract, b"state").expect("no fault"), Some(vec![1]));
        report.header.state_root
    }
}

/// Signs, and applies blocks.
pub(super) struct Client {
    pub(super) chain: Chain,
    nonces: Vec<u64>,
}

impl Client {
    /// For accounts with seeds below `end`.
    pub(super) fn new(chain: Chain, end: u8) -> Client {
        Client { chain, nonces: vec![0; usize::from(end)] }
    }

    pub(super) fn market(&self) -> &zera_market::Market {
        self.chain.market().expect("no fault")
    }

    pub(super) fn sign(&mut self, who: u8, action: Action) -> SignedTx {
        let nonce = &mut self.nonces[usize::from(who)];
        // A block takes what may fit: deployments and keys come alone, calls and answers together.
        let many = matches!(action, Action::Call { .. } | Action::Submit { .. });
        let fuel_limit = if many { FUEL } else { 100_000_000 };
        let tx = Tx {
            chain: self.chain.chain_id().expect("no fault"),
            sender: account(who),
            nonce: *nonce,
            expiry: Height(1_000),
            fuel_limit,
            action,
        };
        *nonce += 1;
        tx.sign(&key(who)).expect("the sender's key")
    }

    pub(super) fn block(&mut self, actions: Vec<(u8, Action)>) -> BlockReport {
        let txs: Vec<SignedTx> = actions.into_iter().map(|(who, action)| self.sign(who, action)).collect();
        let count = txs.len();
        let report = self.chain.apply(txs, Verdicts::default()).expect("no fault");
        let done = report.receipts.iter().filter(|receipt| receipt.ending == Ending::Done).count();
        assert_eq!(done, count, "{:?} {:?}", report.receipts, report.rejected);
        report
    }

    pub(super) fn blocks(&mut self, actions: Vec<(u8, Action)>) {
        for chunk in actions.chunks(BLOCK) {
            self.block(chunk.to_vec());
        }
    }
}

/// A chain whose accounts have seeds from 1 to below `end`. However many blocks the submissions take, the locks hold and
/// nothing ends meanwhile.
pub(super) fn genesis(end: u8) -> Genesis {
    Genesis {
        name: "bench".to_owned(),
        development: true,
        rules: Rules { lock_blocks: 500, final_blocks: 1_000, ..Rules::local() },
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(5),
        accounts: (OWNER..end).map(|seed| (account(seed), zra(10_000))).collect(),
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(super) fn account(seed: u8) -> AccountId {
    AccountId(key(seed).verifying_key().to_bytes())
}

pub(super) fn zra(zra: u64) -> Amount {
    Amount::from_units(u128::from(zra) * zera_abi::amount::UNITS_PER_ZRA)
}

pub(super) fn publication(artefact: &Artefact) -> Publication {
    Publication {
        name: artefact.manifest.name.clone(),
        matrices_digest: artefact.matrices.digest(),
        program_hash: artefact.program_hash,
        manifest_hash: artefact.manifest.hash(),
        public_len: artefact.manifest.public_len,
        private_len: artefact.manifest.private_len,
        declared: 0,
        commitment: None,
    }
}

pub(super) fn request(predicate: PredicateId, public: &[u8], now: Height) -> Vec<u8> {
    let request = Request {
        predicate,
        public,
        bounty: 4_000_000_000,
        min_stake: 1_000_000_000,
        value_at_risk: 0,
        deadline: now.0 + 900,
        callback_fuel: 2_000_000,
        expected: &[],
        attested: false,
        level: Level::Accepted,
    };
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).expect("it fits");
    bytes
}

fn answer(client: &Client, artefact: &Artefact, keys: &Keys, public: &[u8], (who, task): (u8, &TaskId)) -> Answer {
    let binding = Binding {
        chain: client.chain.chain_id().expect("no fault"),
        task: *task,
        key: keys.verifying.id(),
        predicate: artefact.predicate_id(),
        provider: account(who),
        not_after: client.market().task(task).expect("the task").not_after(),
    };
    let inputs = TapeInputs { binding: binding.to_scalar(), public, private: &[] };
    let z = artefact.tape.run(&inputs).expect("the tape runs");
    let mut rng = crate::workload::rng(u64::from(task.0[0]));
    let (proof, _) = zera_prover::prove(&Arkworks, &keys.proving, &artefact.matrices, &z, &mut rng).expect("a proof");
    let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c).expect("points of a proof");
    Answer { outcome: Outcome::True, declared: Vec::new(), proof: Box::new(proof.encode()) }
}

/// All rows of a store in a new one.
pub(super) fn copy(store: &dyn Store) -> MemStore {
    let fresh = MemStore::default();
    fresh.commit(&rows(store)).expect("memory is written");
    fresh
}

fn rows(store: &dyn Store) -> Vec<Change> {
    let mut changes = Vec::new();
    for table in Table::ALL.iter().copied() {
        let rows = store.scan(table, &[], &[], usize::MAX).expect("memory is read");
        changes.extend(rows.into_iter().map(|(key, value)| Change { table, key, value: Some(value) }));
    }
    changes
}
