//! Modules that are no predicates, each with the message that says why and where.

use super::{IMPORTS, load, module};

fn message(wasm: &[u8]) -> String {
    let message = match load(wasm) {
        Ok(predicate) => panic!("accepted: {predicate:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.len() < 400, "{message}");
    message
}

/// The message for a module text with memory and entry, and `rest`.
fn with(rest: &str) -> String {
    let text = format!(
        "(module (memory (export \"memory\") 1) {rest} (func $entry (export \"predicate\") (result i32) i32.const 1))"
    );
    message(&wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{message}: does not say {word}");
    }
}

#[test]
fn proposals_are_refused_with_function_and_offset() {
    for (body, words) in [
        ("(drop (f64.const 0))", "floating-point"),
        ("(drop (f32.add (f32.const 0) (f32.const 1)))", "floating-point"),
        ("(drop (i32.trunc_sat_f32_s (f32.const 0)))", "floating-point"),
        ("(drop (f32.load (i32.const 0)))", "floating-point"),
        ("(drop (v128.const i64x2 0 0))", "SIMD"),
        ("(drop (i32.atomic.load (i32.const 0)))", "threads"),
        ("(atomic.fence)", "threads"),
        ("(return_call $f)", "tail calls"),
        ("(drop (ref.null func))", "reference types"),
        ("(drop (select (result i32) (i32.const 0) (i32.const 0) (i32.const 0)))", "reference types"),
        ("(drop (table.size 0))", "reference types"),
        ("(throw 0)", "exceptions"),
        ("(try_table)", "exceptions"),
        ("(table.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0))", "the table does not change"),
        ("(table.copy (i32.const 0) (i32.const 0) (i32.const 0))", "the table does not change"),
        ("(elem.drop 0)", "the table does not change"),
    ] {
        let text = with(&format!("(table 1 1 funcref) (elem func) (func $f nop {body})"));
        says(&text, &["function 0 (f), offset 0x", words]);
    }
    says(&with("(func $f (param f32))"), &["floating-point", "offset 0x"]);
    says(&with("(func $f (local f64))"), &["floating-point", "function 0 (f)"]);
    says(&with("(global f32 (f32.const 0))"), &["floating-point"]);
    says(&with("(func (param externref))"), &["reference types"]);
    says(&with("(tag)"), &["exceptions"]);
    says(&with("(type (struct (field i32)))"), &["offset 0x"]);
    says(&with("(global i32 (i32.add (i32.const 1) (i32.const 2)))"), &["constant expression"]);
    says(&with("(table 1 externref)"), &["reference types"]);
    // Without names, by index.
    let text =
        "(module (memory (export \"memory\") 1) (func (export \"predicate\") (result i32) unreachable f32.const 0))";
    says(&message(&wat::parse_str(text).unwrap()), &["(function 0, offset 0x"]);
    // The offset is that of the operator: 0x43 is f32.const.
    let wasm = wat::parse_str(text).unwrap();
    let at = wasm.iter().rposition(|byte| *byte == 0x43).unwrap();
    says(&message(&wasm), &[&format!("offset {at:#x}")]);
}

#[test]
fn memory_is_one_of_at_most_256_pages_and_exported() {
    let entry = "(func (export \"predicate\") (result i32) i32.const 1)";
    for (memory, words) in [
        ("", "export memory: the module must have a memory"),
        ("(memory 1)", "export memory: the memory must be exported under this name"),
        ("(memory (export \"mem\") 1)", "export memory: the memory must be exported under this name"),
        ("(memory 1) (global (export \"memory\") i32 (i32.const 0))", "must be exported under this name"),
        ("(memory (export \"memory\") 257)", "initial pages of memory: 257, at most 256"),
        ("(memory (export \"memory\") 65536)", "initial pages of memory: 65536, at most 256"),
        ("(memory (export \"memory\") 1) (memory 1)", "memories: 2, at most 1"),
        ("(memory (export \"memory\") i64 1)", "memory is 32-bit and not shared"),
        ("(memory (export \"memory\") 1 2 shared)", "memory is 32-bit and not shared"),
        ("(memory (export \"memory\") 1) (data (i32.const 65535) \"ab\")", "a data segment lies outside"),
        ("(memory (export \"memory\") 1) (data (i32.const -1) \"\")", "a data segment lies outside"),
        ("(memory (export \"memory\") 1) (global $g i32 (i32.const 0)) (data (global.get $g) \"\")", "constant"),
    ] {
        says(&message(&wat::parse_str(format!("(module {memory} {entry})")).unwrap()), &[words]);
    }
}

#[test]
fn tables_are_one_that_is_filled_within() {
    says(&with("(table 1 funcref) (table 1 funcref)"), &["tables: 2, at most 1"]);
    says(&with("(table 16385 funcref)"), &["table elements: 16385, at most 16384"]);
    says(&with("(table 1 funcref) (elem (i32.const 1) $entry)"), &["an element segment lies outside"]);
    says(&with("(elem (i32.const 0) $entry)"), &["an element segment lies outside"]);
}

#[test]
fn imports_are_of_the_closed_set() {
    for (import, words) in [
        ("\"zera\" \"log\" (func)", "import zera.log: predicates have no such import"),
        ("\"zera1\" \"sha256\" (func (param i32 i32 i32))", "import zera1.sha256: predicates have no such import"),
        ("\"env\" \"read_public\" (func (param i32 i32 i32))", "import env.read_public: predicates have no such"),
        ("\"env\" \"seed\" (func (result i32))", "import env.seed: predicates have no such import"),
        ("\"zera\" \"abort\" (func (param i32 i32 i32 i32))", "import zera.abort: predicates have no such import"),
        ("\"zera\" \"bound\" (func)", "import zera.bound: its type is (i32) -> ()"),
        ("\"zera\" \"bound\" (func (param i64))", "import zera.bound: its type is (i32) -> ()"),
        ("\"zera\" \"bound\" (func (param i32 i64))", "import zera.bound: its type is (i32) -> ()"),
        ("\"zera\" \"field_eq\" (func (param i32 i32))", "import zera.field_eq: its type is (i32, i32) -> (i32)"),
        ("\"zera\" \"merkle_root\" (func (param i32 i32 i32 i32 i32))", "its type is (i32, i32, i32, i64, i32) -> ()"),
        ("\"env\" \"abort\" (func (param i32 i32 i32))", "its type is (i32, i32, i32, i32) -> ()"),
        ("\"env\" \"memory\" (memory 1)", "import env.memory: only functions are imported"),
        ("\"env\" \"table\" (table 1 funcref)", "import env.table: only functions are imported"),
        ("\"env\" \"g\" (global i32)", "import env.g: only functions are imported"),
        ("\"evil\\n\\1b[31m\" \"x\" (func)", "import evil\\n\\u{1b}[31m.x"),
    ] {
        says(&message(&wat::parse_str(format!("(module (import {import}))")).unwrap()), &[words, "offset 0x"]);
    }
    let many = "(import \"env\" \"abort\" (func (param i32 i32 i32 i32)))".repeat(257);
    says(&message(&wat::parse_str(format!("(module {many})")).unwrap()), &["imports: 257, at most 256"]);
}

#[test]
fn bound_is_called_directly_only() {
    let entry = "(func (export \"predicate\") (result i32) i32.const 1)";
    says(
        &message(&module(&format!("(table 1 funcref) (elem (i32.const 0) $bound) {entry}"))),
        &["bound is in the table"],
    );
    says(&message(&module(&format!("(export \"b\" (func $bound)) {entry}"))), &["bound is exported"]);
}

#[test]
fn the_entry_exists_and_has_its_type() {
    for (export, words) in [
        ("", "export predicate: the entry is missing"),
        ("(func (export \"other\") (result i32) i32.const 1)", "the entry is missing"),
        ("(global (export \"predicate\") i32 (i32.const 1))", "the entry must be a function"),
        ("(func (export \"predicate\"))", "parameters i32 or i64 and the result i32"),
        ("(func (export \"predicate\") (result i64) i64.const 1)", "parameters i32 or i64 and the result i32"),
        ("(func (export \"predicate\") (result i32 i32) i32.const 1 i32.const 1)", "and the result i32"),
        ("(export \"predicate\" (func $field_eq))", "the entry must be a function of the module's own"),
    ] {
        let text = format!("(module {IMPORTS} (memory (export \"memory\") 1) {export})");
        says(&message(&wat::parse_str(text).unwrap()), &[words]);
    }
}

#[test]
fn what_compiling_costs_is_limited() {
    let nested = |what: &str, n: usize| format!("(func {} {})", what.repeat(n), "end ".repeat(n));
    says(&with(&nested("loop ", 33)), &["function 0, offset", "nested loops: 33, at most 32"]);
    says(&with(&nested("block ", 513)), &["nested blocks: 513, at most 512"]);
    says(&with(&format!("(func (local {}))", "i64 ".repeat(4_097))), &["locals: 4097, at most 4096"]);
    says(&with(&format!("(func (param {}))", "i32 ".repeat(65))), &["parameters of a type: 65, at most 64"]);
    says(&with(&format!("(type (func (result {})))", "i32 ".repeat(17))), &["results of a type: 17, at most 16"]);
    says(&with(&"(func)".repeat(4_096)), &["functions: 4097, at most 4096"]);
    says(&with(&"(type (func))".repeat(1_024)), &["types: 1025, at most 1024"]);
    let table = format!("(func (param i32) (br_table {} (local.get 0)))", "0 ".repeat(16_386));
    says(&with(&table), &["targets of a br_table: 16385, at most 16384"]);
    let sets: String = (0..1_024).map(|n| format!("(local.set {n} (i32.const 0))")).collect();
    let joins = format!("(func (local {}) {} {sets} {})", "i32 ".repeat(1_024), "loop ".repeat(31), "end ".repeat(31));
    assert!(load(&super::module(&format!("{joins} (func (export \"predicate\") (result i32) i32.const 1)"))).is_ok());
    says(&with(&joins.repeat(2)), &["joins of locals and blocks: ", "at most 32768"]);
    let ifs = "(block) ".repeat(4_100);
    says(&with(&format!("(func {ifs})")), &["work on control flow: 16810000, at most 16777216"]);
}

#[test]
fn the_limit_of_256_kib_leaves_custom_sections_out() {
    // A function of `n` bytes of `nop`.
    let sized =
        |n: usize| module(&format!("(func (export \"predicate\") (result i32) {} i32.const 1)", "nop ".repeat(n)));
    let bare = |n| {
        let text = format!(
            "(module (memory (export \"memory\") 1) (func (export \"predicate\") (result i32) {} i32.const 1))",
            "nop ".repeat(n)
        );
        wat::parse_str(text).unwrap()
    };
    let rest = bare(200_000).len() - 200_000;
    let fits = bare(256 * 1024 - rest);
    assert_eq!(fits.len(), 256 * 1024);
    load(&fits).unwrap();
    let more = bare(256 * 1024 - rest + 1);
    says(&message(&more), &["bytes of module without custom sections: 262145, at most 262144"]);
    says(&message(&sized(300 * 1024)), &["bytes of module without custom sections: "]);
    // A megabyte of custom sections does not count.
    let mut custom = fits;
    for _ in 0..16 {
        // Id 0, its length in three bytes, an empty name, and then anything.
        custom.extend([0, 0x80, 0x80, 0x04, 0]);
        custom.extend([0xaa; 65_535]);
    }
    load(&custom).unwrap();
}
