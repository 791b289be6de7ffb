//! `zera task`: open, list, show, follow; lock, attest, challenge, settle; deliver.

mod deliver;
mod dispute;
mod open;

use std::time::Duration;

use anyhow::anyhow;
use futures_util::StreamExt;
use serde_json::{Value, json};
use zera_abi::{Height, TaskId};
use zera_provider::http::Client;
use zera_provider::view::{Cursor, EventView, TaskStage, TaskView};

use crate::arg;
use crate::network::{NodeArgs, blame, block_on, stop_signal};
use crate::output::{Failure, Output, Verdict};

/// After a task's last event, time for others of the same block.
const AFTERMATH: Duration = Duration::from_secs(1);
/// Events after which a task has no more.
const LAST: [&str; 6] =
    ["task_final", "task_failed", "task_expired", "task_cancelled", "task_revoked", "input_unavailable"];
/// Fields of events that are money.
const AMOUNTS: [&str; 24] = [
    "bounty",
    "min_stake",
    "ceiling",
    "price",
    "stake",
    "burned",
    "paid",
    "stake_returned",
    "hero_paid",
    "requester_paid",
    "insurance_paid",
    "reward",
    "returned",
    "deposits_returned",
    "bond",
    "bond_returned",
    "challenger_paid",
    "settler_paid",
    "fee",
    "fee_paid",
    "fee_returned",
    "amount",
    "need",
    "have",
];

