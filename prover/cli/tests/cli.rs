//! Every command that needs no network, through the binary: what it prints, how it exits, what it refuses.

#[path = "support/binary.rs"]
mod binary;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

const NAME: &str = "SpecialPriceOraclePredicate";
/// Lower median 102 and a spread of 3.
const TRUE: &str = r#"{"threshold": 100, "max_spread_bps": 500, "quotes": [104, 101, 102]}"#;
const FALSE: &str = r#"{"threshold": 103, "max_spread_bps": 500, "quotes": [104, 101, 102]}"#;

fn zera(args: &[&str]) -> Output {
    binary::zera(Path::new(".")).args(args).output().expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// The code, with the one line that an error may print.
fn refused(args: &[&str]) -> i32 {
    let output = zera(args);
    let (code, line) = (output.status.code().expect("an exit code"), stderr(&output));
    assert_ne!(code, 0, "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?} printed {:?}", String::from_utf8_lossy(&output.stdout));
    assert!(line.starts_with("zera: ") && line.ends_with('\n'), "{args:?}: {line:?}");
    assert_eq!(line.lines().count(), 1, "{args:?}: {line:?}");
    assert!(!line.contains("panicked") && !line.contains("internal error"), "{args:?}: {line:?}");
    assert!(line.len() < 500, "{args:?}: {} bytes", line.len());
    code
}

/// The one object that `--json` prints, with the exit code.
fn json_of(args: &[&str]) -> (Value, i32) {
    let output = zera(&[args, &["--json"]].concat());
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{args:?}: {text:?} {}", stderr(&output)));
    assert!(value.is_object(), "{args:?}: {text}");
    assert_eq!(text.lines().count(), 1, "{args:?}: {text}");
    (value, output.status.code().expect("an exit code"))
}

/// Keys and a proof, made once by the binary itself.
struct Proved {
    dir: TempDir,
    setup: Value,
    prove: Value,
}

impl Proved {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).expect("a file")).expect("JSON")
    }
}

fn proved() -> &'static Proved {
    static PROVED: OnceLock<Proved> = OnceLock::new();
    PROVED.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
        let (setup, code) = json_of(&["setup", "dev", NAME, "-o", &at("keys")]);
        assert_eq!(code, 0);
        let context = json!({"chain_id": "11".repeat(32), "task_id": "22".repeat(32), "provider": "33".repeat(32), "not_after": 77});
        std::fs::write(at("context.json"), context.to_string()).expect("a file");
        let (keys, proof, public) = (at("keys"), at("proof.json"), at("public.json"));
        let args = ["prove", NAME, "--keys", &keys, "--public", TRUE, "-o", &proof, "--public-out", &public];
        let (prove, code) = json_of(&[&args[..], &["--context", &at("context.json")]].concat());
        assert_eq!(code, 0);
        Proved { dir, setup, prove }
    })
}

