//! `zera node export`: the whole state in one portable file.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde_json::json;
use zera_ledger::export::{self, Exported, Head};
use zera_ledger::{Ledger, SCHEMA};
use zera_market::ports::{Store, Table};

use super::{blame_ledger, head, ledger_path};
use crate::file;
use crate::output::{Blame, Failure, Output, Verdict};
use crate::progress::Progress;

/// What to export, and where to.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The data folder of a node that does not run.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The file to write; one that is there is replaced.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, out: Output) -> Result<Verdict, Failure> {
    let progress = Progress::start("opening the ledger");
    let ledger = Ledger::view(ledger_path(&args.data)).map_err(blame_ledger)?;
    let chain = ledger.read(Table::Meta, b"chain_id").environment()?;
    let chain = chain.and_then(|id| <[u8; 32]>::try_from(id).ok());
    let chain = chain.ok_or_else(|| anyhow!("{}: the ledger holds no chain yet", args.data.display())).input()?;
    let last = head(&ledger)?;
    let head = Head { schema: SCHEMA, chain, height: last.height.0, state_root: last.state_root };
    progress.step("writing rows".to_owned());
    let written = write(&ledger, &head, &args.output)
        .with_context(|| format!("exporting to {}", args.output.display()))
        .environment()?;
    drop(progress);
    let Exported { rows, bytes, sha256 } = written;
    let (chain, digest) = (hex::encode(head.chain), hex::encode(sha256));
    let json = json!({
        "file": args.output,
        "schema": head.schema,
        "chain_id": chain,
        "height": head.height,
        "state_root": hex::encode(head.state_root),
        "rows": rows,
        "bytes": bytes,
        "sha256": digest,
    });
    let text = format!(
        "{rows} rows, {bytes} bytes in {}\nchain   {chain}\nheight  {}\nsha256  {digest}",
        args.output.display(),
        head.height
    );
    out.result(&json, &text);
    Ok(Verdict::Yes)
}

/// The file is there whole or not at all; a pipe or a device is written to as it is.
fn write(ledger: &Ledger, head: &Head, path: &Path) -> anyhow::Result<Exported> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(path)?);
        let exported = export::write(ledger, head, &mut out)?;
        out.flush()?;
        return Ok(exported);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tmp-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut out = BufWriter::new(builder.tempfile_in(file::folder(path))?);
    let exported = export::write(ledger, head, &mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(exported)
}
