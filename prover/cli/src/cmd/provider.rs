//! `zera provider`: the daemon that proves for money.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use zera_abi::{Amount, PredicateId};
use zera_params::dev_keys_cached;
use zera_provider::daemon::Fetch;
use zera_provider::{Daemon, DaemonError, DaemonHandle, KeySource, PrivateFolder, Program, ProviderConfig, Report};

use crate::arg::{self, Account};
use crate::cmd::node::cores;
use crate::cmd::predicate::shown;
use crate::cmd::task::cut;
use crate::network::{SignerArgs, blame, block_on, stop_signal};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;
use crate::subject::Subject;
use crate::{file, predicates};

/// The job book in the data folder.
const JOURNAL_FILE: &str = "journal.redb";
/// The keys in the data folder.
const KEYS_DIR: &str = "keys";

/// What to do with a provider.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Take tasks, prove and submit until SIGINT or SIGTERM; then finish what was taken.
    Run(Args),
}

/// How a provider runs. What is not said has the daemon's defaults for a local network.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    signer: SignerArgs,
    /// Folder of job book and keys; made where it is missing.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A predicate to serve: a built-in name, a .zpred file, or an id in --predicates. Can be repeated. Unless told, all that are
    /// built in or in --predicates, and those that tasks name and the node has the file of.
    #[arg(long, value_name = "P")]
    predicate: Vec<String>,
    /// Folder of .zpred files to serve beside what is built in.
    #[arg(long, value_name = "DIR")]
    predicates: Option<PathBuf>,
    /// Take no predicates from the node.
    #[arg(long)]
    no_fetch: bool,
    /// Most bytes of a file that is taken from the node.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    fetch_max: usize,
    /// Most rows of a predicate that is served.
    #[arg(long, value_name = "N", default_value_t = 1 << 22)]
    rows_max: u64,
    /// Most fuel of a native run of a predicate's program, about a nanosecond each; a task whose run takes more is declined.
    #[arg(long, value_name = "FUEL", default_value_t = zera_provider::wasm::FUEL, value_parser = clap::value_parser!(u64).range(1..))]
    native_fuel: u64,
    /// Folder of private input bytes: one file an input, named in hex by the task, or by a commitment that its request fixes.
    #[arg(long, value_name = "DIR")]
    private_dir: Option<PathBuf>,
    /// Threads of a proof [default: every core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Most proofs at once, and most jobs between lock and answer.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    max_concurrent: Option<u16>,
    /// Most stake at risk at a time, in ZRA.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount)]
    max_stake: Option<Amount>,
    /// What is asked on top of the cost, in basis points of it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    margin_bps: Option<u32>,
    /// Least price of any job, in ZRA.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount)]
    floor: Option<Amount>,
    /// Cost of a second of proving, in ZRA.
    #[arg(long, value_name = "ZRA", value_parser = arg::amount)]
    per_second: Option<Amount>,
    /// A contract whose tasks are not taken. Can be repeated.
    #[arg(long, value_name = "ID")]
    deny: Vec<Account>,
    /// Answer without a proof where a task takes that, and prove only when somebody challenges.
    #[arg(long)]
    attest: bool,
    /// Leave tasks alone whose lock has lapsed.
    #[arg(long)]
    no_rescue: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    let Command::Run(args) = command;
    let client = args.signer.client()?;
    let served = served(args)?;
    let key = args.signer.key()?;
    file::make_folder(&args.data)?;
    let status = block_on(async { client.status().await.map_err(blame) })?;
    if !status.development {
        return Err(Failure::Input(anyhow!(
            "{}: network {} takes no development keys, and a provider has no others yet",
            args.signer.node().url(),
            status.name
        )));
    }
    let keys = keys(&args.data.join(KEYS_DIR), &served)?;
    let mut config = ProviderConfig::local(key, KeySource::Given(keys), args.data.join(JOURNAL_FILE));
    apply(args, &mut config)?;
    config.programs = served;
    block_on(async {
        let progress = Progress::start("measuring how long a proof takes here");
        let mut handle = Daemon::start(config, client).await.map_err(blame_daemon)?;
        drop(progress);
        work(&mut handle, out).await?;
        Output::progress("stopped");
        Ok(Verdict::Yes)
    })
}

