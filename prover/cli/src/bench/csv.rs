//! The report as one table: a row for every circuit, prover and number of threads. Times in nanoseconds.

use crate::bench::report::{Measured, Report};
use crate::bench::stats::Summary;

/// The columns. What a row does not have is empty.
pub const HEAD: &str = "circuit,kind,prover,threads,n,min_ns,p50_ns,p95_ns,p99_ns,max_ns,mean_ns,witness_p50_ns,rows,wires,\
                        domain,nonzeros,publics,proving_key_bytes,proof_bytes,peak_memory_bytes,verify_p50_ns,verify_fuel,\
                        saturated_per_second,joules_per_proof";

/// The table, its head first. Proving alone: from the assignment to the proof, for both provers.
pub fn csv(report: &Report) -> String {
    let mut text = format!("{HEAD}\n");
    for measured in report.predicates.iter().chain(&report.chain) {
        for cell in &measured.cells {
            let peak = cell.memory.map(|memory| memory.peak);
            let witness = Summary::of(&cell.ours.iter().map(|sample| sample.witness_ns).collect::<Vec<_>>());
            let ours = (cell.proving(), witness.map(|witness| witness.p50), peak);
            let rows = [("zera", ours), (zera_prover::Peer::NAME, (cell.peer(), None, None))];
            for (prover, (times, witness, peak)) in rows {
                let Some(times) = times else { continue };
                text.push_str(&row(measured, prover, cell.threads, &times, witness, peak));
            }
        }
    }
    text
}

fn row(
    measured: &Measured,
    prover: &str,
    threads: usize,
    times: &Summary,
    witness: Option<u64>,
    peak: Option<u64>,
) -> String {
    let sizes = &measured.sizes;
    let verify = Summary::of(&measured.verify).map(|verify| verify.p50);
    // Of ours alone.
    let saturated = measured.saturated.filter(|_| prover == "zera");
    let number = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    let mut cells = vec![quoted(&measured.name), measured.kind.name().to_owned(), prover.to_owned()];
    cells.push(threads.to_string());
    cells.push(times.n.to_string());
    cells.extend([times.min, times.p50, times.p95, times.p99, times.max, times.mean].map(|ns| ns.to_string()));
    cells.push(number(witness));
    cells.extend([sizes.rows, sizes.wires, sizes.domain, sizes.nonzeros, sizes.publics].map(|count| count.to_string()));
    cells.extend([sizes.proving_key_bytes, sizes.proof_bytes].map(|bytes| bytes.to_string()));
    cells.extend([number(peak), number(verify), measured.verify_fuel.to_string()]);
    cells.push(saturated.map_or_else(String::new, |saturated| format!("{:.4}", saturated.per_second)));
    let joules = saturated.and_then(|saturated| saturated.joules);
    cells.push(joules.map_or_else(String::new, |joules| format!("{joules:.4}")));
    cells.join(",") + "\n"
}

/// A text as a cell, in quotes where it needs them.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn every_row_has_every_column() {
        let text = csv(&report(&["RangePredicate"]));
        let columns = HEAD.split(',').count();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        // One predicate and three sizes of the chain, on two numbers of threads, by two provers.
        assert_eq!(rows.len(), 1 + 4 * 2 * 2);
        assert!(rows.iter().all(|row| row.len() == columns), "{text}");
        let at = |name: &str| HEAD.split(',').position(|column| column == name).unwrap();
        assert_eq!((rows[1][at("p50_ns")], rows[1][at("saturated_per_second")]), ("7200020", "200.0000"));
        assert_eq!(
            (rows[2][at("prover")], rows[2][at("p50_ns")], rows[2][at("joules_per_proof")]),
            ("ark-groth16", "14400040", "")
        );
    }

    #[test]
    fn names_stay_in_their_cell() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("plain"), "plain");
    }
}
