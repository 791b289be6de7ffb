//! `zera predicate info`: sizes, digests and manifest; of a program, where its rows come from.

use std::collections::BTreeMap;

use anyhow::anyhow;
use serde_json::{Value, json};
use zera_provider::Native;
use zera_provider::Wasm;

use crate::fields;
use crate::output::{Failure, Output, Verdict};
use crate::places::{Places, greatest};
use crate::subject::Subject;

/// Describes a predicate, its `top` dearest functions, lines and kinds of rows among it.
///
/// # Errors
/// Bad input: a program that is no predicate.
pub fn run(subject: &Subject, top: usize, out: Output) -> Result<Verdict, Failure> {
    let artefact = &*subject.artefact;
    let matrices = &artefact.matrices;
    let manifest = &artefact.manifest;
    let nonzeros = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| matrix.nonzeros());
    // As the prover's transforms have it: rows, public wires and the constant, rounded up to a power of two.
    let domain = (matrices.rows() as u64 + u64::from(matrices.publics) + 1).next_power_of_two();
    let bytes = artefact.encode().len();
    let mut json = json!({
        "rows": matrices.rows(),
        "wires": matrices.wires,
        "publics": matrices.publics,
        "nonzeros": {"a": nonzeros[0], "b": nonzeros[1], "c": nonzeros[2]},
        "domain": domain,
        "digest": hex::encode(matrices.digest()),
        "predicate_id": artefact.predicate_id().to_string(),
        "program_hash": hex::encode(artefact.program_hash),
        "manifest": {
            "name": manifest.name,
            "version": manifest.version,
            "public_len": manifest.public_len,
            "private_len": manifest.private_len,
            "declared": manifest.declared,
            "entry": manifest.entry,
            "commit_private": manifest.commitment,
            "hash": hex::encode(manifest.hash()),
        },
        "bytes": bytes,
        "built_in": subject.built_in().is_some(),
    });
    let declared = if manifest.declared.is_empty() { "none".to_owned() } else { manifest.declared.join(", ") };
    let mut text = format!(
        "name          {} (version {})\nrows          {}, a domain of {domain}\nwires         {}, {} of them public\n\
         nonzeros      {} in A, {} in B, {} in C\ninput         {} public bytes, {} private bytes\n\
         declared      {declared}\ndigest        {}\nprogram hash  {}\nmanifest hash {}\npredicate id  {}\nbytes         {bytes}",
        manifest.name,
        manifest.version,
        matrices.rows(),
        matrices.wires,
        matrices.publics,
        nonzeros[0],
        nonzeros[1],
        nonzeros[2],
        manifest.public_len,
        manifest.private_len,
        hex::encode(matrices.digest()),
        hex::encode(artefact.program_hash),
        hex::encode(manifest.hash()),
        artefact.predicate_id(),
    );
    if let Native::Wasm(module) = &subject.native {
        program(subject, module, top, &mut json, &mut text)?;
    }
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

fn program(subject: &Subject, module: &Wasm, top: usize, json: &mut Value, text: &mut String) -> Result<(), Failure> {
    let artefact = &*subject.artefact;
    let places = Places::of(artefact);
    let imports = module.load().map_err(|error| Failure::Input(anyhow!(error)))?.imports();
    let listed: Vec<Value> = artefact
        .manifest
        .fields
        .iter()
        .map(|field| {
            let (input, kind) = (fields::word(field.input), fields::kind(field));
            json!({"name": field.name, "input": input, "offset": field.offset, "type": kind})
        })
        .collect();
    json["body_rows"] = places.body.into();
    json["tape_operations"] = artefact.tape.operations().into();
    json["program_bytes"] = artefact.program.len().into();
    json["fields"] = listed.into();
    json["imports"] = json!(imports);
    text.push_str(&format!(
        "\nentry         {}, {} bytes of WebAssembly\nbody rows     {}\ntape          {} operations\nimports       {}",
        artefact.manifest.entry,
        artefact.program.len(),
        places.body,
        artefact.tape.operations(),
        if imports.is_empty() { "none".to_owned() } else { imports.join(", ") },
    ));
    for field in &artefact.manifest.fields {
        let (input, kind) = (fields::word(field.input), fields::kind(field));
        text.push_str(&format!("\nfield         {}: {kind} at {} of the {input} input", field.name, field.offset));
    }
    for (name, what, counts) in [
        ("by_function", "function", &places.functions),
        ("by_line", "line", &places.lines),
        ("by_kind", "kind of row", &places.kinds),
    ] {
        json[name] = table(counts, what, top, text);
    }
    Ok(())
}

/// The greatest counts, as JSON; as text behind what is there.
fn table(counts: &BTreeMap<String, u64>, what: &str, top: usize, text: &mut String) -> Value {
    let greatest = greatest(counts, top);
    text.push_str(&format!("\n\n      rows  {what}"));
    for (name, rows) in &greatest {
        text.push_str(&format!("\n{rows:>10}  {name}"));
    }
    if counts.len() > greatest.len() {
        text.push_str(&format!("\n            and {} more", counts.len() - greatest.len()));
    }
    greatest.iter().map(|(name, rows)| json!({"name": name, "rows": rows})).collect()
}
