//! Items of a running contract that need no state: host calls, guest memory, pages.

use zera_host::{Call, CallEnd, CostSchedule, Entry, EntryName, Runner};

use super::Effort;
use super::sample::{Class, beside, time};
use crate::workload::desk::{CONTRACT, Desk, USER};

/// Calls of the host in one call of the guest.
const CALLS: u32 = 4_096;
/// Where the input starts: `count u32 | len u32 | seed u64`, then the payload.
pub(super) const HEAD_LEN: usize = 16;
/// The most pages that a module may declare.
const PAGES: usize = 256;
/// Bytes of a page of the machine.
const MACHINE_PAGE: usize = 4_096;

const IMPORTS: &str = r#"
  (import "zera1" "abi_version" (func $abi_version (result i32)))
  (import "zera1" "input_len" (func $input_len (result i32)))
  (import "zera1" "input_read" (func $input_read (param i32 i32 i32) (result i32)))
  (import "zera1" "return_data" (func $return_data (param i32 i32) (result i32)))
  (import "zera1" "debug" (func $debug (param i32 i32)))
  (import "zera1" "hash" (func $hash (param i32 i32 i32 i32) (result i32)))
  (import "zera1" "storage_get" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "zera1" "storage_set" (func $set (param i32 i32 i32 i32) (result i32)))
  (import "zera1" "storage_remove" (func $remove (param i32 i32) (result i32)))
  (import "zera1" "emit_event" (func $emit (param i32 i32 i32 i32) (result i32)))
  (import "zera1" "request_offchain_computation" (func $request (param i32 i32 i32) (result i32)))
  (import "zera1" "verify_groth16" (func $verify (param i32 i32 i32 i32) (result i32)))"#;

/// Splitmix64: [`key`] in the guest.
const KEY: &str = r#"
  (global $seed (mut i64) (i64.const 0))
  (func $word (result i64) (local $z i64)
    (global.set $seed (i64.add (global.get $seed) (i64.const 0x9e3779b97f4a7c15)))
    (local.set $z (global.get $seed))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 30))) (i64.const 0xbf58476d1ce4e5b9)))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 27))) (i64.const 0x94d049bb133111eb)))
    (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 31))))
  (func $key
    (i64.store (i32.const 64) (call $word)) (i64.store (i32.const 72) (call $word))
    (i64.store (i32.const 80) (call $word)) (i64.store (i32.const 88) (call $word)))"#;

/// The bodies of the loops. A key of 32 bytes stands at 64, values at 4,096, results at 32,768, the payload at 65,536.
const ENTRIES: [(&str, &str); 16] = [
    ("nothing", ""),
    ("key", "(call $key)"),
    ("abi", "(drop (call $abi_version))"),
    ("back", "(drop (call $return_data (i32.const 4096) (local.get $len)))"),
    ("back_key", "(call $key) (drop (call $return_data (i32.const 4096) (local.get $len)))"),
    ("debug", "(call $debug (i32.const 4096) (local.get $len))"),
    ("set", "(call $key) (drop (call $set (i32.const 64) (i32.const 32) (i32.const 4096) (local.get $len)))"),
    (
        "get",
        "(call $key) (drop (call $get (i32.const 64) (i32.const 32) (i32.const 32768) (local.get $len) (i32.const 128)))",
    ),
    ("remove", "(call $key) (drop (call $remove (i32.const 64) (i32.const 32)))"),
    ("emit", "(drop (call $emit (i32.const 64) (i32.const 32) (i32.const 4096) (local.get $len)))"),
    ("sha256", "(drop (call $hash (i32.const 1) (i32.const 4096) (local.get $len) (i32.const 160)))"),
    ("poseidon", "(drop (call $hash (i32.const 4) (i32.const 4096) (local.get $len) (i32.const 160)))"),
    ("request", "(drop (call $request (i32.const 65536) (local.get $len) (i32.const 160)))"),
    ("verify", "(drop (call $verify (i32.const 65536) (i32.const 65824) (local.get $len) (i32.const 65568)))"),
    ("fill", "(memory.fill (i32.const 4096) (local.get $i) (local.get $len))"),
    (
        "divide",
        "(i64.store (i32.const 64) (i64.div_u (i64.const -1) (i64.or (i64.load (i32.const 64)) (i64.const 3))))",
    ),
];

