//! A report as files: tables, pictures and one page that needs nothing beside itself.

use zera_figure::escaped;

use crate::outcome::{Check, Outcome, Table};
use crate::stats::digits;

/// A file of a report: its name and its bytes.
pub type File = (String, String);

/// Every file of a report; the page last. `command` remakes it.
pub fn files(outcomes: &[Outcome], command: &str) -> Vec<File> {
    let mut files = Vec::new();
    for outcome in outcomes {
        let origin = origin(outcome, command);
        for table in &outcome.tables {
            files.push((format!("{}-{}.csv", outcome.name, table.name), format!("# {origin}\n{}", table.csv())));
        }
        for figure in &outcome.figures {
            // A comment holds no two dashes in a row.
            let comment = escaped(&origin).replace("--", "- -");
            let svg =
                figure.svg.replacen('\n', &format!("\n<!-- {comment} -->\n<desc>{}</desc>\n", escaped(&origin)), 1);
            files.push((format!("{}-{}.svg", outcome.name, figure.name), svg));
        }
    }
    files.push(("report.html".to_owned(), page(outcomes, command)));
    files
}

/// What remakes a picture, and its seeds.
fn origin(outcome: &Outcome, command: &str) -> String {
    let last = outcome.seed.wrapping_add(u64::from(outcome.seeds) - 1);
    format!("{command}; scenario {}, seeds {} to {last}, digest {:016x}", outcome.name, outcome.seed, outcome.digest())
}

/// The page.
pub fn page(outcomes: &[Outcome], command: &str) -> String {
    let links: Vec<String> =
        outcomes.iter().map(|outcome| format!("<a href=\"#{0}\">{0}</a>", escaped(&outcome.name))).collect();
    let mut body = format!(
        "<h1>The market, simulated</h1>\n<p class=\"soft\">zera {}. Remade by <code>{}</code>.</p>\n<p>{}</p>\n{ASSUMED}\n{LIMITS}\n",
        env!("CARGO_PKG_VERSION"),
        escaped(command),
        links.join(" &middot; "),
    );
    body.push_str("<h2>Predictions</h2>\n");
    body.push_str(&checks(
        outcomes.iter().flat_map(|outcome| outcome.checks.iter().map(|check| (&*outcome.name, check))),
    ));
    for outcome in outcomes {
        body.push_str(&section(outcome, command));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>The market, simulated</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        include_str!("report/style.css"),
    )
}

const ASSUMED: &str = "<h2>What is assumed</h2>\n<ul>\n\
<li>Costs of native runs and proofs, gains from false answers, damage by delay and the rate of watchers are assumed. Only thresholds that follow \
from them are claims, never the payoffs themselves.</li>\n\
<li>Behaviour is fixed: an agent of a kind does what its kind does. Nobody is cleverer than that, and what nobody thought of is not here.</li>\n\
<li>Proofs are toys that the judge accepts for the claim that they were made for; that a real proof is as hard to forge is the verifier's claim.</li>\n\
<li>An attacker sees transactions before they are in a block and orders its own first. There is no fee for a transaction.</li>\n</ul>";

const LIMITS: &str = "<h2>What this does not show</h2>\n<ul>\n\
<li>That real providers have these costs, or that there are enough of them.</li>\n\
<li>Trace audits, a random order of locks and a random choice of who checks: the market does not have them.</li>\n\
<li>Networks, nodes and disks: the state machine alone runs, one call after another.</li>\n\
<li>Intervals are of 95 % over seeds, and say nothing about what is assumed.</li>\n</ul>";

fn checks<'a>(checks: impl Iterator<Item = (&'a str, &'a Check)>) -> String {
    let mut html = String::from(
        "<table>\n<tr><th>scenario</th><th>prediction</th><th>expected</th><th>measured</th><th></th></tr>\n",
    );
    for (scenario, check) in checks {
        let (class, word) = if check.holds { ("holds", "holds") } else { ("fails", "fails") };
        html.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"{class}\">{word}</td></tr>\n",
            escaped(scenario),
            escaped(&check.name),
            escaped(&check.predicted),
            escaped(&check.measured),
        ));
    }
    html.push_str("</table>\n");
    html
}

fn section(outcome: &Outcome, command: &str) -> String {
    let mut html = format!(
        "<section id=\"{0}\">\n<h2>{0}: {1}</h2>\n<p class=\"soft\">{2}. {3} transitions.</p>\n",
        escaped(&outcome.name),
        escaped(&outcome.title),
        escaped(&origin(outcome, command)),
        outcome.transitions,
    );
    for paragraph in &outcome.method {
        html.push_str(&format!("<p>{}</p>\n", escaped(paragraph)));
    }
    html.push_str(&checks(outcome.checks.iter().map(|check| (&*outcome.name, check))));
    if !outcome.findings.is_empty() {
        html.push_str("<h3>What follows</h3>\n<ul>\n");
        for finding in &outcome.findings {
            html.push_str(&format!("<li>{}</li>\n", escaped(finding)));
        }
        html.push_str("</ul>\n");
    }
    for figure in &outcome.figures {
        html.push_str(&format!(
            "<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n",
            inline(&figure.svg),
            escaped(&figure.caption)
        ));
    }
    for table in &outcome.tables {
        html.push_str(&shown(table));
    }
    for (name, value) in &outcome.timings {
        html.push_str(&format!("<p class=\"soft\">{}: {}</p>\n", escaped(name), digits(*value)));
    }
    html.push_str("</section>\n");
    html
}

/// Inside a page the name of the language is known.
fn inline(svg: &str) -> String {
    svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1)
}

/// A table folded away, its first rows where it is long: the rest is in its file.
fn shown(table: &Table) -> String {
    const ROWS: usize = 60;
    let mut html =
        format!("<details>\n<summary>{}, {} rows</summary>\n<table>\n<tr>", escaped(&table.name), table.rows.len());
    for column in &table.columns {
        html.push_str(&format!("<th>{}</th>", escaped(column)));
    }
    html.push_str("</tr>\n");
    for row in table.rows.iter().take(ROWS) {
        html.push_str("<tr>");
        for cell in row {
            html.push_str(&format!("<td>{}</td>", escaped(&cell.shown())));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
    if table.rows.len() > ROWS {
        html.push_str(&format!("<p class=\"soft\">{} rows more in the file.</p>\n", table.rows.len() - ROWS));
    }
    html.push_str("</details>\n");
    html
}
