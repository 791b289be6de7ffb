//! Seconds of a machine to dollars. The price is an input; the page's script reckons again when it changes.

use zera_figure::escaped;

use super::table::Table;
use crate::bench::report::Report;
use crate::bench::unit;

/// What the table counts.
const PROOFS: f64 = 1_000.0;

/// Seconds first; then dollars, for the price that was given or for an example.
pub fn section(report: &Report) -> String {
    let price = &report.price;
    let mut table = Table::new(&[
        "circuit",
        "machine time for 1,000, saturated",
        "one by one",
        "dollars for 1,000, saturated",
        "one by one",
    ]);
    for measured in report.predicates.iter().chain(&report.chain) {
        let mut cells = vec![format!("<td>{}</td>", escaped(&measured.name))];
        let seconds = measured.machine_seconds().map(|seconds| seconds.map(|seconds| seconds * PROOFS));
        let or_nothing = |cell: Option<String>| cell.unwrap_or_else(|| "<td></td>".to_owned());
        cells.extend(seconds.map(|seconds| or_nothing(seconds.map(|s| format!("<td>{}</td>", unit::seconds(s))))));
        cells.extend(seconds.map(|seconds| {
            let usd = |s: f64| format!("<td data-seconds=\"{s:.6}\">${:.4}</td>", price.usd(s));
            or_nothing(seconds.map(usd))
        }));
        table.html_row(cells);
    }
    let whose = if price.example {
        "The numbers filled in are an example and nobody's price: put in your own."
    } else {
        "The numbers filled in were given to the command that made this page."
    };
    format!(
        "<p>Dollars = seconds of the whole machine / 3600 &times; price of an hour / utilisation. {whose} A machine that \
         proves half of the time costs twice as much a proof. Saturated: every processor at a proof of its own, as a \
         provider with a queue works. One by one: one proof at a time on all threads, as it works without.</p>\n\
         <p><label>Dollars for an hour of the machine <input id=\"price\" type=\"number\" min=\"0\" step=\"any\" \
         value=\"{}\"></label> &nbsp; <label>Utilisation in percent <input id=\"use\" type=\"number\" min=\"0\" max=\"100\" \
         step=\"any\" value=\"{}\"></label></p>\n{}",
        price.usd_per_hour,
        price.utilisation_percent,
        table.html()
    )
}