fn write(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn every_command_helps() {
    let commands = [
        "",
        "demo",
        "predicate",
        "predicate compile",
        "predicate test",
        "predicate diff",
        "predicate list",
        "predicate info",
        "predicate run",
        "predicate export",
        "predicate profile",
        "predicate explain",
        "predicate publish",
        "predicate fetch",
        "setup",
        "setup dev",
        "key",
        "key info",
        "key export",
        "key register",
        "key status",
        "prove",
        "verify",
        "account",
        "account new",
        "account show",
        "account send",
        "contract",
        "contract deploy",
        "contract call",
        "contract query",
        "contract storage",
        "task",
        "task list",
        "task show",
        "task follow",
        "vote",
        "vote propose",
        "vote support",
        "vote withdraw",
        "vote list",
        "vote show",
        "node",
        "node run",
        "provider",
        "provider run",
        "bench",
        "bench report",
    ];
    for command in commands {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let output = zera(&args);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Usage: zera") && text.contains("--json"), "{command}: {text}");
    }
    assert_eq!(zera(&["--version"]).status.code(), Some(0));
}

#[test]
fn wrong_usage_is_one_line() {
    let id = "ab".repeat(32);
    let cases: &[&[&str]] = &[
        &["no-such-command"],
        &["predicate", "info"],
        &["predicate", "info", NAME, "--no-such-option"],
        &["predicate", "run", NAME],
        &["predicate", "info", "NoSuchPredicate"],
        &["predicate", "info", &"x".repeat(5000)],
        &["node", "run", "--data", "/tmp/x", "--block-ms", "99999999999999999999999999"],
        &["node", "run", "--data", "/tmp/x", "--block-ms", "-1"],
        &["node", "run", "--data", "/tmp/x", "--listen", "nowhere"],
        &["node", "run", "--data", "/tmp/x", "--dev-account", "ab"],
        &["node", "run", "--data", "/tmp/x", "--verify-threads", "0"],
        &["account", "send", &id, "1e9", "--key", "k"],
        &["account", "send", &id, "99999999999999999999999999999999999999999", "--key", "k"],
        &["account", "send", &id, "-1", "--key", "k"],
        &["contract", "call", "ab", "entry", "--key", "k"],
        &["contract", "deploy", "f", "--key", "k", "--config", "BOUNTY"],
        &["key", "status", "AB"],
        &["task", "show", &id[1..]],
        &["task", "list", "--state", "sleeping"],
        &["task", "follow", "--since", "7"],
        &["task", "list", "--node", "ftp://127.0.0.1"],
        &["task", "list", "--node", "nonsense"],
        &["provider", "run", "--data", "/tmp/x", "--key", "/nonexistent"],
        &["key", "export", "/nonexistent"],
    ];
    for args in cases {
        assert_eq!(refused(args), 2, "{args:?}");
    }
    // A command without its verb shows its help, and is wrong usage all the same.
    assert_eq!(zera(&["predicate"]).status.code(), Some(2));
}

#[test]
fn a_node_that_is_not_there_is_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("k").to_str().unwrap().to_owned();
    assert_eq!(json_of(&["account", "new", "-o", &key]).1, 0);
    // Port 9 of loopback: nobody discards there.
    assert_eq!(refused(&["account", "show", &key, "--node", "http://127.0.0.1:9"]), 3);
}

#[test]
fn predicates_are_listed_described_and_exported() {
    let (list, code) = json_of(&["predicate", "list"]);
    let names: Vec<&str> = list["predicates"].as_array().unwrap().iter().filter_map(|p| p["name"].as_str()).collect();
    assert!(code == 0 && names.contains(&NAME), "{list}");
    let (info, code) = json_of(&["predicate", "info", NAME]);
    assert_eq!((code, &info["publics"], &info["manifest"]["public_len"]), (0, &json!(3), &json!(131)));
    let rows = info["rows"].as_u64().unwrap();
    assert!(info["domain"].as_u64().unwrap().is_power_of_two() && info["domain"].as_u64().unwrap() > rows, "{info}");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.zpred").to_str().unwrap().to_owned();
    let (export, code) = json_of(&["predicate", "export", NAME, "-o", &path]);
    assert_eq!((code, &export["bytes"], &export["predicate_id"]), (0, &info["bytes"], &info["predicate_id"]));
    assert_eq!(json_of(&["predicate", "info", &path]).0["digest"], info["digest"]);

    // A file of every other kind.
    let bytes = std::fs::read(&path).unwrap();
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    let files = [
        write(dir.path(), "empty", b""),
        write(dir.path(), "short", &bytes[..100]),
        write(dir.path(), "cut", &bytes[..bytes.len() - 1]),
        write(dir.path(), "changed", &changed),
        write(dir.path(), "text", "{}"),
        dir.path().to_str().unwrap().to_owned(),
        dir.path().join("missing").to_str().unwrap().to_owned(),
    ];
    for file in &files {
        assert_eq!(refused(&["predicate", "info", file]), 2, "{file}");
    }
    // A file that can not be written is not the caller's input.
    assert_eq!(refused(&["predicate", "export", NAME, "-o", "/nonexistent/p.zpred"]), 3);
}

