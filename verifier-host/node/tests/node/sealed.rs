//! The mailbox: private bytes from whoever asked to whoever holds the lock, and from nobody else.

use ed25519_dalek::Signer;
use serde_json::{Value, json};
use zera_abi::wire::Request;
use zera_abi::{Level, TaskId};
use zera_host::sealed::{Address, SealingSecret, mail_message, open, seal};
use zera_host::{Action, Publication, RequestBytes};
use zera_library::range;
use zera_statement::{input_root, scalar_to_be};

use crate::network::{key as key_of, *};

const PRIVATE: &[u8] = b"nobody else's";

/// Publishes a predicate that reads private bytes and declares what they commit to, under a key that nothing here is proved with.
async fn publish(network: &mut Network) -> Publication {
    let publication = Publication {
        name: "Private".to_owned(),
        matrices_digest: [1; 32],
        program_hash: [2; 32],
        manifest_hash: [3; 32],
        public_len: 1,
        private_len: PRIVATE.len() as u32,
        declared: 1,
        commitment: Some(0),
    };
    network.done(OWNER, Action::Publish(publication.clone())).await;
    // A point more, for the declared value: twice the generator, which no other is.
    let mut key = Served::new(range::NAME).keys.verifying.encode();
    key.extend(bytes("030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3"));
    key.extend(bytes("15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4"));
    network.done(OWNER, Action::RegisterKey { predicate: publication.id(), key }).await;
    publication
}

/// The owner asks and fixes the bytes; Alice locks and gives her key.
async fn keyed(network: &mut Network, publication: &Publication) -> Address {
    let task = locked(network, publication).await;
    let secret = SealingSecret::derive(&key_of(ALICE).to_bytes(), &network.chain, &task);
    network.done(ALICE, Action::SealingKey { task, key: secret.key() }).await;
    Address { chain: network.chain, task, provider: account(ALICE), key: secret.key() }
}

async fn locked(network: &mut Network, publication: &Publication) -> TaskId {
    let request = RequestBytes::new(&Request {
        predicate: publication.id(),
        public: &[7],
        bounty: 4_000_000_000,
        min_stake: 0,
        value_at_risk: 0,
        deadline: network.height().await + 100,
        callback_fuel: 0,
        expected: &scalar_to_be(&input_root(PRIVATE)),
        attested: false,
        level: Level::Accepted,
    })
    .expect("a request");
    let opened = network.done(OWNER, Action::Open { request }).await;
    let task: TaskId = opened["data"].as_str().expect("an id").parse().expect("an id");
    network.done(ALICE, Action::Lock { task }).await;
    task
}

fn path(task: &TaskId) -> String {
    format!("/v1/tasks/{task}/sealed")
}

/// A message as `who` signs it.
fn message(to: &Address, sealed: &[u8], who: u8) -> Value {
    let signature = key_of(who).sign(&mail_message(to, sealed)).to_bytes();
    json!({ "sealed": hex(sealed), "from": account(who).to_string(), "signature": hex(&signature) })
}

/// A task with a message for its holder: for the walk over all routes.
pub async fn waiting(network: &mut Network) -> String {
    let publication = publish(network).await;
    let to = keyed(network, &publication).await;
    let sealed = seal(&to, PRIVATE, &[9; 32]).expect("seals");
    assert_eq!(network.post(&path(&to.task), &message(&to, &sealed, OWNER)).await.0, 201);
    path(&to.task)
}

