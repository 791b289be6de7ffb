//! A chain one block before the answers to many contracts, under many keys.
//!
//! The keys are made from known scalars, so that a proof is a few scalar multiplications and a block of them is quickly made;
//! to a verifier they are proofs as any other.

use std::sync::Arc;

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{Field, UniformRand};
use zera_abi::{AccountId, Level, Outcome, TaskId};
use zera_host::{
    Action, BlockReport, Chain, Genesis, Lanes, ProofJob, Publication, SignedTx, Verdicts, verify_in_lanes,
};
use zera_library::range;
use zera_market::Answer;
use zera_market::ports::{MemStore, Store};
use zera_statement::{Binding, Statement, scalar_from_be};
use zera_verifier::{Proof, VerifyingKey};

use super::block::{Client, account, copy, genesis, publication, request, zra};
use super::rng;

const OWNER: u8 = 1;
const PROVIDER: u8 = 2;
const PROVIDERS: u8 = 8;

/// A key whose secrets are known.
struct Open {
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
    ic: [Fr; 4],
}

impl Open {
    fn new(number: u64) -> Open {
        let mut rng = rng(number);
        let mut scalar = || Fr::rand(&mut rng);
        let (alpha, beta, gamma, delta) = (scalar(), scalar(), scalar(), scalar());
        Open { alpha, beta, gamma, delta, ic: [(); 4].map(|()| scalar()) }
    }

    fn key(&self) -> VerifyingKey {
        let g1 = |s: Fr| (G1Projective::generator() * s).into_affine();
        let g2 = |s: Fr| (G2Projective::generator() * s).into_affine();
        VerifyingKey::from_points(g1(self.alpha), g2(self.beta), g2(self.gamma), g2(self.delta), &self.ic.map(g1))
            .expect("random points pass every check")
    }

    /// A and B are random, C is solved for.
    fn prove(&self, inputs: &[Fr], number: u64) -> [u8; 256] {
        let mut rng = rng(number);
        let (a, b) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
        let sum = inputs.iter().zip(&self.ic[1..]).fold(self.ic[0], |sum, (x, ic)| sum + *x * ic);
        let c = (a * b - self.alpha * self.beta - self.gamma * sum) * self.delta.inverse().expect("not zero");
        let g1 = |s: Fr| (G1Projective::generator() * s).into_affine();
        let b = (G2Projective::generator() * b).into_affine();
        Proof::from_points(g1(a), b, g1(c)).expect("points of the groups").encode()
    }
}

/// The next block's transactions are answers to tasks of contracts in turn, each under the contract's key.
pub struct Street {
    genesis: Genesis,
    rows: MemStore,
    contracts: Vec<AccountId>,
    submissions: Vec<SignedTx>,
}

