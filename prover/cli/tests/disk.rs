//! A node's data folder under bad luck, through the binary: another process, a full disk, damage, tampering, other files.

#![cfg(unix)]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use binary::zera;
use serde_json::Value;
use tempfile::TempDir;
use zera_ledger::Ledger;
use zera_market::ports::{Change, Store, Table};

const RUN: [&str; 8] = ["node", "run", "--data", "node", "--listen", "127.0.0.1:0", "--block-ms", "0"];

/// Kills its process in the end.
struct Node(Child, Value);

impl Node {
    fn start(mut command: Command) -> Node {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}"));
        Node(child, ready)
    }

    fn url(&self) -> &str {
        self.1["url"].as_str().unwrap()
    }

    fn end(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder with a chain of a few blocks, and nobody at work in it.
fn chain() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    assert!(zera(dir.path()).args(["account", "new", "-o", "a.key"]).output().unwrap().status.success());
    let mut command = zera(dir.path());
    command.args(RUN).args(["--dev-account", "a.key=100", "--json"]);
    let node = Node::start(command);
    for _ in 0..4 {
        assert!(send(dir.path(), &node).status.success());
    }
    node.end();
    dir
}

fn send(dir: &Path, node: &Node) -> Output {
    let to = "11".repeat(32);
    zera(dir).args(["account", "send", &to, "1", "--key", "a.key", "--node", node.url()]).output().unwrap()
}

fn ledger(dir: &Path) -> PathBuf {
    dir.join("node/ledger.redb")
}

/// The code of a command that fails, after its one line.
fn refused(dir: &Path, args: &[&str]) -> (i32, String) {
    let output = zera(dir).args(args).output().unwrap();
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty(), "{args:?} printed {:?}", String::from_utf8_lossy(&output.stdout));
    assert!(line.starts_with("zera: ") && line.lines().count() == 1, "{args:?}: {line:?}");
    assert!(!line.contains("internal error"), "{args:?}: {line:?}");
    (output.status.code().unwrap(), line)
}

fn check(dir: &Path, more: &[&str]) -> (i32, Value) {
    let output = zera(dir).args(["node", "check", "--data", "node", "--json"]).args(more).output().unwrap();
    let value = serde_json::from_slice(&output.stdout);
    let value = value.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), value)
}

/// The checks that do not hold.
fn broken(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["ok"] == false).map(|check| check["check"].as_str().unwrap()).collect()
}

