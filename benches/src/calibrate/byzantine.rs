//! Blocks that spend all their fuel on one item: what the worst sender can make of a price.

use rand_chacha::ChaCha20Rng;
use zera_abi::{AccountId, Amount};
use zera_host::{Action, BLOCK_FUEL, SignedTx};
use zera_library::range;
use zera_params::dev_keys;
use zera_verifier::PublicInputs;

use super::Effort;
use super::block::{asks, decoding, transfers};
use super::deploy::bombs;
use super::guest::input;
use super::net::Net;
use super::pure::wide;
use super::sample::Quantiles;

/// A block must be done in this share of the nanoseconds that its fuel stands for.
pub const SHARE_MAX: f64 = 0.5;
/// Bytes of code that a block may deploy.
const CODE_MAX: usize = 512 * 1024;

/// Blocks of one kind.
#[derive(Clone, Debug)]
pub struct Burned {
    /// What the fuel was spent on.
    pub what: String,
    /// Fuel of the block: nanoseconds that it may nominally take.
    pub fuel: u64,
    /// Nanoseconds of a block, its transactions decoded and its commit synced.
    pub elapsed: Quantiles,
}

impl Burned {
    /// Median time over nominal time.
    pub fn share(&self) -> f64 {
        self.elapsed.p50 / self.fuel as f64
    }
}

/// What a loop of the contract is given: entry, greatest count, length, payload.
struct Loop {
    what: &'static str,
    entry: &'static str,
    most: u32,
    len: u32,
    payload: Vec<u8>,
}

/// Applies blocks that spend everything on one item, for every item that a sender can choose.
pub fn byzantine(effort: Effort) -> Vec<Burned> {
    let mut net = Net::new(effort.rows, 32);
    let mut found = Vec::new();
    let blocks = (effort.blocks / 8).max(1);
    for burn in loops(&mut net) {
        let mut seed = 1 << 40;
        let count = greatest(&mut net, &burn);
        found.push(measure(burn.what, blocks, &mut net, |net| {
            let mut txs = Vec::new();
            for _ in 0..calls_of_a_block(net) {
                seed += 1;
                txs.push(net.call(burn.entry, input(count, burn.len, seed, &burn.payload)));
            }
            txs
        }));
    }
    found.push(measure("a loop without end", blocks, &mut net, |net| {
        (0..calls_of_a_block(net)).map(|_| net.call("spin", Vec::new())).collect()
    }));
    let start = net.cost().start(2);
    let contract = net.contract;
    found.push(measure("empty calls", blocks, &mut net, |net| {
        fit(net, |net| net.call_of(contract, "empty", Vec::new(), start + 10))
    }));
    let nobody = AccountId([9; 32]);
    found.push(measure("refused calls", blocks, &mut net, |net| {
        fit(net, |net| net.call_of(nobody, "empty", Vec::new(), 0))
    }));
    found.push(measure("long transactions", blocks, &mut net, |net| {
        fit(net, |net| net.call_of(nobody, "empty", vec![7; 256 * 1024], 0))
    }));
    let transfer = net.cost().transaction(300) + net.cost().row_write(64) * 2;
    let most = (BLOCK_FUEL / transfer) as usize;
    found.push(measure("transfers", blocks, &mut net, |net| transfers(net, most)));
    let artefact = (zera_library::by_name(range::NAME).expect("built in").artefact)();
    net.publish(artefact, &dev_keys(&artefact.matrices).expect("development keys"));
    let asked = net.cost().open(300, 24) + 2 * net.cost().host_call + 2_000;
    let count = ((net.cost().call_fuel_max - start - 5_000) / asked) as u32;
    found.push(measure("questions", blocks, &mut net, |net| {
        let calls = calls_of_a_block(net);
        asks(net, artefact, "request", count, calls)
    }));
    for bomb in bombs() {
        let code = bomb.wasm.len();
        let price = net.cost().deploy(code, bomb.facts.functions) + net.cost().transaction(code + 300);
        // What one block may deploy.
        let most = ((BLOCK_FUEL / price) as usize).min(CODE_MAX / code).min(64);
        if most == 0 {
            // Its price is above a block's fuel: nobody can deploy it.
            continue;
        }
        let mut stamp = 0;
        found.push(measure(&format!("deployments: {}", bomb.word), 1, &mut net, |net| {
            let deploy = |net: &mut Net| {
                stamp += 1;
                let action =
                    Action::Deploy { wasm: stamped(&bomb.wasm, stamp), config: Vec::new(), endowment: Amount::ZERO };
                net.sign(action, price)
            };
            std::iter::repeat_with(|| ())
                .take(most)
                .map({
                    let mut deploy = deploy;
                    move |()| deploy(net)
                })
                .collect()
        }));
    }
    found
}

