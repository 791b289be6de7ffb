//! `zera bench`: what proving takes on this machine.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::anyhow;
use serde_json::json;
use zera_kernels::CpuEngine;
use zera_library::Predicate;

use crate::bench::guard::Quiet;
use crate::bench::machine::{Machine, Ticks, cpus};
use crate::bench::measure::{Bench, Patience, pool};
use crate::bench::plan::{CHAIN, Plan};
use crate::bench::report::{Guard, Measured, Price, Report};
use crate::bench::subject::{Question, Subject};
use crate::bench::{csv, json as report_json, page, unit};
use crate::cmd::key::pretty;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;
use crate::{arg, file};

/// An example of a price, in dollars an hour: nobody's.
const USD_PER_HOUR: f64 = 0.5;
/// An example of a utilisation, in percent.
const UTILISATION: f64 = 50.0;
/// Most threads that may be asked for.
const THREADS_MAX: usize = 1024;
/// Most samples that may be asked for.
const SAMPLES_MAX: usize = 100_000;

/// What to do.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Measure this machine and write one page, with the numbers as CSV and JSON beside it.
    Report(Args),
}

/// What to measure, and where to write it.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Fewer samples and no chain above 2^16: under two minutes on two processors.
    #[arg(long)]
    quick: bool,
    /// The page; the other files have its name and end in .csv and .json.
    #[arg(short, long, value_name = "FILE.html", default_value = "zera-bench.html")]
    output: PathBuf,
    /// Measure a machine that is not quiet, too; the report says so.
    #[arg(long)]
    force: bool,
    /// Built-in predicates, by name or short name (range, special-price-oracle); all without it.
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    predicates: Vec<String>,
    /// A predicate from a file, on the first of its cases that is true; may be given again.
    #[arg(long, num_args = 2, value_names = ["FILE.zpred", "CASES.json"])]
    program: Vec<PathBuf>,
    /// Most samples of anything.
    #[arg(long, value_name = "N", value_parser = sample_count)]
    samples: Option<usize>,
    /// Numbers of threads; 1, 2, 4 and so on without it, up to every processor.
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = thread_count)]
    threads: Vec<usize>,
    /// Sizes of the synthetic chain, as powers of two.
    #[arg(long, value_name = "LOG_N,..", value_delimiter = ',', value_parser = chain_size)]
    chain: Vec<u32>,
    /// Dollars for an hour of the machine, for the cost table; 0.5 is an example.
    #[arg(long, value_name = "USD", value_parser = price)]
    usd_per_hour: Option<f64>,
    /// The share of the time that the machine proves, in percent; 50 is an example.
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    utilisation: Option<f64>,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Report(args) => report(args, out),
    }
}

fn report(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let files = files(&args.output)?;
    let questions = questions(args)?;
    let engine = CpuEngine::from_environment().input()?;
    let (cpus, plan) = (cpus(), plan(args));
    let patience = Patience::start();
    let progress = Progress::start("seeing whether the machine is quiet");
    let before = Quiet::measure(&pool(cpus)?);
    let objections = before.objections(cpus);
    if !objections.is_empty() && !args.force {
        let why = objections.join("; ");
        return Err(Failure::Environment(anyhow!(
            "this machine is not quiet: {why}; wait, or measure it with --force"
        )));
    }
    let bench = Bench { plan: &plan, engine: &engine, patience: &patience, progress: &progress };
    let ticks = Ticks::now();
    let mut measured = Vec::new();
    for question in questions {
        let name = question.name().to_owned();
        measured.push(bench.measure(&name, || Subject::predicate(question))?);
    }
    let chain = plan.chain.iter().map(|&log_n| bench.measure(&format!("chain 2^{log_n}"), || Subject::chain(log_n)));
    let chain = chain.collect::<Result<Vec<Measured>, Failure>>()?;
    progress.step("seeing whether the machine was quiet");
    let stolen = ticks.zip(Ticks::now()).map(|(before, now)| now.stolen_since(&before));
    let noise_after = Quiet::measure(&pool(cpus)?).noise;
    patience.check()?;
    let report = Report {
        made: SystemTime::now(),
        command: command(std::env::args().skip(1), std::env::var("ZERA_CPU").ok()),
        quick: args.quick,
        machine: Machine::detect(&engine),
        guard: Guard { before, noise_after, stolen, objections },
        price: Price {
            usd_per_hour: args.usd_per_hour.unwrap_or(USD_PER_HOUR),
            utilisation_percent: args.utilisation.unwrap_or(UTILISATION),
            example: args.usd_per_hour.is_none() || args.utilisation.is_none(),
        },
        plan,
        predicates: measured,
        chain,
    };
    drop(progress);
    let [html, table, data] = &files;
    // The page last: where it is, the others are.
    file::write(data, pretty(&report_json::json(&report)).as_bytes())?;
    file::write(table, csv::csv(&report).as_bytes())?;
    file::write(html, page::page(&report).as_bytes())?;
    tell(&report, &files, out);
    Ok(Verdict::Yes)
}

fn tell(report: &Report, [html, table, data]: &[PathBuf; 3], out: Output) {
    let mut json = report_json::headline(report);
    json["files"] = json!({"html": html, "csv": table, "json": data});
    let mut text = String::new();
    if !report.guard.objections.is_empty() {
        text.push_str(&format!("not a quiet machine: {}\n", report.guard.objections.join("; ")));
    }
    for measured in &report.predicates {
        for cell in &measured.cells {
            let (Some(latency), Some(ratio)) = (cell.latency(), cell.ratio()) else { continue };
            let [p50, p99] = [latency.p50, latency.p99].map(unit::time);
            text.push_str(&format!(
                "{:<28} {:>6} rows  {:>10}  p50 {p50:>8}  p99 {p99:>8}  {ratio:.2} of {}\n",
                measured.name,
                measured.sizes.rows,
                unit::threads(cell.threads),
                zera_prover::Peer::NAME,
            ));
        }
    }
    text.push_str(&format!("{}\n{}\n{}", html.display(), table.display(), data.display()));
    out.result(&json, &text);
}

