//! The report for programs: every number, every sample.
//!
//! `schema` is `zera-bench-report`. Its `version` grows when a field changes its meaning or goes away; fields may be added.
//! Times are nanoseconds, sizes bytes; what was not measured is `null`.
//!
//! `other_peers` is where provers that are no part of this program belong (rapidsnark, gnark, snarkjs), once the command takes
//! paths to them: a list of `{"name", "version", "flags", "circuit", "threads", "prove_ns": [..]}`. It is empty today.

use serde_json::{Map, Value, json};
use zera_prover::{Peer, Stage};

use crate::bench::guard::{LOAD_MAX, NOISE_MAX};
use crate::bench::machine::Build;
use crate::bench::page::NOT_SHOWN;
use crate::bench::plan::Plan;
use crate::bench::report::{Cell, Cold, Measured, Report, Sample};
use crate::bench::stats::Summary;
use crate::bench::unit;

/// Name of the schema.
pub const SCHEMA: &str = "zera-bench-report";
/// Its version.
pub const VERSION: u32 = 1;

/// Everything.
pub fn json(report: &Report) -> Value {
    let (plan, guard) = (&report.plan, &report.guard);
    json!({
        "schema": SCHEMA,
        "version": VERSION,
        "made": unit::moment(report.made),
        "made_seconds": unit::since_1970(report.made),
        "command": report.command,
        "machine": machine(report),
        "build": build(&report.machine.build),
        "guard": {
            "forced": !guard.objections.is_empty(),
            "objections": guard.objections,
            "load": guard.before.load,
            "load_max": LOAD_MAX * report.machine.cpus as f64,
            "noise": guard.before.noise,
            "noise_after": guard.noise_after,
            "noise_max": NOISE_MAX,
            "stolen": guard.stolen,
        },
        "method": {
            "quick": report.quick,
            "samples_max": plan.samples,
            "chain_samples_max": plan.chain_samples,
            "samples_min": Plan::LEAST,
            "warmups": plan.warmups,
            "cell_ns": ns(plan.cell),
            "saturated_ns": ns(plan.saturated),
            "threads": plan.threads,
            "chain_threads": plan.chain_threads,
            "percentiles": "nearest rank",
            "outliers": "none removed",
            "phases": "one thread, means over the middle half of the samples by latency",
        },
        "price": {
            "usd_per_hour": report.price.usd_per_hour,
            "utilisation_percent": report.price.utilisation_percent,
            "example": report.price.example,
        },
        "predicates": report.predicates.iter().map(|measured| circuit(report, measured)).collect::<Vec<_>>(),
        "chain": report.chain.iter().map(|measured| circuit(report, measured)).collect::<Vec<_>>(),
        "peers": [{"name": Peer::NAME, "version": report.machine.build.peer}],
        "other_peers": [],
        "security": {"curve": "BN254", "bits": 100, "keys": "dev", "constant_time": false},
        "not_shown": NOT_SHOWN,
    })
}

/// The numbers of the first table: what the command prints.
pub fn headline(report: &Report) -> Value {
    let row = |measured: &Measured| {
        let cells: Vec<Value> = measured
            .cells
            .iter()
            .map(|cell| {
                json!({
                    "threads": cell.threads,
                    "n": cell.ours.len(),
                    "latency_ns": percentiles(cell.latency()),
                    "peak_memory_bytes": cell.memory.map(|memory| memory.peak),
                    "ratio": cell.ratio(),
                })
            })
            .collect();
        json!({
            "name": measured.name,
            "rows": measured.sizes.rows,
            "cells": cells,
            "saturated_per_second": measured.saturated.map(|saturated| saturated.per_second),
            "verify_p50_ns": Summary::of(&measured.verify).map(|verify| verify.p50),
            "verify_fuel": measured.verify_fuel,
        })
    };
    let predicates: Vec<Value> = report.predicates.iter().map(row).collect();
    json!({"predicates": predicates, "forced": !report.guard.objections.is_empty(), "backend": report.machine.backend})
}