/// Tells reports until a signal, then stops in peace; a second signal ends it at once.
async fn work(handle: &mut DaemonHandle, out: Output) -> Result<(), Failure> {
    // The stop below needs the handle to itself.
    let mut reports = std::mem::replace(&mut handle.reports, mpsc::channel(1).1);
    let signal = tokio::select! {
        () = tell_all(&mut reports, out) => {
            // Nobody reports any more: it ended by itself.
            return handle.ended().await.map_err(blame_daemon);
        }
        signal = stop_signal() => signal?,
    };
    Output::progress(&format!("{signal}: taking no more tasks, finishing what was taken"));
    let again = stop_signal();
    let stopped = async {
        let stopped = handle.stop().await.map_err(blame_daemon);
        // What was reported while it ended, and then nobody reports any more.
        while let Ok(report) = reports.try_recv() {
            tell(&report, out);
        }
        stopped
    };
    tokio::select! {
        stopped = stopped => stopped,
        signal = again => {
            Output::progress(&format!("{}: the rest is left to the next start", signal?));
            Ok(())
        }
    }
}

async fn tell_all(reports: &mut mpsc::Receiver<Report>, out: Output) {
    while let Some(report) = reports.recv().await {
        tell(&report, out);
    }
}

/// The predicates that were asked for, or all that are here.
fn served(args: &Args) -> Result<Vec<Program>, Failure> {
    let known = args.predicates.as_deref().map_or(Ok(Vec::new()), predicates::folder)?;
    if args.predicate.is_empty() {
        return Ok(zera_library::registry().iter().map(Program::built_in).chain(known).collect());
    }
    let find = |name: &String| {
        let id = name.parse::<PredicateId>().ok();
        match known.iter().find(|program| Some(program.id()) == id) {
            Some(program) => Ok(program.clone()),
            None => predicates::open(name).map(|Subject { artefact, native }| Program { artefact, native }),
        }
    };
    args.predicate.iter().map(find).collect()
}

/// Development keys, made at first use.
fn keys(dir: &Path, served: &[Program]) -> Result<BTreeMap<PredicateId, Arc<zera_params::Keys>>, Failure> {
    let mut keys = BTreeMap::new();
    let progress = Progress::start("loading keys");
    for program in served {
        progress.step(format!("loading or making development keys for {}", program.artefact.manifest.name));
        keys.insert(program.id(), Arc::new(dev_keys_cached(dir, &program.artefact).environment()?));
    }
    Ok(keys)
}

fn apply(args: &Args, config: &mut ProviderConfig) -> Result<(), Failure> {
    config.threads = args.threads.map_or_else(cores, usize::from);
    if let Some(most) = args.max_concurrent {
        config.max_concurrent = usize::from(most);
    }
    if let Some(stake) = args.max_stake {
        config.max_stake = stake;
    }
    if let Some(margin) = args.margin_bps {
        config.price.margin_bps = margin;
    }
    if let Some(floor) = args.floor {
        config.price.floor = floor;
    }
    if let Some(cost) = args.per_second {
        config.price.per_second = cost;
    }
    config.deny = args.deny.iter().map(Account::id).collect::<Result<_, _>>()?;
    config.rescue = !args.no_rescue;
    config.attest = args.attest;
    config.rows_max = args.rows_max;
    config.native_fuel = args.native_fuel;
    config.private = args.private_dir.clone().map(PrivateFolder);
    // Whoever names what is served wants nothing else.
    let fetch = Fetch { len_max: args.fetch_max, ..Fetch::standard(args.data.join(KEYS_DIR)) };
    config.fetch = Some(fetch).filter(|_| !args.no_fetch && args.predicate.is_empty());
    Ok(())
}

fn blame_daemon(error: DaemonError) -> Failure {
    match error {
        DaemonError::Client(error) => blame(error),
        DaemonError::Config(_) => Failure::Input(error.into()),
        error => Failure::Environment(error.into()),
    }
}

fn tell(report: &Report, out: Output) {
    let (name, fields) = describe(report);
    let mut json = json!({ "report": name });
    let mut text = format!("{name:<13}");
    for (field, value) in fields {
        if let Value::String(word) = &value {
            // A task is shown whole once, for a person to copy.
            let word = if name == "seen" && field == "task" { word.clone() } else { cut(word) };
            text.push_str(&format!(" {field}={word}"));
        } else if field.ends_with("ns") {
            text.push_str(&format!(" {}", shown(value.as_u64().unwrap_or(0))));
        } else if !value.is_null() {
            text.push_str(&format!(" {field}={value}"));
        }
        json[field] = value;
    }
    out.result(&json, &text);
}

