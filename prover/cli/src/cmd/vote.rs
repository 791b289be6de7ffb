//! `zera vote`: propose another value of a rule, and put ZRA behind proposals.

use anyhow::anyhow;
use serde_json::{Value, json};
use zera_abi::{AccountId, Amount};
use zera_host::{Action, RuleName};
use zera_market::Rules;
use zera_provider::view::ProposalView;

use crate::arg::{self, Account};
use crate::network::{FUEL, NodeArgs, SignerArgs, bad, blame, block_on, report, send};
use crate::output::{Failure, Output, Verdict};

/// What to do with votes.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Ask for another value of a rule; takes a deposit.
    Propose {
        /// The rule, by its name.
        #[arg(value_name = "RULE")]
        rule: String,
        /// A whole number; of a rule that is money ZRA (1.25) or smallest units (1250000000u).
        #[arg(value_name = "VALUE")]
        value: String,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Lock ZRA for a proposal: this much in all, however much it was before.
    Support {
        /// The proposal's number.
        #[arg(value_name = "ID")]
        proposal: u64,
        /// How much, in ZRA (1.25) or in smallest units (1250000000u).
        #[arg(value_name = "AMOUNT", value_parser = arg::amount)]
        amount: Amount,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Take back all that is locked for a proposal.
    Withdraw {
        /// The proposal's number.
        #[arg(value_name = "ID")]
        proposal: u64,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Proposals, in order of opening.
    List {
        /// Only those in this state.
        #[arg(long, value_name = "STATE", value_parser = ["voting", "passed", "adopted", "overtaken", "expired"])]
        state: Option<String>,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// How a proposal stands, and what an account has locked for it.
    Show {
        /// The proposal's number.
        #[arg(value_name = "ID")]
        proposal: u64,
        /// A key file, or an account's id.
        #[arg(long, value_name = "KEYFILE|ID")]
        account: Option<Account>,
        #[command(flatten)]
        node: NodeArgs,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    match command {
        Command::Propose { rule, value, signer } => propose(rule, value, signer, out),
        Command::Support { proposal, amount, signer } => support(*proposal, *amount, signer, out),
        Command::Withdraw { proposal, signer } => support(*proposal, Amount::ZERO, signer, out),
        Command::List { state, node } => list(state.as_deref(), node, out),
        Command::Show { proposal, account, node } => {
            let account = account.as_ref().map(Account::id).transpose()?;
            show(*proposal, account, node, out)
        }
    }
}

fn propose(rule: &str, value: &str, signer: &SignerArgs, out: Output) -> Result<Verdict, Failure> {
    let name = RuleName::new(rule)
        .map_err(|_| bad(format!("rule {:?}: expected a name of small letters and underscores", arg::shorten(rule))))?;
    let number = if Rules::is_amount(rule) {
        arg::amount(value).map_err(bad)?.units()
    } else {
        let whole = value.bytes().all(|byte| byte.is_ascii_digit());
        value
            .parse()
            .ok()
            .filter(|_| whole)
            .ok_or_else(|| bad(format!("value {:?}: expected a whole number", arg::shorten(value))))?
    };
    let wallet = signer.wallet()?;
    let result = block_on(send(&wallet, Action::Propose { rule: name, value: number }, FUEL))?;
    let id = result.data.as_slice().try_into().map(u64::from_le_bytes).ok().filter(|_| result.is_done());
    let extra: Vec<(&str, Value)> = id.map(|id| ("proposal", json!(id))).into_iter().collect();
    Ok(report(out, &result, "proposed", &extra))
}

fn support(proposal: u64, amount: Amount, signer: &SignerArgs, out: Output) -> Result<Verdict, Failure> {
    let wallet = signer.wallet()?;
    let result = block_on(send(&wallet, Action::Support { proposal, amount }, FUEL))?;
    let what = if amount.is_zero() { "taken back" } else { "locked for the proposal" };
    Ok(report(out, &result, what, &[("proposal", json!(proposal)), ("votes", json!(amount.units().to_string()))]))
}

fn list(state: Option<&str>, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let found = block_on(async { client.proposals(state).await.map_err(blame) })?;
    let mut lines: Vec<String> = found.proposals.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("no proposals".to_owned());
    }
    lines.push(format!("the next one takes a deposit of {} ZRA", found.deposit));
    out.result(&serde_json::to_value(&found).unwrap_or_default(), &lines.join("\n"));
    Ok(Verdict::Yes)
}

fn show(proposal: u64, account: Option<AccountId>, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let (found, mine) = block_on(async {
        let found = client.proposal(proposal).await.map_err(blame)?;
        let mine = match account {
            Some(account) => Some(client.account(&account).await.map_err(blame)?),
            None => None,
        };
        Ok((found, mine))
    })?;
    let Some(found) = found else {
        return Err(Failure::Input(anyhow!("proposal {proposal}: unknown to {}", node.url())));
    };
    let votes = mine.map(|account| {
        let ballot = account.ballots.iter().find(|ballot| ballot.proposal == proposal);
        ballot.map_or(Amount::ZERO, |ballot| ballot.amount)
    });
    let mut json = serde_json::to_value(&found).unwrap_or_default();
    let mut text = format!(
        "{}\nproposer    {}\nopened      block {}, expires after block {}\npace        {}: half of the way in {} blocks\n\
         votes       {} ZRA\nconviction  {} ZRA of {} needed, measured against {} ZRA",
        line(&found),
        found.proposer,
        found.opened,
        found.expires,
        found.pace,
        found.half_life_blocks,
        found.support,
        found.conviction,
        found.need.map_or_else(|| "what no votes are".to_owned(), |need| format!("{need} ZRA")),
        found.effective,
    );
    if let Some(votes) = votes {
        json["votes"] = votes.units().to_string().into();
        text.push_str(&format!("\nof these    {votes} ZRA are the account's"));
    }
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

/// One line: what it asks for, and what comes next.
fn line(proposal: &ProposalView) -> String {
    let ProposalView { id, rule, old, new, state, support, .. } = proposal;
    let next = match (&proposal.passes, &proposal.executes, &proposal.ended) {
        (Some(passes), _, _) => format!("passes in block {passes} if no vote changes"),
        (_, Some(executes), _) => format!("a rule from block {executes} on if it still has enough"),
        (_, _, Some(ended)) => match (&proposal.version, &proposal.reason) {
            (Some(version), _) => format!("version {version} of the rules since block {ended}"),
            (None, Some(reason)) => format!("ended in block {ended}: {reason}"),
            (None, None) => format!("ended in block {ended}"),
        },
        _ => "does not pass with these votes".to_owned(),
    };
    format!("{id:>4}  {rule}: {} to {}, {state}, {support} ZRA; {next}", shown(rule, old), shown(rule, new))
}

/// A rule's value as people write it.
fn shown(rule: &str, value: &str) -> String {
    match value.parse() {
        Ok(units) if Rules::is_amount(rule) => format!("{} ZRA", Amount::from_units(units)),
        _ => value.to_owned(),
    }
}
