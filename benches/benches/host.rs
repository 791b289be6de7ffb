//! Contract calls, blocks with proofs, and deployment.

use std::hint::black_box;
use std::thread;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use wasmparser::Validator;
use zera_abi::Status;
use zera_benches::pair;
use zera_benches::workload::SPECIAL_PRICE_WASM;
use zera_benches::workload::block::Stage;
use zera_benches::workload::desk::{CONTRACT, Desk, USER};
use zera_benches::workload::predicate::quotes;
use zera_host::validate::validate;
use zera_host::{Call, CallEnd, CostSchedule, Entry, EntryName, Runner, verify_jobs};
use zera_native::THREAD_STACK_LEN;

const EMPTY: &str = "(module (memory (export \"memory\") 1 1) (func (export \"zera_abi_1\")) (func (export \"run\")))";
const FUEL: u64 = 20_000_000;

fn runner() -> Runner {
    Runner::new(CostSchedule::v1()).expect("the engine starts")
}

fn empty_module() -> Vec<u8> {
    wat::parse_str(EMPTY).expect("a module")
}

/// One call that must return; the desk afterwards.
fn call(runner: &Runner, wasm: &[u8], desk: Desk, entry: &Entry, input: &[u8]) -> Desk {
    let call = Call { contract: CONTRACT, caller: USER, entry: entry.clone(), input: input.to_vec(), fuel_limit: FUEL };
    let (desk, report) = runner.call(desk, &zera_statement::code_hash(wasm), wasm, call);
    let report = report.expect("no fault");
    assert!(matches!(report.end, CallEnd::Done { code: 0, .. }), "{:?}", report.end);
    desk
}

fn user(name: &str) -> Entry {
    Entry::User(EntryName::parse(name).expect("a name"))
}

fn calls(criterion: &mut Criterion) {
    let runner = runner();
    let mut group = criterion.benchmark_group("host::call");

    // An empty entry: thread, instance and accounting. The thread alone is what any call pays at least.
    let (empty, run) = (empty_module(), user("run"));
    validate(&empty).expect("deployable");
    let thread_alone = |_: &Desk| {
        let thread = thread::Builder::new().stack_size(THREAD_STACK_LEN).spawn(|| black_box(1));
        thread.expect("a thread starts").join().expect("it ends")
    };
    pair(
        &mut group,
        Desk::default,
        ("entry=empty by=contract", |desk: &Desk| call(&runner, &empty, desk.clone(), &run, &[])),
        ("entry=empty by=thread", thread_alone),
    );

    // The published contract asks.
    let (public, ask) = (quotes().encode().expect("15 quotes"), user("evaluate_complex_condition"));
    let by_contract = |desk: &Desk| call(&runner, SPECIAL_PRICE_WASM, desk.clone(), &ask, &public);
    let natively = |desk: &Desk| {
        let mut desk = desk.clone();
        assert_eq!(desk.ask_natively(&public), Status::Ok);
        desk
    };
    for desk in [by_contract(&Desk::default()), natively(&Desk::default())] {
        assert_eq!(desk.asked, [public.to_vec()]);
        assert!(desk.pending.contains(&0), "the contract waits for it");
    }
    pair(&mut group, Desk::default, ("entry=ask by=contract", by_contract), ("entry=ask by=native", natively));

    // It is called back.
    let back = Entry::Result { handle: 0, result: true };
    let by_contract = |desk: &Desk| call(&runner, SPECIAL_PRICE_WASM, desk.clone(), &back, &[]);
    let natively = |desk: &Desk| {
        let mut desk = desk.clone();
        assert_eq!(desk.answer_natively(0, true), Status::Ok);
        desk
    };
    let answered = || Desk::answered(&public);
    for desk in [by_contract(&answered()), natively(&answered())] {
        assert_eq!(desk.storage.get(b"state".as_slice()), Some(&vec![1]));
        assert_eq!(desk.events, [(b"condition".to_vec(), vec![1])]);
        assert!(desk.pending.is_empty(), "cleared");
    }
    pair(&mut group, answered, ("entry=call_back by=contract", by_contract), ("entry=call_back by=native", natively));
    group.finish();
}

