//! A block full of proofs, verified on any number of threads.

use serde_json::{Value, json};
use zera_abi::{AccountId, Outcome, TaskId};
use zera_host::Action;
use zera_library::range::{self, Input};
use zera_market::Answer;

use crate::network::*;

/// Tasks of the block: as many as one sender may have waiting.
const TASKS: u64 = 16;

/// What is sent for the `n`-th task, from the honest answers to all of them.
fn answer(honest: &[Answer], n: usize) -> (Answer, &'static str, &'static str) {
    let (mine, next) = (honest[n].clone(), &honest[(n + 1) % honest.len()]);
    match n % 4 {
        0 | 2 => (mine, "done", "OK"),
        // Canonical points that satisfy nothing.
        1 if n % 8 == 1 => {
            let mut proof = mine.proof.clone();
            proof[..64].copy_from_slice(&next.proof[..64]);
            (Answer { proof, ..mine }, "rejected", "NO")
        }
        // The proof of the opposite claim.
        1 => {
            let outcome = if mine.outcome == Outcome::True { Outcome::False } else { Outcome::True };
            (Answer { outcome, ..mine }, "rejected", "NO")
        }
        // Another task's.
        _ if n % 8 == 3 => (Answer { proof: next.proof.clone(), ..mine }, "rejected", "NO"),
        // No points at all.
        _ => (Answer { proof: Box::new([0xff; 256]), ..mine }, "rejected", "E_ENC"),
    }
}

struct Ran {
    roots: Vec<Value>,
    receipts: Vec<Value>,
}

/// Opens, locks and answers all tasks, each in one block. `proved` keeps the honest answers from run to run: the same chain
/// asks the same questions.
async fn run(served: &Served, threads: usize, proved: &mut Vec<Answer>) -> Ran {
    let mut settings = config(mem());
    settings.verify_threads = threads;
    let mut network = Network::start(settings).await;
    let contract = network.serve(served, asker(), vec![]).await;
    let asks = (0..TASKS).map(|n| {
        let public = Input { x: n * 7, lo: 20, hi: 80 }.encode();
        Action::Call { contract, entry: "ask".to_owned(), input: served.request(&public, 100) }
    });
    let receipts = network.in_one_block(OWNER, asks.collect()).await;
    assert!(receipts.iter().all(|receipt| receipt["ending"] == "done"), "{receipts:?}");
    let tasks = ids(&network, contract);
    let receipts = network.in_one_block(ALICE, tasks.iter().map(|task| Action::Lock { task: *task }).collect()).await;
    assert!(receipts.iter().all(|receipt| receipt["ending"] == "done"), "{receipts:?}");
    if proved.is_empty() {
        for task in &tasks {
            proved.push(served.answer(network.chain, ALICE, &network.task(task).await));
        }
    }
    let sent: Vec<_> = (0..tasks.len()).map(|n| answer(proved, n)).collect();
    let submits =
        tasks.iter().zip(&sent).map(|(task, (answer, ..))| Action::Submit { task: *task, answer: answer.clone() });
    let receipts = network.in_one_block(ALICE, submits.collect()).await;
    for (n, ((task, (_, ending, code)), receipt)) in tasks.iter().zip(&sent).zip(&receipts).enumerate() {
        assert_eq!(
            (&receipt["ending"], &receipt["status"]["name"]),
            (&json!(ending), &json!(code)),
            "task {n}: {receipt}"
        );
        let level = if *ending == "done" { "accepted" } else { "pending" };
        assert_eq!(network.task(task).await["level"], level, "task {n}");
    }
    // The stake that a bad proof costs is gone before the next one: the last honest answer still counts.
    let late = Action::Submit { task: tasks[1], answer: proved[1].clone() };
    network.done(ALICE, late).await;
    assert_eq!(network.task(&tasks[1]).await["level"], "accepted");
    let mut roots = Vec::new();
    for height in 0..=network.height().await {
        roots.push(network.ok(&format!("/v1/blocks/{height}")).await);
    }
    network.node.shutdown().await.expect("a clean end");
    Ran { roots, receipts }
}

fn ids(network: &Network, contract: AccountId) -> Vec<TaskId> {
    (1..=TASKS).map(|handle| zera_statement::task_id(&network.chain, &contract, handle)).collect()
}

#[tokio::test]
async fn blocks_are_the_same_on_1_2_and_4_threads() {
    let served = Served::new(range::NAME);
    let mut proved = Vec::new();
    let one = run(&served, 1, &mut proved).await;
    for threads in [2, 4] {
        let more = run(&served, threads, &mut proved).await;
        assert_eq!(more.roots, one.roots, "{threads} threads");
        assert_eq!(more.receipts, one.receipts, "{threads} threads");
    }
}

#[tokio::test]
async fn a_development_key_is_refused_on_a_network_that_is_not_one() {
    let served = Served::new(range::NAME);
    let mut settings = config(mem());
    settings.genesis.development = false;
    let mut network = Network::start(settings).await;
    assert_eq!(network.ok("/v1/status").await["development"], false);
    network.done(OWNER, Action::Publish(served.publication())).await;
    let receipt = network.run(OWNER, served.registration()).await;
    assert_eq!((&receipt["ending"], &receipt["status"]["name"]), (&json!("refused"), &json!("E_KEY")), "{receipt}");
    assert_eq!(network.get(&format!("/v1/keys/{}", served.keys.verifying.id())).await.0, 404);
    let predicate = network.ok(&format!("/v1/predicates/{}", range::NAME)).await;
    assert!(predicate["key"].is_null());
    // And time is not for sale there.
    assert_eq!(network.post("/v1/dev/block", &json!({})).await.0, 403);
    network.node.shutdown().await.expect("a clean end");
}

#[tokio::test]
async fn a_registered_key_and_its_predicate_are_shown_as_they_are() {
    let served = Served::new(range::NAME);
    let mut network = Network::new().await;
    network.done(OWNER, Action::Publish(served.publication())).await;
    network.done(OWNER, served.registration()).await;
    let (key, id) = (served.keys.verifying.id().to_string(), served.publication().id().to_string());
    let shown = network.ok(&format!("/v1/keys/{key}")).await;
    assert_eq!(shown["bytes"], hex(&served.keys.verifying.encode()));
    assert_eq!((shown["predicate"].clone(), shown["owner"].clone()), (json!(id), json!(account(OWNER).to_string())));
    let by_id = network.ok(&format!("/v1/predicates/{id}")).await;
    assert_eq!((by_id["key"].clone(), by_id["public_len"].clone()), (json!(key), json!(range::PUBLIC_LEN)));
    assert_eq!(network.ok(&format!("/v1/predicates/{}", range::NAME)).await, by_id);
    assert_eq!(network.ok("/v1/predicates").await, json!([by_id]));
    network.node.shutdown().await.expect("a clean end");
}