#[test]
fn running_a_predicate_tells_the_truth_a_lie_and_a_trap() {
    let zeros = "00".repeat(131);
    for (input, outcome) in [(TRUE, "true"), (FALSE, "false"), (zeros.as_str(), "trap")] {
        let (run, code) = json_of(&["predicate", "run", NAME, "--public", input]);
        assert_eq!(code, 0, "{run}");
        let words = [&run["outcome"], &run["native"], &run["circuit"]];
        assert!(words.iter().all(|word| **word == json!(outcome)) && run["satisfied"] == json!(true), "{run}");
        assert_eq!(run["input_root"].as_str().unwrap().len(), 64);
        let text = zera(&["predicate", "run", NAME, "--public", input]);
        assert!(String::from_utf8_lossy(&text.stdout).contains(&format!("outcome      {outcome}\n")));
    }
    let dir = tempfile::tempdir().unwrap();
    let [raw, text] = [write(dir.path(), "raw", [0u8; 131]), write(dir.path(), "json", FALSE)];
    assert_eq!(json_of(&["predicate", "run", NAME, "--public", &format!("@{raw}")]).0["outcome"], "trap");
    assert_eq!(json_of(&["predicate", "run", NAME, "--public", &format!("@{text}")]).0["outcome"], "false");
    let empty = write(dir.path(), "empty", "");
    let long = write(dir.path(), "long", vec![b'{'; 2 << 20]);
    let bad = [
        "".to_owned(),
        "0".to_owned(),
        "zz".to_owned(),
        "00".repeat(130),
        "00".repeat(132),
        "{".to_owned(),
        r#"{"threshold": 1}"#.to_owned(),
        TRUE.replace("100", "18446744073709551616"),
        TRUE.replace("100", "-1"),
        TRUE.replace("quotes", "quotas"),
        format!("@{empty}"),
        format!("@{long}"),
        "@/nonexistent".to_owned(),
        format!("@{}", dir.path().display()),
    ];
    for public in &bad {
        assert_eq!(refused(&["predicate", "run", NAME, "--public", public]), 2);
    }
    assert_eq!(refused(&["predicate", "run", NAME, "--public", TRUE, "--private", "00"]), 2);
}

/// The range predicate under another program hash, so that it is not built in; `lies` replaces its tape.
fn foreign(dir: &Path, name: &str, lies: bool) -> String {
    use zera_r1cs::tape::{Register, TapeBuilder};
    let built_in = (zera_library::by_name("RangePredicate").unwrap().artefact)();
    let mut tape = built_in.tape.clone();
    if lies {
        let mut builder = TapeBuilder::new(built_in.manifest.public_len, built_in.manifest.private_len);
        (1..built_in.matrices.wires)
            .for_each(|wire| builder.constant(Register::Wire(wire), zera_statement::Fr::from(1u64)));
        tape = builder.finish(built_in.matrices.wires).unwrap();
    }
    let artefact = zera_r1cs::Artefact::new(
        built_in.manifest.clone(),
        [9; 32],
        built_in.matrices.clone(),
        tape,
        built_in.certificate.clone(),
        built_in.spans.clone(),
        built_in.booleans.clone(),
    );
    write(dir, name, artefact.unwrap().encode())
}

