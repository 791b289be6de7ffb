//! Why a module is no predicate, and why a run has no outcome.

use std::fmt;

/// Most characters of a stranger's text in a message.
const TEXT_MAX: usize = 80;

/// Where in a module: the byte, and the function where it lies in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the function, imports counted first, and its name by the module's name section.
    pub function: Option<(u32, Option<String>)>,
    /// Byte offset in the file.
    pub offset: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some((index, Some(name))) => write!(f, "function {index} ({name}), offset {:#x}", self.offset),
            Some((index, None)) => write!(f, "function {index}, offset {:#x}", self.offset),
            None => write!(f, "offset {:#x}", self.offset),
        }
    }
}

/// Why a module is no predicate. Every message is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not valid WebAssembly of the subset: malformed, or a feature that predicates do not have.
    #[error("predicate: {message} ({place})")]
    Invalid {
        /// What is wrong.
        message: String,
        /// Where.
        place: Place,
    },
    /// More of something than is allowed.
    #[error("predicate: {what}: {got}, at most {most} ({place})")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        got: u64,
        /// How much there may be.
        most: u64,
        /// Where.
        place: Place,
    },
    /// An import that is none of the ABI.
    #[error("predicate: import {module}.{name}: {why} ({place})")]
    Import {
        /// The import's module.
        module: String,
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
        /// Where.
        place: Place,
    },
    /// A required export is missing or has the wrong type.
    #[error("predicate: export {name}: {why}")]
    Export {
        /// The export's name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// This machine can not compile or run it.
    #[error("predicate: engine: {message}")]
    Engine {
        /// The engine's words.
        message: String,
    },
}

/// Why a run has none of the four outcomes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The fuel did not last. Says nothing about the predicate's answer.
    #[error("predicate: out of fuel: {fuel} did not last")]
    OutOfFuel {
        /// The fuel that the run was given.
        fuel: u64,
    },
    /// The public input is too short for the entry's parameters, so that there is nothing to call it with. A circuit with
    /// so few public bytes does not exist.
    #[error("predicate: public input: {got} bytes, the entry's parameters take {needed}")]
    Parameters {
        /// Bytes of the parameters.
        needed: usize,
        /// Bytes of the public input.
        got: usize,
    },
    /// The environment failed: no thread, no memory, a native stack that a recursion filled before its fuel was spent, or
    /// an intrinsic that panicked.
    #[error("predicate: {message}")]
    Failed {
        /// What failed.
        message: String,
    },
}

/// A stranger's text, fit for one line.
pub(super) fn line(text: &str) -> String {
    let mut shown: String = text.chars().take(TEXT_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(TEXT_MAX).is_some() {
        shown.push_str("..");
    }
    shown
}
