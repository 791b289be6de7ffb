//! `zera predicate profile`: rows by function, line and kind; folded stacks; a flame graph.

use std::path::PathBuf;

use crate::output::{Failure, Output, Verdict};
use crate::profile::Profile;
use crate::{file, flame, predicates};

/// What to profile, and what to write.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
    #[arg(value_name = "P")]
    predicate: String,
    /// Write one line a stack, "outer;inner;file:line;kind rows", for flame graph tools.
    #[arg(long, value_name = "FILE")]
    folded: Option<PathBuf>,
    /// Write a flame graph.
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    /// How many entries of each table to print.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let subject = predicates::open(&args.predicate)?;
    let artefact = &*subject.artefact;
    let profile = Profile::of(artefact);
    let mut json = profile.json();
    json["predicate_id"] = artefact.predicate_id().to_string().into();
    let mut text = profile.text(args.top);
    let mut write = |what: &str, path: &PathBuf, content: String| -> Result<(), Failure> {
        file::write(path, content.as_bytes())?;
        json[what] = path.display().to_string().into();
        text.push_str(&format!("\n{}: {} bytes", path.display(), content.len()));
        Ok(())
    };
    if let Some(path) = &args.folded {
        write("folded", path, profile.folded())?;
    }
    if let Some(path) = &args.svg {
        let title = format!("{}: {} rows", artefact.manifest.name, profile.total);
        let stacks = profile.stacks.iter().map(|(stack, rows)| (stack.as_slice(), *rows));
        write("svg", path, flame::svg(&title, "rows", stacks))?;
    }
    out.result(&json, &text);
    Ok(Verdict::Yes)
}
