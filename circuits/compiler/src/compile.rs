//! From a module and its manifest to an artefact.

use crate::diagnostic::Diagnostic;
use crate::graph::Bit;
use crate::lower::{self, Program};
use crate::symex::{self, Limits, Span};
use sha2::{Digest, Sha256};
use zera_abi::Outcome;
use zera_r1cs::matrices::ROWS_MAX;
use zera_r1cs::{Artefact, Manifest};

/// What to compile, beside the module.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name, lengths of the inputs, entry, commitment and fields. Its entry must be set.
    pub manifest: Manifest,
    /// Bounds of the execution.
    pub limits: Limits,
}

/// A predicate, and what it took.
#[derive(Debug)]
pub struct Compiled {
    /// Rows, tape, spans, manifest and the module itself.
    pub artefact: Artefact,
    /// Rows without input range checks and statement hashing.
    pub body_rows: usize,
    /// Nodes of the graph of expressions, live or not.
    pub nodes: usize,
    /// The outcome, where it is the same for every input: most likely a mistake in the lengths.
    pub constant: Option<Outcome>,
}

/// Compiles a module.
///
/// Deterministic: equal bytes and options give equal artefacts on every machine. Time is bounded by the limits, memory by
/// the nodes among them.
///
/// # Errors
/// At least one diagnostic: what can not be compiled, where, and what to do.
pub fn compile(wasm: &[u8], options: &Options) -> Result<Compiled, Vec<Diagnostic>> {
    let manifest = &options.manifest;
    // Each input byte takes eight rows before anything is computed.
    let bytes = u64::from(manifest.public_len) + u64::from(manifest.private_len);
    if 8 * bytes > ROWS_MAX as u64 {
        let message = format!("{bytes} input bytes take {} rows, and there are at most {ROWS_MAX}", 8 * bytes);
        return Err(vec![
            Diagnostic::new("too-large", message).help("commit to the data and read the part that matters"),
        ]);
    }
    let execution = symex::execute(
        wasm,
        &symex::Options {
            entry: manifest.entry.clone(),
            public_len: manifest.public_len,
            private_len: manifest.private_len,
            limits: options.limits,
        },
    )?;
    let nodes = execution.graph.nodes();
    let constant = constant(&execution);
    let spans = &execution.spans;
    let program = Program {
        graph: execution.graph,
        truth: execution.truth,
        traps: execution.traps,
        exceeded: execution.exceeded,
        place: &|id| place(&spans.span(id)),
    };
    let beyond = |error: &dyn std::fmt::Display| {
        let help = "let the program do less, or split it into several predicates";
        vec![Diagnostic::new("too-large", error.to_string()).help(help)]
    };
    let lowered =
        lower::lower(program, manifest.clone(), Sha256::digest(wasm).into()).map_err(|error| beyond(&error))?;
    let artefact = lowered.artefact.with_program(wasm.to_vec()).map_err(|error| beyond(&error))?;
    Ok(Compiled { artefact, body_rows: lowered.body_rows, nodes, constant })
}

/// The outcome, where no input changes it.
fn constant(execution: &symex::Execution<'_>) -> Option<Outcome> {
    if execution.exceeded == Bit::TRUE {
        return Some(Outcome::BoundExceeded);
    }
    if execution.traps.contains(&Bit::TRUE) {
        return Some(Outcome::Trap);
    }
    let ends = execution.exceeded == Bit::FALSE && execution.traps.iter().all(|trap| *trap == Bit::FALSE);
    let truth = execution.truth.as_constant().filter(|_| ends)?;
    Some(if truth { Outcome::True } else { Outcome::False })
}

/// Most bytes of a place: a span's text has 255, and the kind of row follows.
const PLACE_MAX: usize = 220;

/// `outer@file:line;inner@file:line`: the call stack, outermost first; its outermost frames give way where it is too long.
fn place(span: &Span) -> String {
    let frames: Vec<String> = span
        .frames
        .iter()
        .map(|frame| {
            let name: String =
                frame.function.chars().filter(|c| !c.is_control() && *c != ';' && *c != '|').take(80).collect();
            match &frame.file {
                Some(file) => {
                    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
                    format!("{name}@{file}:{}", frame.line)
                }
                None => format!("{name}@{:#x}", frame.offset),
            }
        })
        .collect();
    let mut text = String::new();
    for frame in frames.iter().rev() {
        if text.len() + frame.len() + 4 > PLACE_MAX {
            return format!("..;{text}");
        }
        text = if text.is_empty() { frame.clone() } else { format!("{frame};{text}") };
    }
    text
}
