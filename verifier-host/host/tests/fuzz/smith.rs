//! Random modules of the feature set of contracts, dressed as contracts.

use std::collections::BTreeMap;

use arbitrary::Unstructured;
use rand::RngCore;
use rand_chacha::ChaCha20Rng;
use wasm_smith::Config;

/// A module with memory, marker and every function exported as `f0`, `f1`, ..; `None` where the dice ran out.
///
/// `wild` leaves on what contracts may not have, so that the validator has something to refuse.
pub fn module(rng: &mut ChaCha20Rng, wild: bool) -> Option<Vec<u8>> {
    let mut dice = vec![0; 6_000];
    rng.fill_bytes(&mut dice);
    let config = Config {
        allow_floats: wild,
        allow_start_export: wild,
        simd_enabled: wild,
        threads_enabled: wild,
        memory64_enabled: wild,
        gc_enabled: wild,
        reference_types_enabled: wild,
        multi_value_enabled: wild,
        bulk_memory_enabled: true,
        sign_extension_ops_enabled: true,
        relaxed_simd_enabled: false,
        exceptions_enabled: false,
        saturating_float_to_int_enabled: false,
        tail_call_enabled: false,
        extended_const_enabled: false,
        min_memories: 1,
        max_memories: 1,
        max_memory32_bytes: 4 << 16,
        memory_max_size_required: !wild,
        max_table_elements: 20,
        max_imports: 0,
        max_exports: 0,
        min_funcs: 1,
        max_funcs: 8,
        max_instructions: 150,
        ..Config::default()
    };
    let module = wasm_smith::Module::new(config, &mut Unstructured::new(&dice)).ok()?;
    let wasm = module.to_bytes();
    Some(if wild { wasm } else { dress(&wasm) })
}

/// Adds the exports that a contract must have; what the module does stays as it is.
fn dress(wasm: &[u8]) -> Vec<u8> {
    let mut sections = BTreeMap::new();
    let mut rest = wasm.get(8..).expect("a header");
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let len = number(&mut rest);
        let (body, after) = rest.split_at(len);
        rest = after;
        if *id != 0 {
            sections.insert(rank(*id), (*id, body.to_vec()));
        }
    }
    let mut append = |id: u8, entry: &[u8]| {
        let (_, body) = sections.entry(rank(id)).or_insert_with(|| (id, vec![0]));
        let mut entries = body.as_slice();
        let count = number(&mut entries);
        *body = [&leb(count + 1), entries, entry].concat();
        count
    };
    let ty = append(1, &[0x60, 0, 0]);
    let functions = append(3, &leb(ty));
    append(10, &[2, 0, 0x0b]);
    let mut exports = Vec::new();
    let mut export = |name: &str, kind: u8, index: usize| {
        exports.extend(leb(name.len()));
        exports.extend_from_slice(name.as_bytes());
        exports.push(kind);
        exports.extend(leb(index));
    };
    export("memory", 2, 0);
    export("zera_abi_1", 0, functions);
    for function in 0..functions {
        export(&format!("f{function}"), 0, function);
    }
    sections.insert(rank(7), (7, [leb(functions + 2), exports].concat()));
    let mut out = wasm[..8].to_vec();
    for (id, body) in sections.into_values() {
        out.push(id);
        out.extend(leb(body.len()));
        out.extend(body);
    }
    out
}

/// The place of a section: the count of data segments (12) comes before the code.
fn rank(id: u8) -> u8 {
    match id {
        12 => 19,
        id => 2 * id,
    }
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

fn number(bytes: &mut &[u8]) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first().expect("a number");
        *bytes = rest;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}
