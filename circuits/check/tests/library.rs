//! The built-in predicates are certified.

use zera_check::check;
use zera_library::registry;

#[test]
fn every_built_in_predicate_is_certified() {
    for predicate in registry() {
        let artefact = (predicate.artefact)();
        let start = std::time::Instant::now();
        let report = check(artefact).unwrap_or_else(|error| {
            panic!("{}: {error}", predicate.name);
        });
        println!(
            "{}: {} rows, {} wires, {} free, {} assumed, {} rows may refuse, certificate {} bytes, {:?}",
            predicate.name,
            report.rows,
            report.wires,
            report.free.len(),
            report.assumed.len(),
            report.asserted.len(),
            artefact.certificate.len(),
            start.elapsed(),
        );
        for row in &report.asserted {
            println!("   {row} {:?}", artefact.spans.text(*row as usize));
        }
    }
}
