//! Which predicate a command is about: every argument `P` is resolved here.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use zera_abi::PredicateId;
use zera_provider::Client;
use zera_provider::predicate::{Program, read_folder};
use zera_r1cs::Artefact;
use zera_r1cs::artefact::FILE_MAX;

use crate::network::blame;
use crate::output::{Blame, Failure};
use crate::subject::Subject;
use crate::{arg, file};

/// The environment's name of a folder with `.zpred` files: what they hold is known by id.
pub const FOLDER: &str = "ZERA_PREDICATES";

/// A built-in name, a `.zpred` file, or the id of one in the folder [`FOLDER`]; in this order.
///
/// # Errors
/// Bad input: none of them, or a file that is no artefact.
pub fn open(name: &str) -> Result<Subject, Failure> {
    local(name)?.ok_or_else(|| unknown(name))
}

/// As [`open`]; an id that is not known here is asked of a node.
///
/// # Errors
/// As [`open`]; the node's.
pub async fn open_on(name: &str, client: &Client) -> Result<Subject, Failure> {
    match (local(name)?, name.parse::<PredicateId>()) {
        (Some(subject), _) => Ok(subject),
        (None, Ok(id)) => fetch(&id, client).await.map(|(artefact, _)| Subject::of(Program::of(artefact))),
        (None, Err(_)) => Err(unknown(name)),
    }
}

/// A predicate's artefact from a node, with its bytes: the first of the node's files that holds what the id says.
///
/// # Errors
/// Bad input: not published, or no file of it there; the node's.
pub async fn fetch(id: &PredicateId, client: &Client) -> Result<(Artefact, Vec<u8>), Failure> {
    let published = client.predicate(&id.to_string()).await.map_err(blame)?;
    let published =
        published.ok_or_else(|| Failure::Input(anyhow!("predicate {id}: not published on this network")))?;
    let mut why = anyhow!("predicate {id}: the node has no file of it");
    for sha256 in published.artefacts {
        let Some(bytes) = client.artefact(&sha256, FILE_MAX).await.map_err(blame)? else { continue };
        match Artefact::decode(&bytes) {
            Ok(artefact) if artefact.predicate_id() == *id => return Ok((artefact, bytes)),
            Ok(artefact) => why = anyhow!("predicate {id}: the node's file is predicate {}", artefact.predicate_id()),
            Err(error) => why = anyhow!("predicate {id}: the node's file: {error}"),
        }
    }
    Err(Failure::Input(why))
}

/// Every file of a folder.
///
/// # Errors
/// Bad input: the folder can not be read, or a file in it is no artefact.
pub fn folder(path: &Path) -> Result<Vec<Program>, Failure> {
    read_folder(path).map_err(|what| Failure::Input(anyhow!(what)))
}

fn local(name: &str) -> Result<Option<Subject>, Failure> {
    if let Some(predicate) = zera_library::by_name(name) {
        return Ok(Some(Subject::of(Program::built_in(predicate))));
    }
    let path = Path::new(name);
    if path.exists() {
        let bytes = file::read(path, FILE_MAX as u64)?;
        let artefact = Artefact::decode(&bytes).with_context(|| name.to_owned()).input()?;
        return Ok(Some(Subject::of(Program::of(artefact))));
    }
    let Ok(id) = name.parse::<PredicateId>() else { return Ok(None) };
    if let Some(predicate) = zera_library::by_id(&id) {
        return Ok(Some(Subject::of(Program::built_in(predicate))));
    }
    let Some(known) = std::env::var_os(FOLDER) else { return Ok(None) };
    let found = folder(&PathBuf::from(known))?.into_iter().find(|program| program.id() == id);
    Ok(found.map(Subject::of))
}

fn unknown(name: &str) -> Failure {
    let name = arg::shorten(name);
    Failure::Input(anyhow!(
        "predicate {name:?}: not built in (see: zera predicate list), no such file, and no id of a file in the folder \
         ${FOLDER}"
    ))
}
