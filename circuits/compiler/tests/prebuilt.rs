//! The prebuilt predicates are what their sources give.
//!
//! Always: `SHA256SUMS` lists exactly the modules that are there, with their digests; each is small, exports `memory` and
//! `predicate`, imports from the closed set only, and has cases. Where a toolchain of the recorded version is installed (see
//! `contracts/predicates/README.md`), its modules come out of a copy of the sources, in whatever directory the copy lies.
//! `UPDATE_PINS=1` writes them anew. AssemblyScript's `asc` is looked for on `PATH`, or where `ZERA_ASC` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload, TypeRef, Validator};

const CLANG: &str = "/usr/bin/clang-14";
const CLANG_VERSION: &str = "Debian clang version 14.0.6";
const LINKER: &str = "/usr/bin/wasm-ld-14";
const LINKER_VERSION: &str = "Debian LLD 14.0.6";
const RUSTC: &str = "/usr/bin/rustc";
const RUSTC_VERSION: &str = "rustc 1.63.0";
const ASC_VERSION: &str = "Version 0.28.20";

/// Longest module, and longest one with names and line tables, in bytes.
const LEN_MAX: usize = 20_000;
const DEBUG_LEN_MAX: usize = 60_000;

/// Sources in `c/`, built at `-O2`.
const C: [&str; 20] = [
    "aes128",
    "bits",
    "bounded",
    "dispatch",
    "division",
    "eddsa",
    "field",
    "forest",
    "gbdt_nested",
    "keccak",
    "keccak_gadget",
    "merkle",
    "mlp",
    "poseidon",
    "prices",
    "read32",
    "sha256",
    "sha_gadget",
    "sort_net",
    "trap",
];
/// Those of them that are built at every other level, too.
const LEVELLED: [&str; 4] = ["sha256", "prices", "mlp", "forest"];
const LEVELS: [&str; 4] = ["O0", "O1", "O3", "Os"];
/// Module, crate, source. A module's name up to the first point is its cases' name.
const RUST: [(&str, &str, &str); 4] = [
    ("prices.rust", "prices", "predicates/rust/prices/src/lib.rs"),
    ("early_exit", "early_exit", "predicates/rust/early-exit/src/lib.rs"),
    ("template", "template", "predicates/template/src/lib.rs"),
    ("voter", "voter", "predicates/rust/voter/src/lib.rs"),
];
/// The one in AssemblyScript, and those with names and lines.
const OTHERS: [&str; 4] = ["allowlist", "allowlist.debug", "mlp.debug", "prices.rust.debug"];

/// The closed set of imports.
const IMPORTS: [&str; 14] = [
    "assume",
    "bound",
    "eddsa_verify",
    "field_add",
    "field_eq",
    "field_inv",
    "field_mul",
    "field_sub",
    "keccak256",
    "merkle_root",
    "poseidon",
    "read_private",
    "read_public",
    "sha256",
];

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts")
}

fn prebuilt(name: &str) -> PathBuf {
    contracts().join("predicates/prebuilt").join(name)
}

fn module(name: &str) -> Vec<u8> {
    std::fs::read(prebuilt(&format!("{name}.wasm"))).unwrap_or_default()
}

/// Names of the modules that the recipes below make, in order.
fn names() -> BTreeSet<String> {
    let levelled = LEVELLED.iter().flat_map(|name| LEVELS.map(|level| format!("{name}.{level}")));
    let rest = C.iter().chain(&OTHERS).copied().chain(RUST.map(|row| row.0));
    rest.map(str::to_owned).chain(levelled).collect()
}

/// The line of `sha256sum`.
fn sum_line(name: &str, wasm: &[u8]) -> String {
    let digest: String = Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digest}  {name}.wasm\n")
}

fn sums() -> String {
    names().iter().map(|name| sum_line(name, &module(name))).collect()
}

