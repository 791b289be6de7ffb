//! `zera account`: new, show, send, stake, unstake.

use std::path::PathBuf;

use serde_json::json;
use zera_abi::{AccountId, Amount};
use zera_host::Action;
use zera_provider::view::StandingView;

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
    /// Move free ZRA into the deposit that backs your locks.
    ///
    /// The stake of a lock comes out of the deposit first and goes back there. The rest of it answers for faults: after them a stake counts for
    /// more, and a false answer costs a share of it.
    Stake {
        /// How much, in ZRA (1.25) or in smallest units (1250000000u).
        #[arg(value_name = "AMOUNT", value_parser = arg::amount)]
        amount: Amount,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Ask for a part of the deposit back; it stays slashable until it comes.
    Unstake {
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
        Command::Stake { amount, signer } => {
            let result = block_on(send(&signer.wallet()?, Action::Stake { amount: *amount }, FUEL))?;
            Ok(report(out, &result, &format!("staked {amount} ZRA"), &[]))
        }
        Command::Unstake { amount, signer } => {
            let result = block_on(send(&signer.wallet()?, Action::Unstake { amount: *amount }, FUEL))?;
            Ok(report(out, &result, &format!("{amount} ZRA on their way back"), &[]))
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
    json["staked_zra"] = view.standing.staked.to_string().into();
    let mut text = format!(
        "account  {id}{kind}\nfree     {} ZRA\nlocked   {} ZRA\nvotes    {} ZRA\nnonce    {}",
        view.free, view.locked, view.voting, view.nonce
    );
    for (name, value) in standing(&view.standing) {
        text.push_str(&format!("\n{name:<8} {value}"));
    }
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

/// What there is to say of a provider; nothing of an account that is none.
fn standing(view: &StandingView) -> Vec<(&'static str, String)> {
    let offences = |thousandths: u32| f64::from(thousandths) / 1_000.0;
    let mut lines = Vec::new();
    if !view.staked.is_zero() || !view.backing.is_zero() {
        lines.push(("deposit", format!("{} ZRA, and {} ZRA in stakes", view.staked, view.backing)));
    }
    for part in &view.unbonding {
        lines.push(("back", format!("{} ZRA at block {}, slashable until then", part.amount, part.due)));
    }
    if view.locks > 0 || !view.margin.is_zero() {
        lines.push(("locks", format!("{}, {} ZRA of stakes, margin {} ZRA", view.locks, view.reserved, view.margin)));
    }
    if view.liveness > 0 || view.safety > 0 {
        let (missed, lied) = (offences(view.liveness), offences(view.safety));
        lines.push(("offences", format!("{missed:.2} answers that did not come, {lied:.2} false ones")));
    }
    if let Some(capacity) = view.capacity {
        lines.push(("brake", format!("at most {capacity} locks until more answers come")));
    }
    if let Some(until) = view.jailed_until {
        lines.push(("jail", format!("no lock before block {until}")));
    }
    if let Some(until) = view.margin_call {
        lines.push(("call", format!("locks that have not started go at block {until}: stake more")));
    }
    lines
}
