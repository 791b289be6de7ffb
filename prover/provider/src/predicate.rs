//! Predicates as a provider holds them: an artefact, and where its native answer comes from.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use zera_abi::{Outcome, PredicateId};
use zera_library::Predicate;
use zera_r1cs::Artefact;
use zera_r1cs::artefact::FILE_MAX;
use zera_statement::{Fr, scalar_to_be};

use crate::file;
use crate::prove::ProveFault;
use crate::wasm::Wasm;

/// Most files of a folder that are looked at.
const FILES_MAX: usize = 4096;

/// Where a native answer comes from: what is computed without the circuit.
#[derive(Clone, Debug)]
pub enum Native {
    /// The function of a built-in predicate.
    Library(&'static Predicate),
    /// A program.
    Wasm(Wasm),
    /// Nothing beside the circuit: the answer is the assignment's, where every row holds.
    Circuit,
}

impl Native {
    /// Where the answers of this artefact come from: the library, where it is a built-in one; the program that it carries,
    /// unless it carries none.
    pub fn of(artefact: &Artefact) -> Native {
        match zera_library::by_id(&artefact.predicate_id()) {
            Some(predicate) => Native::Library(predicate),
            None if artefact.program.is_empty() => Native::Circuit,
            None => Native::Wasm(Wasm::new(&artefact.program, &artefact.manifest.entry)),
        }
    }

    /// The answer; `None` where only the circuit gives one.
    ///
    /// # Errors
    /// [`ProveFault::NoNative`] and [`ProveFault::OutOfFuel`] where there is a program and it gives none.
    pub fn answer(&self, public: &[u8], private: &[u8]) -> Result<Option<Outcome>, ProveFault> {
        match self {
            Native::Library(predicate) => Ok(Some((predicate.evaluate)(public, private))),
            Native::Wasm(wasm) => wasm.run(public, private).map(|run| Some(run.outcome)),
            Native::Circuit => Ok(None),
        }
    }
}

/// What an answer will be, without its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The outcome.
    pub outcome: Outcome,
    /// The declared values.
    pub declared: Vec<[u8; 32]>,
}

/// A predicate that can be proved.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is proved.
    pub artefact: Cow<'static, Artefact>,
    /// Its native answer.
    pub native: Native,
}

impl Program {
    /// A built-in predicate.
    pub fn built_in(predicate: &'static Predicate) -> Program {
        Program { artefact: Cow::Borrowed((predicate.artefact)()), native: Native::Library(predicate) }
    }

    /// An artefact from anywhere.
    pub fn of(artefact: Artefact) -> Program {
        let native = Native::of(&artefact);
        Program { artefact: Cow::Owned(artefact), native }
    }

    /// With this much fuel for a native run, where there is a program; others need none.
    #[must_use]
    pub fn with_fuel(self, fuel: u64) -> Program {
        let native = match self.native {
            Native::Wasm(wasm) => Native::Wasm(wasm.with_fuel(fuel)),
            other => other,
        };
        Program { native, ..self }
    }

    /// Its id.
    pub fn id(&self) -> PredicateId {
        self.artefact.predicate_id()
    }

    /// Public bytes to measure with.
    pub fn sample(&self) -> Vec<u8> {
        let example = match &self.native {
            Native::Library(predicate) => {
                let json = serde_json::from_str(predicate.example).ok();
                json.and_then(|json| (predicate.parse)(&json).ok())
            }
            Native::Wasm(_) | Native::Circuit => None,
        };
        // A predicate is total: zeros at worst prove a trap, at the same cost.
        example.unwrap_or_else(|| vec![0; self.artefact.manifest.public_len as usize])
    }

    /// What the answer to these bytes will be. A built-in predicate that declares nothing is only run; of every other one the
    /// assignment is computed and each row checked, so that a tape that leads nowhere costs no stake.
    ///
    /// # Errors
    /// [`ProveFault::NoNative`], [`ProveFault::OutOfFuel`], [`ProveFault::Tape`], [`ProveFault::Rows`],
    /// [`ProveFault::Disagree`].
    pub fn preview(&self, public: &[u8], private: &[u8]) -> Result<Preview, ProveFault> {
        if let Native::Library(_) = &self.native
            && self.artefact.manifest.declared.is_empty()
            && let Some(outcome) = self.native.answer(public, private)?
        {
            return Ok(Preview { outcome, declared: Vec::new() });
        }
        self.certain(public, private)
    }

    /// The answer to these bytes that both the native run and the circuit give, for whoever stakes on it without a proof: what
    /// they agree on, neither a proof nor a run on the chain can overturn.
    ///
    /// # Errors
    /// As [`preview`](Program::preview).
    pub fn certain(&self, public: &[u8], private: &[u8]) -> Result<Preview, ProveFault> {
        let native = self.native.answer(public, private)?;
        // No context: the outcome and the declared values do not depend on it.
        let inputs = zera_r1cs::TapeInputs { binding: Fr::from(0u64), public, private };
        let z = self.artefact.tape.run(&inputs)?;
        self.artefact.matrices.check(&z)?;
        let outcome = self.outcome(&z, native)?;
        Ok(Preview { outcome, declared: self.declared(&z).iter().map(scalar_to_be).collect() })
    }

    /// The outcome of an assignment whose rows hold, which must be the native one where there is one.
    pub(crate) fn outcome(&self, z: &[Fr], native: Option<Outcome>) -> Result<Outcome, ProveFault> {
        let says = |outcome: &Outcome| z.get(1) == Some(&Fr::from(u64::from(outcome.code())));
        let circuit = (0..=3u8).filter_map(Outcome::from_code).find(says);
        match (circuit, native) {
            (Some(circuit), None) => Ok(circuit),
            (Some(circuit), Some(native)) if circuit == native => Ok(native),
            _ => Err(ProveFault::Disagree {
                circuit: z.get(1).map(ToString::to_string).unwrap_or_default(),
                native: native.map_or("nothing", Outcome::as_str),
            }),
        }
    }

    /// The declared values of an assignment.
    pub(crate) fn declared<'a>(&self, z: &'a [Fr]) -> &'a [Fr] {
        let first = 1 + zera_abi::wire::STATEMENT_INPUTS;
        z.get(first..=self.artefact.matrices.publics as usize).unwrap_or_default()
    }
}

/// Every `.zpred` file of a folder, in the order of their names.
///
/// # Errors
/// One line: the folder can not be read, or a file in it is no artefact.
pub fn read_folder(folder: &Path) -> Result<Vec<Program>, String> {
    let shown = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| shown(folder, &error))?.take(FILES_MAX) {
        let path = entry.map_err(|error| shown(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "zpred") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut programs = Vec::new();
    for path in paths {
        let bytes = file::read(&path, FILE_MAX).map_err(|error| shown(&path, &error))?;
        programs.push(Program::of(Artefact::decode(&bytes).map_err(|error| shown(&path, &error))?));
    }
    Ok(programs)
}