/// What to do with tasks.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Ask a question for an account of your own, without a contract; or say what it would cost.
    Open(open::Args),
    /// Take a task for yourself at the next block's price, with its stake.
    Lock(dispute::Lock),
    /// Answer a task that you hold without a proof; only where it takes that.
    Attest(dispute::Say),
    /// Say that an attested answer is wrong, with a bond behind it.
    Challenge(dispute::Say),
    /// Show what the answer of a challenged task is: by a proof, or by a run of the predicate by the chain itself, which also
    /// shows that an answer that was proved is false.
    Settle(dispute::Settle),
    /// Send a task's private bytes to whoever holds it, sealed to its key.
    Deliver(deliver::Args),
    /// Tasks, oldest first.
    List {
        /// Only those in this state.
        #[arg(long, value_parser = stage, value_name = "STATE")]
        state: Option<TaskStage>,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Everything about one task.
    Show {
        /// The task.
        #[arg(value_name = "ID", value_parser = arg::id::<TaskId>)]
        task: TaskId,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Print events as they come: of one task from its opening to its end, or of the network until Ctrl-C.
    Follow {
        /// The task; everything where it is left out.
        #[arg(value_name = "ID", value_parser = arg::id::<TaskId>)]
        task: Option<TaskId>,
        /// Begin after this event; the network's begin now where it is left out.
        #[arg(long, value_name = "HEIGHT:INDEX", value_parser = cursor)]
        since: Option<Cursor>,
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
        Command::Open(args) => open::run(args, out),
        Command::Lock(args) => dispute::lock(args, out),
        Command::Attest(args) => dispute::attest(args, out),
        Command::Challenge(args) => dispute::challenge(args, out),
        Command::Settle(args) => dispute::settle(args, out),
        Command::Deliver(args) => deliver::run(args, out),
        Command::List { state, node } => list(*state, node, out),
        Command::Show { task, node } => show(task, node, out),
        Command::Follow { task, since, node } => follow(task.as_ref(), *since, node, out),
    }
}

fn stage(text: &str) -> Result<TaskStage, String> {
    let words = TaskStage::ALL.map(TaskStage::as_str).join(", ");
    TaskStage::ALL.into_iter().find(|stage| stage.as_str() == text).ok_or_else(|| format!("expected one of {words}"))
}

fn cursor(text: &str) -> Result<Cursor, String> {
    text.parse()
}

fn list(state: Option<TaskStage>, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let tasks = block_on(async { client.tasks(state).await.map_err(blame) })?;
    let mut text = String::new();
    for task in &tasks {
        let answer = task.outcome.map_or_else(|| "-".to_owned(), |outcome| outcome.to_string());
        text.push_str(&format!(
            "{}  {:<9}  answer {answer:<6}  up to {} ZRA, due by block {}\n",
            task.id, task.state, task.bounty_max, task.deadline
        ));
    }
    if tasks.is_empty() {
        text.push_str("no tasks");
    }
    out.result(&json!({ "tasks": tasks }), &text);
    Ok(Verdict::Yes)
}

fn show(id: &TaskId, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let (task, declines) = block_on(async {
        let task = find(&client, id).await?;
        Ok::<_, Failure>((task, client.declines(id).await.map_err(blame)?.declines))
    })?;
    let optional = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let mut text = format!(
        "task       {}\nstate      {} (level {}, opened in block {}, due by block {})\nrequester  {} (its number {})\n\
         predicate  {}\nkey        {}\nbounty     up to {} ZRA\nprovider   {}\nanswer     {}",
        task.id,
        task.state,
        task.level,
        task.opened,
        task.deadline,
        task.contract,
        task.handle,
        task.predicate,
        task.key,
        task.bounty_max,
        optional(task.provider.map(|provider| provider.to_string())),
        optional(task.outcome.map(|outcome| outcome.to_string())),
    );
    if task.delivers {
        let key = task.sealing_key.map_or_else(|| "no key given yet".to_owned(), hex::encode);
        text.push_str(&format!("\nprivate    owed to the holder, sealed to: {key}"));
    }
    if let Some(until) = task.deliver_until {
        text.push_str(&format!("\ndemanded   to be delivered on the chain by block {until}"));
    }
    if let (Some(price), Some(stake)) = (task.price, task.stake_required) {
        text.push_str(&format!("\nnext block {price} ZRA for a stake of {stake} ZRA"));
    }
    if let Some(predicate) = zera_library::by_id(&task.predicate) {
        text.push_str(&format!("\nasked      {}: {}", predicate.name, (predicate.describe)(&task.public)));
    }
    for submission in &task.submissions {
        let word = if submission.accepted { "accepted" } else { "refused" };
        text.push_str(&format!(
            "\nsubmitted  {} in block {} by {}: {word}",
            submission.outcome, submission.height, submission.provider
        ));
    }
    for told in &declines {
        text.push_str(&format!("\ndeclined   {}, by {}", told.reason, told.providers));
    }
    let mut json = serde_json::to_value(&task).unwrap_or_default();
    json["declines"] = json!(declines);
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

async fn find(client: &Client, id: &TaskId) -> Result<TaskView, Failure> {
    let task = client.task(id).await.map_err(blame)?;
    task.ok_or_else(|| Failure::Input(anyhow!("task {id}: the node knows none of this id")))
}

fn follow(task: Option<&TaskId>, since: Option<Cursor>, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let url = node.url();
    block_on(async {
        let after = match (since, task) {
            (Some(cursor), _) => Some(cursor),
            // From just before it opened.
            (None, Some(id)) => {
                let opened = find(&client, id).await?.opened.0;
                opened.checked_sub(1).map(|height| Cursor { height: Height(height), index: u32::MAX })
            }
            (None, None) => {
                let height = client.status().await.map_err(blame)?.height;
                Some(Cursor { height, index: u32::MAX })
            }
        };
        let what = task.map_or_else(|| format!("following {url}; Ctrl-C ends it"), |id| format!("following task {id}"));
        Output::progress(&what);
        tokio::select! {
            ended = print(&client, task, after, out) => ended,
            stopped = stop_signal() => stopped.map(|_| Verdict::Yes),
        }
    })
}

async fn print(client: &Client, task: Option<&TaskId>, after: Option<Cursor>, out: Output) -> Result<Verdict, Failure> {
    let mut events = client.events(after);
    let mut is_over = false;
    loop {
        let next = if is_over {
            match tokio::time::timeout(AFTERMATH, events.next()).await {
                Ok(next) => next,
                Err(_) => return Ok(Verdict::Yes),
            }
        } else {
            events.next().await
        };
        match next {
            None => return Ok(Verdict::Yes),
            // The stream resumes by itself where it was interrupted.
            Some(Err(error)) if error.is_transient() => Output::progress(&format!("zera: {error}; trying again")),
            Some(Err(error)) => return Err(blame(error)),
            Some(Ok(event)) => {
                if task.is_none() || event.task().as_ref() == task {
                    out.result(&serde_json::to_value(&event).unwrap_or_default(), &line(&event, task.is_none()));
                    is_over |= task.is_some() && LAST.contains(&event.event.as_str());
                }
            }
        }
    }
}

/// One event in one line; its task first and whole, for a person to copy, or left out.
fn line(event: &EventView, with_task: bool) -> String {
    let mut line = format!("block {:<6} {:<16}", event.height, event.event);
    if let Some(task) = event.task().filter(|_| with_task) {
        line.push_str(&format!(" task={task}"));
    }
    for (name, value) in event.fields.iter().filter(|(name, _)| *name != "task") {
        let shown = match value {
            Value::Null => continue,
            Value::String(_) if AMOUNTS.contains(&name.as_str()) => match event.amount(name) {
                Some(amount) => format!("{amount} ZRA"),
                None => continue,
            },
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => cut(text),
            other => other.to_string(),
        };
        line.push_str(&format!(" {name}={shown}"));
    }
    line
}

/// The first characters of an id, everything of another text.
pub fn cut(text: &str) -> String {
    text.chars().take(if text.len() == 64 { 12 } else { usize::MAX }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_as_zra_and_ids_are_cut() {
        let (task, provider) = ("11".repeat(32), "22".repeat(32));
        let event = json!({"height": 9, "index": 1, "event": "task_final", "task": task, "provider": provider,
            "paid": "1500000000", "hero": null, "detail": "", "late": false});
        let event = serde_json::from_value(event).unwrap();
        assert!(!line(&event, false).contains("task="));
        let line = line(&event, true);
        assert!(line.contains(&format!("task={task}")) && line.ends_with(" provider=222222222222"), "{line}");
        assert!(line.contains("paid=1.5 ZRA") && line.contains("late=false"), "{line}");
        assert!(!line.contains("hero") && !line.contains("detail"), "{line}");
    }
}
