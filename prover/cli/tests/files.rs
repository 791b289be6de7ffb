//! Every file argument of every command, with files that are not what it wants: missing, empty, a folder, noise, text, JSON of
//! another shape, cut short, and gigabytes long. One line on standard error, exit code 2, nothing written, no panic, and no
//! waiting for a file to be read to its end.

#[path = "support/binary.rs"]
mod binary;

use std::fs::File;
use std::path::Path;
use std::process::Output;

const NAME: &str = "RangePredicate";
/// Some task's id.
const TASK: &str = "abababababababababababababababababababababababababababababababab";
/// Nobody listens here: what reaches the network before it reads its files fails as the environment.
const NOBODY: &str = "http://127.0.0.1:1";

fn zera(dir: &Path, args: &[&str]) -> Output {
    binary::zera(dir).args(args).output().expect("the binary runs")
}

/// Bad input, said in one line that it gives.
fn refused(dir: &Path, args: &[&str]) -> String {
    let output = zera(dir, args);
    let line = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{args:?}: {line}");
    assert!(output.stdout.is_empty(), "{args:?}");
    assert!(line.starts_with("zera: ") && line.lines().count() == 1 && line.len() < 500, "{args:?}: {line:?}");
    assert!(!line.contains("panicked") && !line.contains("internal error"), "{args:?}: {line}");
    line
}

/// Files that no command wants, by name.
fn bad_files(dir: &Path) -> Vec<&'static str> {
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.join(name), bytes).expect("a file");
    write("empty", b"");
    write("noise", &[0xff; 4096]);
    write("text", b"nothing of the kind\n");
    write("json", b"{\"version\": 1, \"pi_a\": [1e999]}");
    write("deep", "[".repeat(100_000).as_bytes());
    // A module, an artefact and a key begin like this and do not go on.
    write("cut", b"\0asm\x01\0\0");
    std::fs::create_dir(dir.join("folder")).expect("a folder");
    File::create(dir.join("huge")).and_then(|file| file.set_len(8 << 30)).expect("a sparse file");
    // Key files are for their owner alone; these are, so that their content is what is looked at.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in ["empty", "noise", "text", "json", "deep", "cut", "huge"] {
            std::fs::set_permissions(dir.join(name), std::fs::Permissions::from_mode(0o600)).expect("its mode");
        }
    }
    vec!["missing", "empty", "noise", "text", "json", "deep", "cut", "folder", "huge"]
}

