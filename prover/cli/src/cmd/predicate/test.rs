//! `zera predicate test`: a file of cases, each natively, by the tape and by every row.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};
use zera_abi::Outcome;
use zera_r1cs::TapeInputs;
use zera_statement::Fr;

use super::run::{native, place};
use super::{outcome_of, shown, timed};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::subject::{Subject, parse_json};
use crate::{arg, fields, file};

/// Most bytes of a file of cases.
const MAX: u64 = 1 << 28;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    public: Option<String>,
    private: Option<String>,
    /// By the fields' names, in place of the two.
    input: Option<Value>,
    outcome: Expected,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Expected {
    Code(u8),
    Word(Word),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    False,
    True,
    Trap,
    #[serde(rename = "bound exceeded", alias = "bound_exceeded")]
    BoundExceeded,
}

impl Expected {
    fn outcome(self) -> Option<Outcome> {
        match self {
            Expected::Code(code) => Outcome::from_code(code),
            Expected::Word(Word::False) => Some(Outcome::False),
            Expected::Word(Word::True) => Some(Outcome::True),
            Expected::Word(Word::Trap) => Some(Outcome::Trap),
            Expected::Word(Word::BoundExceeded) => Some(Outcome::BoundExceeded),
        }
    }
}

/// Exit code 1 where a case fails.
///
/// # Errors
/// [`Failure`]; a file without cases is bad input, as is a case whose input or outcome is none.
pub fn run(subject: &Subject, path: &Path, out: Output) -> Result<Verdict, Failure> {
    let cases = read(path)?;
    let mut ready = Vec::new();
    for case in &cases {
        ready.push((case, inputs(subject, case, path)?, case.expected(path)?));
    }
    let mut failures = Vec::new();
    let ((), ns) = timed(|| {
        for (case, (public, private), expected) in &ready {
            for what in judge(subject, public, private, *expected) {
                if !out.is_json() {
                    out.say(&format!("{}: {what}", case.name));
                }
                failures.push((case.name.clone(), what));
            }
        }
    });
    let mut failed: Vec<&String> = failures.iter().map(|(name, _)| name).collect();
    failed.dedup();
    let (count, failed) = (cases.len(), failed.len());
    let listed: Vec<Value> = failures.iter().map(|(name, what)| json!({"case": name, "what": what})).collect();
    let json = json!({
        "predicate": subject.artefact.manifest.name,
        "predicate_id": subject.artefact.predicate_id().to_string(),
        "cases": count,
        "passed": count - failed,
        "failed": failed,
        "failures": listed,
        "time_ns": ns,
    });
    let name = &subject.artefact.manifest.name;
    out.result(&json, &format!("{name}: {} of {count} cases hold ({})", count - failed, shown(ns)));
    Ok(if failed == 0 { Verdict::Yes } else { Verdict::No })
}

/// Public and private bytes of the first case with this outcome; of the first of all, where none has it.
///
/// # Errors
/// As [`run`].
pub fn example(subject: &Subject, path: &Path, wanted: Outcome) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let cases = read(path)?;
    let found = cases.iter().find(|case| case.outcome.outcome() == Some(wanted));
    // There is a first one.
    inputs(subject, found.unwrap_or(&cases[0]), path)
}

/// At least one case.
fn read(path: &Path) -> Result<Vec<Case>, Failure> {
    let at = || path.display().to_string();
    let cases: Vec<Case> = serde_json::from_slice(&file::read(path, MAX)?).with_context(at).input()?;
    if cases.is_empty() {
        return Err(Failure::Input(anyhow!("{}: no cases", at())));
    }
    Ok(cases)
}

impl Case {
    fn expected(&self, path: &Path) -> Result<Outcome, Failure> {
        self.outcome.outcome().context("no outcome of this code").input().map_err(|failure| self.within(path, failure))
    }

    /// Says where bad input stands.
    fn within(&self, path: &Path, failure: Failure) -> Failure {
        match failure {
            Failure::Input(error) => Failure::Input(error.context(format!("{}: case {:?}", path.display(), self.name))),
            other => other,
        }
    }
}

/// The bytes of a case, of the lengths that the predicate takes.
fn inputs(subject: &Subject, case: &Case, path: &Path) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    bytes(subject, case).map_err(|failure| case.within(path, failure))
}

fn bytes(subject: &Subject, case: &Case) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let (public, private) = match (&case.input, &case.public) {
        (Some(value), None) if case.private.is_none() => match subject.built_in() {
            Some(predicate) => (parse_json(predicate, &value.to_string())?, Vec::new()),
            None => fields::both(&subject.artefact.manifest, value)?,
        },
        (None, Some(public)) => {
            let hex = |text: &str| arg::hex(text).map_err(|what| Failure::Input(anyhow!(what)));
            (hex(public)?, hex(case.private.as_deref().unwrap_or_default())?)
        }
        _ => return Err(Failure::Input(anyhow!("either input, or public and private"))),
    };
    subject.check_lengths(&public, &private)?;
    Ok((public, private))
}

/// What is not as expected; nothing where the case holds.
fn judge(subject: &Subject, public: &[u8], private: &[u8], expected: Outcome) -> Vec<String> {
    let mut failures = Vec::new();
    match native(subject, public, private) {
        Ok(answer) => match answer.outcome {
            Some(outcome) if outcome != expected => {
                let trap = answer.trap.map_or_else(String::new, |trap| format!(" ({trap})"));
                failures.push(format!("natively {}{trap}, expected {}", outcome.as_str(), expected.as_str()));
            }
            _ => {}
        },
        Err(failure) => failures.push(failure.to_string()),
    }
    let artefact = &*subject.artefact;
    match artefact.tape.run(&TapeInputs { binding: Fr::from(0u64), public, private }) {
        Ok(z) => {
            let circuit = outcome_of(&z);
            if circuit != Some(expected) {
                let word = circuit.map_or("none", Outcome::as_str);
                failures.push(format!("by the circuit {word}, expected {}", expected.as_str()));
            }
            if let Err(unsatisfied) = artefact.matrices.check(&z) {
                failures.push(place(subject, &unsatisfied));
            }
        }
        Err(error) => failures.push(error.to_string()),
    }
    failures
}