/// Ten thousand host calls in one call of a contract, beside as many turns of the same loop without them.
fn dispatch(criterion: &mut Criterion) {
    const CALLS: u64 = 10_000;
    let runner = runner();
    let module = |body: &str| {
        let text = format!(
            "(module (import \"zera1\" \"abi_version\" (func $host (result i32))) (memory (export \"memory\") 1 1)
              (func (export \"zera_abi_1\")) (func (export \"run\") (local $i i32) (local.set $i (i32.const {CALLS}))
                (loop $again {body} (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))))"
        );
        let wasm = wat::parse_str(text).expect("a module");
        validate(&wasm).expect("deployable");
        wasm
    };
    let (calling, turning) = (module("(drop (call $host))"), module(""));
    let run = user("run");
    let mut group = criterion.benchmark_group("host::dispatch");
    group.throughput(Throughput::Elements(CALLS));
    pair(
        &mut group,
        Desk::default,
        ("calls=10000 function=abi_version", |desk: &Desk| call(&runner, &calling, desk.clone(), &run, &[])),
        ("calls=10000 function=none", |desk: &Desk| call(&runner, &turning, desk.clone(), &run, &[])),
    );
    group.finish();
}

/// A block of submissions on a store in memory: proofs judged ahead, or while the block is applied; and judging alone, in
/// one batch on one thread, which is what a node does ahead.
fn blocks(criterion: &mut Criterion) {
    let sizes = [1, 16, 64];
    let stage = Stage::new(64);
    let mut group = criterion.benchmark_group("host::apply");
    group.sampling_mode(SamplingMode::Flat);
    for count in sizes {
        let roots = [true, false].map(|ahead| stage.check(count, stage.ready(count, ahead).apply()));
        assert_eq!(roots[0], roots[1], "a verdict's time does not show in the state");
        group.throughput(Throughput::Elements(count as u64));
        for (word, ahead) in [("ahead", true), ("inline", false)] {
            group.bench_function(format!("proofs={count} verdicts={word}"), |bench| {
                bench.iter_batched(|| stage.ready(count, ahead), |ready| ready.apply(), BatchSize::PerIteration);
            });
        }
        let jobs = stage.jobs(&stage.ready(count, false).chain, count);
        group.bench_function(format!("proofs={count} verdicts=alone"), |bench| bench.iter(|| verify_jobs(&jobs)));
    }
    group.finish();
}

fn deployment(criterion: &mut Criterion) {
    let wasm = SPECIAL_PRICE_WASM;
    let (empty, code) = (empty_module(), zera_statement::code_hash(wasm));
    let empty_code = zera_statement::code_hash(&empty);
    let facts = validate(wasm).expect("deployable");
    assert_eq!(facts.entries, ["evaluate_complex_condition", "query"]);
    Validator::new().validate_all(wasm).expect("valid");

    let mut group = criterion.benchmark_group("host::deploy");
    group
        .bench_function("step=validate module=special_price by=zera", |bench| bench.iter(|| validate(black_box(wasm))));
    group.bench_function("step=validate module=special_price by=wasmparser", |bench| {
        bench.iter(|| Validator::new().validate_all(black_box(wasm)).is_ok());
    });
    // A new runner each time has nothing compiled.
    for (word, code, wasm) in [("special_price", &code, wasm), ("empty", &empty_code, empty.as_slice())] {
        group.bench_function(format!("step=compile module={word}"), |bench| {
            let compile = |runner: Runner| {
                runner.compile(code, wasm).expect("compiles");
                runner
            };
            bench.iter_batched(runner, compile, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = calls, dispatch, blocks, deployment }
criterion_main!(benches);