#[test]
fn no_command_takes_a_file_that_is_not_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bad = bad_files(dir);
    let made = zera(dir, &["account", "new", "-o", "good.key"]);
    assert_eq!(made.status.code(), Some(0));
    let made = zera(dir, &["setup", "dev", NAME, "-o", "keys"]);
    assert_eq!(made.status.code(), Some(0));
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../circuits/iden3/tests/vectors");
    for (vector, name) in [("snarkjs.zkey", "good.zkey"), ("example.wtns", "good.wtns")] {
        std::fs::copy(vectors.join(vector), dir.join(name)).expect("a vector");
    }
    let signed = ["--node", NOBODY, "--key", "good.key"];
    let with_key = |args: &[&'static str]| [args, &signed[..]].concat();
    // F is the file.
    let commands: Vec<Vec<&str>> = vec![
        vec!["predicate", "info", "F"],
        vec!["predicate", "run", "F", "--public", "00"],
        vec!["predicate", "run", NAME, "--public", "@F"],
        vec!["predicate", "export", "F", "-o", "out"],
        with_key(&["predicate", "publish", "F"]),
        vec!["setup", "dev", "F", "-o", "out"],
        vec!["prove", "F", "--keys", "keys", "--public", "00", "-o", "out", "--public-out", "out2"],
        vec!["prove", NAME, "--keys", "F", "--public", "00", "-o", "out", "--public-out", "out2"],
        vec!["prove", NAME, "--keys", "keys", "--public", "@F", "-o", "out", "--public-out", "out2"],
        vec!["prove", "--zkey", "F", "--wtns", "good.wtns", "-o", "out", "--public-out", "out2"],
        vec!["prove", "--zkey", "good.zkey", "--wtns", "F", "-o", "out", "--public-out", "out2"],
        vec!["verify", "--vk", "F", "--public", "text", "--proof", "text"],
        vec!["verify", "--vk", "keys", "--public", "F", "--proof", "text"],
        vec!["key", "info", "F"],
        vec!["key", "export", "F", "-o", "out"],
        with_key(&["key", "register", "F"]),
        with_key(&["contract", "deploy", "F"]),
        vec!["account", "send", "00", "1", "--node", NOBODY, "--key", "F"],
        vec!["account", "show", "F", "--node", NOBODY],
        vec!["account", "stake", "1", "--node", NOBODY, "--key", "F"],
        vec!["vote", "propose", "lock_blocks", "13", "--node", NOBODY, "--key", "F"],
        vec!["watch", "--node", NOBODY, "--key", "F"],
        with_key(&["task", "settle", TASK, "--native", "F"]),
        with_key(&["task", "settle", TASK, "--keys", "F"]),
        vec!["task", "open", "F", "--public", "00", "--bounty", "1", "--node", NOBODY, "--key", "good.key"],
        vec!["task", "open", NAME, "--public", "@F", "--bounty", "1", "--node", NOBODY, "--key", "good.key"],
        vec!["node", "run", "--data", "new", "--genesis", "F", "--listen", "127.0.0.1:0"],
        vec!["node", "run", "--data", "new", "--token-file", "F", "--listen", "127.0.0.1:0"],
        vec!["node", "run", "--data", "new", "--dev-account", "F=1", "--listen", "127.0.0.1:0"],
        vec!["node", "check", "--data", "F"],
        vec!["node", "export", "--data", "F", "-o", "out"],
        vec!["provider", "run", "--node", NOBODY, "--key", "F", "--data", "new"],
        vec!["provider", "run", "--node", NOBODY, "--key", "good.key", "--data", "new", "--token-file", "F"],
    ];
    for command in &commands {
        for file in &bad {
            let args: Vec<String> = command
                .iter()
                .map(|arg| match *arg {
                    "F" => (*file).to_owned(),
                    "@F" => format!("@{file}"),
                    "F=1" => format!("{file}=1"),
                    other => other.to_owned(),
                })
                .collect();
            refused(dir, &args.iter().map(String::as_str).collect::<Vec<_>>());
            for written in ["out", "out2", "new/ledger.redb"] {
                assert!(!dir.join(written).exists(), "{args:?} wrote {written}");
            }
        }
    }
}

/// What a private input means is known with the task alone; that its file can not be read shows before the node is asked. So does a file
/// where a folder is to be.
#[test]
fn private_inputs_and_folders_are_looked_at_before_the_node_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bad = bad_files(dir);
    for args in [&["account", "new", "-o", "good.key"][..], &["setup", "dev", NAME, "-o", "keys"]] {
        assert_eq!(zera(dir, args).status.code(), Some(0));
    }
    let signed = ["--node", NOBODY, "--key", "good.key"];
    let commands: [&[&str]; 2] = [&["task", "deliver", TASK], &["task", "settle", TASK, "--keys", "keys"]];
    let asked = |args: &[&str]| {
        let output = zera(dir, args);
        let line = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(3), "{args:?}: {line}");
    };
    for command in commands {
        for (file, what) in
            [("missing", "No such file"), ("folder", "is a folder"), ("huge", "more than 16777216 bytes")]
        {
            let line = refused(dir, &[command, &["--private", &format!("@{file}")], &signed].concat());
            assert!(line.contains(what) && line.contains(file), "{line}");
        }
        refused(dir, &[command, &["--private", "xy"], &signed].concat());
        for private in ["@noise", "@text", "00"] {
            asked(&[command, &["--private", private], &signed].concat());
        }
    }
    let commands: [&[&str]; 2] = [&["watch", "--keys"], &["provider", "run", "--predicate", NAME, "--data"]];
    for command in commands {
        for file in bad.iter().filter(|file| !["missing", "folder"].contains(file)) {
            for path in [(*file).to_owned(), format!("{file}/below")] {
                let line = refused(dir, &[command, &[path.as_str()], &signed].concat());
                assert!(line.ends_with(&format!("{file}: not a folder\n")), "{line}");
            }
        }
        asked(&[command, &["made"], &signed].concat());
    }
    for path in ["text", "text/below"] {
        refused(dir, &["simulate", "--report", path]);
        refused(dir, &["node", "run", "--dev-account", "good.key=1", "--listen", "127.0.0.1:0", "--data", path]);
    }
}