#[test]
fn the_prebuilt_modules_are_the_recorded_ones() {
    let there: BTreeSet<String> = std::fs::read_dir(prebuilt(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let modules = names().into_iter().map(|name| format!("{name}.wasm"));
    assert_eq!(there, modules.chain(["SHA256SUMS".to_owned()]).collect());
    assert_eq!(sums(), std::fs::read_to_string(prebuilt("SHA256SUMS")).unwrap());
}

#[test]
fn the_prebuilt_modules_are_predicates() {
    for name in names() {
        let wasm = module(&name);
        let len_max = if name.ends_with(".debug") { DEBUG_LEN_MAX } else { LEN_MAX };
        assert!(wasm.len() < len_max, "{name}: {} bytes", wasm.len());
        Validator::new().validate_all(&wasm).unwrap();
        let (mut exports, mut custom) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(&wasm) {
            match payload.unwrap() {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.unwrap();
                        let closed = match import.module {
                            "zera" => IMPORTS.contains(&import.name),
                            module => (module, import.name) == ("env", "abort"),
                        };
                        let function = matches!(import.ty, TypeRef::Func(_));
                        assert!(closed && function, "{name} imports {}.{}", import.module, import.name);
                    }
                }
                Payload::ExportSection(section) => {
                    exports.extend(section.into_iter().map(|export| export.unwrap().name.to_owned()));
                }
                Payload::CustomSection(section) => custom.push(section.name().to_owned()),
                _ => {}
            }
        }
        for export in ["memory", "predicate"] {
            assert!(exports.iter().any(|name| name == export), "{name} does not export {export}");
        }
        assert_eq!(custom.iter().any(|section| section == "name"), name.ends_with(".debug"), "{name}: {custom:?}");
        let cases = contracts().join(format!("predicates/cases/{}.json", name.split('.').next().unwrap()));
        assert!(cases.exists(), "{name} has no cases");
    }
}

#[test]
fn the_modules_of_c_come_out_of_their_sources() {
    let here = version(CLANG, CLANG_VERSION).and_then(|()| version(LINKER, LINKER_VERSION));
    rebuild("c", here, |place| {
        let plain = C.iter().map(|name| ((*name).to_owned(), clang(place, name, "O2", false)));
        let levelled = LEVELLED
            .iter()
            .flat_map(|name| LEVELS.map(|level| (format!("{name}.{level}"), clang(place, name, level, false))));
        let debug = ("mlp.debug".to_owned(), clang(place, "mlp", "O2", true));
        plain.chain(levelled).chain([debug]).collect()
    });
}

#[test]
fn the_modules_of_rust_come_out_of_their_sources() {
    let target = Path::new("/usr/lib/rustlib/wasm32-unknown-unknown/lib");
    let std = if target.exists() { Ok(()) } else { Err(format!("no {}", target.display())) };
    rebuild("rust", version(RUSTC, RUSTC_VERSION).and(std), |place| {
        let plain = RUST.map(|(name, crate_name, source)| (name.to_owned(), rustc(place, crate_name, source, false)));
        let debug = ("prices.rust.debug".to_owned(), rustc(place, RUST[0].1, RUST[0].2, true));
        plain.into_iter().chain([debug]).collect()
    });
}

#[test]
fn the_modules_of_assembly_script_come_out_of_their_sources() {
    let asc = std::env::var("ZERA_ASC").unwrap_or_else(|_| "asc".to_owned());
    rebuild("assembly", version(&asc, ASC_VERSION), |place| {
        let compile = |name: &str, more: &[&str]| {
            let out = format!("../{name}.wasm");
            let mut command = Command::new(&asc);
            command.current_dir(place.join("predicates")).arg("assembly/allowlist/allowlist.ts");
            run(command.args(["-O3", "--runtime", "stub", "-o", &out]).args(more));
            (name.to_owned(), std::fs::read(place.join("predicates").join(out)).unwrap())
        };
        vec![compile("allowlist", &[]), compile("allowlist.debug", &["--debug"])]
    });
}

