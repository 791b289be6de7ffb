//! `zera setup`: keys for a predicate.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::json;
use zera_params::manifest::MANIFEST_FILE;
use zera_params::{Manifest, dev_keys, dev_verifying_key, save};

use crate::cmd::predicate::{shown, timed};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::predicates;
use crate::progress::Progress;

/// How keys are made.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Development keys: their secrets are public, only a local network takes them.
    Dev {
        /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
        #[arg(value_name = "P")]
        predicate: String,
        /// The folder to write.
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(command: &Command, out: Output) -> Result<Verdict, Failure> {
    let Command::Dev { predicate, output } = command;
    let subject = predicates::open(predicate)?;
    let artefact = &*subject.artefact;
    let id = artefact.predicate_id();
    let expected = dev_verifying_key(&artefact.matrices).input()?.id();
    keep_others(output, &expected.to_string())?;
    let (keys, ns) = {
        let _progress = Progress::start(format!("making development keys for {}", artefact.manifest.name));
        timed(|| dev_keys(&artefact.matrices))
    };
    let keys = keys.input()?;
    save(output, &id, &keys).environment()?;
    let json = json!({
        "key_id": keys.verifying.id().to_string(),
        "predicate_id": id.to_string(),
        "origin": keys.origin().name(),
        "dir": output,
        "rows": keys.shape.rows,
        "wires": keys.shape.wires,
        "publics": keys.shape.publics,
        "time_ns": ns,
    });
    let text = format!(
        "key id       {}\npredicate    {} {id}\nfolder       {}\nmade in      {}\n\
         DEVELOPMENT KEYS: their secrets are public, so anyone can prove anything under them. Only a local network takes them.",
        keys.verifying.id(),
        artefact.manifest.name,
        output.display(),
        shown(ns),
    );
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

/// Refuses to replace other keys than the ones that are about to be made.
fn keep_others(dir: &Path, key: &str) -> Result<(), Failure> {
    if !dir.join(MANIFEST_FILE).exists() {
        return Ok(());
    }
    let there = Manifest::read(dir).input()?.key.to_string();
    if there == key {
        return Ok(());
    }
    Err(Failure::Input(anyhow!("{}: holds other keys ({there}); choose another folder", dir.display())))
}
