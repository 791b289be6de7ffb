//! `zera account`: new, show, send.

use std::path::PathBuf;

use serde_json::json;
use zera_abi::{AccountId, Amount};
use zera_host::Action;

use crate::arg::{self, Account};
use crate::keyfile;
use crate::network::{FUEL, NodeArgs, SignerArgs, blame, block_on, report, send};
use crate::output::{Failure, Output, Verdict};

/// What to do with accounts.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Make a key and print the account that it is for.
    New {
        /// The key's file, readable by its owner alone; never overwritten.
        #[arg(short, long, value_name = "KEYFILE")]
        output: PathBuf,
    },
    /// What an account owns.
    Show {
        /// A key file, or an account's id.
        #[arg(value_name = "KEYFILE|ID")]
        account: Account,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Send ZRA.
    Send {
        /// To whom: an account's id, or its key file.
        #[arg(value_name = "TO")]
        to: Account,
        /// How much, in ZRA (1.25) or in smallest units (1250000000u).
        #[arg(value_name = "AMOUNT", value_parser = arg::amount)]
        amount: Amount,
        #[command(flatten)]
        signer: SignerArgs,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    match command {
        Command::New { output } => {
            let id = AccountId(keyfile::create(output)?.verifying_key().to_bytes());
            out.result(&json!({"id": id.to_string(), "file": output}), &id.to_string());
            Ok(Verdict::Yes)
        }
        Command::Show { account, node } => show(&account.id()?, node, out),
        Command::Send { to, amount, signer } => {
            let to = to.id()?;
            let wallet = signer.wallet()?;
            let result = block_on(send(&wallet, Action::Transfer { to, amount: *amount }, FUEL))?;
            Ok(report(out, &result, &format!("sent {amount} ZRA"), &[("to", to.to_string().into())]))
        }
    }
}

fn show(id: &AccountId, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let view = block_on(async { client.account(id).await.map_err(blame) })?;
    let mut json = serde_json::to_value(&view).unwrap_or_default();
    json["free_zra"] = view.free.to_string().into();
    json["locked_zra"] = view.locked.to_string().into();
    let kind = if view.contract { " (a contract)" } else { "" };
    let text = format!(
        "account  {id}{kind}\nfree     {} ZRA\nlocked   {} ZRA\nvotes    {} ZRA\nnonce    {}",
        view.free, view.locked, view.voting, view.nonce
    );
    out.result(&json, &text);
    Ok(Verdict::Yes)
}
