//! `zera task open`: an account asks for itself, or is told what asking costs.

use anyhow::anyhow;
use serde_json::json;
use zera_abi::wire::{Request, STATEMENT_INPUTS};
use zera_abi::{Amount, Level};
use zera_host::{Action, CostSchedule, RequestBytes};
use zera_provider::http::Client;
use zera_provider::view::StatusView;

use crate::arg;
use crate::network::{SignerArgs, blame, block_on, report, send};
use crate::output::{Failure, Output, Verdict};
use crate::subject::Subject;

/// Bytes of a signed transaction with a request, beside the request: frame, length, signature.
const ENVELOPE_LEN: usize = 90 + 4 + 64;
/// Bytes of a signed submission without declared values.
const SUBMISSION_LEN: usize = 90 + 32 + 1 + 1 + 256 + 64;
/// Bytes of the row that a submission is charged for.
const SUBMISSION_ROW_LEN: usize = 1024;

/// What to ask, and for how much.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A built-in predicate, or a .zpred file; its version must be published.
    #[arg(value_name = "P")]
    predicate: String,
    /// Public input: hex, @FILE with the bytes or with JSON, or a JSON object (built-in predicates).
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    public: String,
    /// Most that the answer may cost.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount)]
    bounty: Amount,
    /// Least stake that a provider must lock; the rules may ask for more.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount, default_value = "0.01")]
    min_stake: Amount,
    /// Blocks from now until which an answer is taken.
    #[arg(long, value_name = "BLOCKS", default_value_t = 100)]
    deadline_blocks: u64,
    /// Say what it costs, in fuel and in ZRA, and send nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let subject = Subject::open(&args.predicate)?;
    let public = subject.public(&args.public)?;
    let id = subject.artefact.predicate_id();
    let client = args.signer.client()?;
    let wallet = args.signer.wallet()?;
    block_on(async {
        let status = client.status().await.map_err(blame)?;
        let published = client.predicate(&id.to_string()).await.map_err(blame)?;
        let Some(published) = published else {
            return Err(Failure::Input(anyhow!("predicate {id}: not published on {}", args.signer.node().url())));
        };
        let request = RequestBytes::new(&Request {
            predicate: id,
            public: &public,
            bounty: args.bounty.units(),
            min_stake: args.min_stake.units(),
            value_at_risk: 0,
            deadline: status.height.0.saturating_add(args.deadline_blocks),
            callback_fuel: 0,
            expected: &[],
            level: Level::Accepted,
        })
        .map_err(|error| Failure::Input(anyhow!("request: {error}")))?;
        let fuel = Fuel::of(&request, public.len(), published.declared.into());
        if args.dry_run {
            return price(args, &client, &status, &fuel, out).await;
        }
        let result = send(&wallet, Action::Open { request }, fuel.total()).await?;
        let task = result.is_done().then(|| ("task", json!(hex::encode(&result.data))));
        Ok(report(out, &result, "opened", task.as_slice()))
    })
}

/// What the steps cost in fuel.
struct Fuel {
    version: u32,
    transaction: u64,
    open: u64,
    /// Paid by whoever submits the answer, right or wrong.
    submission: u64,
}

impl Fuel {
    fn of(request: &RequestBytes, public: usize, declared: usize) -> Fuel {
        let cost = CostSchedule::v1();
        Fuel {
            version: cost.version,
            transaction: cost.transaction(request.len().saturating_add(ENVELOPE_LEN)),
            open: cost.open(request.len(), public),
            submission: cost
                .transaction(SUBMISSION_LEN.saturating_add(declared.saturating_mul(32)))
                .saturating_add(cost.verify(declared.saturating_add(STATEMENT_INPUTS)))
                .saturating_add(cost.row_write(SUBMISSION_ROW_LEN)),
        }
    }

    fn total(&self) -> u64 {
        self.transaction.saturating_add(self.open)
    }
}

/// Tells what asking costs; sends nothing.
async fn price(
    args: &Args,
    client: &Client,
    status: &StatusView,
    fuel: &Fuel,
    out: Output,
) -> Result<Verdict, Failure> {
    let rules = client.market().await.map_err(blame)?.rules;
    // Amounts are decimal strings, shares are numbers.
    let rule = |name: &str| -> Result<u128, Failure> {
        let value = rules.0.get(name);
        let number = value
            .and_then(|value| value.as_str().and_then(|text| text.parse().ok()).or(value.as_u64().map(u128::from)));
        number.ok_or_else(|| Failure::Environment(anyhow!("the node names no rule {name}")))
    };
    let share = args.bounty.units().saturating_mul(rule("bond_share")?).checked_div(10_000).unwrap_or(0);
    let bond = Amount::from_units(share.max(rule("bond_floor")?));
    let open_fee = Amount::from_units(rule("open_fee")?);
    let zra = |fuel: u64| Amount::from_units(u128::from(fuel).saturating_mul(u128::from(status.fuel_price)));
    let mut text = format!("cost schedule {}, {} units of ZRA for one fuel\n", fuel.version, status.fuel_price);
    let rows = [
        ("the transaction", fuel.transaction),
        ("opening: input root, rows", fuel.open),
        ("both, paid by you", fuel.total()),
        ("an answer, right or wrong, paid by its sender", fuel.submission),
    ];
    for (what, fuel) in rows {
        text.push_str(&format!("{what:<46} {fuel:>10} fuel  {} ZRA\n", zra(fuel)));
    }
    text.push_str(&format!("{:<46} {:>15}  {open_fee} ZRA\n", "the market's fee", ""));
    text.push_str(&format!("{:<46} {:>15}  {} ZRA\n", "held: the bounty at most", "", args.bounty));
    text.push_str(&format!("{:<46} {:>15}  {bond} ZRA", "held: your bond, back after an answer", ""));
    let units = |amount: Amount| amount.units().to_string();
    let json = json!({
        "cost_version": fuel.version,
        "fuel_price": status.fuel_price,
        "fuel": {"transaction": fuel.transaction, "open": fuel.open, "total": fuel.total(), "submission": fuel.submission},
        "fee": units(zra(fuel.total())),
        "submission_fee": units(zra(fuel.submission)),
        "open_fee": units(open_fee),
        "bounty": units(args.bounty),
        "bond": units(bond),
    });
    out.result(&json, &text);
    Ok(Verdict::Yes)
}
