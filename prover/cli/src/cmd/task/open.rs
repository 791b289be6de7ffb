//! `zera task open`: an account asks for itself, or is told what asking costs.

use anyhow::anyhow;
use serde_json::json;
use zera_abi::wire::{Request, STATEMENT_INPUTS};
use zera_abi::{AccountId, Amount, Level, Outcome, TaskId};
use zera_host::{Action, CostSchedule, RequestBytes};
use zera_market::Answer;
use zera_provider::http::Client;
use zera_provider::view::CostView;

use super::{deliver, find};
use crate::arg;
use crate::network::{SignerArgs, blame, block_on, fuel_of, prices, report, send, stop_signal};
use crate::output::{Failure, Output, Verdict};
use crate::predicates;
use crate::subject::Subject;

/// What to ask, and for how much.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A built-in predicate, a .zpred file, or an id; its version must be published.
    #[arg(value_name = "P")]
    predicate: String,
    /// Public input: hex, @FILE with the bytes or with JSON, or a JSON object (built-in predicates).
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    public: String,
    /// What a declared value of the answer must be, in order from the first; can be repeated. Where the predicate reads private
    /// bytes, fixing the value that commits to them makes every outcome an answer; otherwise true alone is one.
    #[arg(long, value_name = "HEX", value_parser = scalar)]
    expect: Vec<[u8; 32]>,
    /// Private input: hex, @FILE, or a JSON object by fields. Fixes what it commits to, unless --expect does, then waits for whoever
    /// locks the task and delivers it, sealed to the holder's key, until there is an answer.
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    private: Option<String>,
    /// Most that the answer may cost.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount)]
    bounty: Amount,
    /// Least stake that a provider must lock; the rules may ask for more.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount, default_value = "0.01")]
    min_stake: Amount,
    /// Take an answer without a proof, too: a stake behind it, and anyone may challenge it.
    #[arg(long)]
    attested: bool,
    /// What a false answer could cost; answers without a proof are taken below a gate.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount, default_value = "0")]
    value_at_risk: Amount,
    /// The level that is enough: accepted, final, or with --attested attested.
    #[arg(long, value_name = "LEVEL", value_parser = level, default_value = "accepted")]
    level: Level,
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
    let client = args.signer.client()?;
    let wallet = args.signer.wallet()?;
    let subject = block_on(predicates::open_on(&args.predicate, &client))?;
    let public = subject.public(&args.public)?;
    let private = args.private.as_deref().map(|text| subject.private(Some(text))).transpose()?;
    let id = subject.artefact.predicate_id();
    let expected = expected(args, &subject, private.as_deref())?;
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
            value_at_risk: args.value_at_risk.units(),
            deadline: status.height.0.saturating_add(args.deadline_blocks),
            callback_fuel: 0,
            expected: &expected,
            attested: args.attested,
            level: args.level,
        })
        .map_err(|error| Failure::Input(anyhow!("request: {error}")))?;
        let (view, cost) = prices(&client).await?;
        let declared = published.declared.into();
        let fuel = Fuel::of(&cost, &wallet.account(), request.clone(), public.len(), declared);
        if args.dry_run {
            return price(args, &client, &view, &fuel, out).await;
        }
        let result = send(&wallet, Action::Open { request }, fuel.total).await?;
        let mut extra = Vec::new();
        if result.is_done() {
            extra.push(("task", json!(hex::encode(&result.data))));
        }
        if let (Some(private), Ok(task)) = (&private, <[u8; 32]>::try_from(result.data.as_slice())) {
            let (task, key) = (TaskId(task), args.signer.key()?);
            Output::progress(&format!("task {task}: waiting for a holder to deliver to; Ctrl-C ends it"));
            let (view, count) = tokio::select! {
                attended = deliver::attend(&client, &wallet, &key, &task, private) => attended?,
                stopped = stop_signal() => {
                    stopped?;
                    (find(&client, &task).await?, 0)
                }
            };
            extra.push(("state", json!(view.state.as_str())));
            extra.push(("delivered", json!(count)));
        }
        Ok(report(out, &result, "opened", &extra))
    })
}

