//! `zera node`: a network's node, and its data folder while it does not run.

mod audit;
mod check;
mod export;
mod run;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use zera_host::Genesis;
use zera_host::codec::Field;
use zera_ledger::{Ledger, LedgerError};
use zera_market::ports::{Store, Table};

use crate::network::bad;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::{file, genesis};

pub use run::cores;

/// The ledger in the data folder.
const LEDGER_FILE: &str = "ledger.redb";
/// The genesis in the data folder.
const GENESIS_FILE: &str = "genesis.toml";

/// What to do with a node.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Run a node until SIGINT or SIGTERM.
    Run(run::Args),
    /// Check a stopped node's data: every row, every hash, and a replay from genesis. Changes nothing.
    Check(check::Args),
    /// Write every row of a stopped node's state to one file, with a digest that two nodes can compare.
    Export(export::Args),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Run(args) => run::run(args, out),
        Command::Check(args) => check::run(args, out),
        Command::Export(args) => export::run(args, out),
    }
}

/// The genesis that a file holds.
fn read_genesis(path: &Path) -> Result<Genesis, Failure> {
    let text = file::read_text(path, genesis::LEN_MAX)?;
    genesis::from_toml(&text).map_err(|error| bad(format!("{}: {error}", path.display())))
}

/// What is no ledger of this program is bad input; a damaged one, one in use and a failing disk are the environment's.
fn blame_ledger(error: LedgerError) -> Failure {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    // Its words name the cause already, so it stands without its source.
    let told = anyhow!("{error}");
    match error {
        LedgerError::NotALedger { .. } | LedgerError::Schema { .. } => Failure::Input(told),
        LedgerError::Io { source, .. } if matches!(source.kind(), NotFound | NotADirectory) => Failure::Input(told),
        _ => Failure::Environment(told),
    }
}

/// A ledger's path in a data folder.
fn ledger_path(data: &Path) -> PathBuf {
    data.join(LEDGER_FILE)
}

/// The header of the last block.
fn head(ledger: &Ledger) -> Result<zera_host::Header, Failure> {
    let row = ledger.read(Table::Meta, b"head").environment()?;
    let row = row.ok_or_else(|| anyhow!("the ledger holds no chain yet")).input()?;
    let header = zera_host::Header::parse(&row);
    header.map_err(|error| anyhow!("the head of the chain does not read back: {error}")).environment()
}