#[test]
fn a_file_that_is_not_built_in_has_its_circuit_alone() {
    let dir = tempfile::tempdir().unwrap();
    let [honest, lying] = [foreign(dir.path(), "honest.zpred", false), foreign(dir.path(), "lying.zpred", true)];
    let input: Vec<u8> = [42u64, 18, 99].iter().flat_map(|number| number.to_le_bytes()).collect();
    let input = hex::encode(input);
    let (run, code) = json_of(&["predicate", "run", &honest, "--public", &input]);
    let words = (&run["outcome"], &run["native"], &run["circuit"], &run["satisfied"]);
    assert_eq!((code, words), (0, (&json!("true"), &Value::Null, &json!("true"), &json!(true))), "{run}");
    // JSON is for built-in predicates.
    assert_eq!(refused(&["predicate", "run", &honest, "--public", r#"{"x": 42, "lo": 18, "hi": 99}"#]), 2);
    // A tape that computes something else: the first row that fails is named.
    let (run, code) = json_of(&["predicate", "run", &lying, "--public", &input]);
    assert_eq!((code, &run["satisfied"]), (1, &json!(false)), "{run}");
    assert!(run["unsatisfied"].as_str().unwrap().contains("row"), "{run}");

    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (keys, proof, public) = (at("keys"), at("proof.json"), at("public.json"));
    assert_eq!(json_of(&["setup", "dev", &honest, "-o", &keys]).1, 0);
    let prove = |file: &str| {
        ["prove", file, "--keys", &keys, "--public", &input, "-o", &proof, "--public-out", &public].map(str::to_owned)
    };
    let args = prove(&lying);
    assert_eq!(refused(&args.iter().map(String::as_str).collect::<Vec<_>>()), 2);
    let args = prove(&honest);
    let (proved, code) = json_of(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((code, &proved["outcome"]), (0, &json!("true")));
    assert_eq!(json_of(&["verify", "--vk", &keys, "--public", &public, "--proof", &proof]).1, 0);
}

#[test]
fn a_proof_is_made_and_verifies_under_every_form_of_its_key() {
    let p = proved();
    assert_eq!((&p.setup["origin"], &p.prove["outcome"]), (&json!("dev"), &json!("true")));
    assert_eq!(p.setup["key_id"], p.prove["key_id"]);
    let public = p.read("public.json");
    assert_eq!((public.as_array().unwrap().len(), &public[0]), (3, &json!("1")));

    let (keys, vk, snarkjs) = (p.text("keys"), p.text("export.bin"), p.text("export.json"));
    let (export, code) = json_of(&["key", "export", &keys, "-o", &vk, "--snarkjs", &snarkjs]);
    assert_eq!((code, &export["key_id"]), (0, &p.setup["key_id"]));
    assert_eq!(std::fs::read(&vk).unwrap(), hex::decode(export["bytes"].as_str().unwrap()).unwrap());
    let (proof, inputs) = (p.text("proof.json"), p.text("public.json"));
    for form in [&keys, &vk, &snarkjs] {
        let (info, code) = json_of(&["key", "info", form]);
        assert_eq!(
            (code, &info["key_id"], &info["inputs"], &info["origin"]),
            (0, &p.setup["key_id"], &json!(3), &json!("dev"))
        );
        let (verify, code) = json_of(&["verify", "--vk", form, "--public", &inputs, "--proof", &proof]);
        assert_eq!((code, &verify["verified"]), (0, &json!(true)), "{form}");
        // From one form to another and back: nothing changes.
        let again = p.text("again.bin");
        assert_eq!(json_of(&["key", "export", form, "-o", &again]).1, 0);
        assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&vk).unwrap(), "{form}");
    }
}

#[test]
fn a_changed_statement_does_not_verify() {
    let p = proved();
    let (keys, proof) = (p.text("keys"), p.text("proof.json"));
    let public = p.read("public.json");
    for index in 0..3 {
        let mut changed = public.clone();
        changed[index] = json!("2");
        let file = write(p.dir.path(), &format!("changed{index}.json"), changed.to_string());
        let (verify, code) = json_of(&["verify", "--vk", &keys, "--public", &file, "--proof", &proof]);
        assert_eq!((code, &verify["verified"]), (1, &json!(false)), "input {index}");
    }
    // The two points of G1 exchanged: well-formed, and no proof of this.
    let mut swapped = p.read("proof.json");
    let a = swapped["pi_a"].take();
    swapped["pi_a"] = swapped["pi_c"].take();
    swapped["pi_c"] = a;
    let file = write(p.dir.path(), "swapped.json", swapped.to_string());
    assert_eq!(json_of(&["verify", "--vk", &keys, "--public", &p.text("public.json"), "--proof", &file]).1, 1);
}

#[test]
fn malformed_files_are_refused_by_verify() {
    let p = proved();
    let (keys, inputs, proof) = (p.text("keys"), p.text("public.json"), p.text("proof.json"));
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_str().unwrap().to_owned();
    let missing = dir.path().join("missing").to_str().unwrap().to_owned();
    let empty = write(dir.path(), "empty", "");
    let huge = write(dir.path(), "huge", vec![b' '; 1 << 20]);
    let noise = write(dir.path(), "noise", [0xff; 704]);

    let text = std::fs::read_to_string(&proof).unwrap();
    let cut = write(dir.path(), "cut.json", &text[..text.len() / 2]);
    let mut long = p.read("proof.json");
    long["pi_a"][0] = json!("1".repeat(10_000));
    let number = write(dir.path(), "number.json", long.to_string());
    for bad in [&missing, &folder, &empty, &huge, &noise, &cut, &number, &inputs] {
        assert_eq!(refused(&["verify", "--vk", &keys, "--public", &inputs, "--proof", bad]), 2, "proof {bad}");
    }

    let public = p.read("public.json");
    let more = write(dir.path(), "more.json", json!([public[0], public[1], public[2], "1"]).to_string());
    let less = write(dir.path(), "less.json", json!([public[0], public[1]]).to_string());
    let numbers = write(dir.path(), "numbers.json", "[1, 2, 3]");
    let r = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
    let range = write(dir.path(), "range.json", json!([public[0], public[1], r]).to_string());
    for bad in [&missing, &folder, &empty, &huge, &noise, &more, &less, &numbers, &range, &proof] {
        assert_eq!(refused(&["verify", "--vk", &keys, "--public", bad, "--proof", &proof]), 2, "public {bad}");
    }

    let vk = std::fs::read(p.path("keys/vk.bin")).unwrap();
    let short = write(dir.path(), "short.bin", &vk[..vk.len() - 1]);
    let other = write(dir.path(), "zeros.bin", vec![0; vk.len()]);
    for bad in [&missing, &folder, &empty, &huge, &noise, &short, &other, &proof, &inputs] {
        assert_eq!(refused(&["verify", "--vk", bad, "--public", &inputs, "--proof", &proof]), 2, "key {bad}");
        assert_eq!(refused(&["key", "info", bad]), 2, "key {bad}");
    }
}

#[test]
fn malformed_files_are_refused_by_prove_and_setup() {
    let p = proved();
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (proof, public) = (out("proof.json"), out("public.json"));
    let prove = |predicate: &str, keys: &str, input: &str, context: Option<&str>| {
        let mut args =
            vec!["prove", predicate, "--keys", keys, "--public", input, "-o", &proof, "--public-out", &public];
        args.extend(context.iter().flat_map(|file| ["--context", file]));
        refused(&args)
    };
    let keys = p.text("keys");
    let empty = write(dir.path(), "empty", "");
    let folder = dir.path().to_str().unwrap();
    for bad in [&out("missing"), folder, &empty] {
        assert_eq!(prove(NAME, bad, TRUE, None), 2, "keys {bad}");
    }
    assert_eq!(prove(NAME, &keys, "00", None), 2);
    // Keys of another predicate.
    assert_eq!(prove("RangePredicate", &keys, "00", None), 2);
    let contexts = [
        "".to_owned(),
        "{}".to_owned(),
        std::fs::read_to_string(p.path("context.json")).unwrap().replace("77", "18446744073709551616"),
        std::fs::read_to_string(p.path("context.json")).unwrap().replace("22222222", "2222222G"),
        std::fs::read_to_string(p.path("context.json")).unwrap().replace("task_id", "task"),
        " ".repeat(100_000),
    ];
    for (index, text) in contexts.iter().enumerate() {
        let file = write(dir.path(), &format!("context{index}"), text);
        assert_eq!(prove(NAME, &keys, TRUE, Some(&file)), 2, "context {index}");
    }
    assert_eq!(prove(NAME, &keys, TRUE, Some(&out("missing"))), 2);

    // A proving key that was cut.
    let broken = dir.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    for name in ["manifest.toml", "vk.bin"] {
        std::fs::copy(p.path("keys").join(name), broken.join(name)).unwrap();
    }
    let pk = std::fs::read(p.path("keys/pk.bin")).unwrap();
    write(&broken, "pk.bin", &pk[..pk.len() - 1]);
    assert_eq!(prove(NAME, broken.to_str().unwrap(), TRUE, None), 2);
    assert!(!Path::new(&proof).exists() && !Path::new(&public).exists());

    // Keys of another predicate are not replaced.
    assert_eq!(refused(&["setup", "dev", "NoSuchPredicate", "-o", &out("keys")]), 2);
    let there = std::fs::read(p.path("keys/vk.bin")).unwrap();
    assert_eq!(refused(&["setup", "dev", other_predicate(), "-o", &keys]), 2);
    assert_eq!(std::fs::read(p.path("keys/vk.bin")).unwrap(), there);
}

/// Another built-in predicate than the one that the keys are for.
fn other_predicate() -> &'static str {
    zera_library::registry().iter().map(|predicate| predicate.name).find(|name| *name != NAME).unwrap()
}

#[test]
fn the_context_is_what_the_proof_is_bound_to() {
    let p = proved();
    let binding = zera_statement::Binding {
        chain: zera_abi::ChainId([0x11; 32]),
        task: zera_abi::TaskId([0x22; 32]),
        key: p.setup["key_id"].as_str().unwrap().parse().unwrap(),
        predicate: p.setup["predicate_id"].as_str().unwrap().parse().unwrap(),
        provider: zera_abi::AccountId([0x33; 32]),
        not_after: zera_abi::Height(77),
    };
    assert_eq!(p.prove["binding"], hex::encode(binding.to_bytes()));
    // The second public input, in decimal.
    assert_eq!(p.read("public.json")[1], binding.to_scalar().to_string());
}

#[test]
fn an_account_is_made_once_and_kept_from_others() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("a.key").to_str().unwrap().to_owned();
    let (account, code) = json_of(&["account", "new", "-o", &key]);
    assert_eq!((code, account["id"].as_str().unwrap().len()), (0, 64));
    let secret = std::fs::read(&key).unwrap();
    assert_eq!(refused(&["account", "new", "-o", &key]), 2);
    assert_eq!(std::fs::read(&key).unwrap(), secret);

    let to = account["id"].as_str().unwrap();
    for bad in [
        write(dir.path(), "empty", ""),
        write(dir.path(), "short", "ab"),
        write(dir.path(), "noise", [0xff; 64]),
        write(dir.path(), "long", "0".repeat(10_000)),
    ] {
        #[cfg(unix)]
        std::fs::set_permissions(&bad, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(refused(&["account", "send", to, "1", "--key", &bad]), 2, "{bad}");
    }
    #[cfg(unix)]
    {
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let output = zera(&["account", "send", to, "1", "--key", &key]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));
    }
}

