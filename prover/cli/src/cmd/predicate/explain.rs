//! `zera predicate explain`: one row as an equation.

use anyhow::anyhow;
use zera_r1cs::TapeInputs;
use zera_statement::Fr;

use crate::explain::Row;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::predicates;

/// Which row of what.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A built-in name, a .zpred file, or the id of one in the folder $ZERA_PREDICATES.
    #[arg(value_name = "P")]
    predicate: String,
    /// The row, counted from 0.
    #[arg(value_name = "ROW")]
    row: usize,
    /// Public input whose values to show: hex, @FILE with the bytes or with JSON, or a JSON object (built-in predicates).
    #[arg(long, value_name = "HEX|@FILE|JSON")]
    public: Option<String>,
    /// Private input: hex, or @FILE with the bytes.
    #[arg(long, value_name = "HEX|@FILE", requires = "public")]
    private: Option<String>,
}

/// Runs the command. Exit code 1 where the row does not hold for the input.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let subject = predicates::open(&args.predicate)?;
    let artefact = &*subject.artefact;
    let rows = artefact.matrices.rows();
    let row = Row::of(artefact, args.row).ok_or_else(|| anyhow!("row {}: there are {rows}", args.row)).input()?;
    let z = match &args.public {
        None => None,
        Some(public) => {
            let (public, private) = (subject.public(public)?, subject.private(args.private.as_deref())?);
            // No context: nothing here is proved to anybody.
            let inputs = TapeInputs { binding: Fr::from(0u64), public: &public, private: &private };
            Some(artefact.tape.run(&inputs).input()?)
        }
    };
    let json = row.json(z.as_deref());
    out.result(&json, &row.text(z.as_deref()));
    Ok(if json["holds"] == false { Verdict::No } else { Verdict::Yes })
}
