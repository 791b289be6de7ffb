//! `zera simulate`: the market driven by agents, its predictions checked.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::json;
use zera_simulate::scenario::EMBEDDED;
use zera_simulate::{Outcome, Scenario, SimulateError, Study, report};

use crate::arg;
use crate::file;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;

/// Most bytes of a scenario's file.
const SCENARIO_MAX: u64 = 64 * 1024;
/// What goes through a shell bare.
const BARE: &str = "-_./,=+:@%";

/// Drive the market with agents: exit code 0 where every prediction holds, 1 where one fails.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A scenario by name, or a TOML file; may be given again. Without it all of them, or the crowd where a size is given.
    #[arg(long, value_name = "NAME|FILE.toml")]
    scenario: Vec<String>,
    /// Providers of a crowd.
    #[arg(long, value_name = "N")]
    providers: Option<u32>,
    /// Tasks of a crowd.
    #[arg(long, value_name = "N")]
    tasks: Option<u32>,
    /// The first seed.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// How many seeds.
    #[arg(long, value_name = "K")]
    seeds: Option<u32>,
    /// Write tables, pictures and report.html into this folder, which is made where it is missing.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Name the scenarios that come with the program, and run none.
    #[arg(long, conflicts_with_all = ["scenario", "providers", "tasks", "seed", "seeds", "report"])]
    list: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let scenarios = scenarios(args)?;
    if args.list {
        list(&scenarios, out);
        return Ok(Verdict::Yes);
    }
    if let Some(folder) = &args.report {
        // That it can not be written shows before anything is played.
        file::make_folder(folder)?;
    }
    let progress = Progress::start("simulating");
    let mut outcomes = Vec::new();
    for scenario in &scenarios {
        progress.step(format!("scenario {}", scenario.name));
        let outcome = zera_simulate::run(scenario, &|step| progress.step(step));
        outcomes.push(outcome.map_err(|error| match error {
            SimulateError::Scenario { .. } | SimulateError::Bounds { .. } => Failure::Input(error.into()),
            error => Failure::Environment(anyhow!(error).context(format!("scenario {}", scenario.name))),
        })?);
    }
    drop(progress);
    let command = command(std::env::args().skip(1));
    if let Some(folder) = &args.report {
        // The page last: where it is, the others are.
        for (name, text) in report::files(&outcomes, &command) {
            file::write(&folder.join(name), text.as_bytes())?;
        }
    }
    let holds = outcomes.iter().all(Outcome::holds);
    tell(&outcomes, args.report.as_deref(), out);
    Ok(if holds { Verdict::Yes } else { Verdict::No })
}

fn scenarios(args: &Args) -> Result<Vec<Scenario>, Failure> {
    let sized = args.providers.is_some() || args.tasks.is_some();
    let mut scenarios = match (args.scenario.is_empty(), sized) {
        (true, true) => vec![Scenario::embedded("crowd").input()?],
        (true, false) => EMBEDDED.iter().map(|(name, _)| Scenario::embedded(name).input()).collect::<Result<_, _>>()?,
        (false, _) => args.scenario.iter().map(|name| scenario(name)).collect::<Result<Vec<_>, _>>()?,
    };
    for scenario in &mut scenarios {
        scenario.seed = args.seed.unwrap_or(scenario.seed);
        scenario.seeds = args.seeds.unwrap_or(scenario.seeds);
        match &mut scenario.study {
            Study::Crowd(crowd) => {
                crowd.providers = args.providers.unwrap_or(crowd.providers);
                if let Some(tasks) = args.tasks {
                    // As many in a block as before, and blocks enough for what a task lives through.
                    let before = u64::from((crowd.tasks / crowd.blocks.max(1)).max(1));
                    crowd.blocks = u32::try_from(u64::from(tasks) / before).unwrap_or(u32::MAX).max(100);
                    crowd.tasks = tasks;
                }
            }
            _ if sized => {
                let name = &scenario.name;
                return Err(Failure::Input(anyhow!("scenario {name}: --providers and --tasks size a crowd only")));
            }
            _ => {}
        }
        scenario.check().input()?;
    }
    let mut names: Vec<&str> = scenarios.iter().map(|scenario| &*scenario.name).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Failure::Input(anyhow!("scenario {}: given twice", pair[0]))),
        None => Ok(scenarios),
    }
}

