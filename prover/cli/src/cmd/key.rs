//! `zera key`: info, export, register, unregister, status.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::{Value, json};
use zera_abi::{Height, KeyId};
use zera_host::Action;
use zera_params::origin;

use crate::network::{FUEL, KEY_FUEL, NodeArgs, SignerArgs, blame, block_on, report, send};
use crate::output::{Failure, Output, Verdict};
use crate::vk::{self, Found};
use crate::{arg, file, snarkjs};

/// What to do with keys.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Id, inputs and origin of a key.
    Info {
        /// A keys folder, a VK.bin, snarkjs' verification_key.json or a .zkey.
        #[arg(value_name = "KEYS")]
        keys: PathBuf,
    },
    /// Write a verifying key in other forms.
    Export {
        /// A keys folder, a VK.bin, snarkjs' verification_key.json or a .zkey.
        #[arg(value_name = "KEYS")]
        keys: PathBuf,
        /// Write the canonical bytes here.
        #[arg(short, long, value_name = "VK.bin")]
        output: Option<PathBuf>,
        /// Write snarkjs' JSON here.
        #[arg(long, value_name = "FILE.json")]
        snarkjs: Option<PathBuf>,
    },
    /// Register a folder's key for its predicate.
    Register {
        /// A keys folder.
        #[arg(value_name = "DIR")]
        keys: PathBuf,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// Take a key of yours out of use and its deposit back; not while a task is open on it.
    Unregister {
        /// The key's id.
        #[arg(value_name = "ID", value_parser = arg::id::<KeyId>)]
        key: KeyId,
        #[command(flatten)]
        signer: SignerArgs,
    },
    /// What a network knows of a key: exit code 1 where it is not registered.
    Status {
        /// The key's id.
        #[arg(value_name = "ID", value_parser = arg::id::<KeyId>)]
        key: KeyId,
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
        Command::Info { keys } => info(&vk::open(keys)?, out),
        Command::Export { keys, output, snarkjs } => export(keys, output.as_deref(), snarkjs.as_deref(), out),
        Command::Register { keys, signer } => register(keys, signer, out),
        Command::Unregister { key, signer } => {
            let wallet = signer.wallet()?;
            let result = block_on(send(&wallet, Action::Unregister { key: *key }, FUEL))?;
            Ok(report(out, &result, "unregistered", &[("key_id", key.to_string().into())]))
        }
        Command::Status { key, node } => status(key, node, out),
    }
}

fn info(found: &Found, out: Output) -> Result<Verdict, Failure> {
    let Found { key, manifest } = found;
    let mut json = json!({
        "key_id": key.id().to_string(),
        "inputs": key.inputs(),
        "origin": origin(key).name(),
        "bytes": key.encode().len(),
    });
    let mut text = format!("key id     {}\ninputs     {}\norigin     {}", key.id(), key.inputs(), origin(key));
    if let Some(manifest) = manifest {
        json["predicate_id"] = manifest.predicate.to_string().into();
        json["rows"] = manifest.shape.rows.into();
        json["wires"] = manifest.shape.wires.into();
        text.push_str(&format!("\npredicate  {}\nrows       {}", manifest.predicate, manifest.shape.rows));
    }
    if key.is_dev() {
        text.push_str("\nA development key: its secrets are public. Only a local network takes it.");
    }
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

fn export(keys: &Path, output: Option<&Path>, snarkjs: Option<&Path>, out: Output) -> Result<Verdict, Failure> {
    if output.is_none() && snarkjs.is_none() && !out.is_json() {
        return Err(Failure::Input(anyhow!("key export: expected -o VK.bin, --snarkjs FILE.json or --json")));
    }
    let Found { key, .. } = vk::open(keys)?;
    let bytes = key.encode();
    let mut text = format!("key id  {}", key.id());
    let mut files = Vec::new();
    if let Some(path) = output {
        file::write(path, &bytes)?;
        files.push(path);
    }
    if let Some(path) = snarkjs {
        file::write(path, pretty(&snarkjs::key_to_json(&key)).as_bytes())?;
        files.push(path);
    }
    for path in &files {
        text.push_str(&format!("\nwrote   {}", path.display()));
    }
    let json = json!({
        "key_id": key.id().to_string(),
        "inputs": key.inputs(),
        "origin": origin(&key).name(),
        "bytes": hex::encode(&bytes),
        "files": files,
    });
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

fn register(keys: &Path, signer: &SignerArgs, out: Output) -> Result<Verdict, Failure> {
    let Found { key, manifest } = vk::open(keys)?;
    let Some(manifest) = manifest else {
        return Err(Failure::Input(anyhow!("{}: expected a keys folder, which names the predicate", keys.display())));
    };
    let wallet = signer.wallet()?;
    let action = Action::RegisterKey { predicate: manifest.predicate, key: key.encode() };
    let result = block_on(send(&wallet, action, KEY_FUEL))?;
    let extra: [(&str, Value); 2] =
        [("key_id", key.id().to_string().into()), ("predicate_id", manifest.predicate.to_string().into())];
    Ok(report(out, &result, "registered", &extra))
}

fn status(id: &KeyId, node: &NodeArgs, out: Output) -> Result<Verdict, Failure> {
    let client = node.client()?;
    let (key, predicate, height) = block_on(async {
        let key = client.key(id).await.map_err(blame)?;
        let predicate = match &key {
            Some(key) => client.predicate(&key.predicate.to_string()).await.map_err(blame)?,
            None => None,
        };
        let Height(height) = client.status().await.map_err(blame)?.height;
        Ok((key, predicate, height))
    })?;
    let Some(key) = key else {
        out.result(&json!({"key_id": id.to_string(), "registered": false}), &format!("key {id}: not registered"));
        return Ok(Verdict::No);
    };
    let state = &key.state;
    let pinned = state == "active" && predicate.as_ref().is_some_and(|predicate| predicate.key == Some(key.id));
    let name = predicate.map(|predicate| predicate.name);
    let json = json!({
        "key_id": key.id.to_string(),
        "registered": true,
        "state": state,
        "activates": key.activates.0,
        "height": height,
        "predicate_id": key.predicate.to_string(),
        "predicate": name,
        "owner": key.owner.to_string(),
        "deposit": key.deposit.units().to_string(),
        "current": pinned,
    });
    let text = format!(
        "key id     {}\nstate      {state} from block {}, now {height}\npredicate  {} {}\nowner      {}\ndeposit    {} ZRA\ncurrent    {}",
        key.id,
        key.activates,
        name.unwrap_or_default(),
        key.predicate,
        key.owner,
        key.deposit,
        if pinned { "yes: new tasks are pinned to it" } else { "no" },
    );
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

/// JSON for a file that a person may open.
pub fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
