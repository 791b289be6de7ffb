//! `docs/host_functions.md` is made from the table and from nothing else; `UPDATE_PINS=1` writes it anew.

use std::fmt::Write;
use std::path::Path;

use zera_abi::table::{CONTRACT_MODULE, FAILED_EXPORT, MARKER_EXPORT, RESULT_EXPORT, REVOKED_EXPORT};
use zera_abi::Status;

struct Row {
    name: &'static str,
    signature: &'static str,
    docs: &'static [&'static str],
}

macro_rules! rows {
    ($($(#[doc = $doc:literal])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            signature: concat!(
                stringify!($name), "(", $(stringify!($arg), ": ", stringify!($ty), ", ",)* ")", $(" -> ", stringify!($ret))?
            ),
            docs: &[$($doc),*],
        },)*];
    };
}
zera_abi::host_functions!(rows);

impl Row {
    fn line(&self, label: &str) -> Option<&'static str> {
        self.docs.iter().find_map(|line| line.trim().strip_prefix(label))
    }

    fn statuses(&self) -> Option<Vec<&'static str>> {
        Some(self.line("Statuses: ")?.split('`').skip(1).step_by(2).collect())
    }

    fn meaning(&self) -> String {
        let lines = self.docs.iter().map(|line| line.trim());
        let text: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
        unlink(&text.join(" "))
    }
}

/// Text with links into the crate's own docs as plain names.
fn unlink(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let (name, target) = link.split_once("](").expect("a link");
        let (_, after) = target.split_once(')').expect("the end of a link");
        out.push_str(before);
        out.push_str(name);
        rest = after;
    }
    out + rest
}

fn reference() -> String {
    let mut text = format!(
        "# Host functions\n\n\
         Made from the table in `src/table.rs`; `UPDATE_PINS=1 cargo test -p zera-abi --test docs` writes it anew.\n\n\
         A contract imports from the module `{CONTRACT_MODULE}`, and exports its memory as `memory` and the marker\n\
         `{MARKER_EXPORT}: () -> ()`. Its entries are `() -> ()` or `() -> i32`. The host calls `{RESULT_EXPORT}(handle: i64,\n\
         result: i32)`, and, where they are there, `{FAILED_EXPORT}(handle: i64, reason: i32)` and\n\
         `{REVOKED_EXPORT}(handle: i64, reason: i32)`.\n\n\
         - Pointers and lengths are `i32` and read as unsigned; a `handle` is an `i64` read as unsigned. Everything in memory is\n  \
           little-endian but field elements and points, which are big-endian.\n\
         - The guest gives every buffer. A name that ends in a number (`out32`) is a range of that many bytes. Variable output\n  \
           is `(out, cap, len_out)`: the full length goes to `len_out` (4 bytes); where it exceeds `cap`, nothing else is\n  \
           written and the status is `E_BUF`.\n\
         - A range outside memory, a form that the function excludes, or a price above the fuel that is left is a trap: the\n  \
           whole limit is charged and nothing of the call stands.\n\
         - Inputs are copied before anything is written; ranges may overlap.\n\
         - Every call costs `host_call`, and every range `memory_base` + `memory_byte` a byte of the length that is given. The\n  \
           price below comes on top, and is paid before the work and whatever comes of it.\n\
         - A status is an `i32`. 1 is yes or done: compare with 1, never with \"not 0\".\n\n"
    );
    for row in ROWS {
        let signature = row.signature.replace(", )", ")");
        write!(text, "## {}\n\n```text\n{signature}\n```\n\n{}\n\n", row.name, row.meaning()).unwrap();
        if let Some(statuses) = row.line("Statuses: ") {
            writeln!(text, "- Statuses: {statuses}").unwrap();
        }
        writeln!(text, "- Price beside call and ranges: {}\n", row.line("Price: ").unwrap_or("none")).unwrap();
    }
    text.push_str("## Statuses\n\n| number | name | the same bytes may succeed later |\n|---|---|---|\n");
    for status in Status::ALL {
        let later = if status.is_transient() { "yes" } else { "no" };
        writeln!(text, "| {} | `{}` | {later} |", status.code(), status.name()).unwrap();
    }
    text
}

#[test]
fn the_reference_is_made_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/host_functions.md");
    if std::env::var_os("UPDATE_PINS").is_some_and(|value| value == "1") {
        std::fs::write(&path, reference()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kept, reference(), "the table says something else: UPDATE_PINS=1 writes the reference anew");
    assert!(kept.is_ascii());
}

/// A row says what it returns, in words that exist, and no other row says so.
#[test]
fn rows_name_statuses_that_exist() {
    let numbers = ["abi_version", "protocol_version", "origin", "block_height", "input_len", "abort", "debug"];
    for row in ROWS {
        let Some(statuses) = row.statuses() else {
            assert!(numbers.contains(&row.name), "{}: no statuses", row.name);
            continue;
        };
        assert!(row.signature.ends_with("-> i32") && !numbers.contains(&row.name), "{}", row.name);
        let codes: Vec<u32> = statuses
            .iter()
            .map(|name| {
                let status = Status::ALL.iter().find(|status| status.name() == *name);
                status.unwrap_or_else(|| panic!("{}: no status {name}", row.name)).code()
            })
            .collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{}: {codes:?} in order, each once", row.name);
        assert!(codes.contains(&Status::Ok.code()), "{}", row.name);
        assert!(!row.meaning().is_empty(), "{}", row.name);
    }
}
