//! Against snarkjs 0.7.6.
//!
//! `vectors/example.r1cs` and `vectors/example.wtns` hold the system and the assignment of `support/example.rs` (the cube
//! of x, x and 5 are 35). snarkjs accepted them (`r1cs info`, `wtns check`, `groth16 setup`, `prove`, `verify`), and
//! `vectors/example.json` is what its `r1cs export json` made of the first; `vectors/snarkjs.wtns` is the assignment as
//! written by its own `wtns_utils.js` (`write`). With ZERA_SNARKJS set to snarkjs' command line, `cli.cjs`, the first two
//! checks run again.

#[path = "support/example.rs"]
mod example;

use example::{assignment, matrices, system};
use std::path::{Path, PathBuf};
use std::process::Command;
use zera_iden3::{read_r1cs, read_wtns, write_r1cs, write_wtns};

fn vector(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

#[test]
fn files_are_those_that_snarkjs_accepted() {
    let [r1cs, wtns] = ["example.r1cs", "example.wtns"].map(|name| std::fs::read(vector(name)).unwrap());
    assert_eq!(system().encode(), r1cs);
    assert_eq!(read_r1cs(&r1cs), Ok(system()));
    assert_eq!(write_wtns(&assignment()), wtns);
}

#[test]
fn an_assignment_is_written_as_snarkjs_writes_it() {
    let wtns = std::fs::read(vector("snarkjs.wtns")).unwrap();
    assert_eq!(write_wtns(&assignment()), wtns);
    assert_eq!(read_wtns(&wtns), Ok(assignment()));
}

/// The counts and terms that snarkjs finds in the file are those of the matrices.
#[test]
fn snarkjs_reads_what_was_meant() {
    let json = std::fs::read_to_string(vector("example.json")).unwrap();
    let json: String = json.split_whitespace().collect();
    for count in ["nVars\":5", "nOutputs\":0", "nPubInputs\":2", "nPrvInputs\":1", "nLabels\":5", "nConstraints\":4"] {
        assert!(json.contains(&format!("\"{count}")), "{count}");
    }
    let matrices = matrices();
    let mut constraints = Vec::new();
    for row in 0..matrices.rows() {
        let parts = [&matrices.a, &matrices.b, &matrices.c].map(|matrix| {
            let (wires, coefficients) = matrix.row(row);
            let terms = wires.iter().zip(coefficients).map(|(wire, c)| format!("\"{wire}\":\"{c}\""));
            format!("{{{}}}", terms.collect::<Vec<_>>().join(","))
        });
        constraints.push(format!("[{}]", parts.join(",")));
    }
    let constraints = format!("\"constraints\":[{}]", constraints.join(","));
    assert!(json.contains(&constraints), "{constraints}");
}

#[test]
fn snarkjs_accepts_the_files_and_refuses_another_assignment() {
    let Some(cli) = std::env::var_os("ZERA_SNARKJS") else { return };
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (r1cs, good, bad) = (dir.join("s.r1cs"), dir.join("good.wtns"), dir.join("bad.wtns"));
    std::fs::write(&r1cs, write_r1cs(&matrices())).unwrap();
    std::fs::write(&good, write_wtns(&assignment())).unwrap();
    let mut other = assignment();
    other[1] = 36u64.into();
    std::fs::write(&bad, write_wtns(&other)).unwrap();
    let run = |args: &[&std::ffi::OsStr]| {
        let output = Command::new("node").arg(&cli).args(args).output().expect("node runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (done, info) = run(&["r1cs".as_ref(), "info".as_ref(), r1cs.as_ref()]);
    assert!(done && info.contains("# of Constraints: 4") && info.contains("# of Public Inputs: 2"), "{info}");
    let check = |wtns: &Path| run(&["wtns".as_ref(), "check".as_ref(), r1cs.as_ref(), wtns.as_ref()]).1;
    assert!(check(&good).contains("WITNESS IS CORRECT"));
    assert!(check(&bad).contains("WITNESS IS NOT CORRECT"));
}
