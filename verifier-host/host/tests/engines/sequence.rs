//! Random sequences of host calls as modules: honest arguments most of the time, hostile ones the rest.

use std::fmt::Write;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;
use zera_abi::wire::{Claim, Request};
use zera_abi::{AccountId, KeyId, Level, Outcome, PredicateId};

use crate::double::{KEY, PREDICATE, PREDICATE_NAME};
use crate::guest::contract;

/// A row of the table of host functions.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub args: &'static [(&'static str, &'static str)],
    pub result: &'static str,
    pub docs: &'static [&'static str],
}

macro_rules! rows {
    ($($(#[doc = $doc:literal])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        /// The table.
        pub const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            args: &[$((stringify!($arg), stringify!($ty))),*],
            result: concat!("", $(stringify!($ret))?),
            docs: &[$($doc),*],
        },)*];
    };
}
zera_abi::host_functions!(rows);

/// The statuses that the table documents for a function; `None` where it returns a number or nothing.
pub fn statuses(row: &'static Row) -> Option<Vec<&'static str>> {
    let line = row.docs.iter().find_map(|line| line.trim().strip_prefix("Statuses: "))?;
    Some(line.split('`').skip(1).step_by(2).collect())
}

/// One call with its arguments.
#[derive(Debug)]
pub struct HostCall {
    pub row: &'static Row,
    args: Vec<i64>,
}

/// A sequence of calls.
#[derive(Debug)]
pub struct Sequence {
    pub calls: Vec<HostCall>,
    request: Vec<u8>,
    claim: Vec<u8>,
    key: KeyId,
}

/// Where the statuses go, and after them the digest of the memory below.
const STATUSES: usize = 60_000;

/// Up to `most` calls.
pub fn random(rng: &mut ChaCha20Rng, most: usize) -> Sequence {
    let count = rng.gen_range(1..=most);
    let (request, claim) = (request(rng), claim(rng));
    // One sequence in three is honest throughout, so that many get to their end.
    let hostile = *[0.0, 0.02, 0.15].choose(rng).unwrap();
    let calls = (0..count)
        .map(|_| {
            let row = loop {
                let row = ROWS.choose(rng).unwrap();
                if row.name != "abort" || rng.gen_bool(0.25) {
                    break row;
                }
            };
            let args = row
                .args
                .iter()
                .map(|(name, _)| match rng.gen_bool(hostile) {
                    true if rng.gen_bool(0.5) => edge(rng, name),
                    true => evil(rng),
                    false => fair(rng, name, &request, &claim),
                })
                .collect();
            HostCall { row, args }
        })
        .collect();
    Sequence { calls, request, claim, key: KEY }
}

impl Sequence {
    /// The same sequence with a request and a key that a chain knows.
    pub fn on_a_chain(mut self, predicate: PredicateId, key: KeyId, public_len: usize, deadline: u64) -> Sequence {
        let request = Request {
            predicate,
            public: &vec![1; public_len],
            bounty: 4_000_000,
            min_stake: 1_000_000_000,
            value_at_risk: 0,
            deadline,
            callback_fuel: 1_000,
            expected: &[],
            attested: false,
            level: Level::Accepted,
        };
        let old = i64::try_from(self.request.len()).unwrap();
        self.request = vec![0; request.encoded_len()];
        request.encode(&mut self.request).unwrap();
        for call in &mut self.calls {
            for ((name, _), arg) in call.row.args.iter().zip(&mut call.args) {
                if *name == "rlen" && *arg == old {
                    *arg = i64::try_from(self.request.len()).unwrap();
                }
            }
        }
        Sequence { key, ..self }
    }

    /// The functions and arguments, as text.
    pub fn texts(&self) -> Vec<String> {
        self.calls.iter().map(|call| format!("{}{:?}", call.row.name, call.args)).collect()
    }

    /// A contract that makes the first `count` calls and aborts: what it used is exact there.
    pub fn aborting_after(&self, count: usize) -> Vec<u8> {
        self.build(count, "(call $abort (i32.const 0) (i32.const 0) (i32.const 0))")
    }

    /// A contract that makes the calls from `run` and from the call-back, and returns each status and a digest of memory.
    pub fn module(&self) -> Vec<u8> {
        self.module_with("")
    }

    /// The same with more code at its end.
    pub fn module_with(&self, ending: &str) -> Vec<u8> {
        let end = STATUSES + self.calls.len();
        let len = self.calls.len() + 32;
        let digest = format!(
            "(drop (call $hash (i32.const 1) (i32.const 0) (i32.const {end}) (i32.const {end})))
             (drop (call $return_data (i32.const {STATUSES}) (i32.const {len}))) {ending}"
        );
        self.build(self.calls.len(), &digest)
    }

    fn build(&self, count: usize, ending: &str) -> Vec<u8> {
        let mut body = String::new();
        for (at, call) in self.calls.iter().take(count).enumerate() {
            let mut text = format!("(call ${}", call.row.name);
            for ((_, ty), value) in call.row.args.iter().zip(&call.args) {
                let value = if *ty == "i32" { *value & 0xffff_ffff } else { *value };
                write!(text, " ({ty}.const {value})").unwrap();
            }
            text.push(')');
            let place = STATUSES + at;
            match call.row.result {
                "" => body.push_str(&text),
                "i32" => write!(body, "(i32.store8 (i32.const {place}) {text})").unwrap(),
                _ => write!(body, "(i64.store8 (i32.const {place}) {text})").unwrap(),
            }
        }
        body.push_str(ending);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
        contract(&format!(
            "(data (i32.const 0) \"{}\") (data (i32.const 64) \"{}\") (data (i32.const 96) \"{}\")
             (data (i32.const 128) \"\\42\") (data (i32.const 512) \"{}\") (data (i32.const 1024) \"{}\")
             (data (i32.const 2048) \"\\ff\")
             (func $all {body}) (func (export \"run\") (call $all))
             (func (export \"process_verified_condition_result\") (param i64 i32) (call $all))",
            hex(PREDICATE_NAME),
            hex(&self.key.0),
            hex(&[0xee; 32]),
            hex(&self.request),
            hex(&self.claim),
        ))
    }
}

/// The last place where a range of the argument's own length fits, or the one after it. A check that is off by one lets the
/// work be done and fails when it writes.
fn edge(rng: &mut ChaCha20Rng, name: &str) -> i64 {
    let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let len = if name == "len_out" { 4 } else { digits.parse().unwrap_or(1) };
    65_536 - len + i64::from(rng.gen_bool(0.7))
}

/// A pointer or length that means harm.
fn evil(rng: &mut ChaCha20Rng) -> i64 {
    let edges = [
        0,
        1,
        31,
        32,
        33,
        65_503,
        65_504,
        65_505,
        65_532,
        65_535,
        65_536,
        65_537,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff0,
        0xffff_ffff,
    ];
    match rng.gen_range(0..3) {
        0 => rng.gen_range(0..70_000),
        1 => i64::from(rng.r#gen::<u32>()),
        _ => *edges.choose(rng).unwrap(),
    }
}

/// An argument that its name calls for, right more often than not.
fn fair(rng: &mut ChaCha20Rng, name: &str, request: &[u8], claim: &[u8]) -> i64 {
    let mut pick = |choices: &[i64]| *choices.choose(rng).unwrap();
    match name {
        "key" | "topic" | "name" => pick(&[0, 0, 0, 0, 4, 30]),
        "klen" => pick(&[4, 4, 4, 27, 128, 129]),
        "tlen" => pick(&[4, 9, 64, 65]),
        "nlen" => pick(&[27, 27, 27, 26, 64, 65]),
        "val" | "data" | "input" | "ptr" => pick(&[0, 64, 512, 4_096]),
        "vlen" => pick(&[0, 1, 40, 40, 16_384, 16_385]),
        "dlen" => pick(&[0, 16, 16, 1_024, 1_025]),
        "len" => pick(&[0, 5, 40, 40, 256, 256, 465, 466, 4_096, 4_097]),
        "off" => pick(&[0, 0, 1, 100]),
        "out" | "out32" | "out16" | "out8" | "out4" | "out_handle8" => pick(&[4_096, 4_128, 5_000, 8_192]),
        "cap" => pick(&[0, 1, 33, 64, 4_096]),
        "len_out" => pick(&[8_000, 8_004]),
        "handle" => pick(&[0, 0, 1, 2, -1, i64::MIN]),
        "alg" => pick(&[1, 1, 4, 4, 4, 4, 1, 1, 2]),
        "req" => pick(&[512]),
        "rlen" => i64::try_from(request.len()).unwrap(),
        "key32" => pick(&[64, 64, 64, 65]),
        "inputs" => pick(&[0, 512]),
        "ilen" => pick(&[128, 128, 128, 96, 0, 544]),
        "proof256" => pick(&[128, 128, 0, 2_048]),
        "claim" => pick(&[1_024]),
        "clen" => i64::try_from(claim.len()).unwrap(),
        // Another's task, an unknown one, and the places that task ids were written to.
        "task32" => pick(&[96, 96, 0, 4_096, 4_128, 5_000, 8_192]),
        "to32" => pick(&[64, 96]),
        // Nothing, more than there is, and whatever lies where results are written.
        "amount16" => pick(&[2_048, 64, 4_096, 8_192]),
        "code" => pick(&[0, 7, -1]),
        other => panic!("no argument for {other}"),
    }
}

fn request(rng: &mut ChaCha20Rng) -> Vec<u8> {
    let public = vec![1; rng.gen_range(0..40)];
    // One commitment in eight is no scalar.
    let expected = if rng.gen_bool(0.125) { vec![0xff; 32] } else { vec![1; 32 * rng.gen_range(0..3)] };
    let request = Request {
        predicate: if rng.gen_bool(0.9) { PREDICATE } else { PredicateId([1; 32]) },
        public: &public,
        bounty: if rng.gen_bool(0.9) { 5 } else { 0 },
        min_stake: 1,
        value_at_risk: 0,
        deadline: rng.gen_range(10..60),
        callback_fuel: 1_000,
        expected: &expected,
        attested: false,
        level: Level::Final,
    };
    let mut bytes = vec![0; request.encoded_len()];
    request.encode(&mut bytes).unwrap();
    if rng.gen_bool(0.1) {
        // A length, a count or a flag that is wrong.
        let at = *[32, 33, 34, bytes.len() - 4, bytes.len() - 1].choose(rng).unwrap();
        bytes[at] ^= 0x40;
    }
    bytes
}

fn claim(rng: &mut ChaCha20Rng) -> Vec<u8> {
    let declared = vec![2; 32 * *[1, 1, 1, 0, 2].choose(rng).unwrap()];
    let claim = Claim {
        outcome: Outcome::True,
        provider: AccountId([4; 32]),
        not_after: rng.gen_range(10..40),
        context: [6; 32],
        public: &[1, 2, 3],
        declared: &declared,
    };
    let mut bytes = vec![0; 200];
    let len = claim.encode(&mut bytes).unwrap();
    bytes.truncate(len);
    if rng.gen_bool(0.1) {
        bytes[0] = 9;
    }
    bytes
}