#[tokio::test]
async fn what_is_left_for_the_holder_is_fetched_and_opened_by_it() {
    let mut network = Network::new().await;
    let publication = publish(&mut network).await;
    let task = locked(&mut network, &publication).await;
    let before = network.task(&task).await;
    assert_eq!((&before["delivers"], &before["sealing_key"]), (&json!(true), &json!(null)));
    assert_eq!(network.get(&path(&task)).await.0, 409, "no key is given");
    let secret = SealingSecret::derive(&key_of(ALICE).to_bytes(), &network.chain, &task);
    network.done(ALICE, Action::SealingKey { task, key: secret.key() }).await;
    let to = Address { chain: network.chain, task, provider: account(ALICE), key: secret.key() };
    let view = network.task(&task).await;
    assert_eq!(view["sealing_key"], hex(&to.key));
    assert!(view["demand_from"].as_u64() <= view["demand_until"].as_u64() && view["demand_from"].is_u64());
    assert_eq!(network.get(&path(&task)).await.0, 404, "nothing waits");

    let sealed = seal(&to, PRIVATE, &[9; 32]).expect("seals");
    let (status, kept) = network.post(&path(&task), &message(&to, &sealed, OWNER)).await;
    assert_eq!((status, &kept["sealing_key"]), (201, &json!(hex(&to.key))));
    assert_eq!(network.post(&path(&task), &message(&to, &sealed, OWNER)).await.0, 200, "again");
    let waits = network.ok(&path(&task)).await;
    assert_eq!((&waits["provider"], &waits["tx"]), (&json!(account(ALICE).to_string()), &json!(null)));
    let fetched = bytes(waits["sealed"].as_str().expect("hex"));
    assert_eq!(open(&to, &secret, &fetched), Ok(PRIVATE.to_vec()));

    // Demanded all the same, and delivered on the chain: that is what is shown then.
    network.block().await;
    network.done(ALICE, Action::Demand { task }).await;
    let view = network.task(&task).await;
    assert!(view["deliver_until"].is_u64() && view["demand_from"].is_null());
    let other = seal(&to, PRIVATE, &[8; 32]).expect("seals");
    network.done(OWNER, Action::Deliver { task, sealed: other.clone() }).await;
    let waits = network.ok(&path(&task)).await;
    assert_eq!(waits["sealed"], hex(&other));
    let tx = zera_host::SignedTx::decode(&bytes(waits["tx"].as_str().expect("hex"))).expect("a transaction");
    let delivered = zera_host::Delivered::of(tx, &task).expect("a delivery");
    assert_eq!((delivered.tx().tx().sender, delivered.sealed()), (account(OWNER), &other[..]));
    assert_eq!(network.task(&task).await["delivered"], true);
    let names: Vec<Value> = network.events(100).await.into_iter().map(|event| event["event"].clone()).collect();
    for name in ["sealing_key_given", "delivery_demanded", "demand_closed"] {
        assert!(names.contains(&json!(name)), "{name}");
    }
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn nobody_else_leaves_anything_and_nothing_of_another_length_is_kept() {
    let mut network = Network::new().await;
    let publication = publish(&mut network).await;
    let to = keyed(&mut network, &publication).await;
    let sealed = seal(&to, PRIVATE, &[9; 32]).expect("seals");
    let at = path(&to.task);
    for who in [ALICE, BOB] {
        assert_eq!(network.post(&at, &message(&to, &sealed, who)).await.0, 403, "{who} did not ask");
    }
    // Signed for another holder, key, task or message; or not by the one who is named.
    let elsewhere = [
        Address { provider: account(BOB), ..to },
        Address { key: [7; 32], ..to },
        Address { task: TaskId([7; 32]), ..to },
    ];
    for other in elsewhere {
        assert_eq!(network.post(&at, &message(&other, &sealed, OWNER)).await.0, 403);
    }
    let mut named = message(&to, &sealed, BOB);
    named["from"] = json!(account(OWNER).to_string());
    assert_eq!(network.post(&at, &named).await.0, 403);
    for len in [0, 1, sealed.len() - 1, sealed.len() + 1, 60_000, 100_000] {
        assert_eq!(network.post(&at, &message(&to, &vec![1; len], OWNER)).await.0, 422, "{len}");
    }
    assert_eq!(network.post(&at, &message(&to, &[1; 150_000], OWNER)).await.0, 413);
    for (field, value) in [("sealed", json!("0g")), ("from", json!("00")), ("signature", json!("00"))] {
        let mut bad = message(&to, &sealed, OWNER);
        bad[field] = value;
        assert_eq!(network.post(&at, &bad).await.0, 400, "{field}");
    }
    assert_eq!(network.post(&path(&TaskId([9; 32])), &message(&to, &sealed, OWNER)).await.0, 404);
    assert_eq!(network.get(&at).await.0, 404, "nothing was kept");
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_message_goes_with_the_lock_that_it_was_for() {
    let mut network = Network::new().await;
    let publication = publish(&mut network).await;
    let to = keyed(&mut network, &publication).await;
    let sealed = seal(&to, PRIVATE, &[9; 32]).expect("seals");
    let at = path(&to.task);
    assert_eq!(network.post(&at, &message(&to, &sealed, OWNER)).await.0, 201);
    network.done(ALICE, Action::Release { task: to.task }).await;
    assert_eq!(network.get(&at).await.0, 409, "nobody holds it");
    assert_eq!(network.post(&at, &message(&to, &sealed, OWNER)).await.0, 409);
    // The same holder again: its key for this task is the same, and the message is gone all the same.
    network.done(ALICE, Action::Lock { task: to.task }).await;
    network.done(ALICE, Action::SealingKey { task: to.task, key: to.key }).await;
    assert_eq!(network.get(&at).await.0, 404);
    network.node.shutdown().await.expect("a clean end");
}