fn ns(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn machine(report: &Report) -> Value {
    let machine = &report.machine;
    json!({
        "cpu": machine.cpu,
        "flags": machine.flags,
        "cpus": machine.cpus,
        "cores": machine.cores,
        "hypervisor": machine.hypervisor,
        "memory_bytes": machine.memory_bytes,
        "kernel": machine.kernel,
        "governor": machine.governor,
        "backend": machine.backend,
        "zera_cpu": machine.zera_cpu,
    })
}

fn build(build: &Build) -> Value {
    json!({
        "version": build.version,
        "commit": build.commit,
        "rustc": build.rustc,
        "profile": build.profile,
        "target": build.target,
        "rustflags": build.rustflags,
    })
}

fn circuit(report: &Report, measured: &Measured) -> Value {
    let sizes = &measured.sizes;
    let [saturated, alone] = measured.machine_seconds();
    let usd = |seconds: Option<f64>| seconds.map(|seconds| report.price.usd(seconds * 1_000.0));
    let phases: Map<String, Value> = measured.phases().into_iter().map(|(name, ns)| (key(name), json!(ns))).collect();
    json!({
        "name": measured.name,
        "kind": measured.kind.name(),
        "rows": sizes.rows,
        "wires": sizes.wires,
        "domain": sizes.domain,
        "nonzeros": sizes.nonzeros,
        "publics": sizes.publics,
        "proving_key_bytes": sizes.proving_key_bytes,
        "verifying_key_bytes": sizes.verifying_key_bytes,
        "proof_bytes": sizes.proof_bytes,
        "dev_keys_ns": measured.keys_ns,
        "cells": measured.cells.iter().map(cell).collect::<Vec<_>>(),
        "phases_ns": phases,
        "cold": measured.cold.iter().map(cold).collect::<Vec<_>>(),
        "verify_ns": percentiles(Summary::of(&measured.verify)),
        "verify_samples_ns": measured.verify,
        "verify_fuel": measured.verify_fuel,
        "claim_fuel": measured.claim_fuel,
        "saturated": measured.saturated.map(|saturated| json!({
            "workers": saturated.workers,
            "proofs": saturated.proofs,
            "per_second": saturated.per_second,
            "joules_per_proof": saturated.joules,
        })),
        "machine_seconds": {"saturated": saturated, "one_by_one": alone},
        "usd_per_1000": {"saturated": usd(saturated), "one_by_one": usd(alone)},
    })
}

fn cell(cell: &Cell) -> Value {
    let samples: Vec<Value> = cell.ours.iter().map(sample).collect();
    json!({
        "threads": cell.threads,
        "latency_ns": percentiles(cell.latency()),
        "prove_ns": percentiles(cell.proving()),
        "peer_prove_ns": percentiles(cell.peer()),
        "ratio": cell.ratio(),
        "peak_memory_bytes": cell.memory.map(|memory| memory.peak),
        "memory_before_bytes": cell.memory.map(|memory| memory.before),
        "samples": samples,
        "peer_samples_ns": cell.peer,
    })
}

fn sample(sample: &Sample) -> Value {
    let mut stages: Map<String, Value> = Map::new();
    for (stage, ns) in Stage::ALL.iter().zip(sample.stages_ns) {
        stages.insert(key(stage.name()), ns.into());
    }
    json!({"witness_ns": sample.witness_ns, "prove_ns": sample.prove_ns, "stages_ns": stages})
}

fn cold(cold: &Cold) -> Value {
    json!({"load_ns": cold.load_ns, "take_ns": cold.take_ns, "witness_ns": cold.witness_ns, "prove_ns": cold.prove_ns})
}

fn percentiles(summary: Option<Summary>) -> Value {
    summary.map_or(Value::Null, |of| {
        json!({"n": of.n, "min": of.min, "p50": of.p50, "p95": of.p95, "p99": of.p99, "max": of.max, "mean": of.mean})
    })
}

/// A stage's name as a field.
fn key(name: &str) -> String {
    name.replace(' ', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn everything_is_there_and_nothing_is_infinite() {
        let json = json(&report(&["RangePredicate"]));
        assert_eq!((&json["schema"], &json["version"]), (&SCHEMA.into(), &VERSION.into()));
        let predicate = &json["predicates"][0];
        assert_eq!(predicate["cells"][1]["samples"].as_array().unwrap().len(), 5);
        assert_eq!(predicate["cells"][0]["latency_ns"]["p50"], 7_300_022);
        assert_eq!(predicate["phases_ns"]["msm_b_g2"], 1_000_002.0);
        // 5 ms of the machine a proof: 5 s at half a dollar an hour, half of the time.
        let usd = predicate["usd_per_1000"]["saturated"].as_f64().unwrap();
        assert!((usd - 5.0 / 3600.0).abs() < 1e-9, "{usd}");
        assert_eq!(json["chain"].as_array().unwrap().len(), 3);
        assert_eq!((&json["guard"]["forced"], &json["other_peers"]), (&false.into(), &json!([])));
        // serde_json writes what is no number as null.
        assert!(json["guard"]["noise"].is_f64());
        let headline = headline(&report(&["RangePredicate"]));
        assert_eq!(headline["predicates"][0]["cells"][1]["threads"], 2);
    }
}
