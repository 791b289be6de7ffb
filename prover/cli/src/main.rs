//! `zera`: the proof backend for off-chain predicates, from the command line.
//!
//! Noun, then verb. Exit codes: 0 done, 1 the answer is no, 2 wrong usage or bad input, 3 the environment failed.
//! Commands that follow something (`node run`, `provider run`, `watch`, `task follow`) print one JSON object a line with `--json`.

#![forbid(unsafe_code)]

mod arg;
mod bench;
mod cache;
mod cmd;
mod explain;
mod fields;
mod file;
mod flame;
mod genesis;
mod keyfile;
mod lock;
mod logging;
mod manifest;
mod network;
mod output;
mod places;
mod predicates;
mod profile;
mod progress;
mod snarkjs;
mod subject;
mod vk;
mod zkey;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::logging::{Kept, LogFormat};
use crate::output::{Failure, Output, Verdict};

/// The proof backend for off-chain predicates.
#[derive(Parser)]
#[command(name = "zera", version, propagate_version = true)]
struct Cli {
    /// Print one JSON object on standard output and nothing else there.
    #[arg(long, global = true)]
    json: bool,
    /// How log lines on standard error are written; ZERA_LOG says which, for example zera_node=info.
    #[arg(long, global = true, value_enum, default_value = "text", env = "ZERA_LOG_FORMAT")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the main job on an embedded network: a contract asks, staked providers prove, the host accepts, money moves.
    Demo(cmd::demo::Args),
    /// Compile, test, compare, list, inspect, run, export, publish and name predicates.
    #[command(subcommand)]
    Predicate(cmd::predicate::Command),
    /// Make proving and verifying keys.
    #[command(subcommand)]
    Setup(cmd::setup::Command),
    /// Inspect, convert and register keys.
    #[command(subcommand)]
    Key(cmd::key::Command),
    /// Prove a predicate's answer, or what a proving key and an assignment of snarkjs say.
    Prove(cmd::prove::Args),
    /// What proofs are made with on this machine.
    #[command(subcommand)]
    Prover(cmd::prover::Command),
    /// Verify a proof: exit code 0 where it verifies, 1 where it does not, 2 where something is malformed.
    Verify(cmd::verify::Args),
    /// Make accounts, look at them, send ZRA.
    #[command(subcommand)]
    Account(cmd::account::Command),
    /// Deploy, call and query contracts.
    #[command(subcommand)]
    Contract(cmd::contract::Command),
    /// Open, list, show and follow tasks.
    #[command(subcommand)]
    Task(cmd::task::Command),
    /// Propose other rules and vote on them.
    #[command(subcommand)]
    Vote(cmd::vote::Command),
    /// Run a network's node.
    #[command(subcommand)]
    Node(cmd::node::Command),
    /// Run a provider.
    #[command(subcommand)]
    Provider(cmd::provider::Command),
    /// Re-run answers that nobody proved, challenge those that are wrong, and earn by it, until SIGINT or SIGTERM.
    Watch(cmd::watch::Args),
    /// Measure what proving takes on this machine.
    #[command(subcommand)]
    Bench(cmd::bench::Command),
    /// Drive the market with agents and check what its rules promise.
    Simulate(cmd::simulate::Args),
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // A person sees one line, never a backtrace; where it happened is what a report needs.
        let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        Output::progress(&format!("zera: internal error{place}: this is a defect, please report it"));
    }));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let kept = matches!(cli.command, Command::Demo(_)).then(Kept::default);
    logging::start(cli.log_format, kept.as_ref());
    let out = Output::new(cli.json);
    let run = || match cli.command {
        Command::Demo(args) => cmd::demo::run(&args, kept.unwrap_or_default(), out),
        Command::Predicate(command) => cmd::predicate::run(&command, out),
        Command::Setup(command) => cmd::setup::run(&command, out),
        Command::Key(command) => cmd::key::run(&command, out),
        Command::Prove(args) => cmd::prove::run(&args, out),
        Command::Prover(command) => cmd::prover::run(&command, out),
        Command::Verify(args) => cmd::verify::run(&args, out),
        Command::Account(command) => cmd::account::run(&command, out),
        Command::Contract(command) => cmd::contract::run(&command, out),
        Command::Task(command) => cmd::task::run(&command, out),
        Command::Vote(command) => cmd::vote::run(&command, out),
        Command::Node(command) => cmd::node::run(&command, out),
        Command::Provider(command) => cmd::provider::run(&command, out),
        Command::Watch(args) => cmd::watch::run(&args, out),
        Command::Bench(command) => cmd::bench::run(&command, out),
        Command::Simulate(args) => cmd::simulate::run(&args, out),
    };
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        Ok(Ok(Verdict::Yes)) => ExitCode::SUCCESS,
        Ok(Ok(Verdict::No)) => ExitCode::from(1),
        Ok(Ok(Verdict::Refused)) => ExitCode::from(2),
        Ok(Err(failure)) => report(&failure),
        Err(_) => ExitCode::from(3),
    }
}

fn report(failure: &Failure) -> ExitCode {
    Output::progress(&format!("zera: {failure}"));
    ExitCode::from(failure.code())
}

/// Help and version as clap prints them, an error in one line.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone away is not our failure.
            let _gone = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _gone = error.print();
            ExitCode::from(2)
        }
        _ => {
            let text = error.to_string();
            // What is wrong stands before the first empty line; usage and tips follow it.
            let what = text.split("\n\n").next().unwrap_or(&text);
            let line = what.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
            Output::progress(&format!("zera: {line} (try --help)"));
            ExitCode::from(2)
        }
    }
}
