//! What is said about the numbers.

use super::table::facts;
use crate::bench::guard::{LOAD_MAX, NOISE_MAX};
use crate::bench::plan::Plan;
use crate::bench::report::Report;
use crate::bench::unit;
use zera_figure::escaped;
use zera_prover::Peer;

/// What makes the numbers worth less; nothing where nothing does.
pub fn warnings(report: &Report) -> String {
    let mut html = String::new();
    if !report.guard.objections.is_empty() {
        let why = escaped(&report.guard.objections.join("; "));
        html.push_str(&format!(
            "<p class=\"warning\">This machine was not quiet ({why}), and measuring was forced. The numbers say little.</p>\n"
        ));
    }
    if report.machine.build.profile != "release" {
        html.push_str(
            "<p class=\"warning\">A debug build: slower than what anyone runs. The numbers say little.</p>\n",
        );
    }
    html
}

/// Above the first table.
pub fn headline() -> &'static str {
    "<p>p50, p95, p99: from the input's bytes to the proof (witness and proving), one proof at a time. Peak memory: the most \
     that the whole process had resident during one proof, its key in two forms included. Saturated: every processor at a \
     proof of its own, one thread each. Fuel: what the host charges for decoding and verifying a proof, by its cost schedule \
     1; one unit is nominally a nanosecond.</p>\n"
}

/// Above the peers.
pub fn peers(report: &Report) -> String {
    format!(
        "<p>{} {} on the same key, matrices and assignment, in turns with ours, in alternating order; with equal blinding both \
         give the same proof, which was compared each time. The ratio is the median over all pairs, each of which ran next \
         to each other; below 1, ours is faster. Ours checks every row before it proves, the peer does not. Neither time has \
         the witness in it.</p>\n",
        Peer::NAME,
        escaped(report.machine.build.peer)
    )
}

/// The machine's fingerprint.
pub fn machine(report: &Report) -> String {
    let (machine, guard) = (&report.machine, &report.guard);
    let build = &machine.build;
    let unknown = || "not known".to_owned();
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    facts(&[
        ("processor", machine.cpu.clone()),
        ("flags that matter", or_none(&machine.flags.join(" "))),
        ("processors", machine.cpus.to_string()),
        ("cores", machine.cores.map_or_else(unknown, |cores| cores.to_string())),
        ("virtual", if machine.hypervisor { "yes".to_owned() } else { "no sign of it".to_owned() }),
        ("memory", machine.memory_bytes.map_or_else(unknown, unit::bytes)),
        ("kernel", machine.kernel.clone()),
        ("clock governor", machine.governor.clone().unwrap_or_else(unknown)),
        ("engine's backend", machine.backend.to_owned()),
        ("ZERA_CPU", machine.zera_cpu.clone().unwrap_or_else(|| "not set".to_owned())),
        ("zera", build.version.to_owned()),
        ("commit at build", build.commit.to_owned()),
        ("compiler at build", build.rustc.to_owned()),
        ("profile, target", format!("{}, {}", build.profile, build.target)),
        ("flags to the compiler", or_none(build.rustflags)),
        ("load average before", guard.before.load.map_or_else(unknown, |load| format!("{load:.2}"))),
        ("noise before, after", format!("{}, {}", percent(guard.before.noise), percent(guard.noise_after))),
        ("taken by the hypervisor meanwhile", guard.stolen.map_or_else(unknown, percent)),
    ])
}

/// What a proof is worth.
pub fn security() -> &'static str {
    "<ul>\n<li>BN254 gives about 100 bits of security: the best attack known, a number field sieve in the field of 12 &times; \
     254 bits that pairings map into, is put at about 2<sup>100</sup> steps. The curve was made for 128; whoever \
     needs those needs another curve. It is what forging a proof costs; what a proof hides does not rest on it.</li>\n\
     <li>The keys here are development keys. Every secret behind them is public, so anyone can prove anything under them; a \
     network that is not a development network refuses them. Keys of a ceremony have the same sizes, and proving with them \
     takes the same time.</li>\n\
     <li>Proving takes variable time: whoever can time a prover, or shares its caches, learns something about the witness. \
     Verifying handles nothing secret.</li>\n</ul>\n"
}

/// Samples, warm-ups, rules.
pub fn method(report: &Report) -> String {
    let plan = &report.plan;
    let list = |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "<ul>\n<li>Each cell: {} warm-ups, then up to {} pairs of proofs (the chain: {}), fewer once {} have passed, at least {}. \
         How many there were stands with the peers and in the files beside this page, with every sample.</li>\n\
         <li>No sample is thrown away. Percentiles are by nearest rank: the smallest sample that at least p of 100 samples do \
         not exceed. With fewer than 100 samples the 99th percentile is the slowest one, with fewer than 20 the 95th, too.</li>\n\
         <li>Threads: {}; the chain: {}. Every proof of a cell equals the peer's, every first proof is verified, and of the saturated machine each worker's first \
         and last; one that fails ends the run.</li>\n\
         <li>Fresh blinding for every proof; the clock is the system's monotonic one.</li>\n\
         <li>The command refuses a machine whose load average over a minute is above {LOAD_MAX} a processor, or on which the \
         90th percentile of turns of fixed work on all processors exceeds the fastest by more than {:.0} %.</li>\n</ul>\n",
        plan.warmups,
        plan.samples,
        plan.chain_samples,
        unit::time(u64::try_from(plan.cell.as_nanos()).unwrap_or(u64::MAX)),
        Plan::LEAST,
        list(&plan.threads),
        list(&plan.chain_threads),
        NOISE_MAX * 100.0,
    )
}

/// What is missing.
pub const NOT_SHOWN: [&str; 6] = [
    "a GPU: this version proves on processors only",
    "energy, where the processor's counters can not be read (then it says: not measured), and what cooling adds",
    "the network: submitting, waiting for a block, the fee of a transaction",
    "stakes lost to missed deadlines, and the idle time that a market brings",
    "other provers than ark-groth16: rapidsnark, gnark, snarkjs",
    "the disk's own time when keys are loaded, and how the machine fares when it gets hot",
];

/// What is missing, and the command.
pub fn limits(report: &Report) -> String {
    let items: String = NOT_SHOWN.iter().map(|what| format!("<li>{}</li>\n", escaped(what))).collect();
    format!("<ul>\n{items}</ul>\n<p>To remake it:</p>\n<pre>{}</pre>\n", escaped(&report.command))
}
