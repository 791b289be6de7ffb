//! `zera watch`: re-runs answers that nobody proved, and earns by challenging those that are wrong.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use zera_abi::{Amount, Bps};
use zera_provider::{DaemonError, Sight, WatchConfig, Watcher};

use crate::arg;
use crate::cmd::predicate::shown;
use crate::cmd::task::cut;
use crate::network::{SignerArgs, blame, block_on, stop_signal};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::{file, predicates};

/// Most reports that wait to be printed.
const SIGHTS_MAX: usize = 4096;

/// How a watcher works.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    signer: SignerArgs,
    /// Most ZRA that may lie in bonds, with what was lost since it was started: no challenge goes beyond.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount, default_value = "100")]
    budget: Amount,
    /// Share of the answers that is looked at, above 0 and up to 1; which ones, only the key's holder can tell.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "1")]
    sample: Bps,
    /// Folder of .zpred files that are known here. Can be repeated.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    predicates: Vec<PathBuf>,
    /// Take no predicates from the node.
    #[arg(long)]
    no_fetch: bool,
    /// Most bytes of a file that is taken from the node.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    fetch_max: usize,
    /// Most rows of a predicate that is looked at.
    #[arg(long, value_name = "N", default_value_t = 1 << 22)]
    rows_max: u64,
    /// Most fuel of a native run, about a nanosecond each.
    #[arg(long, value_name = "FUEL", default_value_t = zera_provider::wasm::FUEL, value_parser = clap::value_parser!(u64).range(1..))]
    native_fuel: u64,
    /// Folder of proving keys, made where they are missing: for what the chain can not run by itself.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Prove first where there are keys, and have the chain run the predicate where that fails: a proof earns more.
    #[arg(long, requires = "keys")]
    proofs_first: bool,
    /// Run answers that were proved, too: a key that proves something false is worth its deposit.
    #[arg(long)]
    proved: bool,
}

/// `0.25` or `1`, as basis points.
fn share(text: &str) -> Result<Bps, String> {
    let what = || "expected a share above 0 and up to 1, such as 0.25, with at most four decimals".to_owned();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 1 || part.len() > 4 || !digits(whole) || !digits(part) {
        return Err(what());
    }
    let bps: u16 = format!("{whole}{part:0<4}").parse().map_err(|_| what())?;
    Bps::new(bps).filter(|share| share.get() > 0).ok_or_else(what)
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let client = args.signer.client()?;
    let key = args.signer.key()?;
    let mut programs = Vec::new();
    for folder in &args.predicates {
        programs.extend(predicates::folder(folder)?);
    }
    if let Some(folder) = &args.keys {
        file::make_folder(folder)?;
    }
    let config = WatchConfig {
        programs: programs.into_iter().map(|program| program.with_fuel(args.native_fuel)).collect(),
        fetch_len_max: Some(args.fetch_max).filter(|_| !args.no_fetch),
        rows_max: args.rows_max,
        native_fuel: args.native_fuel,
        keys: args.keys.clone(),
        proofs_first: args.proofs_first,
        proved: args.proved,
        budget: args.budget,
        sample: args.sample,
        ..WatchConfig::local(key)
    };
    block_on(async {
        let (sender, mut sights) = mpsc::channel(SIGHTS_MAX);
        // What nobody reads in time is dropped; the work goes on.
        let tell_sight = move |sight: &Sight| drop(sender.try_send(sight.clone()));
        let watcher = Watcher::new(config, client, tell_sight).await.map_err(blame_watcher)?;
        let (stop, stopping) = watch::channel(false);
        let printer = tokio::spawn(async move {
            while let Some(sight) = sights.recv().await {
                tell(&sight, out);
            }
        });
        let mut running = tokio::spawn(watcher.run(stopping));
        let ended = tokio::select! {
            ended = &mut running => ended,
            signal = stop_signal() => {
                Output::progress(&format!("{}: finishing what is under way", signal?));
                // It may have ended meanwhile.
                let _ = stop.send(true);
                tokio::select! {
                    ended = &mut running => ended,
                    again = stop_signal() => {
                        Output::progress(&format!("{}: the rest is left to the next start", again?));
                        running.abort();
                        return Ok(Verdict::Yes);
                    }
                }
            }
        };
        let tally = ended.context("the watcher").environment()?.map_err(blame_watcher)?;
        // The watcher is gone, and with it the sender: everything that it said is printed.
        let _ = printer.await;
        let json = json!({
            "sight": "stopped",
            "challenges": tally.challenges,
            "earned": tally.earned.to_string(),
            "lost": tally.lost.to_string(),
            "fees": tally.fees.to_string(),
        });
        let text = format!(
            "stopped       {} challenges, {} ZRA earned, {} ZRA lost, {} ZRA in fees",
            tally.challenges, tally.earned, tally.lost, tally.fees
        );
        out.result(&json, &text);
        Ok(Verdict::Yes)
    })
}