/// A report as a word and its fields; money in ZRA.
fn describe(report: &Report) -> (&'static str, Vec<(&'static str, Value)>) {
    fn text(value: impl ToString) -> Value {
        value.to_string().into()
    }
    match report {
        Report::Started { account, height, resumed } => {
            ("started", vec![("account", text(account)), ("height", height.0.into()), ("resumed", (*resumed).into())])
        }
        Report::Calibrated { predicate, name, rows, work_ns, measured } => (
            "calibrated",
            vec![
                ("name", text(name)),
                ("predicate", text(predicate)),
                ("rows", (*rows).into()),
                ("work_ns", (*work_ns).into()),
                ("measured", (*measured).into()),
            ],
        ),
        Report::Seen { task, predicate, price } => (
            "seen",
            vec![("task", text(task)), ("predicate", text(predicate)), ("price", price.map_or(Value::Null, text))],
        ),
        Report::Declined { task, declined } => (
            "declined",
            vec![("task", text(task)), ("reason", text(declined.reason)), ("detail", text(&declined.detail))],
        ),
        Report::Resumed { task, stage } => ("resumed", vec![("task", text(task)), ("stage", text(stage))]),
        Report::Locked { task, price, stake, lock_deadline } => (
            "locked",
            vec![
                ("task", text(task)),
                ("price", text(price)),
                ("stake", text(stake)),
                ("lock_deadline", lock_deadline.0.into()),
            ],
        ),
        Report::Native { task, outcome, ns } => {
            ("native", vec![("task", text(task)), ("outcome", text(outcome)), ("ns", (*ns).into())])
        }
        Report::Witness { task, wires, ns } => {
            ("witness", vec![("task", text(task)), ("wires", (*wires).into()), ("ns", (*ns).into())])
        }
        Report::Rows { task, rows, ns } => {
            ("rows", vec![("task", text(task)), ("rows", (*rows).into()), ("ns", (*ns).into())])
        }
        Report::Proved { task, ns } => ("proved", vec![("task", text(task)), ("ns", (*ns).into())]),
        Report::SelfVerified { task, ns } => ("self_verified", vec![("task", text(task)), ("ns", (*ns).into())]),
        Report::Submitted { task, tx } => ("submitted", vec![("task", text(task)), ("tx", text(tx))]),
        Report::Resent { tx, times } => ("resent", vec![("tx", text(tx)), ("times", (*times).into())]),
        Report::Attested { task, outcome } => ("attested", vec![("task", text(task)), ("outcome", text(outcome))]),
        Report::Challenged { task, challenger } => {
            ("challenged", vec![("task", text(task)), ("challenger", challenger.map_or(Value::Null, text))])
        }
        Report::Committed { task, tx } => ("committed", vec![("task", text(task)), ("tx", text(tx))]),
        Report::Revealed { task, tx } => ("revealed", vec![("task", text(task)), ("tx", text(tx))]),
        Report::KeyGiven { task, tx } => ("key_given", vec![("task", text(task)), ("tx", text(tx))]),
        Report::Demanded { task, tx } => ("demanded", vec![("task", text(task)), ("tx", text(tx))]),
        Report::Complained { task, tx } => ("complained", vec![("task", text(task)), ("tx", text(tx))]),
        Report::Undelivered { task } => ("undelivered", vec![("task", text(task))]),
        Report::Accepted { task, outcome } => ("accepted", vec![("task", text(task)), ("outcome", text(outcome))]),
        Report::Rejected { task, detail } => ("rejected", vec![("task", text(task)), ("detail", text(detail))]),
        Report::Finalised { task, paid } => ("finalised", vec![("task", text(task)), ("paid", text(paid))]),
        Report::Released { task } => ("released", vec![("task", text(task))]),
        Report::Lost { task, why } => ("lost", vec![("task", text(task)), ("why", text(why))]),
        Report::Unreachable { what } => ("unreachable", vec![("what", text(what))]),
        Report::JournalFailed { task, what } => ("journal_failed", vec![("task", text(task)), ("what", text(what))]),
        // Newer than this command line.
        other => ("other", vec![("detail", format!("{other:?}").into())]),
    }
}