/// By name, or from a file: what ends in .toml or has a folder in it is a file.
fn scenario(name: &str) -> Result<Scenario, Failure> {
    if !name.ends_with(".toml") && !name.contains('/') {
        return Scenario::embedded(name).map_err(|error| anyhow!("{}: {error}", arg::shorten(name))).input();
    }
    let text = file::read_text(Path::new(name), SCENARIO_MAX)?;
    Scenario::parse(&text).map_err(|error| anyhow!("{name}: {error}")).input()
}

fn list(scenarios: &[Scenario], out: Output) {
    let rows: Vec<_> =
        scenarios.iter().map(|scenario| json!({"name": scenario.name, "title": scenario.title})).collect();
    let text: Vec<String> =
        scenarios.iter().map(|scenario| format!("{:<16} {}", scenario.name, scenario.title)).collect();
    out.result(&json!({"scenarios": rows}), &text.join("\n"));
}

fn tell(outcomes: &[Outcome], folder: Option<&Path>, out: Output) {
    let mut text = String::new();
    let mut rows = Vec::new();
    for outcome in outcomes {
        text.push_str(&format!("{}: {} transitions\n", outcome.name, outcome.transitions));
        for check in &outcome.checks {
            let word = if check.holds { "holds" } else { "FAILS" };
            text.push_str(&format!("  {word}  {}: {}\n", check.name, check.measured));
        }
        for (name, value) in &outcome.timings {
            text.push_str(&format!("  {name}: {value:.1}\n"));
        }
        let checks: Vec<_> = outcome
            .checks
            .iter()
            .map(|check| {
                json!({
                    "name": check.name,
                    "predicted": check.predicted,
                    "measured": check.measured,
                    "holds": check.holds,
                })
            })
            .collect();
        let timings: serde_json::Map<String, serde_json::Value> =
            outcome.timings.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        rows.push(json!({
            "name": outcome.name,
            "holds": outcome.holds(),
            "seed": outcome.seed,
            "seeds": outcome.seeds,
            "digest": format!("{:016x}", outcome.digest()),
            "transitions": outcome.transitions,
            "checks": checks,
            "findings": outcome.findings,
            "timings": timings,
        }));
    }
    let failed = outcomes.iter().flat_map(|outcome| &outcome.checks).filter(|check| !check.holds).count();
    let all = outcomes.iter().map(|outcome| outcome.checks.len()).sum::<usize>();
    text.push_str(&format!("{} of {all} predictions hold", all - failed));
    let page = folder.map(|folder| folder.join("report.html"));
    if let Some(page) = &page {
        text.push_str(&format!("\n{}", page.display()));
    }
    out.result(&json!({"holds": failed == 0, "scenarios": rows, "report": page}), &text);
}

/// The command as a shell takes it.
fn command(args: impl Iterator<Item = String>) -> String {
    let quoted = |word: String| {
        let bare = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || BARE.contains(c));
        if bare { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    std::iter::once("zera".to_owned()).chain(args.map(quoted)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(scenario: &[&str], tasks: Option<u32>) -> Args {
        Args {
            scenario: scenario.iter().map(|name| (*name).to_owned()).collect(),
            providers: None,
            tasks,
            seed: None,
            seeds: Some(1),
            report: None,
            list: false,
        }
    }

    #[test]
    fn a_size_means_the_crowd() {
        assert_eq!(scenarios(&args(&[], None)).unwrap().len(), EMBEDDED.len());
        let [crowd] = scenarios(&args(&[], Some(50_000))).unwrap().try_into().unwrap();
        let Study::Crowd(settings) = &crowd.study else { panic!("a crowd") };
        assert_eq!((settings.tasks, crowd.seeds), (50_000, 1));
        for bad in
            [args(&["heat"], Some(10)), args(&["heat", "heat"], None), args(&["none"], None), args(&["no.toml"], None)]
        {
            assert_eq!(scenarios(&bad).unwrap_err().code(), 2);
        }
    }

    #[test]
    fn the_command_goes_through_a_shell() {
        let words = ["simulate", "--scenario", "a b.toml"].map(str::to_owned);
        assert_eq!(command(words.into_iter()), "zera simulate --scenario 'a b.toml'");
    }
}
