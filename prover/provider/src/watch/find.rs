//! Where a predicate's program comes from: a file given, the library, or the node.

use std::sync::Arc;

use zera_abi::{Height, PredicateId};
use zera_r1cs::Artefact;

use super::Watcher;
use crate::market::MarketClient;
use crate::predicate::{Native, Program};

/// Most predicates of the node that are kept; they can be had again.
const KEPT_MAX: usize = 64;
/// Blocks after which what the node did not have is asked for again.
const RETRY_BLOCKS: u64 = 4;

/// What is known of a predicate.
pub(super) enum Found {
    /// Its program. What was given here is kept for good.
    Program { program: Arc<Program>, given: bool },
    /// Nothing, when it was last asked for.
    Nothing { why: String, at: Height },
}

impl Found {
    pub(super) fn here(program: Program) -> Found {
        Found::Program { program: Arc::new(program), given: true }
    }
}

impl<C: MarketClient> Watcher<C> {
    /// The program of a predicate.
    ///
    /// # Errors
    /// Why there is none, in one line.
    pub(super) async fn program(&mut self, id: &PredicateId) -> Result<Arc<Program>, String> {
        match self.programs.get(id) {
            Some(Found::Program { program, .. }) => return Ok(Arc::clone(program)),
            Some(Found::Nothing { why, at }) if self.height.since(*at).0 < RETRY_BLOCKS => return Err(why.clone()),
            _ => {}
        }
        let found = match zera_library::by_id(id) {
            Some(predicate) => Ok(Program::built_in(predicate)),
            None => self.fetch(id).await,
        };
        self.make_room();
        let (known, result) = match found {
            Ok(program) => {
                let program = Arc::new(program);
                (Found::Program { program: Arc::clone(&program), given: false }, Ok(program))
            }
            Err(why) => (Found::Nothing { why: why.clone(), at: self.height }, Err(why)),
        };
        self.programs.insert(*id, known);
        result
    }

    /// Strangers publish predicates, so they must not choose our memory.
    fn make_room(&mut self) {
        let kept = |found: &Found| !matches!(found, Found::Program { given: true, .. });
        while self.programs.values().filter(|found| kept(found)).count() >= KEPT_MAX {
            let Some(first) = self.programs.iter().find(|(_, found)| kept(found)).map(|(id, _)| *id) else { return };
            self.programs.remove(&first);
            self.provers.remove(&first);
        }
    }

    /// Tries the node's files of a predicate one after the other.
    async fn fetch(&self, id: &PredicateId) -> Result<Program, String> {
        let Some(len_max) = self.config.fetch_len_max else { return Err("its file is not here".to_owned()) };
        let mut why = "the node has no file of it".to_owned();
        for sha256 in self.client.artefacts(id).await.map_err(|error| error.to_string())? {
            let bytes = match self.client.artefact(&sha256, len_max).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(error) => {
                    why = error.to_string();
                    continue;
                }
            };
            let (id, rows_max, fuel) = (*id, self.config.rows_max, self.config.native_fuel);
            let read = move || {
                let artefact = Artefact::decode(&bytes).map_err(|error| error.to_string())?;
                if artefact.predicate_id() != id {
                    return Err(format!("the file is predicate {}", artefact.predicate_id()));
                }
                let rows = artefact.matrices.rows() as u64;
                if rows > rows_max {
                    return Err(format!("{rows} rows, at most {rows_max}"));
                }
                let program = Program::of(artefact).with_fuel(fuel);
                if let Native::Wasm(wasm) = &program.native {
                    wasm.load().map_err(|error| error.to_string())?;
                }
                Ok(program)
            };
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(program)) => return Ok(program),
                Ok(Err(wrong)) => why = wrong,
                Err(_) => why = "its file made a thread panic".to_owned(),
            }
        }
        Err(why)
    }
}
