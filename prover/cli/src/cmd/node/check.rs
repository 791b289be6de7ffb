//! `zera node check`: whether a stopped node's data is what its blocks say.

use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::json;
use zera_ledger::{Ledger, LedgerError};

use super::audit::{self, Finding};
use super::{GENESIS_FILE, blame_ledger, ledger_path, read_genesis};
use crate::output::{Failure, Output, Verdict};
use crate::progress::Progress;

/// What to check.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The data folder of a node that does not run.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The genesis, where it is not the one in the data folder.
    #[arg(long, value_name = "FILE.toml")]
    genesis: Option<PathBuf>,
    /// Leave out the replay from genesis, which verifies every proof of the chain again.
    #[arg(long)]
    no_replay: bool,
}

/// Runs the command: the answer is no where something does not hold.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let path = ledger_path(&args.data);
    if !path.exists() {
        return Err(Failure::Input(anyhow!("{}: no ledger there", path.display())));
    }
    let genesis = read_genesis(args.genesis.as_deref().unwrap_or(&args.data.join(GENESIS_FILE)))?;
    let progress = Progress::start("checking every page of the file");
    let mut findings = Vec::new();
    let mut summary = json!({});
    match Ledger::view(&path) {
        Err(error @ LedgerError::Damaged { .. }) => findings.push(Finding::new("file", Err(error.to_string()))),
        Err(error) => return Err(blame_ledger(error)),
        Ok(ledger) => {
            findings.push(Finding::new("file", Ok("every page as it was written".to_owned())));
            summary = audit::audit(&ledger, &genesis, !args.no_replay, &mut findings, |what| {
                progress.step(what.to_owned());
            });
        }
    }
    drop(progress);
    let holds = findings.iter().all(|finding| finding.outcome.is_ok());
    let mut text = String::new();
    let mut checks = Vec::new();
    for Finding { check, outcome } in &findings {
        let (mark, Ok(detail) | Err(detail)) = (if outcome.is_ok() { "ok  " } else { "BAD " }, outcome);
        text.push_str(&format!("{mark} {check:<8} {detail}\n"));
        checks.push(json!({ "check": check, "ok": outcome.is_ok(), "detail": detail }));
    }
    text.push_str(if holds { "everything holds" } else { "the data is not what its blocks say" });
    summary["ok"] = holds.into();
    summary["checks"] = checks.into();
    out.result(&summary, &text);
    Ok(if holds { Verdict::Yes } else { Verdict::No })
}
