//! `zera predicate run`: one input, natively and through the circuit.

use anyhow::anyhow;
use serde_json::{Value, json};
use zera_abi::Outcome;
use zera_provider::Native;
use zera_r1cs::{TapeInputs, Unsatisfied};
use zera_statement::{Fr, input_root, scalar_to_be};

use super::{InputArgs, declared, outcome_of, shown, timed};
use crate::output::{Blame, Failure, Output, Verdict};
use crate::subject::Subject;

/// What a native run says.
pub struct NativeAnswer {
    /// The outcome; `None` where only the circuit gives one.
    pub outcome: Option<Outcome>,
    /// What a program's trap was.
    pub trap: Option<String>,
    /// Fuel that a program used.
    pub fuel: Option<u64>,
}

/// Runs what the circuit stands for.
///
/// # Errors
/// Bad input: the program gives no answer.
pub fn native(subject: &Subject, public: &[u8], private: &[u8]) -> Result<NativeAnswer, Failure> {
    if let Native::Wasm(module) = &subject.native {
        let run = module.run(public, private).input()?;
        let trap = run.trap.map(|trap| trap.to_string());
        return Ok(NativeAnswer { outcome: Some(run.outcome), trap, fuel: Some(run.fuel_used) });
    }
    let outcome = subject.native.answer(public, private).input()?;
    Ok(NativeAnswer { outcome, trap: None, fuel: None })
}

/// Exit code 0 whatever the outcome; 1 where a row does not hold or circuit and native run disagree.
///
/// # Errors
/// [`Failure`].
pub fn run(subject: &Subject, input: &InputArgs, out: Output) -> Result<Verdict, Failure> {
    let artefact = &*subject.artefact;
    let public = subject.public(&input.public)?;
    let private = subject.private(input.private.as_deref())?;

    if let Native::Wasm(module) = &subject.native {
        // Compiled for this machine before the clock starts.
        module.load().map_err(|error| Failure::Input(anyhow!(error)))?;
    }
    let (answer, ns) = timed(|| native(subject, &public, &private));
    let NativeAnswer { outcome: native, trap, fuel } = answer?;
    let native_ns = native.map(|_| ns);
    // No context: nothing here is proved to anybody.
    let inputs = TapeInputs { binding: Fr::from(0u64), public: &public, private: &private };
    let (z, witness_ns) = timed(|| artefact.tape.run(&inputs));
    let z = z.input()?;
    let (checked, rows_ns) = timed(|| artefact.matrices.check(&z));
    let circuit = outcome_of(&z);
    let satisfied = checked.is_ok();
    let outcome = native.or(circuit);
    let agree = native.is_none() || native == circuit;
    let root = hex::encode(scalar_to_be(&input_root(&public)));
    let declared: Vec<String> = declared(artefact, &z).map(|value| hex::encode(scalar_to_be(value))).collect();

    let mut json = json!({
        "predicate": artefact.manifest.name,
        "predicate_id": artefact.predicate_id().to_string(),
        "outcome": outcome.map(Outcome::as_str),
        "native": native.map(Outcome::as_str),
        "circuit": circuit.map(Outcome::as_str),
        "agree": agree,
        "satisfied": satisfied,
        "trap": trap,
        "fuel": fuel,
        "input_root": root,
        "declared": declared,
        "rows": artefact.matrices.rows(),
        "wires": artefact.matrices.wires,
        "witness_us": witness_ns / 1000,
        "times_ns": {"native": native_ns, "witness": witness_ns, "rows": rows_ns},
    });
    let word = |outcome: Option<Outcome>| outcome.map_or("none", Outcome::as_str);
    let time = |ns: Option<u64>| ns.map_or_else(|| "none beside the circuit".to_owned(), shown);
    let mut text = String::new();
    if let Some(predicate) = subject.built_in() {
        text.push_str(&format!("input        {}\n", (predicate.describe)(&public)));
    }
    let fuel = fuel.map_or_else(String::new, |fuel| format!(", fuel {fuel}"));
    let trap = trap.map_or_else(String::new, |trap| format!(": {trap}"));
    text.push_str(&format!(
        "outcome      {}\nnative       {}{trap} ({}{fuel})\ncircuit      {} (witness {}, {} rows {})\n\
         satisfied    {satisfied}\ninput root   {root}",
        word(outcome),
        word(native),
        time(native_ns),
        word(circuit),
        shown(witness_ns),
        artefact.matrices.rows(),
        shown(rows_ns),
    ));
    if let Err(unsatisfied) = checked {
        let what = place(subject, &unsatisfied);
        text.push_str(&format!("\nunsatisfied  {what}"));
        json["unsatisfied"] = what.into();
        json["row"] = row(subject, &unsatisfied);
    }
    if !agree {
        text.push_str("\nnative run and circuit disagree");
    }
    out.result(&json, &text);
    Ok(if satisfied && agree { Verdict::Yes } else { Verdict::No })
}

/// Which row does not hold, with its place where that is known.
pub fn place(subject: &Subject, unsatisfied: &Unsatisfied) -> String {
    match unsatisfied.row().and_then(|row| subject.artefact.spans.text(row)) {
        Some(place) => format!("{unsatisfied}: {place}"),
        None => unsatisfied.to_string(),
    }
}

fn row(subject: &Subject, unsatisfied: &Unsatisfied) -> Value {
    match unsatisfied {
        Unsatisfied::Row { row, a, b, c } => json!({
            "row": row,
            "place": subject.artefact.spans.text(*row),
            "a": a.to_string(),
            "b": b.to_string(),
            "c": c.to_string(),
        }),
        _ => Value::Null,
    }
}