impl Street {
    /// `tasks` of `contracts` contracts, which ask for `keys` predicates in turn.
    pub fn new(tasks: usize, contracts: usize, keys: usize) -> Street {
        let genesis = genesis(PROVIDER + PROVIDERS);
        let store = Arc::new(MemStore::default());
        let chain = Chain::open(Arc::clone(&store) as Arc<dyn Store>, &genesis).expect("opens");
        let mut client = Client::new(chain, PROVIDER + PROVIDERS);
        let artefact = (zera_library::by_name(range::NAME).expect("built in").artefact)();
        let served: Vec<(Publication, Open)> = (0..keys)
            .map(|number| {
                let name = format!("predicate-{number}");
                let publication = Publication { name, manifest_hash: [number as u8; 32], ..publication(artefact) };
                (publication, Open::new(number as u64))
            })
            .collect();
        for (publication, open) in &served {
            let register = Action::RegisterKey { predicate: publication.id(), key: open.key().encode() };
            client.block(vec![(OWNER, Action::Publish(publication.clone())), (OWNER, register)]);
        }
        let wasm = wat::parse_str(include_str!("asker.wat")).expect("a module");
        let deployed: Vec<AccountId> = (0..contracts)
            .map(|_| {
                // A question costs its bounty of 4, a bond of 40 % of it, and fees.
                let endowment = zra(7 * tasks.div_ceil(contracts) as u64 + 20);
                let deploy = Action::Deploy { wasm: wasm.clone(), config: Vec::new(), endowment };
                let report = client.block(vec![(OWNER, deploy)]);
                AccountId(report.receipts[0].data.as_slice().try_into().expect("an id"))
            })
            .collect();

        let public = range::Input { x: 42, lo: 18, hi: 99 }.encode();
        let height = client.chain.head().height;
        let ask = |number: usize| {
            let input = request(served[number % keys].0.id(), &public, height);
            (OWNER, Action::Call { contract: deployed[number % contracts], entry: "ask".to_owned(), input })
        };
        client.blocks((0..tasks).map(ask).collect());
        let found: Vec<TaskId> = client.market().tasks().map(|task| *task.id()).collect();
        let dealt: Vec<(u8, TaskId)> = (PROVIDER..PROVIDER + PROVIDERS).cycle().zip(found).collect();
        client.blocks(dealt.iter().map(|(who, task)| (*who, Action::Lock { task: *task })).collect());

        let mut submissions = Vec::new();
        for (number, (who, task)) in dealt.iter().enumerate() {
            let (publication, open) = &served[number % keys];
            let record = client.market().task(task).expect("the task");
            let binding = Binding {
                chain: client.chain.chain_id().expect("no fault"),
                task: *task,
                key: *record.key(),
                predicate: publication.id(),
                provider: account(*who),
                not_after: record.not_after(),
            };
            let statement = Statement {
                outcome: Outcome::True,
                binding: binding.to_scalar(),
                input_root: scalar_from_be(record.input_root()).expect("canonical"),
                declared: Vec::new(),
            };
            let proof = Box::new(open.prove(&statement.public_inputs(), number as u64));
            let answer = Answer { outcome: Outcome::True, declared: Vec::new(), proof };
            submissions.push(client.sign(*who, Action::Submit { task: *task, answer }));
        }
        Street { genesis, rows: copy(store.as_ref()), contracts: deployed, submissions }
    }

    /// A copy of the chain that settles in `lanes`, with its contracts compiled.
    pub fn chain(&self, lanes: Lanes) -> Chain {
        let mut chain = Chain::open(Arc::new(copy(&self.rows)), &self.genesis).expect("opens");
        chain.set_lanes(lanes);
        let nothing = zera_host::EntryName::parse("nothing").expect("a name");
        chain.query(self.contracts[0], account(OWNER), nothing, &[]).expect("no fault").expect("a contract");
        chain
    }

    /// The block.
    pub fn txs(&self) -> Vec<SignedTx> {
        self.submissions.clone()
    }

    /// The block's proofs.
    pub fn jobs(&self, chain: &Chain) -> Vec<ProofJob> {
        let jobs = chain.proof_jobs(&self.submissions).expect("no fault");
        assert_eq!(jobs.len(), self.submissions.len());
        jobs
    }

    /// The block's verdicts, made in `lanes`.
    pub fn verdicts(&self, chain: &Chain, lanes: Lanes) -> Verdicts {
        let mut verdicts = Verdicts::default();
        verdicts.extend(verify_in_lanes(&self.jobs(chain), lanes).expect("no panic"));
        verdicts
    }

    /// Every answer was accepted and every contract called back; the state root.
    pub fn check(&self, chain: &Chain, report: &BlockReport) -> [u8; 32] {
        assert!(report.rejected.is_empty() && report.deferred.is_empty(), "{:?}", report.rejected);
        assert_eq!(report.receipts.len(), self.submissions.len());
        let market = chain.market().expect("no fault");
        assert!(market.tasks().all(|task| task.level() == Level::Accepted));
        for contract in &self.contracts {
            assert_eq!(chain.storage(contract, b"state").expect("no fault"), Some(vec![1]));
        }
        report.header.state_root
    }
}
