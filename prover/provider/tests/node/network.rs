//! A node, accounts, and the published contract on it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use zera_abi::{AccountId, Amount, Blocks};
use zera_host::{Action, ConfigEntry, Genesis, Publication};
use zera_market::ports::MemStore;
use zera_market::{Rules, Schedule};
use zera_node::{ArtefactLimits, ArtefactPlace, BlockMode, Node, NodeConfig};
use zera_params::Keys;
use zera_provider::{Client, Wallet};
use zera_r1cs::Artefact;

const WASM: &[u8] = include_bytes!("../../../../contracts/prebuilt/special_price.wasm");
pub const BLOCK: Duration = Duration::from_millis(150);
pub const CALL_FUEL: u64 = 20_000_000;

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn account(seed: u8) -> AccountId {
    AccountId(key(seed).verifying_key().to_bytes())
}

/// With enough time for a proof on a busy machine.
pub async fn node() -> Node {
    node_with(Rules { lock_blocks: 60, deadline_min_blocks: 95, ..Rules::local() }, BLOCK).await
}

/// Under other rules, at another pace.
pub async fn node_with(rules: Rules, block: Duration) -> Node {
    let genesis = Genesis {
        name: "test".to_owned(),
        development: true,
        rules,
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(5),
        accounts: [1, 2].map(|seed| (account(seed), Amount::from_zra(10_000).unwrap())).to_vec(),
    };
    let config = NodeConfig {
        genesis,
        store: Arc::new(MemStore::default()),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        block: BlockMode::Every(block),
        verify_threads: 1,
        artefacts: (ArtefactPlace::Memory, ArtefactLimits::standard()),
        token: None,
    };
    Node::start(config).await.unwrap()
}

/// Publishes the predicate, registers its key, deploys the contract.
pub async fn set_up(owner: &Wallet<Client>, artefact: &Artefact, keys: &Keys) -> AccountId {
    let manifest = &artefact.manifest;
    let publication = Publication {
        name: manifest.name.clone(),
        matrices_digest: artefact.matrices.digest(),
        program_hash: artefact.program_hash,
        manifest_hash: manifest.hash(),
        public_len: manifest.public_len,
        private_len: manifest.private_len,
        declared: manifest.declared.len() as u8,
        commitment: None,
    };
    let registration = Action::RegisterKey { predicate: artefact.predicate_id(), key: keys.verifying.encode() };
    let entry = |key: &str, units: u128| ConfigEntry { key: key.to_owned(), amount: Amount::from_units(units) };
    let deployment = Action::Deploy {
        wasm: WASM.to_vec(),
        config: vec![
            entry("OFFCHAIN_COMP_MIN_STAKE", 250_000_000),
            entry("OFFCHAIN_COMP_BOUNTY", 1_000_000_000),
            entry("OFFCHAIN_COMP_CALLBACK_FUEL", 5_000_000),
        ],
        endowment: Amount::from_zra(100).unwrap(),
    };
    let mut made = Vec::new();
    for (action, fuel) in
        [(Action::Publish(publication), CALL_FUEL), (registration, CALL_FUEL), (deployment, 200_000_000)]
    {
        let result = owner.send(action, fuel).await.unwrap();
        assert!(result.is_done(), "{result:?}");
        made.push(result.data);
    }
    AccountId(made.pop().unwrap().try_into().unwrap())
}
