//! The predicate compiler: hash functions from WASM to artefacts, and the tapes that come out.
//!
//! Throughput counts rows where modules are compiled, and operations where tapes run, one for a sum however many terms it
//! has.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zera_benches::workload::compiled::modules;

fn compiling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile::module");
    for module in modules() {
        let compiled = module.compile();
        module.assert_answer(&compiled);
        let rows = compiled.artefact.matrices.rows();
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(format!("name={} rows={rows}", module.name), |bench| bench.iter(|| module.compile()));
    }
    group.finish();
}

fn tapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile::tape");
    for module in modules() {
        let compiled = module.compile();
        module.assert_answer(&compiled);
        let (tape, inputs) = (&compiled.artefact.tape, module.inputs());
        let operations = tape.operations();
        group.throughput(Throughput::Elements(operations as u64));
        group.bench_function(format!("name={} operations={operations}", module.name), |bench| {
            bench.iter(|| tape.run(black_box(&inputs)));
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = compiling, tapes }
criterion_main!(benches);
