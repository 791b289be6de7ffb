//! Another runtime embeds the chain rules: its own store, its own blocks, the same state root.
//!
//! `cargo run -p zera-host --example embed`

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use zera_abi::{AccountId, Amount, Blocks, Height};
use zera_host::{Action, Chain, Genesis, SignedTx, Tx, Verdicts, verify_jobs};
use zera_market::Rules;
use zera_market::ports::{MemStore, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let sender = AccountId(key.verifying_key().to_bytes());
    let genesis = Genesis {
        name: "embedded".to_owned(),
        development: true,
        rules: Rules::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(100),
        accounts: vec![(sender, Amount::from_zra(10).ok_or("ten ZRA fit")?)],
    };
    // The runtime's own storage stands behind this port: read, scan, and commit all or nothing.
    let store: Arc<dyn Store> = Arc::new(MemStore::default());
    let mut chain = Chain::open(store, &genesis)?;

    // A transaction as it comes from the wire.
    let action =
        Action::Transfer { to: AccountId([9; 32]), amount: "1.5".parse().map_err(|error| format!("{error}"))? };
    let tx = Tx { chain: chain.chain_id()?, sender, nonce: 0, expiry: Height(100), fuel_limit: 1_000_000, action };
    let wire = tx.sign(&key).ok_or("the key is the sender's")?.encode();
    let tx = SignedTx::decode(&wire)?;
    chain.admit(&tx)?;

    // Proofs may be verified ahead of the block, on any thread; what is missing is verified inside.
    let txs = vec![tx];
    let mut verdicts = Verdicts::default();
    verdicts.extend(verify_jobs(&chain.proof_jobs(&txs)?));
    let report = chain.apply(txs, verdicts)?;
    println!("block {}: {:?}", report.header.height, report.receipts[0].ending);
    println!("state root {}", hex::encode(report.header.state_root));
    Ok(())
}