/// What the request fixes: what is said, or else the value that commits to the private bytes.
fn expected(args: &Args, subject: &Subject, private: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
    let Some(private) = private.filter(|_| args.expect.is_empty()) else { return Ok(args.expect.concat()) };
    let manifest = &subject.artefact.manifest;
    if !manifest.commitment {
        let why = "declares nothing that commits to its private bytes (compile it with --commit-private), so none can be fixed";
        return Err(Failure::Input(anyhow!("predicate {}: {why}", manifest.name)));
    }
    Ok(deliver::commitment(private).to_vec())
}

fn level(text: &str) -> Result<Level, String> {
    [Level::Attested, Level::Accepted, Level::Final]
        .into_iter()
        .find(|level| level.to_string() == text)
        .ok_or_else(|| "expected attested, accepted or final".to_owned())
}

fn scalar(text: &str) -> Result<[u8; 32], String> {
    let bytes =
        <[u8; 32]>::try_from(arg::hex(text)?).map_err(|bytes| format!("expected 32 bytes, got {}", bytes.len()))?;
    if zera_statement::scalar_from_be(&bytes).is_none() {
        return Err("not a scalar below r, so no answer can declare it".to_owned());
    }
    Ok(bytes)
}

/// What the steps cost in fuel.
struct Fuel {
    /// Asking, all of it.
    total: u64,
    /// Of it, hashing the public input to the root that the statement holds.
    root: u64,
    /// Of it, the rows of a task.
    rows: u64,
    /// Sending an answer, right or wrong.
    answer: u64,
    /// Of it, checking the proof.
    verify: u64,
}

impl Fuel {
    fn of(cost: &CostSchedule, sender: &AccountId, request: RequestBytes, public: usize, declared: usize) -> Fuel {
        let root = cost.input_root(public);
        let rows = cost.open(request.len(), public).saturating_sub(root);
        let answer = Answer { outcome: Outcome::False, declared: vec![[0; 32]; declared], proof: Box::new([0; 256]) };
        Fuel {
            total: fuel_of(cost, sender, &Action::Open { request }),
            root,
            rows,
            answer: fuel_of(cost, sender, &Action::Submit { task: TaskId([0; 32]), answer }),
            verify: cost.verify(declared.saturating_add(STATEMENT_INPUTS)),
        }
    }
}

/// Tells what asking costs; sends nothing.
async fn price(args: &Args, client: &Client, view: &CostView, fuel: &Fuel, out: Output) -> Result<Verdict, Failure> {
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
    let open_share = args.bounty.units().saturating_mul(rule("open_share")?).checked_div(10_000).unwrap_or(0);
    let open_fee = Amount::from_units(open_share.max(rule("open_fee")?));
    let zra = |fuel: u64| view.fee(fuel);
    let mut text = format!("cost schedule {}, {} units of ZRA for one fuel\n", view.version, view.fuel_price);
    let transaction = fuel.total.saturating_sub(fuel.root).saturating_sub(fuel.rows);
    let rows = [
        ("the transaction, by its bytes", transaction),
        ("the root of the public input", fuel.root),
        ("storing the task", fuel.rows),
        ("together, paid by you", fuel.total),
        ("an answer, right or wrong, paid by its sender", fuel.answer),
        ("  of it checking the proof", fuel.verify),
    ];
    for (what, fuel) in rows {
        text.push_str(&format!("{what:<46} {fuel:>10} fuel  {} ZRA\n", zra(fuel)));
    }
    text.push_str(&format!("{:<46} {:>15}  {open_fee} ZRA\n", "the market's fee", ""));
    text.push_str(&format!("{:<46} {:>15}  {} ZRA\n", "held: the bounty at most", "", args.bounty));
    text.push_str(&format!("{:<46} {:>15}  {bond} ZRA", "held: your bond, back after an answer", ""));
    let units = |amount: Amount| amount.units().to_string();
    let json = json!({
        "cost_version": view.version,
        "fuel_price": view.fuel_price,
        "fuel": {
            "transaction": transaction,
            "root": fuel.root,
            "rows": fuel.rows,
            "total": fuel.total,
            "answer": fuel.answer,
            "verify": fuel.verify,
        },
        "fee": units(zra(fuel.total)),
        "answer_fee": units(zra(fuel.answer)),
        "open_fee": units(open_fee),
        "bounty": units(args.bounty),
        "bond": units(bond),
    });
    out.result(&json, &text);
    Ok(Verdict::Yes)
}