/// A module of loops: each entry reads its head and runs its body `count` times.
pub(super) fn module(pages: usize) -> Vec<u8> {
    let entry = |(name, body): &(&str, &str)| {
        format!(
            r#"
  (func (export "{name}") (local $i i32) (local $len i32)
    (drop (call $input_read (i32.const 0) (i32.const 0) (i32.const 16)))
    (if (i32.gt_u (call $input_len) (i32.const 16)) (then (drop (call $input_read
      (i32.const 65536) (i32.const 16) (i32.sub (call $input_len) (i32.const 16))))))
    (local.set $i (i32.load (i32.const 0)))
    (local.set $len (i32.load (i32.const 4)))
    (global.set $seed (i64.load (i32.const 8)))
    (block $out (loop $again
      (br_if $out (i32.eqz (local.get $i)))
      {body}
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br $again))))"#
        )
    };
    let entries: String = ENTRIES.iter().map(entry).collect();
    // Every page of the machine is written once: memory comes as zeros, page by page, when it is touched.
    let text = format!(
        r#"(module {IMPORTS}
  (memory (export "memory") {pages} {pages})
  (func (export "zera_abi_1"))
  (func (export "empty"))
  (func (export "touch") (local $at i32)
    (loop $again
      (i64.store (local.get $at) (i64.const -1))
      (local.set $at (i32.add (local.get $at) (i32.const {MACHINE_PAGE})))
      (br_if $again (i32.lt_u (local.get $at) (i32.const {len})))))
  (func (export "spin") (loop $again (br $again))){KEY}{entries})"#,
        len = pages * 65_536,
    );
    let wasm = wat::parse_str(text).expect("a module");
    zera_host::validate::validate(&wasm).expect("deployable");
    wasm
}

/// The input of an entry.
pub(super) fn input(count: u32, len: u32, seed: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [count.to_le_bytes(), len.to_le_bytes()].concat();
    bytes.extend(seed.to_le_bytes());
    assert_eq!(bytes.len(), HEAD_LEN);
    bytes.extend(payload);
    bytes
}

/// The keys that an entry goes through from `seed`.
pub(super) fn keys(seed: u64) -> impl Iterator<Item = [u8; 32]> {
    let mut state = seed;
    let mut word = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    std::iter::repeat_with(move || {
        let mut key = [0; 32];
        for chunk in key.chunks_mut(8) {
            chunk.copy_from_slice(&word().to_le_bytes());
        }
        key
    })
}

/// A runner whose calls are not held up by fuel: what is timed is the work.
fn generous() -> Runner {
    Runner::new(CostSchedule { call_fuel_max: u64::MAX >> 1, ..CostSchedule::v1() }).expect("the engine starts")
}

struct Guest {
    runner: Runner,
    wasm: Vec<u8>,
}

impl Guest {
    fn new(pages: usize) -> Guest {
        Guest { runner: generous(), wasm: module(pages) }
    }

    fn time(&self, entry: &str, input: &[u8]) -> f64 {
        let entry = Entry::User(EntryName::parse(entry).expect("a name"));
        let call = Call { contract: CONTRACT, caller: USER, entry, input: input.to_vec(), fuel_limit: u64::MAX >> 1 };
        let code = zera_statement::code_hash(&self.wasm);
        let (desk, mut report) = (Desk::default(), None);
        let elapsed = time(|| report = Some(self.runner.call(desk, &code, &self.wasm, call).1));
        let report = report.expect("it ran").expect("no fault");
        assert!(matches!(report.end, CallEnd::Done { .. }), "{:?}", report.end);
        elapsed
    }
}

pub(super) fn classes(effort: Effort) -> Vec<Class> {
    let guest = Guest::new(20);
    let count = (effort.short / 5).max(4);
    let against = |work: &str, (calls, len): (u32, u32), base: &str, base_len: u32, units: usize| {
        let (worked, based) = (input(calls, len, 1, &[]), input(calls, base_len, 1, &[]));
        beside(count, units, || guest.time(work, &worked), || guest.time(base, &based))
    };
    let calls = CALLS as usize;
    let mut found = vec![
        Class::new("host_call", "abi_version", against("abi", (CALLS, 0), "nothing", 0, calls)),
        Class::new("memory_base", "return_data", against("back", (CALLS, 0), "abi", 0, calls)),
    ];
    // Short copies, the longest that is kept, and one that the allocator maps anew.
    for (word, entry, calls, len) in
        [("64 bytes", "back", CALLS, 64), ("4 KiB", "back", CALLS, 4_096), ("1 MiB", "debug", 64, 1 << 20)]
    {
        let units = calls as usize * len as usize;
        found.push(Class::new("memory_byte", word, against(entry, (calls, len), entry, 0, units)));
    }
    let (wide, narrow) = (Guest::new(PAGES), Guest::new(1));
    let touched = beside(count, PAGES - 1, || wide.time("touch", &[]), || narrow.time("touch", &[]));
    found.push(Class::new("memory_page", "every page written", touched));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guest's keys are those of the host: what is read in a block was there.
    #[test]
    fn guest_and_host_agree_on_keys() {
        let (runner, wasm) = (generous(), module(2));
        let call = Call {
            contract: CONTRACT,
            caller: USER,
            entry: Entry::User(EntryName::parse("set").expect("a name")),
            input: input(5, 3, 77, &[]),
            fuel_limit: 10_000_000,
        };
        let (desk, report) = runner.call(Desk::default(), &zera_statement::code_hash(&wasm), &wasm, call);
        assert!(matches!(report.expect("no fault").end, CallEnd::Done { .. }));
        let mut expected: Vec<Vec<u8>> = keys(77).take(5).map(|key| key.to_vec()).collect();
        expected.sort();
        assert_eq!(desk.storage.into_keys().collect::<Vec<_>>(), expected);
    }
}