#[test]
fn a_node_refuses_what_is_no_genesis_and_no_module_is_sent_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").to_str().unwrap().to_owned();
    let run = |args: &[&str]| refused(&[&["node", "run", "--data", &data, "--listen", "127.0.0.1:0"], args].concat());
    assert_eq!(run(&[]), 2, "a new folder without a genesis");
    for (name, text) in [("empty", ""), ("json", "{}"), ("cut", "name = \"x")] {
        let file = write(dir.path(), name, text);
        assert_eq!(run(&["--genesis", &file]), 2, "{name}");
    }
    assert_eq!(run(&["--genesis", "/nonexistent"]), 2);
    assert_eq!(run(&["--dev-account", "/nonexistent=5"]), 2);
    assert_eq!(run(&["--token-file", "/nonexistent"]), 2);
    let id = "ab".repeat(32);
    let public = format!("{id}=5");
    assert_eq!(refused(&["node", "run", "--data", &data, "--listen", "0.0.0.0:0", "--dev-account", &public]), 2);

    let key = dir.path().join("k").to_str().unwrap().to_owned();
    assert_eq!(json_of(&["account", "new", "-o", &key]).1, 0);
    for (name, bytes) in
        [("e.wasm", &b""[..]), ("t.wasm", b"\0asm"), ("x.wasm", b"hello"), ("v.wasm", b"\0asm\x01\0\0\0")]
    {
        let file = write(dir.path(), name, bytes);
        assert_eq!(refused(&["contract", "deploy", &file, "--key", &key, "--node", "http://127.0.0.1:9"]), 2, "{name}");
    }
    let call = ["contract", "call", &id, "entry", "--key", &key, "--node", "http://127.0.0.1:9"];
    for input in [["--input", "xyz"], ["--input", "@/nonexistent"]] {
        assert_eq!(refused(&[&call[..], &input[..]].concat()), 2, "{input:?}");
    }
    for input in [["--predicate-input", NAME, "{}"], ["--predicate-input", "NoSuchPredicate", "{}"]] {
        assert_eq!(refused(&[&call[..], &input[..]].concat()), 2, "{input:?}");
    }
}
