//! `zera task deliver`: private bytes for the holder of a task, sealed to its key; and the same by itself for whoever opened one.

use std::time::Duration;

use anyhow::anyhow;
use ed25519_dalek::{Signer, SigningKey};
use rand::RngCore;
use rand::rngs::OsRng;
use serde_json::json;
use zera_abi::TaskId;
use zera_host::Action;
use zera_host::sealed::{Address, mail_message, seal};
use zera_provider::Wallet;
use zera_provider::http::Client;
use zera_provider::view::{TaskStage, TaskView};
use zera_statement::{input_root, scalar_to_be};

use super::find;
use crate::arg;
use crate::network::{SignerArgs, blame, block_on, fuel_of, prices, report, send};
use crate::output::{Failure, Output, Verdict};
use crate::predicates;
use crate::subject::Given;

/// Between two looks at a task that waits for a holder.
const LOOK: Duration = Duration::from_millis(100);

/// What to deliver, and how.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The task.
    #[arg(value_name = "ID", value_parser = arg::id::<TaskId>)]
    task: TaskId,
    /// Private input: hex, @FILE, or a JSON object by fields. A file keeps it out of the shell's history.
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    private: String,
    /// Deliver on the chain what the holder has demanded, rather than through the node's mailbox.
    #[arg(long)]
    on_chain: bool,
    #[command(flatten)]
    signer: SignerArgs,
}

/// Seals the bytes to the holder's key and leaves them with the node, or on the chain.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let client = args.signer.client()?;
    let (wallet, key) = (args.signer.wallet()?, args.signer.key()?);
    // A file is read before the node is asked for anything.
    let given = Given::private(&args.private)?;
    let task = block_on(find(&client, &args.task))?;
    let subject = block_on(predicates::open_on(&task.predicate.to_string(), &client))?;
    let private = subject.private_of(given)?;
    check(&task, &private)?;
    block_on(async {
        let to = address(&client, &task).await?;
        if args.on_chain {
            let result = deliver(&client, &wallet, &to, &private).await?;
            return Ok(report(out, &result, "delivered on the chain", &[]));
        }
        let len = leave(&client, &key, &to, &private).await?;
        let json = json!({
            "task": to.task.to_string(),
            "provider": to.provider.to_string(),
            "sealing_key": hex::encode(to.key),
            "sealed_len": len,
        });
        let text = format!("{len} sealed bytes wait for {}, who holds task {}", to.provider, to.task);
        out.result(&json, &text);
        Ok(Verdict::Yes)
    })
}

/// The root that a request fixes private bytes by.
pub fn commitment(private: &[u8]) -> [u8; 32] {
    scalar_to_be(&input_root(private))
}

/// Nothing else than what the request fixed is sent: the holder could show it, and it would cost the bond.
fn check(task: &TaskView, private: &[u8]) -> Result<(), Failure> {
    if task.delivers && !task.expected.contains(&commitment(private)) {
        return Err(Failure::Input(anyhow!("task {}: these are not the private bytes that it fixes", task.id)));
    }
    Ok(())
}

/// The holder of a task, by the key that it gave.
async fn address(client: &Client, task: &TaskView) -> Result<Address, Failure> {
    let chain = client.status().await.map_err(blame)?.chain_id;
    match (task.provider, task.sealing_key) {
        (Some(provider), Some(key)) if task.state == TaskStage::Assigned => {
            Ok(Address { chain, task: task.id, provider, key })
        }
        _ if task.state == TaskStage::Assigned => {
            Err(Failure::Input(anyhow!("task {}: its holder has given no key to seal to yet", task.id)))
        }
        _ => Err(Failure::Input(anyhow!("task {}: {}, nobody holds it", task.id, task.state))),
    }
}

fn sealed(to: &Address, private: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    seal(to, private, &seed).map_err(|error| Failure::Input(error.into()))
}

/// Leaves the bytes with the node; gives their number, sealed.
async fn leave(client: &Client, key: &SigningKey, to: &Address, private: &[u8]) -> Result<usize, Failure> {
    let sealed = sealed(to, private)?;
    let from = zera_abi::AccountId(key.verifying_key().to_bytes());
    let signature = key.sign(&mail_message(to, &sealed)).to_bytes();
    client.send_sealed(&to.task, &from, &sealed, &signature).await.map_err(blame)?;
    Ok(sealed.len())
}

/// Delivers on the chain.
async fn deliver(
    client: &Client,
    wallet: &Wallet<Client>,
    to: &Address,
    private: &[u8],
) -> Result<zera_provider::view::TxResult, Failure> {
    let action = Action::Deliver { task: to.task, sealed: sealed(to, private)? };
    let (_, cost) = prices(client).await?;
    let fuel = fuel_of(&cost, &wallet.account(), &action);
    send(wallet, action, fuel).await
}

/// Delivers to whoever holds the task, again to each holder, and on the chain where it is demanded; until there is an answer or
/// no holder can give one any more. Gives the task as it is then, and how often bytes were delivered.
///
/// # Errors
/// [`Failure`].
pub async fn attend(
    client: &Client,
    wallet: &Wallet<Client>,
    key: &SigningKey,
    task: &TaskId,
    private: &[u8],
) -> Result<(TaskView, u32), Failure> {
    let (mut left, mut count): (Option<Address>, u32) = (None, 0);
    loop {
        let view = find(client, task).await?;
        if !matches!(view.state, TaskStage::Open | TaskStage::Assigned) {
            return Ok((view, count));
        }
        if view.sealing_key.is_some() && view.state == TaskStage::Assigned {
            let to = address(client, &view).await?;
            if view.deliver_until.is_some() {
                Output::progress(&format!("{} demands the private bytes: delivering on the chain", to.provider));
                // The demand may have been withdrawn meanwhile; what is next is seen at the next look.
                let result = deliver(client, wallet, &to, private).await?;
                count = count.saturating_add(u32::from(result.is_done()));
            } else if left != Some(to) && !view.delivered {
                match leave(client, key, &to, private).await {
                    Ok(len) => {
                        Output::progress(&format!("{len} sealed bytes left for {}", to.provider));
                        (left, count) = (Some(to), count.saturating_add(1));
                    }
                    // The holder may have answered or given up in this moment.
                    Err(Failure::Input(why)) => Output::progress(&format!("not left with the node: {why}")),
                    Err(error) => return Err(error),
                }
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}
