//! Blocks a second, and proved submissions a second through a whole node: HTTP on loopback, real transactions and proofs.
//!
//! The node's work is also timed step by step, so that the rate can be told from its parts: admission (HTTP, decoding, the
//! signature, the pool), verification, application in memory, and what the ledger's commit adds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use zera_benches::workload::block::{Ready, Stage};
use zera_host::{SignedTx, Verdicts, verify_jobs};
use zera_ledger::Ledger;
use zera_market::ports::{MemStore, Store};
use zera_node::{BlockMode, Node, NodeConfig};

/// Submissions of one iteration: fewer than a block may verify.
const SUBMISSIONS: usize = 96;
/// Who submits: a node keeps 16 transactions of a sender at a time.
const PROVIDERS: u8 = 8;
/// Connections that the submissions come over.
const CONNECTIONS: usize = 4;
const TRANSFERS: usize = 100;
/// Longer than any bench: a node with this interval admits and makes no block.
const NEVER: Duration = Duration::from_secs(3_600);

/// A folder on the disk of the build: the system's folder for temporary files may be memory.
fn ledger() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let ledger = Ledger::open(folder.path().join("ledger")).expect("a ledger");
    (folder, Arc::new(ledger))
}

fn store(word: &str) -> (Option<TempDir>, Arc<dyn Store>) {
    if word == "memory" {
        return (None, Arc::new(MemStore::default()));
    }
    let (folder, store) = ledger();
    (Some(folder), store)
}

/// Nothing, transfers, one proof; each on the ledger and in memory.
fn blocks(criterion: &mut Criterion, stage: &Stage) {
    let mut group = criterion.benchmark_group("node::block");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(1));
    for content in ["empty", "transfers=100", "proofs=1"] {
        for word in ["ledger", "memory"] {
            let setup = || {
                let (folder, store) = store(word);
                let mut ready = stage.ready_on(store, usize::from(content == "proofs=1"), false);
                if content == "transfers=100" {
                    ready.txs = stage.transfers(&ready.chain, TRANSFERS);
                }
                (folder, ready)
            };
            let apply = |(folder, ready): (Option<TempDir>, Ready)| {
                let count = ready.txs.len();
                let (chain, report) = ready.apply();
                assert_eq!(report.receipts.len(), count, "{:?}", report.rejected);
                (folder, chain)
            };
            group.bench_function(format!("content={content} store={word}"), |bench| {
                bench.iter_batched(setup, apply, BatchSize::PerIteration);
            });
        }
    }
    group.finish();
}

/// One kept connection.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn open(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the node listens");
        stream.set_nodelay(true).expect("a socket");
        Client { stream: BufReader::new(stream) }
    }

    /// Status and body of one request.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        let len = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\r\n"
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat()).expect("sent");
        let (mut line, mut len) = (String::new(), 0);
        self.stream.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    len = value.trim().parse().expect("a length");
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut bytes = vec![0; len];
        self.stream.read_exact(&mut bytes).expect("a body");
        (status, String::from_utf8(bytes).expect("text"))
    }

    fn send(&mut self, body: &str) {
        let (status, answer) = self.ask("POST", "/v1/tx", body);
        assert!(matches!(status, 200 | 202), "{status} {answer}");
    }

    fn waiting(&mut self) -> u64 {
        let (_, answer) = self.ask("GET", "/v1/status", "");
        let status: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        status["pending_txs"].as_u64().expect("a count")
    }
}

/// A node at the point where its next transactions are the submissions.
struct Running {
    runtime: Runtime,
    node: Node,
    _folder: TempDir,
}

impl Running {
    fn start(stage: &Stage, block: BlockMode, verify_threads: usize) -> Running {
        let (folder, store) = ledger();
        stage.fill(store.as_ref());
        let runtime = Runtime::new().expect("a runtime");
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let artefacts = (zera_node::ArtefactPlace::Memory, zera_node::ArtefactLimits::standard());
        let config = NodeConfig {
            genesis: stage.genesis().clone(),
            store,
            listen,
            block,
            verify_threads,
            artefacts,
            token: None,
        };
        let node = runtime.block_on(Node::start(config)).expect("starts");
        Running { runtime, node, _folder: folder }
    }

