//! `zera predicate diff`: what changed between two versions of a predicate.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::output::{Output, Verdict};
use crate::places::Places;
use crate::subject::Subject;

/// Exit code 0 whatever changed.
pub fn run(old: &Subject, new: &Subject, out: Output) -> Verdict {
    let (before, after) = (Places::of(&old.artefact), Places::of(&new.artefact));
    let names: BTreeSet<&String> = before.functions.keys().chain(after.functions.keys()).collect();
    let mut functions: Vec<(&String, u64, u64)> = Vec::new();
    for name in names {
        let rows = |places: &Places| places.functions.get(name).copied().unwrap_or(0);
        let (old, new) = (rows(&before), rows(&after));
        if old != new {
            functions.push((name, old, new));
        }
    }
    functions.sort_by_key(|(name, old, new)| (std::cmp::Reverse(old.abs_diff(*new)), *name));

    let rows = [old, new].map(|subject| subject.artefact.matrices.rows() as u64);
    let same = old.artefact.predicate_id() == new.artefact.predicate_id();
    let changed: Vec<Value> = functions
        .iter()
        .map(|(name, old, new)| json!({"function": name, "old": old, "new": new, "change": change(*old, *new)}))
        .collect();
    let json = json!({
        "same": same,
        "old": side(old, &before),
        "new": side(new, &after),
        "rows": change(rows[0], rows[1]),
        "body_rows": change(before.body, after.body),
        "functions": changed,
    });
    let mut text = String::new();
    let mut line = |what: &str, old: u64, new: u64| {
        text.push_str(&format!("{what:<14}{old} -> {new} ({:+})\n", change(old, new)));
    };
    line("rows", rows[0], rows[1]);
    line("body rows", before.body, after.body);
    line("wires", old.artefact.matrices.wires.into(), new.artefact.matrices.wires.into());
    for (name, old, new) in &functions {
        text.push_str(&format!("  {name}: {old} -> {new} ({:+})\n", change(*old, *new)));
    }
    for (what, values) in [
        ("digest", [old, new].map(|subject| hex::encode(subject.artefact.matrices.digest()))),
        ("program hash", [old, new].map(|subject| hex::encode(subject.artefact.program_hash))),
        ("manifest hash", [old, new].map(|subject| hex::encode(subject.artefact.manifest.hash()))),
        ("predicate id", [old, new].map(|subject| subject.artefact.predicate_id().to_string())),
    ] {
        let [old, new] = values;
        let both = if old == new { format!("{old}, the same") } else { format!("{old}\n           -> {new}") };
        text.push_str(&format!("{what:<14}{both}\n"));
    }
    out.result(&json, &text);
    Verdict::Yes
}

fn change(old: u64, new: u64) -> i128 {
    i128::from(new) - i128::from(old)
}

fn side(subject: &Subject, places: &Places) -> Value {
    let artefact = &*subject.artefact;
    json!({
        "name": artefact.manifest.name,
        "version": artefact.manifest.version,
        "rows": artefact.matrices.rows(),
        "body_rows": places.body,
        "wires": artefact.matrices.wires,
        "digest": hex::encode(artefact.matrices.digest()),
        "program_hash": hex::encode(artefact.program_hash),
        "manifest_hash": hex::encode(artefact.manifest.hash()),
        "predicate_id": artefact.predicate_id().to_string(),
    })
}
