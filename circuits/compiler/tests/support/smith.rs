//! Modules out of random bytes: wasm-smith's, or the bytes themselves. Whatever compiles does what it does natively.
//!
//! The body of the fuzz targets in `fuzz/`, and of the tests that need no fuzzer.

#![allow(dead_code, reason = "each suite uses its own part")]

use crate::pipeline::build_within;
use arbitrary::Unstructured;
use wasm_smith::Config;
use zera_compiler::symex::Limits;

/// Bytes of the public input of wasm-smith's modules: four parameters, and eight more.
pub const PUBLIC_LEN: u32 = 4 + 4 + 8 + 4 + 8;
/// Bytes of the private input.
pub const PRIVATE_LEN: u32 = 8;
/// Tighter than ordinary, so that what grows too large is given up soon.
pub const LIMITS: Limits = Limits { iterations: 64, instructions: 300_000, expressions: 800_000, candidates: 256 };

/// A module that imports and exports what a predicate does; none where the bytes do not last.
pub fn smith(dice: &[u8]) -> Option<Vec<u8>> {
    let shape = wat::parse_str(
        r#"(module
            (import "zera" "read_public" (func (param i32 i32 i32)))
            (import "zera" "bound" (func (param i32)))
            (memory (export "memory") 1 3)
            (func (export "predicate") (param i32 i32 i64 i32) (result i32) unreachable))"#,
    );
    let config = Config {
        module_shape: Some(shape.unwrap()),
        allow_floats: false,
        allow_start_export: true,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        memory64_enabled: false,
        gc_enabled: false,
        reference_types_enabled: false,
        exceptions_enabled: false,
        saturating_float_to_int_enabled: false,
        tail_call_enabled: false,
        extended_const_enabled: false,
        wide_arithmetic_enabled: false,
        custom_page_sizes_enabled: false,
        multi_value_enabled: true,
        bulk_memory_enabled: false,
        sign_extension_ops_enabled: true,
        max_memories: 1,
        max_tables: 1,
        max_memory32_bytes: 4 << 16,
        max_table_elements: 20,
        disallow_traps: false,
        max_funcs: 6,
        max_instructions: 120,
        ..Config::default()
    };
    let module = wasm_smith::Module::new(config, &mut Unstructured::new(dice)).ok()?;
    Some(module.to_bytes())
}

/// Compiles, and where that is possible runs both ways on inputs of all zeros, all ones, and of these bytes; whether it was.
pub fn agrees(wasm: &[u8], bytes: &[u8], lens: (u32, u32), limits: Limits) -> bool {
    let Ok(built) = build_within(wasm, lens.0, lens.1, limits) else { return false };
    if let Ok(report) = &built.report {
        assert!(report.assumed.is_empty() || uses_gadgets(wasm), "wires on trust");
    }
    let filled = |len: u32, mut next: Box<dyn FnMut() -> u8 + '_>| -> Vec<u8> { (0..len).map(|_| next()).collect() };
    let mut given = bytes.iter().copied().cycle();
    let mut some = || given.next().unwrap_or(0x5a);
    let own = (filled(lens.0, Box::new(&mut some)), filled(lens.1, Box::new(&mut some)));
    let zeros = (vec![0; lens.0 as usize], vec![0; lens.1 as usize]);
    let ones = (vec![0xff; lens.0 as usize], vec![0xff; lens.1 as usize]);
    for (public, private) in [own, zeros, ones] {
        let circuit = built.circuit(&public, &private);
        if let Some(native) = built.native(&public, &private) {
            let (public, private) = (hex::encode(&public), hex::encode(&private));
            assert_eq!(circuit, native, "circuit and native on {public} and {private}");
        }
    }
    true
}

/// Hashes and curves have arguments that the checker does not follow.
fn uses_gadgets(wasm: &[u8]) -> bool {
    let names: [&[u8]; 4] = [b"field_inv", b"eddsa_verify", b"sha256", b"keccak256"];
    names.iter().any(|name| wasm.windows(name.len()).any(|window| window == *name))
}
