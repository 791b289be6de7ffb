//! What a command prints and how it exits.
//!
//! With `--json` one object goes to standard output and nothing else does; prose and progress go to standard error.

use std::fmt;
use std::io::Write;

/// How a command ends when it does not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Exit code 0: done, or yes.
    Yes,
    /// Exit code 1: the answer is no.
    No,
    /// Exit code 2: bad input, of which all has been said.
    Refused,
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 2: wrong usage or bad input.
    Input(anyhow::Error),
    /// Exit code 3: the environment failed.
    Environment(anyhow::Error),
}

impl Failure {
    /// The exit code.
    pub const fn code(&self) -> u8 {
        match self {
            Failure::Input(_) => 2,
            Failure::Environment(_) => 3,
        }
    }
}

impl fmt::Display for Failure {
    /// One line, causes after colons, but for a cause that the message before it ends with.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Failure::Input(error) | Failure::Environment(error)) = self;
        let mut line = error.to_string();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            if !line.ends_with(&cause) {
                line.push_str(": ");
                line.push_str(&cause);
            }
        }
        line.retain(|c| c != '\r');
        f.write_str(&line.replace('\n', " "))
    }
}

/// Marks an error as the caller's or the environment's.
pub trait Blame<T> {
    /// The input is wrong.
    fn input(self) -> Result<T, Failure>;
    /// The world failed.
    fn environment(self) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> Blame<T> for Result<T, E> {
    fn input(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::Input(error.into()))
    }

    fn environment(self) -> Result<T, Failure> {
        self.map_err(|error| Failure::Environment(error.into()))
    }
}

/// Where a command prints.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Prose, or one JSON object.
    pub const fn new(json: bool) -> Output {
        Output { json }
    }

    /// Whether one JSON object is wanted.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the result: the object with `--json`, else the text.
    pub fn result(&self, json: &serde_json::Value, text: &str) {
        let line = if self.json { json.to_string() } else { text.to_owned() };
        // A reader that has gone away is not our failure.
        let mut out = std::io::stdout().lock();
        let _gone = writeln!(out, "{}", line.trim_end());
        let _gone = out.flush();
    }

    /// Prints a line of progress or prose: to standard output, or to standard error with `--json`.
    pub fn say(&self, line: &str) {
        let _gone = if self.json {
            writeln!(std::io::stderr().lock(), "{line}")
        } else {
            writeln!(std::io::stdout().lock(), "{line}")
        };
    }

    /// Prints progress to standard error.
    pub fn progress(line: &str) {
        let _gone = writeln!(std::io::stderr().lock(), "{line}");
    }
}