/// A custom section makes it another module, which has to be compiled anew.
fn stamped(wasm: &[u8], stamp: u32) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    wasm.extend([0, 6, 1, b's']);
    wasm.extend(stamp.to_le_bytes());
    wasm
}

/// As many transactions of one kind as the fuel of a block allows.
fn fit(net: &mut Net, mut next: impl FnMut(&mut Net) -> SignedTx) -> Vec<SignedTx> {
    let first = next(net);
    let count = (BLOCK_FUEL / first.tx().fuel_limit) as usize;
    std::iter::once(first).chain((1..count).map(|_| next(net))).collect()
}

fn calls_of_a_block(net: &Net) -> usize {
    // A long payload's bytes are paid beside the call's own fuel.
    (BLOCK_FUEL / (net.cost().call_fuel_max + net.cost().transaction(1_024))) as usize
}

fn measure(what: &str, blocks: usize, net: &mut Net, mut txs: impl FnMut(&mut Net) -> Vec<SignedTx>) -> Burned {
    let (mut samples, mut fuel) = (Vec::new(), 0);
    for _ in 0..blocks {
        let txs = txs(net);
        let decoded = decoding(&txs);
        let (applied, report) = net.block(txs);
        fuel = report.receipts.iter().map(|receipt| receipt.fuel_used).sum();
        samples.push(decoded + applied);
    }
    let burned = Burned { what: what.to_owned(), fuel, elapsed: Quantiles::of(samples) };
    eprintln!("{what}: {:.2} of the nominal time of {fuel} fuel", burned.share());
    burned
}

/// The greatest count with which a loop ends within the fuel of a call.
fn greatest(net: &mut Net, burn: &Loop) -> u32 {
    let mut used = |count: u32| {
        let tx = net.call(burn.entry, input(count, burn.len, 1 << 39, &burn.payload));
        let intrinsic = tx.tx().fuel_limit - net.cost().call_fuel_max;
        net.done(vec![tx]).1 - intrinsic
    };
    let (one, two) = (used(1), used(2));
    let most = net.cost().call_fuel_max;
    u32::try_from((most - one) / (two - one).max(1)).unwrap_or(u32::MAX).min(burn.most)
}

fn loops(net: &mut Net) -> Vec<Loop> {
    let artefact = (zera_library::by_name("SpecialPriceOraclePredicate").expect("built in").artefact)();
    let keys = dev_keys(&artefact.matrices).expect("development keys");
    net.publish(artefact, &keys);
    // A proof with full-size points that verifies for nothing: a wrong one is charged like a right one.
    let mut rng: ChaCha20Rng = crate::workload::rng(3);
    let inputs: Vec<_> = (0..3).map(|_| wide(&mut rng)).collect();
    let proof = super::pure::Trapdoor::new(3, &mut rng).prove(&inputs, &mut rng);
    let mut payload = keys.verifying.id().0.to_vec();
    payload.extend(proof.encode());
    payload.extend(PublicInputs::from_scalars(inputs).encode());
    let plain = |what, entry, len| Loop { what, entry, most: u32::MAX, len, payload: Vec::new() };
    vec![
        plain("host calls", "abi", 0),
        plain("short copies", "back", 0),
        plain("copies of 4 KiB", "back", 4_096),
        plain("copies of 120 KiB", "debug", 120 * 1024),
        plain("memory.fill", "fill", 120 * 1024),
        plain("divisions", "divide", 0),
        plain("sha256 of nothing", "sha256", 0),
        plain("sha256 of 120 KiB", "sha256", 120 * 1024),
        plain("input roots", "poseidon", 4 * 1024),
        plain("short input roots", "poseidon", 31),
        Loop { most: 256, ..plain("new rows of 32 bytes", "set", 32) },
        Loop { most: 256, ..plain("new rows of 16 KiB", "set", 16 * 1024) },
        Loop { most: 256, ..plain("removals", "remove", 0) },
        plain("reads", "get", 32),
        plain("reads into 16 KiB", "get", 16 * 1024),
        Loop { most: 32, ..plain("events", "emit", 1_024) },
        Loop { payload, ..plain("verifications", "verify", 96) },
    ]
}
