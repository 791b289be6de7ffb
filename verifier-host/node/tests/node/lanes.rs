//! The same blocks on any number of threads, in whatever order their transactions arrive.

use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use zera_abi::{AccountId, TaskId};
use zera_host::{Action, SignedTx};
use zera_library::range::{self, Input};
use zera_market::Answer;
use zera_node::BlockMode;

use crate::network::*;

const CONTRACTS: usize = 3;
const TASKS: usize = 12;

/// Sends in the order that `rng` draws, makes one block, and gives the receipts in the order of `txs`.
async fn one_block(network: &Network, txs: &[SignedTx], rng: Option<&mut ChaCha20Rng>) -> Vec<Value> {
    let mut arrivals: Vec<&SignedTx> = txs.iter().collect();
    if let Some(rng) = rng {
        arrivals.shuffle(rng);
    }
    for tx in arrivals {
        let (status, body) = network.send(tx).await;
        assert_eq!(status, 202, "{body}");
    }
    network.block().await;
    let mut receipts = Vec::new();
    for tx in txs {
        let (status, receipt) = network.wait(&tx.hash()).await;
        assert_eq!(status, 200, "{receipt}");
        receipts.push(receipt);
    }
    assert!(receipts.iter().all(|receipt| receipt["height"] == receipts[0]["height"]), "one block");
    receipts
}

/// Every block's header and transactions, where three accounts set up, ask three contracts, lock and answer.
async fn run(served: &Served, threads: usize, shuffle: Option<u64>, proved: &mut Vec<Answer>) -> Vec<(Value, Value)> {
    let mut settings = config(mem());
    settings.verify_threads = threads;
    // Blocks are made when they are asked for.
    settings.block = BlockMode::Every(Duration::from_secs(3_600));
    let mut network = Network::start(settings).await;
    let mut rng = shuffle.map(ChaCha20Rng::seed_from_u64);

    let deploy =
        Action::Deploy { wasm: asker(), config: vec![], endowment: zera_abi::Amount::from_zra(1_000).expect("fits") };
    let mut setup = vec![Action::Publish(served.publication()), served.registration()];
    setup.extend(std::iter::repeat_n(deploy, CONTRACTS));
    let txs: Vec<SignedTx> = setup.into_iter().map(|action| network.sign(OWNER, action)).collect();
    let receipts = one_block(&network, &txs, rng.as_mut()).await;
    let contracts: Vec<AccountId> = receipts[2..]
        .iter()
        .map(|receipt| receipt["data"].as_str().expect("an address").parse().expect("an address"))
        .collect();

    let ask = |n: usize| {
        let public = Input { x: n as u64 * 9, lo: 20, hi: 80 }.encode();
        Action::Call {
            contract: contracts[n % CONTRACTS],
            entry: "ask".to_owned(),
            input: served.request(&public, 100),
        }
    };
    let txs: Vec<SignedTx> = (0..TASKS).map(|n| network.sign([OWNER, ALICE, BOB][n / 4], ask(n))).collect();
    let receipts = one_block(&network, &txs, rng.as_mut()).await;
    assert!(receipts.iter().all(|receipt| receipt["ending"] == "done"), "{receipts:?}");

    let tasks: Vec<TaskId> = (0..TASKS)
        .map(|n| zera_statement::task_id(&network.chain, &contracts[n % CONTRACTS], 1 + (n / CONTRACTS) as u64))
        .collect();
    let holder = |n: usize| [ALICE, BOB][n % 2];
    let txs: Vec<SignedTx> = (0..TASKS).map(|n| network.sign(holder(n), Action::Lock { task: tasks[n] })).collect();
    let receipts = one_block(&network, &txs, rng.as_mut()).await;
    assert!(receipts.iter().all(|receipt| receipt["ending"] == "done"), "{receipts:?}");
    if proved.is_empty() {
        for (n, task) in tasks.iter().enumerate() {
            let mut answer = served.answer(network.chain, holder(n), &network.task(task).await);
            if n % 5 == 4 {
                answer.proof[0] ^= 1;
            }
            proved.push(answer);
        }
    }
    let submit = |n: usize| Action::Submit { task: tasks[n], answer: proved[n].clone() };
    let txs: Vec<SignedTx> = (0..TASKS).map(|n| network.sign(holder(n), submit(n))).collect();
    let receipts = one_block(&network, &txs, rng.as_mut()).await;
    for (n, receipt) in receipts.iter().enumerate() {
        assert_eq!(receipt["ending"], if n % 5 == 4 { "rejected" } else { "done" }, "{receipt}");
    }

    let mut blocks = Vec::new();
    for height in 0..=network.height().await {
        let header = network.ok(&format!("/v1/blocks/{height}")).await;
        blocks.push((header, network.ok(&format!("/v1/blocks/{height}/txs")).await));
    }
    network.node.shutdown().await.expect("a clean end");
    blocks
}

#[tokio::test]
async fn blocks_are_the_same_on_1_2_4_and_8_threads_and_in_any_order_of_arrival() {
    let served = Served::new(range::NAME);
    let mut proved = Vec::new();
    let one = run(&served, 1, None, &mut proved).await;
    assert_eq!(one.len(), 5, "four blocks after the first");
    for (threads, shuffle) in [(1, Some(1)), (2, Some(2)), (4, Some(3)), (8, Some(4)), (8, None)] {
        let other = run(&served, threads, shuffle, &mut proved).await;
        assert_eq!(other, one, "{threads} threads, shuffled by {shuffle:?}");
    }
}
