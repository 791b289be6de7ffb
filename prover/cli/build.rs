//! What a report of measurements says of the build: compiler, commit, profile, the peer's version.

use std::path::Path;
use std::process::Command;

/// Folders that the binary is built from, seen from the workspace's root.
const SOURCES: [&str; 6] = ["Cargo.lock", "circuits", "contracts/abi", "params", "prover", "verifier-host"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={}", root.join(source).display());
    }
    // Grows with every commit and checkout.
    let log = output("git", &["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"], &root);
    if let Some(log) = log.filter(|log| Path::new(log).exists()) {
        println!("cargo:rerun-if-changed={log}");
    }
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let rustc = output(&variable("RUSTC"), &["--version"], &root);
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").replace('\u{1f}', " ");
    for (name, value) in [
        ("RUSTC", rustc.unwrap_or_else(unknown)),
        ("COMMIT", commit(&root).unwrap_or_else(unknown)),
        ("PROFILE", variable("PROFILE")),
        ("TARGET", variable("TARGET")),
        ("RUSTFLAGS", flags),
        ("PEER", version(&lock, "ark-groth16").unwrap_or_else(unknown)),
    ] {
        println!("cargo:rustc-env=ZERA_BUILD_{name}={}", value.replace(['\n', '\r'], " "));
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The commit that is checked out, `+dirty` where tracked files differ; records may.
fn commit(root: &Path) -> Option<String> {
    let head = output("git", &["rev-parse", "--short=12", "HEAD"], root)?;
    let status = [
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        ":(exclude)benches/records",
    ];
    let dirty = if output("git", &status, root)?.is_empty() { "" } else { "+dirty" };
    Some(format!("{head}{dirty}"))
}

/// A package's version in a lockfile.
fn version(lock: &str, package: &str) -> Option<String> {
    let rest = lock.split(&format!("name = \"{package}\"\nversion = \"")).nth(1)?;
    rest.split('"').next().map(str::to_owned)
}

/// Standard output of a program that succeeds, without the white space around it.
fn output(program: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).env("LC_ALL", "C").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
