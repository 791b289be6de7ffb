//! Medians of the last run of criterion -> `benches/records/<cpu>/<date>.csv` and `.txt`.
//!
//! ```text
//! record [--all] [--criterion DIR] [--records DIR]
//! ```
//! A measurement older than the commit checked out was of another one and is left out; `--all` takes it. The format is in
//! the crate's documentation.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use zera_benches::record::{Machine, Measurement, RecordError, measurements, write};

const USAGE: &str = "usage: record [--all] [--criterion DIR] [--records DIR]";

struct Options {
    all: bool,
    criterion: PathBuf,
    records: PathBuf,
}

fn main() -> ExitCode {
    let options = match options(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(what) => {
            eprintln!("{what}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("record: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), RecordError> {
    let machine = Machine::detect(&repository());
    let (found, faults) = measurements(&options.criterion)?;
    for fault in &faults {
        eprintln!("left out: {fault}");
    }
    let (fresh, old): (Vec<Measurement>, Vec<Measurement>) =
        found.into_iter().partition(|measurement| options.all || measurement.seconds >= machine.committed);
    for measurement in &old {
        eprintln!("left out: {}: older than commit {}", measurement.name, machine.commit);
    }
    if fresh.is_empty() {
        return Err(RecordError::Nothing { path: options.criterion.clone() });
    }
    let path = write(&options.records, &machine, &fresh)?;
    println!("{} measurements of {} in {}", fresh.len(), machine.commit, path.display());
    Ok(())
}

fn repository() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

fn options(mut arguments: impl Iterator<Item = std::ffi::OsString>) -> Result<Options, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let criterion = std::env::var_os("CRITERION_HOME").map_or_else(|| target.join("criterion"), PathBuf::from);
    let mut options = Options { all: false, criterion, records: repository().join("benches/records") };
    while let Some(argument) = arguments.next() {
        let mut folder = || arguments.next().map(PathBuf::from);
        match argument.to_str() {
            Some("--all") => options.all = true,
            Some("--criterion") => options.criterion = folder().ok_or("--criterion needs a folder")?,
            Some("--records") => options.records = folder().ok_or("--records needs a folder")?,
            _ => return Err(format!("what is {}?", argument.display())),
        }
    }
    Ok(options)
}