#[test]
fn a_sound_folder_holds_and_exports_the_same_twice() {
    let folder = chain();
    let dir = folder.path();
    let before = fs::read(ledger(dir)).unwrap();
    let (code, report) = check(dir, &[]);
    assert_eq!((code, broken(&report)), (0, vec![]), "{report}");
    assert!(report["checks"].as_array().unwrap().len() == 6 && report["height"] == 4, "{report}");
    let export = |file: &str| -> Value {
        let args = ["node", "export", "--data", "node", "-o", file, "--json"];
        let output = zera(dir).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (one, two) = (export("one.bin"), export("two.bin"));
    assert_eq!((&one["sha256"], &one["state_root"]), (&two["sha256"], &report["state_root"]));
    let bytes = fs::read(dir.join("one.bin")).unwrap();
    assert_eq!(bytes, fs::read(dir.join("two.bin")).unwrap());
    assert_eq!(one["sha256"], hex::encode(&bytes[bytes.len() - 32..]).as_str());
    assert_eq!(fs::read(ledger(dir)).unwrap(), before, "looking changes nothing");
    // The reader's disk is full.
    if Path::new("/dev/full").exists() {
        let (code, line) = refused(dir, &["node", "export", "--data", "node", "-o", "/dev/full"]);
        assert!(code == 3 && line.contains("/dev/full"), "{line}");
    }
}

/// Rows that somebody with an editor for the file has changed: each is found, by the check that should find it.
#[test]
fn a_changed_row_is_found() {
    let folder = chain();
    let dir = folder.path();
    let whole = fs::read(ledger(dir)).unwrap();
    let first = |table| {
        let ledger = Ledger::view(ledger(dir)).unwrap();
        ledger.scan(table, &[], &[], 1).unwrap().remove(0)
    };
    let cases = [
        (Table::Accounts, "money"),
        (Table::Nonces, "replay"),
        (Table::Receipts, "roots"),
        (Table::Txs, "roots"),
        (Table::TxIndex, "roots"),
        (Table::Blocks, "headers"),
        (Table::Meta, "headers"),
        (Table::Rules, "money"),
    ];
    for (table, check_name) in cases {
        let (key, mut value) = first(table);
        // Receipts end with a word for people that no root covers.
        let at = if table == Table::Receipts { 0 } else { value.len() - 1 };
        value[at] ^= 1;
        for value in [Some(value), None] {
            fs::write(ledger(dir), &whole).unwrap();
            let opened = Ledger::open(ledger(dir)).unwrap();
            opened.commit(&[Change { table, key: key.clone(), value: value.clone() }]).unwrap();
            drop(opened);
            let (code, report) = check(dir, &[]);
            assert_eq!(code, 1, "{table:?} {value:?}: {report}");
            if value.is_some() {
                assert!(broken(&report).contains(&check_name), "{table:?}: {report}");
            }
        }
    }
}

#[test]
fn damage_and_other_files_are_one_line_and_stay_as_they_are() {
    let folder = chain();
    let dir = folder.path();
    let whole = fs::read(ledger(dir)).unwrap();
    // The first byte of the version of the newest commit, so that nothing else than damage explains it.
    let mut damaged = whole.clone();
    for byte in &mut damaged[64..320] {
        *byte ^= 0x5a;
    }
    let cases: [(&[u8], i32, i32); 4] = [
        (&damaged, 3, 1),
        (&whole[..whole.len() / 2], 3, 1),
        (b"", 2, 2),
        (b"{\"a\": \"ledger of another kind\"}", 2, 2),
    ];
    for (bytes, run, checked) in cases {
        fs::write(ledger(dir), bytes).unwrap();
        assert_eq!(refused(dir, &RUN).0, run, "{} bytes", bytes.len());
        let output = zera(dir).args(["node", "check", "--data", "node"]).output().unwrap();
        assert_eq!(output.status.code(), Some(checked), "{} bytes", bytes.len());
        assert_eq!(refused(dir, &["node", "export", "--data", "node", "-o", "out"]).0, run);
        assert_eq!(fs::read(ledger(dir)).unwrap(), bytes);
        assert!(!dir.join("out").exists());
    }
    fs::remove_file(ledger(dir)).unwrap();
    fs::create_dir(ledger(dir)).unwrap();
    assert_ne!(refused(dir, &RUN).0, 0);
    assert_eq!(refused(dir, &["node", "check", "--data", "nowhere"]).0, 2);
    assert_eq!(refused(dir, &["node", "export", "--data", "nowhere", "-o", "out"]).0, 2);
}

/// K9, with two processes.
#[test]
fn a_second_process_is_refused() {
    let folder = chain();
    let dir = folder.path();
    let mut command = zera(dir);
    command.args(RUN).arg("--json");
    let node = Node::start(command);
    for args in [&RUN[..], &["node", "check", "--data", "node"], &["node", "export", "--data", "node", "-o", "out"]] {
        let (code, line) = refused(dir, args);
        assert!(code == 3 && line.contains("already open"), "{line}");
    }
    assert!(send(dir, &node).status.success(), "the first goes on");
}

/// The file may grow no further: the node stops with one line, and what it had acknowledged is there.
#[test]
fn a_disk_without_room_stops_the_node_and_loses_nothing() {
    let folder = chain();
    let dir = folder.path();
    let limited = |blocks: u64| {
        let mut command = Command::new("sh");
        // Without the signal's default, writing past the limit is an error like that of a full disk.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        command.current_dir(dir).args(["-c", &script, env!("CARGO_BIN_EXE_zera")]);
        command
    };
    // No room for a new ledger.
    let mut fresh = limited(8);
    fresh.args(["node", "run", "--data", "other", "--listen", "127.0.0.1:0", "--dev-account", "a.key=1"]);
    let output = fresh.output().unwrap();
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{line}");
    assert!(line.starts_with("zera: ") && line.lines().count() == 1, "{line:?}");
    assert!(!dir.join("other/ledger.redb").exists(), "no half ledger");

    // Room for a few more blocks.
    let blocks = fs::metadata(ledger(dir)).unwrap().len() / 512 + 64;
    let mut command = limited(blocks);
    command.args(RUN).arg("--json");
    let mut node = Node::start(command);
    let mut acknowledged = 4;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(40);
    while node.0.try_wait().unwrap().is_none() {
        let to = "11".repeat(32);
        let args = ["account", "send", &to, "0.001", "--key", "a.key", "--node", node.url()];
        let mut sending = zera(dir).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // A client waits for a node that comes back; this one does not.
        let ended = loop {
            if let Some(status) = sending.try_wait().unwrap() {
                break status.success();
            }
            if node.0.try_wait().unwrap().is_some() {
                sending.kill().unwrap();
                sending.wait().unwrap();
                break false;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        acknowledged += u64::from(ended);
        assert!(std::time::Instant::now() < deadline, "{acknowledged} blocks fit");
    }
    let status = node.0.wait().unwrap();
    let mut line = String::new();
    std::io::Read::read_to_string(&mut node.0.stderr.take().unwrap(), &mut line).unwrap();
    assert_eq!(status.code(), Some(3), "{line}");
    let last = line.lines().last().unwrap_or_default();
    assert!(last.starts_with("zera: ") && last.contains("ledger"), "{line:?}");
    let (code, report) = check(dir, &[]);
    assert_eq!(code, 0, "{report}");
    let height = report["height"].as_u64().unwrap();
    assert!((acknowledged..=acknowledged + 1).contains(&height), "{height} blocks, {acknowledged} acknowledged");
}
