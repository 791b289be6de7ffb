//! `predicate.lock`: what a predicate cost when its author last looked, so that a growth does not pass unseen.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use zera_r1cs::Artefact;

use crate::file;
use crate::output::{Blame, Failure};
use crate::places::Places;

/// Most bytes of the file.
const MAX: u64 = 1 << 22;
/// The first lines of the file.
const HEAD: &str = "# Written by zera predicate compile --lock; --update-lock writes it anew. A compilation fails where rows exceed\n\
                    # their budget. A budget may be raised, or a function's taken out.\n";

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// SHA-256 of the program.
    pub program_hash: String,
    /// Digest of the matrices.
    pub digest: String,
    /// The predicate's id.
    pub predicate_id: String,
    /// All rows.
    pub rows: u64,
    /// Rows of the program.
    pub body_rows: u64,
    /// Most rows that there may be.
    pub budget: Budget,
}

/// Most rows of a program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Of all of it.
    pub body_rows: u64,
    /// Of a function; one that is not named here has no budget of its own.
    #[serde(default)]
    pub functions: BTreeMap<String, u64>,
}

impl Lock {
    /// What an artefact costs, as its budget.
    pub fn of(artefact: &Artefact, places: &Places) -> Lock {
        Lock {
            program_hash: hex::encode(artefact.program_hash),
            digest: hex::encode(artefact.matrices.digest()),
            predicate_id: artefact.predicate_id().to_string(),
            rows: artefact.matrices.rows() as u64,
            body_rows: places.body,
            budget: Budget { body_rows: places.body, functions: places.functions.clone() },
        }
    }

    /// Reads a file; `None` where there is none.
    ///
    /// # Errors
    /// Bad input, naming the file.
    pub fn read(path: &Path) -> Result<Option<Lock>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let text = file::read_text(path, MAX)?;
        toml::from_str(&text).map(Some).with_context(|| path.display().to_string()).input()
    }

    /// Writes a file.
    ///
    /// # Errors
    /// The environment's.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = toml::to_string(self).context("predicate.lock").environment()?;
        file::write(path, format!("{HEAD}{text}").as_bytes())
    }

    /// What is no longer as this lock has it, a line each; none where all is well.
    pub fn broken_by(&self, now: &Lock) -> Vec<String> {
        let mut lines = Vec::new();
        let mut grew = |what: &str, rows: u64, budget: u64| {
            if rows > budget {
                lines.push(format!("{what}: {rows} rows, the budget is {budget} ({} more)", rows - budget));
            }
        };
        grew("body", now.body_rows, self.budget.body_rows);
        for (function, budget) in &self.budget.functions {
            let rows = now.budget.functions.get(function).copied().unwrap_or(0);
            grew(&format!("function {function}"), rows, *budget);
        }
        if now.program_hash == self.program_hash && now.digest != self.digest {
            lines.push(format!(
                "the same program has other rows, digest {} and not {}: manifest or compiler changed",
                now.digest, self.digest
            ));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let budget = Budget { body_rows: 10, functions: BTreeMap::from([("f @ [g]".to_owned(), 7)]) };
        let text = |byte: &str| byte.repeat(32);
        Lock { program_hash: text("01"), digest: text("02"), predicate_id: text("03"), rows: 12, body_rows: 10, budget }
    }

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("predicate.lock");
        assert_eq!(Lock::read(&path).unwrap(), None);
        lock().write(&path).unwrap();
        assert_eq!(Lock::read(&path).unwrap(), Some(lock()));
        std::fs::write(&path, "rows = 1").unwrap();
        assert_eq!(Lock::read(&path).unwrap_err().code(), 2);
    }

    #[test]
    fn what_grew_is_said() {
        assert!(lock().broken_by(&lock()).is_empty());
        let mut now = lock();
        now.program_hash = "05".repeat(32);
        now.digest = "04".repeat(32);
        now.body_rows = 9;
        assert!(lock().broken_by(&now).is_empty(), "another program with fewer rows");
        now.body_rows = 11;
        now.budget.functions.insert("f @ [g]".to_owned(), 9);
        assert_eq!(
            lock().broken_by(&now),
            ["body: 11 rows, the budget is 10 (1 more)", "function f @ [g]: 9 rows, the budget is 7 (2 more)"]
        );
        let other = Lock { digest: "04".repeat(32), ..lock() };
        assert!(lock().broken_by(&other)[0].starts_with("the same program has other rows"));
    }
}
