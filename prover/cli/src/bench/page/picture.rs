//! The report's pictures.

use crate::bench::plot::{Bar, Curve, Part, Scale, Strip, bars, lines, strips};
use crate::bench::report::{Cell, Cold, Measured, Report};
use crate::bench::unit;

/// Colours of curves.
const COLOURS: usize = 6;

fn class(at: usize) -> String {
    format!("s{}", at % COLOURS)
}

/// Bars of what a proof is made of.
pub fn phases(report: &Report) -> String {
    let bar = |measured: &Measured| {
        let part = |(at, (name, ns))| Part { name, class: format!("p{at}"), ns };
        Bar { name: measured.name.clone(), parts: measured.phases().into_iter().enumerate().map(part).collect() }
    };
    let all: Vec<Bar> = report.predicates.iter().map(bar).filter(|bar| !bar.parts.is_empty()).collect();
    format!(
        "<p>On one thread, where nothing overlaps, so that the parts add up: means over the middle half of the proofs. \
         Witness: from the input's bytes to the assignment. Rows: evaluating and checking every one. Quotient: the \
         transforms. MSMs: the five sums of points. Assembly: blinding and what is left. Verify: decoding and checking the \
         proof, which a provider does before it answers.</p>\n{}",
        bars("Parts of a proof on one thread", &all)
    )
}

/// Bars of first proofs beside later ones.
pub fn cold(report: &Report) -> String {
    let parts = |cold: &Cold| {
        let part = |name, class: &str, ns: u64| Part { name, class: class.to_owned(), ns: ns as f64 };
        vec![
            part("load keys", "c0", cold.load_ns),
            part("take into the engine's form", "c1", cold.take_ns),
            part("witness", "p0", cold.witness_ns),
            part("prove", "s0", cold.prove_ns),
        ]
    };
    let mut all = Vec::new();
    for measured in &report.predicates {
        let Some((first, again)) = measured.cold() else { continue };
        let warm = measured.widest().and_then(|cell| {
            let (latency, proving) = (cell.latency()?, cell.proving()?);
            let witness_ns = latency.p50.saturating_sub(proving.p50);
            Some(Cold { load_ns: 0, take_ns: 0, witness_ns, prove_ns: proving.p50 })
        });
        let kinds = [("first", Some(first)), ("again", Some(again)), ("warm", warm)];
        let bars = kinds.iter().filter_map(|(kind, cold)| Some((kind, (*cold)?)));
        all.extend(bars.map(|(kind, cold)| Bar { name: format!("{}: {kind}", measured.name), parts: parts(&cold) }));
    }
    format!(
        "<p>On the most threads. First: the first proof of this circuit in the process, keys read from files that the \
         system still had in memory, hashed, every point checked. Again: the median of the same done over. Warm: the median \
         of proofs with a key that was taken once, which is how a provider works.</p>\n{}",
        bars("First proofs and later ones", &all)
    )
}

/// How much faster more threads are.
pub fn threads(report: &Report) -> String {
    let mut curves = Vec::new();
    let mut most: f64 = 1.0;
    for (at, measured) in report.predicates.iter().enumerate() {
        let Some(one) = measured.narrowest().and_then(Cell::latency) else { continue };
        let point = |cell: &Cell| Some((cell.threads as f64, one.p50 as f64 / cell.latency()?.p50.max(1) as f64));
        let points: Vec<(f64, f64)> = measured.cells.iter().filter_map(point).collect();
        most = points.iter().map(|(threads, _)| *threads).fold(most, f64::max);
        curves.push(Curve { name: measured.name.clone(), class: class(at), measured: true, points });
    }
    let least = report.plan.threads.first().copied().unwrap_or(1) as f64;
    let points = vec![(least, 1.0), (most.max(least), (most / least).max(1.0))];
    curves.push(Curve { name: "as many times as threads".to_owned(), class: "s5".to_owned(), measured: false, points });
    let picture = lines(
        "Times as fast by threads",
        Scale::count("threads"),
        Scale::factor("times as fast as with the fewest"),
        &curves,
    );
    format!(
        "<p>One proof at a time, medians. Where many proofs wait, one thread for each proof loses nothing to threads that \
         wait for each other: the saturated column of the first table.</p>\n{picture}"
    )
}

/// How time grows with rows.
pub fn size(report: &Report) -> String {
    let mut curves = Vec::new();
    for &threads in &report.plan.chain_threads {
        let curve = |value: &dyn Fn(&Cell) -> Option<u64>| -> Vec<(f64, f64)> {
            let cells = report.chain.iter().filter_map(|point| {
                let cell = point.cells.iter().find(|cell| cell.threads == threads)?;
                Some((point.sizes.rows as f64, value(cell)? as f64))
            });
            cells.collect()
        };
        let ours = curve(&|cell| cell.proving().map(|summary| summary.p50));
        let peer = curve(&|cell| cell.peer().map(|summary| summary.p50));
        for (who, points) in [("zera", ours), ("ark-groth16", peer)] {
            let name = format!("{who}, chain, threads: {threads}");
            curves.push(Curve { name, class: class(curves.len()), measured: true, points });
        }
    }
    let predicates = report
        .predicates
        .iter()
        .filter_map(|measured| Some((measured.sizes.rows as f64, measured.widest()?.proving()?.p50 as f64)));
    let mut points: Vec<(f64, f64)> = predicates.collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let name = "zera, predicates, most threads".to_owned();
    curves.push(Curve { name, class: class(curves.len()), measured: true, points });
    let picture = lines("Proving time by rows", Scale::count("rows"), Scale::time("proving, median"), &curves);
    format!(
        "<p>A chain x' = x&sup2; + c that fills its domain, and the predicates. Every value of the chain is as wide as the \
         field, where a predicate's are mostly bits: a predicate of the same size is faster, as a rule. From the assignment to the \
         proof, medians.</p>\n{picture}"
    )
}

/// Bars of both provers.
pub fn peers(report: &Report) -> String {
    let mut all = Vec::new();
    for measured in &report.predicates {
        for cell in &measured.cells {
            let times = [("zera", "s0", cell.proving()), ("ark-groth16", "s1", cell.peer())];
            all.extend(times.into_iter().filter_map(|(who, class, summary)| {
                let part = Part { name: who, class: class.to_owned(), ns: summary?.p50 as f64 };
                Some(Bar { name: format!("{}, {}", measured.name, unit::threads(cell.threads)), parts: vec![part] })
            }));
        }
    }
    bars("Both provers, medians", &all)
}

/// Every sample of every predicate.
pub fn distribution(report: &Report) -> String {
    let mut all = Vec::new();
    for (at, measured) in report.predicates.iter().enumerate() {
        all.extend(measured.cells.iter().map(|cell| Strip {
            name: format!("{}, {}", measured.name, unit::threads(cell.threads)),
            class: class(at),
            samples: cell.ours.iter().map(crate::bench::report::Sample::latency_ns).collect(),
        }));
    }
    format!(
        "<p>Each proof's time over the median of its kind. The upright bars are the 50th, 95th and 99th percentile.</p>\n{}",
        strips("Every sample over its median", &all)
    )
}
