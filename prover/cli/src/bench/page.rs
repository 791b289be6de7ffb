//! One page that needs nothing beside itself: no network, no font, no library; a few lines of script for the dollars.

mod cost; // dollars
mod picture; // the report's pictures
mod table; // tables
mod text; // what is said about it

use zera_figure::escaped;

use crate::bench::report::{Measured, Report};
use crate::bench::unit;

use self::table::Table;

pub use self::text::NOT_SHOWN;

/// A section: its anchor, its title, its HTML.
type Section = (&'static str, &'static str, String);

/// The page.
pub fn page(report: &Report) -> String {
    let sections: [Section; 12] = [
        ("headline", "What a proof takes", headline(report)),
        ("cost", "What a thousand proofs cost", cost::section(report)),
        ("phases", "Where the time goes", picture::phases(report)),
        ("cold", "Cold against warm", picture::cold(report)),
        ("threads", "More threads", picture::threads(report)),
        ("size", "Larger circuits", picture::size(report)),
        ("peers", "Beside its peer, in the same run", peers(report)),
        ("distribution", "Every sample", picture::distribution(report)),
        ("machine", "The machine", text::machine(report)),
        ("security", "Security", text::security().to_owned()),
        ("method", "How it was measured", text::method(report)),
        ("limits", "What this report does not show, and how to remake it", text::limits(report)),
    ];
    let mut body = format!(
        "<h1>Proving on {}</h1>\n<p class=\"soft\">zera {}, commit {}, engine {}, {}</p>\n{}",
        escaped(&report.machine.cpu),
        escaped(report.machine.build.version),
        escaped(report.machine.build.commit),
        escaped(report.machine.backend),
        unit::moment(report.made),
        text::warnings(report),
    );
    let links: Vec<String> =
        sections.iter().map(|(id, title, _)| format!("<a href=\"#{id}\">{}</a>", escaped(title))).collect();
    body.push_str(&format!("<p class=\"soft\">{}</p>\n", links.join(" &middot; ")));
    for (id, title, html) in sections {
        body.push_str(&format!("<section id=\"{id}\">\n<h2>{}</h2>\n{html}</section>\n", escaped(title)));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Proving on {}</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n{body}<script>\n{}</script>\n</body>\n</html>\n",
        escaped(&report.machine.cpu),
        include_str!("page/style.css"),
        include_str!("page/cost.js"),
    )
}

/// A row for every predicate and number of threads; what does not depend on threads stands in the first.
fn headline(report: &Report) -> String {
    let mut table = Table::new(&[
        "predicate",
        "threads",
        "p50",
        "p95",
        "p99",
        "peak memory",
        "proofs/s, saturated",
        "verify, p50",
        "verify, fuel",
        "rows",
        "domain",
        "non-zeros",
        "public inputs",
        "proving key",
        "proof",
        "energy/proof",
    ]);
    for measured in &report.predicates {
        for (at, cell) in measured.cells.iter().enumerate() {
            let mut row = vec![measured.name.clone(), cell.threads.to_string()];
            match cell.latency() {
                Some(latency) => row.extend([latency.p50, latency.p95, latency.p99].map(unit::time)),
                None => row.extend([const { String::new() }; 3]),
            }
            row.push(cell.memory.map_or_else(|| "not measured".to_owned(), |memory| unit::bytes(memory.peak)));
            if at == 0 {
                row.extend(once(measured));
            }
            table.row(row);
        }
    }
    format!("{}{}", text::headline(), table.html())
}

/// What does not depend on threads.
fn once(measured: &Measured) -> Vec<String> {
    let (sizes, saturated) = (&measured.sizes, measured.saturated);
    let verify = crate::bench::stats::Summary::of(&measured.verify);
    let joules = saturated.and_then(|saturated| saturated.joules);
    vec![
        saturated.map_or_else(String::new, |saturated| unit::digits(saturated.per_second)),
        verify.map_or_else(String::new, |verify| unit::time(verify.p50)),
        unit::count(measured.verify_fuel),
        unit::count(sizes.rows),
        format!("2^{}", sizes.domain.trailing_zeros()),
        unit::count(sizes.nonzeros),
        unit::count(sizes.publics),
        unit::bytes(sizes.proving_key_bytes),
        unit::bytes(sizes.proof_bytes),
        joules.map_or_else(|| "not measured".to_owned(), |joules| format!("{} J", unit::digits(joules))),
    ]
}

fn peers(report: &Report) -> String {
    let mut table = Table::new(&["circuit", "threads", "pairs", "zera, p50", "ark-groth16, p50", "zera / ark-groth16"]);
    for measured in report.predicates.iter().chain(&report.chain) {
        for cell in &measured.cells {
            let (Some(ours), Some(peer), Some(ratio)) = (cell.proving(), cell.peer(), cell.ratio()) else { continue };
            table.row(vec![
                measured.name.clone(),
                cell.threads.to_string(),
                peer.n.to_string(),
                unit::time(ours.p50),
                unit::time(peer.p50),
                format!("{ratio:.3}"),
            ]);
        }
    }
    format!("{}{}{}", text::peers(report), picture::peers(report), table.html())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::tests::report;

    #[test]
    fn a_page_needs_nothing_beside_itself() {
        let page = page(&report(&["RangePredicate"]));
        for id in [
            "headline",
            "cost",
            "phases",
            "cold",
            "threads",
            "size",
            "peers",
            "distribution",
            "machine",
            "security",
            "method",
            "limits",
        ] {
            assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
            assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
        }
        for outside in ["http", "//", "url(", "@import", "src=", "<link", "NaN", "inf\"", ">inf"] {
            assert!(!page.contains(outside), "{outside} at {:?}", page.find(outside));
        }
        assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
        assert_eq!(page.matches("<svg").count(), 6);
        assert!(page.is_ascii());
    }

    #[test]
    fn names_are_text() {
        let evil = "</td><script>alert(1)</script>\"'&";
        let mut report = report(&[evil]);
        report.machine.cpu = evil.to_owned();
        report.command = evil.to_owned();
        report.guard.objections = vec![evil.to_owned()];
        let page = page(&report);
        assert!(!page.contains("<script>alert"), "a name broke out");
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(page.contains("&lt;script&gt;alert(1)"));
    }

    #[test]
    fn what_was_forced_says_so() {
        let mut report = report(&["p"]);
        assert!(!page(&report).contains("forced"));
        report.guard.objections = vec!["the load average is 9".to_owned()];
        let page = page(&report);
        assert!(page.contains("forced") && page.contains("the load average is 9"));
    }

    #[test]
    fn a_report_of_nothing_is_a_page() {
        let mut report = report(&[]);
        report.chain.clear();
        assert!(page(&report).contains("</html>"));
    }
}
