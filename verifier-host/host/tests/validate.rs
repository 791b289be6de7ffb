//! Modules that are refused, each for its own reason, and that the largest allowed ones compile fast. The numbers in brackets are
//! rows of the table of inputs that must be refused.

#[path = "support/double.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod double;
#[path = "support/guest.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod guest;

use std::time::Instant;

use guest::{IMPORTS, contract};
use zera_host::validate::{DeployError, FRAME_MAX, ModuleFacts, validate};
use zera_host::{CostSchedule, Runner};

const MARKER: &str = "(func (export \"zera_abi_1\"))";
const MEMORY: &str = "(memory (export \"memory\") 1 16)";

fn check(text: &str) -> Result<ModuleFacts, DeployError> {
    validate(&wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

/// What a module with marker, memory and `rest` is refused with.
fn refused(rest: &str) -> DeployError {
    match check(&format!("(module {MEMORY} {MARKER} {rest})")) {
        Err(error) => error,
        Ok(facts) => panic!("accepted: {rest}: {facts:?}"),
    }
}

#[test]
fn facts_of_a_module() {
    let wasm = contract(
        "(func (export \"run\") (result i32) (local i64) (i32.const 1)) (func (export \"ask\")) (func (export \"helper\") (param i32))
         (func (export \"process_verified_condition_result\") (param i64 i32))",
    );
    let facts = ModuleFacts {
        bytes: wasm.len(),
        functions: 5,
        memory_pages: 16,
        frame: 16 * 2 + 256,
        entries: vec!["ask".to_owned(), "run".to_owned()],
        takes_results: true,
    };
    assert_eq!(validate(&wasm), Ok(facts));
}

/// [90]
#[test]
fn features_that_are_off() {
    for (what, rest) in [
        ("float constant", "(func (result f64) f64.const 0)"),
        ("float parameter", "(func (param f32))"),
        ("float local", "(func (local f64))"),
        ("float global", "(global f32 (f32.const 0))"),
        ("float load", "(func (drop (f32.load (i32.const 0))))"),
        ("float conversion", "(func (result i32) (i32.trunc_f64_s (f64.const 0)))"),
        ("simd", "(func (local v128))"),
        ("atomics", "(func (drop (i32.atomic.load (i32.const 0))))"),
        ("tail call", "(func $f return_call $f)"),
        ("reference type", "(func (param externref))"),
        ("table growth", "(table 1 2 funcref) (func (drop (table.grow 0 (ref.null func) (i32.const 1))))"),
        ("gc", "(type (struct (field i32)))"),
        ("exceptions", "(tag)"),
        ("extended constant", "(global i32 (i32.add (i32.const 1) (i32.const 2)))"),
        ("typed references", "(type $t (func)) (func (param (ref null $t)))"),
        ("two results", "(func (result i32 i32) (i32.const 0) (i32.const 0))"),
    ] {
        let error = refused(rest);
        assert!(
            matches!(error, DeployError::Invalid { offset: 9.., .. } | DeployError::Limit { .. }),
            "{what}: {error:?}"
        );
    }
}

/// What validation allows, the engine compiles: every feature beyond the first version, in one module.
#[test]
fn features_that_are_on() {
    let rest = "(table 2 2 funcref) (func $f) (elem $e func $f $f) (data $d \"abc\")
        (global (export \"g\") (mut i32) (i32.const 0)) (type $block (func (param i32 i32) (result i32)))
        (func (export \"run\") (result i32)
            (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop $d)
            (memory.copy (i32.const 8) (i32.const 0) (i32.const 3))
            (memory.fill (i32.const 16) (i32.const 1) (i32.const 3))
            (table.init $e (i32.const 0) (i32.const 0) (i32.const 2)) (elem.drop $e)
            (table.copy (i32.const 0) (i32.const 1) (i32.const 1))
            (global.set 0 (i32.extend8_s (i32.const 0x80)))
            (i32.const 1) (global.get 0) (block (type $block) i32.add))";
    let wasm = wat::parse_str(format!("(module {MEMORY} {MARKER} {rest})")).unwrap();
    let (_, report) = guest::run(double::Double::new(), &wasm);
    assert_eq!(report.end, zera_host::CallEnd::Done { code: -127, data: Vec::new() });
}

/// [91]
#[test]
fn shapes_that_are_none() {
    let error = |text: &str| check(text).unwrap_err().to_string();
    assert_eq!(
        refused("(func $s) (start $s)").to_string(),
        "module: a start function is not allowed: function 1 (at offset 0x34)"
    );
    assert_eq!(error(&format!("(module {MEMORY})")), "module: export zera_abi_1: is missing");
    let wrong = "(func (export \"zera_abi_1\") (result i32) (i32.const 1))";
    assert_eq!(error(&format!("(module {MEMORY} {wrong})")), "module: export zera_abi_1: must be a function () -> ()");
    let global = "(global (export \"zera_abi_1\") i32 (i32.const 1))";
    assert_eq!(error(&format!("(module {MEMORY} {global})")), "module: export zera_abi_1: must be a function");
    assert_eq!(error(&format!("(module {MARKER})")), "module: memory: there must be one");
    assert_eq!(error(&format!("(module (memory 1 1) {MARKER})")), "module: memory: it must be exported as memory");
    let two = format!("(module {MEMORY} (memory 1 1) {MARKER})");
    assert!(error(&two).starts_with("module: memories: 2, at most 1"), "{}", error(&two));
    let open = format!("(module (memory (export \"memory\") 1) {MARKER})");
    assert_eq!(error(&open), "module: memory: a maximum must be declared");
    let large = format!("(module (memory (export \"memory\") 1 257) {MARKER})");
    assert!(error(&large).starts_with("module: maximum pages of memory: 257, at most 256"));
    assert!(check(&format!("(module (memory (export \"memory\") 1 256) {MARKER})")).is_ok());
    for memory in ["(memory (export \"memory\") i64 1 1)", "(memory (export \"memory\") 1 1 shared)"] {
        assert!(error(&format!("(module {memory} {MARKER})")).contains("32-bit and not shared"));
    }
    for name in ["process_verified_condition_result", "on_result_failed", "on_result_revoked"] {
        let export = format!("(func (export \"{name}\") (param i64))");
        assert_eq!(refused(&export).to_string(), format!("module: export {name}: must be a function (i64, i32) -> ()"));
    }
    assert!(matches!(validate(b""), Err(DeployError::Invalid { .. })));
    assert!(matches!(validate(b"\0asm\x0d\0\x01\0"), Err(DeployError::Invalid { .. })), "a component");
    let wasm = contract("(func (export \"run\"))");
    // The text's names are a custom section at the end (id 0), and all that may be left out.
    let whole: Vec<usize> = (0..wasm.len()).filter(|len| validate(&wasm[..*len]).is_ok()).collect();
    assert_eq!(whole.iter().map(|len| wasm[*len]).collect::<Vec<u8>>(), [0]);
}

/// [92]
#[test]
fn imports_that_the_host_has_not() {
    for (import, why) in [
        ("(import \"zera\" \"read_public\" (func (param i32 i32 i32)))", "zera1 only"),
        ("(import \"zera2\" \"abi_version\" (func (result i32)))", "zera1 only"),
        ("(import \"wasi_snapshot_preview1\" \"proc_exit\" (func (param i32)))", "zera1 only"),
        ("(import \"zera1\" \"predicate_info\" (func (result i32)))", "no such function"),
        ("(import \"zera1\" \"abi_version\" (func))", "another signature"),
        ("(import \"zera1\" \"abi_version\" (func (result i64)))", "another signature"),
        ("(import \"zera1\" \"chain_id\" (func (param i64) (result i32)))", "another signature"),
        ("(import \"zera1\" \"debug\" (func (param i32 i32) (result i32)))", "another signature"),
        ("(import \"zera1\" \"debug\" (func (param i32)))", "another signature"),
        ("(import \"zera1\" \"memory\" (global i32))", "only functions"),
        ("(import \"zera1\" \"t\" (table 1 funcref))", "only functions"),
    ] {
        let error = check(&format!("(module {import} {MEMORY} {MARKER})")).unwrap_err();
        assert!(matches!(&error, DeployError::Import { .. }), "{import}: {error}");
        assert!(error.to_string().contains(why), "{import}: {error}");
    }
    assert!(check(&format!("(module {IMPORTS} {MEMORY} {MARKER})")).is_ok());
}

/// [89]
#[test]
fn counts_and_sizes() {
    let limit = |rest: &str| match refused(rest) {
        DeployError::Limit { what, got, most, .. } => (what, got, most),
        other => panic!("{other}"),
    };
    assert_eq!(limit(&"(func)".repeat(2_000)), ("functions", 2_001, 2_000));
    let types: String = (0..257).map(|n| format!("(type (func {}))", "(param i32)".repeat(n % 16))).collect();
    assert_eq!(limit(&types).0, "types");
    assert_eq!(limit(&"(global i32 (i32.const 0))".repeat(257)), ("globals", 257, 256));
    assert_eq!(limit(&format!("(func (param {}))", "i32 ".repeat(17))), ("parameters of a type", 17, 16));
    assert_eq!(limit("(table 1001 funcref)"), ("table elements", 1_001, 1_000));
    assert_eq!(limit("(table 1 funcref) (table 1 funcref)"), ("tables", 2, 1));
    assert_eq!(limit(&format!("(data \"{}\")", "x".repeat(131_073))), ("bytes of data", 131_073, 131_072));
    assert_eq!(limit(&"(data \"\")".repeat(1_001)), ("data segments", 1_001, 1_000));
    let elements = format!("(table 1000 funcref) (func $f) (elem func {})", "$f ".repeat(1_001));
    assert_eq!(limit(&elements), ("elements of a segment", 1_001, 1_000));
    let exports: String = (0..255).map(|n| format!("(export \"e{n}\" (func 0))")).collect();
    assert_eq!(limit(&exports), ("exports", 257, 256));
    let imports = "(import \"zera1\" \"origin\" (func (result i32)))".repeat(257);
    assert!(check(&format!("(module {imports} {MEMORY} {MARKER})")).unwrap_err().to_string().contains("imports: 257"));
    // The whole module, whatever is in it.
    assert_eq!(
        validate(&vec![0; 262_145]),
        Err(DeployError::Limit { what: "bytes", got: 262_145, most: 262_144, offset: 0 })
    );
}

#[test]
fn functions_are_named_by_index_and_offset() {
    let function = |rest: &str| match refused(rest) {
        DeployError::Function { function, what, got, most, offset } => {
            assert!(offset > 8);
            (function, what, got, most)
        }
        other => panic!("{other}"),
    };
    // [89], [95]: function 0 is the marker.
    assert_eq!(function(&format!("(func) (func (local {}))", "i32 ".repeat(257))), (2, "locals", 257, 256));
    let body = "(nop)".repeat(65_536);
    let (index, what, got, most) = function(&format!("(func {body})"));
    assert_eq!((index, what, most), (1, "bytes of body", 65_536));
    assert!(got > most);
    let loops = |count: usize| format!("(func (param i32) {})", "(loop (br_if 0 (local.get 0)))".repeat(count));
    assert_eq!(function(&loops(65)), (1, "loops", 65, 64));
    assert!(check(&format!("(module {MEMORY} {MARKER} {})", loops(64))).is_ok());
    // A bomb of locals: 2^32 - 1 in five bytes.
    let bomb = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x0b\x01\x09\x01\xff\xff\xff\xff\x0f\x7f\x0b\x0b";
    assert!(matches!(validate(bomb), Err(DeployError::Invalid { .. })));
}

/// The depth rule: parameters, locals and operands together.
#[test]
fn frames() {
    assert_eq!(FRAME_MAX, 3_422);
    let function = |locals: usize, height: usize| {
        let (push, pop) = ("(i32.const 0)".repeat(height), "(drop)".repeat(height));
        format!("(func (param i64 i64) (local {}) {push} {pop})", "i32 ".repeat(locals))
    };
    let facts = check(&format!("(module {MEMORY} {MARKER} {})", function(100, 95))).unwrap();
    assert_eq!(facts.frame, 16 * 197 + 256);
    for (locals, height) in [(100, 96), (101, 95), (0, 196)] {
        let DeployError::Function { what, got, most, .. } = refused(&function(locals, height)) else { panic!() };
        assert_eq!((what, got, most), ("bytes of native frame", 16 * 198 + 256, FRAME_MAX));
    }
}

#[test]
fn segments_lie_inside() {
    assert!(check(&format!("(module {MEMORY} {MARKER} (data (i32.const 65535) \"x\"))")).is_ok());
    let end = refused("(data (i32.const 65535) \"xy\")");
    assert_eq!(end, DeployError::Segment { what: "data", segment: 0 });
    assert_eq!(refused("(data (i32.const -1) \"\")"), DeployError::Segment { what: "data", segment: 0 });
    let elements = "(table 2 2 funcref) (func $f) (elem (i32.const 0) $f $f) (elem (i32.const 1) $f $f)";
    assert_eq!(refused(elements), DeployError::Segment { what: "element", segment: 1 });
    let global = "(global $g i32 (i32.const 0)) (data (global.get $g) \"x\")";
    assert!(matches!(refused(global), DeployError::Segment { .. } | DeployError::Invalid { .. }));
}

/// [95]: what is as large as the limits allow compiles in about a second, and runs on the engine that validation speaks for.
#[test]
fn the_largest_modules_compile_fast() {
    let functions = "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))".repeat(1_999);
    let table = format!(
        "(func (param i32) {}(br_table {} (local.get 0)){})",
        "(block ".repeat(60),
        {
            let targets: String = (0..60_000).map(|n| format!("{} ", n % 60)).collect();
            targets
        },
        ")".repeat(60)
    );
    let branches = format!("(func (param i32) {})", "(if (local.get 0) (then (nop)))".repeat(8_000)).repeat(3);
    let locals = format!("(func (local {}))", "i64 ".repeat(197)).repeat(1_900);
    let line = format!("(func (param i32) {})", "(i32.store (local.get 0) (i32.const 7))".repeat(7_000)).repeat(3);
    let loops = format!("(func (param i32) {})", "(loop (br_if 0 (local.get 0)))".repeat(64)).repeat(480);
    let modules = [
        ("functions", functions),
        ("br_table", table),
        ("branches", branches),
        ("locals", locals),
        ("line", line),
        ("loops", loops),
    ];
    for (what, rest) in modules {
        let wasm = wat::parse_str(format!("(module {MEMORY} {MARKER} {rest})")).unwrap();
        let facts = validate(&wasm).unwrap_or_else(|error| panic!("{what}: {error}"));
        let runner = Runner::new(CostSchedule::v1()).unwrap();
        let started = Instant::now();
        runner.compile(&zera_statement::code_hash(&wasm), &wasm).unwrap();
        let elapsed = started.elapsed();
        println!("{what}: {} bytes, {} functions, {elapsed:?}", facts.bytes, facts.functions);
        // Debug builds of the compiler on a busy machine; a second is what a release build must keep.
        assert!(elapsed.as_secs() < 20, "{what}: {elapsed:?}");
    }
}