/// Compiler and linker apart: `clang` would run binaryen's `wasm-opt` where it finds one.
fn clang(place: &Path, name: &str, level: &str, debug: bool) -> Vec<u8> {
    let sources = place.join("predicates");
    let nested = format!("c/{name}/{name}.c");
    let source = if sources.join(&nested).exists() { nested } else { format!("c/{name}.c") };
    let (object, out) = (place.join("object.o"), place.join("module.wasm"));
    let mut compile = Command::new(CLANG);
    compile.current_dir(&sources).env_clear().env("PATH", "/usr/bin:/bin");
    compile.args(["--target=wasm32", "-ffreestanding", "-mbulk-memory", &format!("-{level}"), "-I", "include"]);
    compile.args(["-Wall", "-Wextra", "-Werror", "-fdebug-compilation-dir=."]).args(debug.then_some("-g"));
    run(compile.args(["-c", &source, "-o"]).arg(&object));
    let mut link = Command::new(LINKER);
    link.args(["--no-entry", "--stack-first", "-z", "stack-size=16384"]).args((!debug).then_some("--strip-all"));
    run(link.arg(&object).arg("-o").arg(&out));
    std::fs::read(out).unwrap()
}

fn rustc(place: &Path, crate_name: &str, source: &str, debug: bool) -> Vec<u8> {
    let start = || {
        let mut command = Command::new(RUSTC);
        command.current_dir(place).env_clear().env("PATH", "/usr/bin:/bin");
        command.args(["--edition", "2021", "--target", "wasm32-unknown-unknown", "-D", "warnings", "-L", "."]);
        command.args(["-C", "opt-level=2", "-C", "panic=abort", "-C", "codegen-units=1", "-C", "embed-bitcode=yes"]);
        command.args(["-C", if debug { "debuginfo=1" } else { "debuginfo=0" }]);
        command.arg(format!("--remap-path-prefix={}=contracts", place.display()));
        command
    };
    let sdk = ["--crate-type", "rlib", "--crate-name", "zera_predicate_sdk", "sdk/predicate/src/lib.rs"];
    run(start().args(sdk));
    let strip = if debug { "strip=none" } else { "strip=symbols" };
    run(start()
        .args(["--extern", "zera_predicate_sdk=libzera_predicate_sdk.rlib", "--crate-type", "cdylib"])
        .args(["--crate-name", crate_name, source])
        .args(["-C", "lto=fat", "-C", strip, "-C", "link-arg=-zstack-size=16384"]));
    std::fs::read(place.join(format!("{crate_name}.wasm"))).unwrap()
}

/// Builds the modules from two copies of the sources, in two directories, and compares them with the prebuilt ones.
fn rebuild(language: &str, toolchain: Result<(), String>, build: impl Fn(&Path) -> Vec<(String, Vec<u8>)>) {
    if let Err(why) = toolchain {
        println!("{language}: not rebuilt: {why}");
        return;
    }
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("predicates-{language}-{}", std::process::id()));
    let built = ["one", "another/place"].map(|folder| {
        for sources in ["predicates", "sdk/predicate"] {
            copy(&contracts().join(sources), &place.join(folder).join(sources));
        }
        build(&place.join(folder))
    });
    std::fs::remove_dir_all(&place).unwrap();
    for ((name, wasm), (_, elsewhere)) in built[0].iter().zip(&built[1]) {
        assert_eq!(sum_line(name, elsewhere), sum_line(name, wasm), "the directory shows in the module");
        if std::env::var_os("UPDATE_PINS").is_some_and(|value| value == "1") {
            update(name, wasm);
        }
        assert_eq!(
            sum_line(name, wasm),
            sum_line(name, &module(name)),
            "sources and prebuilt module differ: UPDATE_PINS=1 writes it anew"
        );
    }
}

/// Writes one module, and the sums.
fn update(name: &str, wasm: &[u8]) {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    std::fs::write(prebuilt(&format!("{name}.wasm")), wasm).unwrap();
    std::fs::write(prebuilt("SHA256SUMS"), sums()).unwrap();
}

/// Whether a tool is of the recorded version: its first line starts with that, and no digit follows.
fn version(tool: &str, wanted: &str) -> Result<(), String> {
    let output = Command::new(tool).arg("--version").output().map_err(|error| format!("{tool}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().unwrap_or_default();
    match first.strip_prefix(wanted) {
        Some(rest) if !rest.starts_with(|c: char| c.is_ascii_digit()) => Ok(()),
        _ => Err(format!("{tool} is {first:?}, the modules were made by {wanted:?}")),
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Copies sources: neither what cargo built among them nor the prebuilt modules.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        } else if name != "target" && name != "prebuilt" {
            copy(&entry.path(), &target);
        }
    }
}