fn blame_watcher(error: DaemonError) -> Failure {
    match error {
        DaemonError::Client(error) => blame(error),
        error => Failure::Environment(error.into()),
    }
}

fn tell(sight: &Sight, out: Output) {
    let (name, fields) = describe(sight);
    let mut json = json!({ "sight": name });
    let mut text = format!("{name:<13}");
    for (field, value) in fields {
        match &value {
            // A task is shown whole where a person may want to copy it.
            Value::String(word) if field == "task" && name == "challenged" => {
                text.push_str(&format!(" {field}={word}"))
            }
            Value::String(word) => text.push_str(&format!(" {field}={}", cut(word))),
            _ if field == "ns" => text.push_str(&format!(" {}", shown(value.as_u64().unwrap_or(0)))),
            _ => text.push_str(&format!(" {field}={value}")),
        }
        json[field] = value;
    }
    out.result(&json, &text);
}

/// A sight as a word and its fields; money in ZRA.
fn describe(sight: &Sight) -> (&'static str, Vec<(&'static str, Value)>) {
    fn text(value: impl ToString) -> Value {
        value.to_string().into()
    }
    match sight {
        Sight::Started { account, height, resumed } => {
            ("started", vec![("account", text(account)), ("height", height.0.into()), ("resumed", (*resumed).into())])
        }
        Sight::Passed { task, why } => ("passed", vec![("task", text(task)), ("why", text(why))]),
        Sight::Looked { task, said, found, ns } => {
            ("looked", vec![("task", text(task)), ("said", text(said)), ("found", text(found)), ("ns", (*ns).into())])
        }
        Sight::Held { task, why } => ("held", vec![("task", text(task)), ("why", text(why))]),
        Sight::Challenged { task, claimed, bond } => {
            ("challenged", vec![("task", text(task)), ("claimed", text(claimed)), ("bond", text(bond))])
        }
        Sight::Settled { task, outcome, by, fee } => {
            ("settled", vec![("task", text(task)), ("outcome", text(outcome)), ("by", text(by)), ("fee", text(fee))])
        }
        Sight::Contradicted { task, key, said, found, fee } => (
            "contradicted",
            vec![
                ("task", text(task)),
                ("key", text(key)),
                ("said", text(said)),
                ("found", text(found)),
                ("fee", text(fee)),
            ],
        ),
        Sight::Failed { task, why } => ("failed", vec![("task", text(task)), ("why", text(why))]),
        Sight::Earned { task, amount, by } => {
            ("earned", vec![("task", text(task)), ("amount", text(amount)), ("by", text(by))])
        }
        Sight::Rewarded { key, amount } => ("rewarded", vec![("key", text(key)), ("amount", text(amount))]),
        Sight::Lost { task, amount } => ("lost", vec![("task", text(task)), ("amount", text(amount))]),
        Sight::Unreachable { what } => ("unreachable", vec![("what", text(what))]),
        // Newer than this command line.
        other => ("other", vec![("detail", format!("{other:?}").into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_above_nothing_and_at_most_the_whole() {
        let read = |text| share(text).map(Bps::get).ok();
        assert_eq!(
            [read("1"), read("0.25"), read("0.0001"), read("1.0")],
            [Some(10_000), Some(2_500), Some(1), Some(10_000)]
        );
        for bad in ["0", "0.0", "1.1", "2", "0.00001", ".5", "-1", "a", "", "0,5", "10"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }
}