    /// Sends everything over some connections, each sender's own over one and in order.
    fn send(&self, bodies: &[String]) {
        let address = self.node.addr();
        thread::scope(|scope| {
            for lane in 0..CONNECTIONS {
                scope.spawn(move || {
                    let mut client = Client::open(address);
                    bodies.iter().skip(lane).step_by(CONNECTIONS).for_each(|body| client.send(body));
                });
            }
        });
    }

    /// Until nothing waits.
    fn drain(&self) {
        let mut client = Client::open(self.node.addr());
        while client.waiting() != 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn stop(self) {
        self.runtime.block_on(self.node.shutdown()).expect("no fault");
    }
}

fn bodies(submissions: &[SignedTx]) -> Vec<String> {
    let hex = |tx: &SignedTx| tx.encode().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    submissions.iter().map(|tx| format!("{{\"tx\":\"{}\"}}", hex(tx))).collect()
}

fn submissions(criterion: &mut Criterion, stage: &Stage) {
    let bodies = bodies(stage.submissions());
    let mut group = criterion.benchmark_group("node::submissions");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.throughput(Throughput::Elements(SUBMISSIONS as u64));
    for threads in [1, 2] {
        group.bench_function(format!("proofs={SUBMISSIONS} step=all threads={threads}"), |bench| {
            bench.iter_custom(|count| {
                let mut elapsed = Duration::ZERO;
                for _ in 0..count {
                    let running = Running::start(stage, BlockMode::Instant, threads);
                    let start = Instant::now();
                    running.send(&bodies);
                    running.drain();
                    elapsed += start.elapsed();
                    accepted(&running, stage);
                    running.stop();
                }
                elapsed
            });
        });
    }
    // The same step by step.
    group.bench_function(format!("proofs={SUBMISSIONS} step=admit"), |bench| {
        bench.iter_custom(|count| {
            let mut elapsed = Duration::ZERO;
            for _ in 0..count {
                let running = Running::start(stage, BlockMode::Every(NEVER), 1);
                let start = Instant::now();
                running.send(&bodies);
                elapsed += start.elapsed();
                assert_eq!(Client::open(running.node.addr()).waiting(), SUBMISSIONS as u64);
                running.stop();
            }
            elapsed
        });
    });
    let encoded: Vec<Vec<u8>> = stage.submissions().iter().map(SignedTx::encode).collect();
    group.bench_function(format!("proofs={SUBMISSIONS} step=decode"), |bench| {
        bench.iter(|| encoded.iter().filter(|bytes| SignedTx::decode(bytes).is_ok()).count());
    });
    let jobs = stage.jobs(&stage.ready(SUBMISSIONS, false).chain, SUBMISSIONS);
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let chunk = SUBMISSIONS.div_ceil(threads).min(64);
        group.bench_function(format!("proofs={SUBMISSIONS} step=verify threads={threads}"), |bench| {
            bench.iter(|| pool.install(|| jobs.par_chunks(chunk).flat_map_iter(verify_jobs).count()));
        });
    }
    let mut verdicts = Verdicts::default();
    verdicts.extend(verify_jobs(&jobs));
    for word in ["memory", "ledger"] {
        let setup = || {
            let (folder, store) = store(word);
            let mut ready = stage.ready_on(store, SUBMISSIONS, false);
            ready.verdicts = verdicts.clone();
            (folder, ready)
        };
        group.bench_function(format!("proofs={SUBMISSIONS} step=apply store={word}"), |bench| {
            bench.iter_batched(setup, |(folder, ready)| (folder, ready.apply()), BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// Every submission is in a block and was taken.
fn accepted(running: &Running, stage: &Stage) {
    let mut client = Client::open(running.node.addr());
    for tx in stage.submissions() {
        let (status, answer) = client.ask("GET", &format!("/v1/tx/{}", tx.hash()), "");
        assert!(status == 200 && answer.contains("\"done\""), "{status} {answer}");
    }
}

fn all(criterion: &mut Criterion) {
    let stage = Stage::with_providers(SUBMISSIONS, PROVIDERS);
    blocks(criterion, &stage);
    submissions(criterion, &stage);
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = all }
criterion_main!(benches);