fn plan(args: &Args) -> Plan {
    let mut plan = if args.quick { Plan::quick(cpus()) } else { Plan::full(cpus()) };
    if let Some(samples) = args.samples {
        plan = plan.with_samples(samples);
    }
    if !args.threads.is_empty() {
        plan = plan.with_threads(args.threads.clone());
    }
    if !args.chain.is_empty() {
        plan = plan.with_chain(args.chain.clone());
    }
    plan
}

/// Page, CSV and JSON; that they can not be written shows before anything is measured.
fn files(html: &Path) -> Result<[PathBuf; 3], Failure> {
    if html.extension().is_none_or(|extension| extension != "html") {
        return Err(Failure::Input(anyhow!("{}: expected a name that ends in .html", html.display())));
    }
    let folder = file::folder(html);
    if !folder.is_dir() {
        return Err(Failure::Environment(anyhow!("{}: no such folder", folder.display())));
    }
    Ok([html.to_owned(), html.with_extension("csv"), html.with_extension("json")])
}

/// Every predicate with its input: what is wrong with them shows before anything is measured.
fn questions(args: &Args) -> Result<Vec<Question>, Failure> {
    let built_in = chosen(&args.predicates)?.into_iter().map(Question::built_in);
    let files = args.program.chunks_exact(2).map(|pair| Question::file(&pair[0], &pair[1]));
    built_in.chain(files).collect()
}

/// All of them without a name.
fn chosen(names: &[String]) -> Result<Vec<&'static Predicate>, Failure> {
    if names.is_empty() {
        return Ok(zera_library::registry().iter().collect());
    }
    let find = |name: &String| {
        let found = zera_library::registry().iter().find(|predicate| goes_by(predicate.name, name));
        let shown = arg::shorten(name);
        found.ok_or_else(|| anyhow!("predicate {shown:?}: not built in (see: zera predicate list)")).input()
    };
    names.iter().map(find).collect()
}

/// `RangePredicate` goes by `range`, too, in whatever case and with whatever dashes.
fn goes_by(name: &str, word: &str) -> bool {
    let plain = |text: &str| {
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let letters = letters.to_ascii_lowercase();
        letters.strip_suffix("predicate").unwrap_or(&letters).to_owned()
    };
    !plain(word).is_empty() && plain(name) == plain(word)
}

/// The command as a shell takes it.
fn command(args: impl Iterator<Item = String>, zera_cpu: Option<String>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=+:@%".contains(c);
    let quoted = |word: &str| {
        let bare = !word.is_empty() && word.chars().all(plain);
        if bare { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    let variable = zera_cpu.map(|value| format!("ZERA_CPU={}", quoted(&value)));
    let words: Vec<String> =
        variable.into_iter().chain(["zera".to_owned()]).chain(args.map(|word| quoted(&word))).collect();
    words.join(" ")
}

fn within<T: std::str::FromStr + PartialOrd + std::fmt::Display>(text: &str, least: T, most: T) -> Result<T, String> {
    let value = text.parse().ok().filter(|value| *value >= least && *value <= most);
    value.ok_or_else(|| format!("expected a number from {least} to {most}"))
}

fn sample_count(text: &str) -> Result<usize, String> {
    within(text, 1, SAMPLES_MAX)
}

fn thread_count(text: &str) -> Result<usize, String> {
    within(text, 1, THREADS_MAX)
}

fn chain_size(text: &str) -> Result<u32, String> {
    within(text, *CHAIN.start(), *CHAIN.end())
}

fn price(text: &str) -> Result<f64, String> {
    within(text, 0.0, 1e6)
}

fn share(text: &str) -> Result<f64, String> {
    within(text, 0.01, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predicates_go_by_short_names() {
        for word in ["RangePredicate", "range", "Range", "range-predicate"] {
            assert!(goes_by("RangePredicate", word), "{word}");
        }
        for word in ["", "predicate", "rang", "ranges"] {
            assert!(!goes_by("RangePredicate", word), "{word}");
        }
        assert_eq!(chosen(&["special-price-oracle".to_owned()]).unwrap()[0].name, "SpecialPriceOraclePredicate");
        assert_eq!(chosen(&[]).unwrap().len(), zera_library::registry().len());
        assert_eq!(chosen(&["x".to_owned()]).unwrap_err().code(), 2);
    }

    #[test]
    fn the_command_goes_through_a_shell() {
        let args = ["bench", "report", "-o", "a b'.html"].map(str::to_owned);
        let shown = command(args.into_iter(), Some("portable".to_owned()));
        assert_eq!(shown, "ZERA_CPU=portable zera bench report -o 'a b'\\''.html'");
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!((thread_count("2"), chain_size("12"), price("0.25")), (Ok(2), Ok(12), Ok(0.25)));
        for bad in ["", "x", "-1", "0", "1e9", "NaN", "inf"] {
            assert!(thread_count(bad).is_err() && chain_size(bad).is_err() && share(bad).is_err(), "{bad}");
        }
        assert!(price("NaN").is_err() && price("-1").is_err() && price("inf").is_err());
    }
}
