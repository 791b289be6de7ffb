//! The prebuilt contracts are what their sources give.
//!
//! Always: the module's SHA-256 is the recorded one, and it may be deployed. Where Debian's rustc 1.63 with its wasm32
//! standard library is installed (`apt-get install rustc libstd-rust-dev-wasm32 lld`): three calls of it on a copy of the
//! sources give the same bytes, in whatever directory the copy lies. `UPDATE_PINS=1` writes the module anew.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use zera_host::validate::validate;

const RUSTC: &str = "/usr/bin/rustc";
const TARGET: &str = "wasm32-unknown-unknown";

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts")
}

/// A contract: its crate, its folder, the entries that users may call.
struct Example {
    name: &'static str,
    folder: &'static str,
    entries: &'static [&'static str],
}

const EXAMPLES: [Example; 2] = [
    Example { name: "special_price", folder: "special-price", entries: &["evaluate_complex_condition", "query"] },
    Example { name: "escrow", folder: "escrow", entries: &["open", "state"] },
];

impl Example {
    /// The line of `sha256sum`.
    fn sum_line(&self, wasm: &[u8]) -> String {
        format!("{}  {}.wasm\n", hex::encode(Sha256::digest(wasm)), self.name)
    }

    fn path(&self, end: &str) -> PathBuf {
        contracts().join("prebuilt").join(format!("{}.{end}", self.name))
    }
}

#[test]
fn the_prebuilt_modules_are_the_recorded_ones_and_may_be_deployed() {
    for example in EXAMPLES {
        let wasm = std::fs::read(example.path("wasm")).unwrap();
        assert_eq!(example.sum_line(&wasm), std::fs::read_to_string(example.path("wasm.sha256")).unwrap());
        let facts = validate(&wasm).unwrap();
        assert_eq!(facts.entries, example.entries);
        assert_eq!(facts.memory_pages, 16);
        assert!(facts.takes_results);
    }
}

#[test]
fn the_prebuilt_modules_come_out_of_their_sources() {
    if let Err(why) = toolchain() {
        println!("not rebuilt: {why}");
        return;
    }
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prebuilt-{}", std::process::id()));
    for example in EXAMPLES {
        let wasm = build(&place, &example);
        if std::env::var_os("UPDATE_PINS").is_some_and(|value| value == "1") {
            std::fs::write(example.path("wasm"), &wasm).unwrap();
            std::fs::write(example.path("wasm.sha256"), example.sum_line(&wasm)).unwrap();
        }
        let elsewhere = build(&place.join("another/place"), &example);
        assert_eq!(example.sum_line(&elsewhere), example.sum_line(&wasm), "the directory shows in the module");
        let kept = std::fs::read(example.path("wasm")).unwrap();
        assert_eq!(
            example.sum_line(&wasm),
            example.sum_line(&kept),
            "sources and prebuilt module differ: UPDATE_PINS=1 writes it anew"
        );
    }
    std::fs::remove_dir_all(&place).unwrap();
}

/// Whether the compiler that the module was made with is here.
fn toolchain() -> Result<(), String> {
    let ask = |arguments: &[&str]| match Command::new(RUSTC).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("{RUSTC}: {error}")),
    };
    let version = ask(&["--version"])?;
    if !version.starts_with("rustc 1.63.") {
        return Err(format!("{RUSTC} is {version}, not 1.63"));
    }
    let libdir = ask(&["--print", "target-libdir", "--target", TARGET])?;
    let has_std = std::fs::read_dir(&libdir)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")));
    if has_std { Ok(()) } else { Err(format!("no standard library for {TARGET} in {libdir}")) }
}

/// Builds the contract from a copy of its sources below `place`.
fn build(place: &Path, example: &Example) -> Vec<u8> {
    let source = format!("examples/{}/src", example.folder);
    for (from, to) in [("abi/src", "abi"), ("sdk/src", "sdk"), (&source, example.folder)] {
        copy(&contracts().join(from), &place.join(to));
    }
    let rustc = |arguments: &[&str]| {
        let output = Command::new(RUSTC)
            .current_dir(place)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .args(["--edition", "2021", "--target", TARGET, "-D", "warnings", "-L", "."])
            .args(["-C", "opt-level=z", "-C", "panic=abort", "-C", "codegen-units=1", "-C", "embed-bitcode=yes"])
            .arg(format!("--remap-path-prefix={}=contracts", place.display()))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    rustc(&["--crate-type", "rlib", "--crate-name", "zera_abi", "abi/lib.rs"]);
    let abi = ["--extern", "zera_abi=libzera_abi.rlib"];
    rustc(&[abi[0], abi[1], "--crate-type", "rlib", "--crate-name", "zera_contract_sdk", "sdk/lib.rs"]);
    let contract = ["--crate-type", "cdylib", "--crate-name", example.name, &format!("{}/lib.rs", example.folder)];
    let link = ["-C", "lto=fat", "-C", "strip=symbols", "-C", "link-arg=-zstack-size=16384"];
    let sdk = ["--extern", "zera_contract_sdk=libzera_contract_sdk.rlib", "-C", "link-arg=--max-memory=1048576"];
    rustc(&[&contract[..], &link[..], &sdk[..]].concat());
    std::fs::read(place.join(format!("{}.wasm", example.name))).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
