//! The clients of the example: a contract asks, a provider locks, proves and is paid. They see the chain as any client does
//! and send bytes.

use std::collections::BTreeMap;
use std::error::Error;

use ed25519_dalek::SigningKey;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zera_abi::{AccountId, Amount, Blocks, Height, Level, TaskId};
use zera_host::{Action, BlockReport, ConfigEntry, Ending, Genesis, Header, Publication, Tx};
use zera_kernels::Arkworks;
use zera_library::special_price::{self, Input};
use zera_market::{Answer, Rules, Schedule};
use zera_params::Keys;
use zera_r1cs::{Artefact, TapeInputs};
use zera_statement::Binding;

use super::Runtime;

const CONTRACT: &[u8] = include_bytes!("../../../../contracts/prebuilt/special_price.wasm");
const OWNER: u8 = 1;
const PROVIDER: u8 = 2;

/// A block as it went in, and its header.
pub type Played = (Vec<Vec<u8>>, Header);

/// The network that the story is played on.
pub fn genesis() -> Genesis {
    let first = Amount::from_zra(1_000).unwrap_or(Amount::ZERO);
    Genesis {
        name: "embedded".to_owned(),
        development: true,
        rules: Rules::local(),
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(5),
        accounts: [OWNER, PROVIDER].map(|seed| (account(seed), first)).to_vec(),
    }
}

fn account(seed: u8) -> AccountId {
    AccountId(SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes())
}

/// Plays the story and gives its blocks.
pub fn play(runtime: &mut Runtime) -> Result<Vec<Played>, Box<dyn Error>> {
    let artefact = special_price::artefact();
    let keys = zera_params::dev_keys(&artefact.matrices)?;
    let mut clients = Clients { runtime, nonces: BTreeMap::new(), played: Vec::new() };
    clients.send(OWNER, Action::Publish(publication(artefact)))?;
    let key = keys.verifying.encode();
    clients.send(OWNER, Action::RegisterKey { predicate: artefact.predicate_id(), key })?;
    let amounts = [
        ("OFFCHAIN_COMP_MIN_STAKE", 1_000_000_000),
        ("OFFCHAIN_COMP_BOUNTY", 4_000_000_000),
        ("OFFCHAIN_COMP_CALLBACK_FUEL", 3_000_000),
    ];
    let config =
        amounts.map(|(key, units)| ConfigEntry { key: key.into(), amount: Amount::from_units(units) }).to_vec();
    let endowment = Amount::from_zra(100).ok_or("a hundred ZRA fit")?;
    let deploy = clients.send(OWNER, Action::Deploy { wasm: CONTRACT.to_vec(), config, endowment })?;
    let contract = AccountId(deploy.receipts[0].data.as_slice().try_into()?);
    // One price above the bound, one below.
    for threshold in [70, 90] {
        let quotes = Input { threshold, max_spread_bps: 500, quotes: vec![79, 80, 81] };
        let input = quotes.encode()?.to_vec();
        clients.send(OWNER, Action::Call { contract, entry: "evaluate_complex_condition".into(), input })?;
        let task = *clients.runtime.chain.market()?.tasks().next_back().ok_or("a task")?.id();
        clients.send(PROVIDER, Action::Lock { task })?;
        let answer = clients.prove(artefact, &keys, &task)?;
        clients.send(PROVIDER, Action::Submit { task, answer })?;
        let acted = clients.runtime.chain.storage(&contract, b"state")?;
        assert_eq!(
            acted,
            Some(vec![u8::from(threshold < 80)]),
            "the contract acts in the block that carries the proof"
        );
        while clients.runtime.chain.market()?.task(&task).ok_or("the task")?.level() != Level::Final {
            clients.block(Vec::new())?;
        }
    }
    Ok(clients.played)
}

struct Clients<'r> {
    runtime: &'r mut Runtime,
    nonces: BTreeMap<u8, u64>,
    played: Vec<Played>,
}

impl Clients<'_> {
    fn block(&mut self, wires: Vec<Vec<u8>>) -> Result<BlockReport, Box<dyn Error>> {
        let report = self.runtime.block(&wires)?;
        self.played.push((wires, report.header.clone()));
        Ok(report)
    }

    /// One transaction in a block of its own, which must do what it says.
    fn send(&mut self, who: u8, action: Action) -> Result<BlockReport, Box<dyn Error>> {
        let chain = &self.runtime.chain;
        let nonce = self.nonces.entry(who).or_default();
        let expiry = chain.head().height.checked_add(Blocks(100)).unwrap_or(Height(u64::MAX));
        let tx = Tx {
            chain: chain.chain_id()?,
            sender: account(who),
            nonce: *nonce,
            expiry,
            fuel_limit: 100_000_000,
            action,
        };
        *nonce += 1;
        let key = SigningKey::from_bytes(&[who; 32]);
        let mut signed = tx.clone().sign(&key).ok_or("the key is the sender's")?;
        if let Action::Call { .. } = &tx.action {
            // A call may ask for no more than a call may use.
            let fuel_limit = chain.intrinsic_fuel(&signed)? + chain.cost()?.call_fuel_max;
            signed = Tx { fuel_limit, ..tx }.sign(&key).ok_or("the key is the sender's")?;
        }
        let report = self.block(vec![signed.encode()])?;
        match &report.receipts[..] {
            [receipt] if receipt.ending == Ending::Done => Ok(report),
            other => Err(format!("not done: {other:?}, {:?}", report.rejected).into()),
        }
    }

    /// A proof for `task`, over the public bytes that the chain keeps.
    fn prove(&self, artefact: &Artefact, keys: &Keys, task: &TaskId) -> Result<Answer, Box<dyn Error>> {
        let chain = &self.runtime.chain;
        let record = chain.market()?.task(task).ok_or("the task")?;
        let public = chain.input(task)?.ok_or("its input")?.public;
        let binding = Binding {
            chain: chain.chain_id()?,
            task: *task,
            key: keys.verifying.id(),
            predicate: artefact.predicate_id(),
            provider: account(PROVIDER),
            not_after: record.not_after(),
        };
        let z = artefact.tape.run(&TapeInputs { binding: binding.to_scalar(), public: &public, private: &[] })?;
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (proof, _) = zera_prover::prove(&Arkworks, &keys.proving, &artefact.matrices, &z, &mut rng)?;
        let proof = zera_verifier::Proof::from_points(proof.a, proof.b, proof.c)?;
        let outcome = special_price::evaluate(&public, &[]);
        Ok(Answer { outcome, declared: Vec::new(), proof: Box::new(proof.encode()) })
    }
}

fn publication(artefact: &Artefact) -> Publication {
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
