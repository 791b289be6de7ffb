//! The binary under test, in a folder, without the caller's environment.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

/// For one line, with a network behind it.
pub const PATIENCE: Duration = Duration::from_secs(90);

pub fn zera(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zera"));
    command.current_dir(dir);
    for name in ["ZERA_NODE", "ZERA_KEY", "ZERA_TOKEN_FILE", "ZERA_LOG", "ZERA_LOG_FORMAT", "ZERA_PREDICATES"] {
        command.env_remove(name);
    }
    // Keys are kept beside what the test makes, and never among the sources.
    let kept = if dir.is_absolute() { dir } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    command.env("ZERA_CACHE", kept.join("kept"));
    command
}

/// A command of one object, with its exit code.
pub fn ask(dir: &Path, args: &[&str]) -> (Value, i32) {
    let output = zera(dir).args(args).arg("--json").output().expect("the binary runs");
    let value = serde_json::from_slice(&output.stdout);
    let value = value.unwrap_or_else(|_| panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)));
    (value, output.status.code().expect("an exit code"))
}

/// The same of one that says yes.
pub fn done(dir: &Path, args: &[&str]) -> Value {
    let (value, code) = ask(dir, args);
    assert_eq!(code, 0, "{args:?}: {value}");
    value
}

/// An amount in units.
pub fn units(value: &Value) -> u128 {
    value.as_str().expect("an amount").parse().expect("digits")
}

/// A command that runs until it is stopped or killed; killed in the end.
pub struct Running {
    pub child: Child,
    lines: Receiver<String>,
}

impl Running {
    pub fn start(dir: &Path, args: &[&str]) -> Running {
        let mut child = zera(dir).args(args).arg("--json").stdout(Stdio::piped()).spawn().expect("the binary runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Running { child, lines }
    }

    pub fn line(&mut self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line in time");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not one object a line: {line:?}"))
    }

    /// SIGTERM, and everything that was still printed.
    pub fn stop(&mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => rest.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("does not stop"),
            }
        }
        (self.child.wait().expect("an exit").code(), rest.join("\n"))
    }

    /// SIGKILL: nothing of the process runs any more.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("an exit");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A node with blocks long enough for people, since a challenge is shown within two of them, and three accounts: who asks, who lies,
/// who watches.
pub struct Dispute<'a> {
    pub dir: &'a Path,
    pub node: Running,
    pub url: String,
}

impl Dispute<'_> {
    pub fn start(dir: &Path) -> Dispute<'_> {
        for name in ["asker.key", "liar.key", "watcher.key"] {
            done(dir, &["account", "new", "-o", name]);
        }
        let start = ["node", "run", "--data", "node", "--listen", "127.0.0.1:0", "--block-ms", "300"];
        let accounts =
            ["asker.key=1000", "liar.key=100", "watcher.key=100"].map(|account| ["--dev-account", account]).concat();
        let mut node = Running::start(dir, &[&start[..], &accounts[..]].concat());
        let url = node.line()["url"].as_str().unwrap().to_owned();
        Dispute { dir, node, url }
    }

    /// A command by the owner of a key.
    pub fn by(&self, args: &[&str], key: &str) -> (Value, i32) {
        ask(self.dir, &[args, &["--node", &self.url, "--key", key]].concat())
    }

    /// The same of one that says yes.
    pub fn must(&self, args: &[&str], key: &str) -> Value {
        let (value, code) = self.by(args, key);
        assert_eq!(code, 0, "{args:?}: {value}");
        value
    }
}
