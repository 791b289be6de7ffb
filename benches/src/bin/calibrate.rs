//! Measures every item of the cost schedule on this machine.
//!
//! ```text
//! calibrate [--quick] [--strict] [--byzantine] [--json FILE] [--write DIR]
//!
//! --strict     exit 1 where an item is not measured, or more than 0.7 of its price is measured
//! --byzantine  also blocks that spend all their fuel on one item: at most 0.5 of their nominal time (with --strict)
//! --quick      few samples: to see that it runs
//! --json FILE  every class, as data
//! --write DIR  the schedule as data, v<version>.toml and .json; nothing is measured
//! ```

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use zera_benches::calibrate::{Burned, Effort, Report, SHARE_MAX, byzantine, calibrate, write_schedule};
use zera_host::CostSchedule;

const USAGE: &str = "usage: calibrate [--quick] [--strict] [--byzantine] [--json FILE] [--write DIR]";

#[derive(Default)]
struct Options {
    quick: bool,
    strict: bool,
    byzantine: bool,
    json: Option<PathBuf>,
    write: Option<PathBuf>,
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
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) if !options.strict => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("calibrate: {error}");
            ExitCode::from(3)
        }
    }
}

/// Whether every price holds.
fn run(options: &Options) -> std::io::Result<bool> {
    let cost = CostSchedule::v1();
    if let Some(folder) = &options.write {
        write_schedule(&cost, folder)?;
        return Ok(true);
    }
    let effort = if options.quick { Effort::QUICK } else { Effort::FULL };
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let report = calibrate(&cost, effort);
    println!("{report}");
    let burned = if options.byzantine { byzantine(effort) } else { Vec::new() };
    show(&burned);
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    if let Some(path) = &options.json {
        std::fs::write(path, format!("{:#}\n", data(&report, &burned)))?;
    }
    let low = report.items.iter().filter(|item| item.is_bad()).map(|item| item.name.to_owned());
    let slow = burned.iter().filter(|burned| burned.share() > SHARE_MAX).map(|burned| burned.what.clone());
    let bad: Vec<String> = low.chain(slow).collect();
    for what in &bad {
        eprintln!("does not hold: {what}");
    }
    Ok(bad.is_empty())
}

fn show(burned: &[Burned]) {
    if burned.is_empty() {
        return;
    }
    println!("| a block of | fuel | median ms | slowest ms | time / nominal |\n| --- | --- | --- | --- | --- |");
    for burned in burned {
        let Burned { what, fuel, elapsed } = burned;
        let (median, slowest) = (elapsed.p50 / 1e6, elapsed.p999 / 1e6);
        println!("| {what} | {fuel} | {median:.1} | {slowest:.1} | {:.2} |", burned.share());
    }
}

fn data(report: &Report, burned: &[Burned]) -> serde_json::Value {
    let mut data = report.json();
    let blocks = burned.iter().map(|burned| {
        json!({ "what": burned.what, "fuel": burned.fuel, "p50_ns": burned.elapsed.p50, "slowest_ns": burned.elapsed.p999,
            "share": burned.share() })
    });
    data["byzantine"] = blocks.collect();
    data
}

fn options(mut arguments: impl Iterator<Item = std::ffi::OsString>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut path = || arguments.next().map(PathBuf::from);
        match argument.to_str() {
            Some("--quick") => options.quick = true,
            Some("--strict") => options.strict = true,
            Some("--byzantine") => options.byzantine = true,
            Some("--json") => options.json = Some(path().ok_or("--json needs a file")?),
            Some("--write") => options.write = Some(path().ok_or("--write needs a folder")?),
            _ => return Err(format!("what is {}?", argument.display())),
        }
    }
    Ok(options)
}
