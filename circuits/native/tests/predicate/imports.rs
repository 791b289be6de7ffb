//! Each import, right and wrong, against the test double asked directly.

use zera_abi::Outcome;
use zera_native::predicate::imports as price;
use zera_native::predicate::{Cell, Intrinsics, ToyIntrinsics, TrapKind};

use super::{FUEL, entry, predicate, run};

/// Runs a body with private bytes at 0, and compares what it leaves at 1,024 with `expected`.
fn leaves(body: &str, private: &[u8], expected: &[u8]) -> (Outcome, Option<TrapKind>, u64) {
    let input = [private, expected].concat();
    let (len, wanted) = (private.len(), expected.len());
    let predicate = predicate(&format!(
        "(func (export \"predicate\") (result i32) (local $at i32)
            (call $read_private (i32.const 0) (i32.const 0) (i32.const {len}))
            (call $read_private (i32.const 2048) (i32.const {len}) (i32.const {wanted}))
            {body}
            (loop $next
                (if (i32.lt_u (local.get $at) (i32.const {wanted})) (then
                    (if (i32.ne (i32.load8_u offset=1024 (local.get $at)) (i32.load8_u offset=2048 (local.get $at)))
                        (then (return (i32.const 0))))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (br $next))))
            (i32.const 1))"
    ));
    let run = run(&predicate, &[], &input, FUEL).unwrap();
    (run.outcome, run.trap, run.fuel_used)
}

/// That a body leaves `expected`, that the comparison would notice another, and that it costs about `price`.
fn gives(body: &str, private: &[u8], expected: &[u8], price: u64) {
    let (outcome, trap, used) = leaves(body, private, expected);
    assert_eq!((outcome, trap), (Outcome::True, None), "{body}");
    let other: Vec<u8> = expected.iter().map(|byte| byte ^ 1).collect();
    assert_eq!(leaves(body, private, &other).0, Outcome::False, "{body}");
    let (_, _, idle) = leaves("", private, &[0; 32][..expected.len().min(32)]);
    assert!(used >= idle + price && used < idle + price + 1_000, "{body}: {used} {idle} {price}");
}

fn traps(body: &str, private: &[u8], what: TrapKind) {
    let (outcome, trap, used) = leaves(body, private, &[]);
    assert_eq!((outcome, trap), (Outcome::Trap, Some(what)), "{body}");
    assert!(used < FUEL, "{body}: an import's trap has an exact fuel");
}

fn cells(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| ToyIntrinsics::cell(*value)).collect()
}

/// No canonical cell of the double.
const WRONG: Cell = [0xff; 32];

#[test]
fn input_is_read_within_its_range() {
    let read = |dst: u64, offset: u64, len: u64| {
        entry(&format!("(call $read_public (i32.const {dst}) (i32.const {offset}) (i32.const {len})) (i32.const 1)"))
    };
    let public = [7; 10];
    for (dst, offset, len, trap) in [
        (0, 0, 10, None),
        (0, 10, 0, None),
        (65_526, 0, 10, None),
        (65_536, 0, 0, None),
        (0, 0, 11, Some(TrapKind::Input)),
        (0, 1, 10, Some(TrapKind::Input)),
        (0, 11, 0, Some(TrapKind::Input)),
        (0, 0xffff_ffff, 2, Some(TrapKind::Input)),
        (65_527, 0, 10, Some(TrapKind::Memory)),
        (65_537, 0, 0, Some(TrapKind::Memory)),
        (0xffff_ffff, 0, 2, Some(TrapKind::Memory)),
        (0, 0, 0xffff_ffff, Some(TrapKind::Memory)),
    ] {
        let run = run(&read(dst, offset, len), &public, &[1; 100], FUEL).unwrap();
        assert_eq!(run.trap, trap, "{dst} {offset} {len}");
    }
    gives("(call $read_private (i32.const 1024) (i32.const 1) (i32.const 3))", &[1, 2, 3, 4], &[2, 3, 4], 53);
}

#[test]
fn assume_holds_or_traps() {
    for condition in [1, 2, -1] {
        assert_eq!(leaves(&format!("(call $assume (i32.const {condition}))"), &[], &[]).0, Outcome::True);
    }
    traps("(call $assume (i32.const 0))", &[], TrapKind::Assume);
}

#[test]
fn hashes_are_those_of_the_port() {
    for len in [0_usize, 1, 32, 200] {
        let bytes: Vec<u8> = (0..len).map(|n| n as u8).collect();
        let cost = price::HASH + price::HASH_BYTE * len as u64;
        let call = |name: &str| format!("(call ${name} (i32.const 1024) (i32.const 0) (i32.const {len}))");
        gives(&call("sha256"), &bytes, &ToyIntrinsics.sha256(&bytes), cost);
        gives(&call("keccak256"), &bytes, &ToyIntrinsics.keccak256(&bytes), cost);
    }
    for name in ["sha256", "keccak256"] {
        for (dst, src, len) in [(65_505_u32, 0, 1), (0, 65_536, 1), (0, 1, u32::MAX), (u32::MAX, 0, 0), (0, 65_537, 0)]
        {
            traps(
                &format!("(call ${name} (i32.const {dst}) (i32.const {src}) (i32.const {len}))"),
                &[],
                TrapKind::Memory,
            );
        }
    }
    // The digest may lie on what is hashed.
    let bytes = [5; 64];
    let body = "(call $sha256 (i32.const 16) (i32.const 0) (i32.const 64))
        (memory.copy (i32.const 1024) (i32.const 16) (i32.const 32))";
    assert_eq!(leaves(body, &bytes, &ToyIntrinsics.sha256(&bytes)).0, Outcome::True);
}

#[test]
fn poseidon_takes_1_to_16_cells() {
    for n in [1_usize, 2, 3, 16] {
        let values: Vec<u64> = (5..5 + n as u64).collect();
        let operands: Vec<Cell> = values.iter().map(|value| ToyIntrinsics::cell(*value)).collect();
        let expected = ToyIntrinsics.poseidon(&operands).unwrap();
        let cost = price::POSEIDON + price::POSEIDON_CELL * (n as u64).saturating_sub(2);
        let body = format!("(call $poseidon (i32.const 1024) (i32.const 0) (i32.const {n}))");
        gives(&body, &cells(&values), &expected, cost);
    }
    for n in [0, 17, -1] {
        traps(&format!("(call $poseidon (i32.const 1024) (i32.const 0) (i32.const {n}))"), &[], TrapKind::Operand);
    }
    traps("(call $poseidon (i32.const 0) (i32.const 65505) (i32.const 1))", &[], TrapKind::Memory);
    traps("(call $poseidon (i32.const 65505) (i32.const 0) (i32.const 1))", &[], TrapKind::Memory);
    let one_wrong = [&cells(&[1])[..], &WRONG].concat();
    traps("(call $poseidon (i32.const 1024) (i32.const 0) (i32.const 2))", &one_wrong, TrapKind::Operand);
}

#[test]
fn merkle_paths_have_0_to_32_levels() {
    for (depth, index) in [(0_usize, 0_u64), (1, 0), (1, 1), (5, 22), (32, 0xffff_ffff)] {
        let values: Vec<u64> = (9..10 + depth as u64).collect();
        let all: Vec<Cell> = values.iter().map(|value| ToyIntrinsics::cell(*value)).collect();
        let root = ToyIntrinsics.merkle_root(&all[0], &all[1..], index).unwrap();
        // Not to 1,024: the path is longer than that.
        let body = format!(
            "(call $merkle_root (i32.const 4096) (i32.const 0) (i32.const 32) (i64.const {index}) (i32.const {depth}))
             (memory.copy (i32.const 1024) (i32.const 4096) (i32.const 32))"
        );
        let (outcome, trap, used) = leaves(&body, &cells(&values), &root);
        assert_eq!((outcome, trap), (Outcome::True, None), "{depth} {index}");
        assert!(used > price::POSEIDON * depth as u64 && used < price::POSEIDON * depth as u64 + 5_000, "{used}");
    }
    for (index, depth) in [("0", "33"), ("0", "-1"), ("1", "0"), ("2", "1"), ("0x100000000", "32"), ("-1", "32")] {
        let body = format!(
            "(call $merkle_root (i32.const 1024) (i32.const 0) (i32.const 32) (i64.const {index}) (i32.const {depth}))"
        );
        traps(&body, &[], TrapKind::Operand);
    }
    for (dst, leaf, siblings) in [(65_505, 0, 0), (0, 65_505, 0), (0, 0, 65_473)] {
        let body = format!(
            "(call $merkle_root (i32.const {dst}) (i32.const {leaf}) (i32.const {siblings}) (i64.const 0) (i32.const 2))"
        );
        traps(&body, &[], TrapKind::Memory);
    }
    for wrong in [[&WRONG[..], &cells(&[1])].concat(), [&cells(&[1])[..], &WRONG].concat()] {
        let body = "(call $merkle_root (i32.const 1024) (i32.const 0) (i32.const 32) (i64.const 0) (i32.const 1))";
        traps(body, &wrong, TrapKind::Operand);
    }
}

#[test]
fn signatures_verify_or_not() {
    let call = "(i32.store (i32.const 1024) (call $eddsa_verify (i32.const 0) (i32.const 64) (i32.const 160)))";
    let good = cells(&[1, 2, 3, 4, 11, 7]);
    gives(call, &good, &1_i32.to_le_bytes(), price::EDDSA);
    let bad = cells(&[1, 2, 3, 4, 12, 7]);
    gives(call, &bad, &0_i32.to_le_bytes(), price::EDDSA);
    for at in 0..6 {
        let mut wrong = good.clone();
        wrong[32 * at..32 * (at + 1)].copy_from_slice(&WRONG);
        traps(call, &wrong, TrapKind::Operand);
    }
    for at in
        ["65473) (i32.const 0) (i32.const 0", "0) (i32.const 65441) (i32.const 0", "0) (i32.const 0) (i32.const 65505"]
    {
        traps(&format!("(drop (call $eddsa_verify (i32.const {at})))"), &[], TrapKind::Memory);
    }
}

#[test]
fn field_operations_are_those_of_the_port() {
    let (a, b) = (ToyIntrinsics::cell(3), ToyIntrinsics::cell(2_000_000_011));
    let input = [a, b].concat();
    for (name, expected) in [
        ("add", ToyIntrinsics.field_add(&a, &b)),
        ("sub", ToyIntrinsics.field_sub(&a, &b)),
        ("mul", ToyIntrinsics.field_mul(&a, &b)),
    ] {
        let call = |dst, a, b| format!("(call $field_{name} (i32.const {dst}) (i32.const {a}) (i32.const {b}))");
        gives(&call(1_024, 0, 32), &input, &expected.unwrap(), price::FIELD);
        for (dst, a, b) in [(65_505, 0, 32), (0, 65_505, 0), (0, 0, 65_505)] {
            traps(&call(dst, a, b), &input, TrapKind::Memory);
        }
        traps(&call(1_024, 0, 32), &[a, WRONG].concat(), TrapKind::Operand);
        traps(&call(1_024, 0, 32), &[WRONG, b].concat(), TrapKind::Operand);
    }
    let inverse = "(call $field_inv (i32.const 1024) (i32.const 32))";
    gives(inverse, &input, &ToyIntrinsics.field_inv(&b).unwrap(), price::FIELD_INV);
    traps(inverse, &[0; 64], TrapKind::Operand);
    traps(inverse, &[a, WRONG].concat(), TrapKind::Operand);
    traps("(call $field_inv (i32.const 65505) (i32.const 0))", &input, TrapKind::Memory);
    let equal = "(i32.store (i32.const 1024) (call $field_eq (i32.const 0) (i32.const 32)))";
    gives(equal, &input, &0_i32.to_le_bytes(), price::FIELD);
    gives(equal, &[a, a].concat(), &1_i32.to_le_bytes(), price::FIELD);
    traps(equal, &[a, WRONG].concat(), TrapKind::Operand);
}

/// A price is taken before the work: with less fuel the port is not asked.
#[test]
fn work_is_paid_for_before_it_is_done() {
    for (body, price) in [
        ("(call $sha256 (i32.const 0) (i32.const 0) (i32.const 60000))", 1_202_000),
        ("(call $poseidon (i32.const 64) (i32.const 64) (i32.const 16))", 900_000),
        ("(call $merkle_root (i32.const 64) (i32.const 64) (i32.const 64) (i64.const 0) (i32.const 32))", 1_920_050),
        ("(drop (call $eddsa_verify (i32.const 64) (i32.const 64) (i32.const 64)))", 2_000_000),
    ] {
        let predicate = entry(&format!("{body} (i32.const 1)"));
        assert_eq!(run(&predicate, &[], &[], price + 400).map(|run| run.outcome), Ok(Outcome::True), "{body}");
        assert!(run(&predicate, &[], &[], price).is_err(), "{body}");
    }
}

struct Panics;

impl Intrinsics for Panics {
    fn sha256(&self, _: &[u8]) -> [u8; 32] {
        panic!("a bug in an intrinsic, on purpose")
    }
    fn keccak256(&self, bytes: &[u8]) -> [u8; 32] {
        self.sha256(bytes)
    }
    fn poseidon(&self, _: &[Cell]) -> Option<Cell> {
        None
    }
    fn merkle_root(&self, _: &Cell, _: &[Cell], _: u64) -> Option<Cell> {
        None
    }
    fn eddsa_verify(&self, _: &[Cell; 2], _: &[Cell; 3], _: &Cell) -> Option<bool> {
        None
    }
    fn field_add(&self, _: &Cell, _: &Cell) -> Option<Cell> {
        None
    }
    fn field_sub(&self, _: &Cell, _: &Cell) -> Option<Cell> {
        None
    }
    fn field_mul(&self, _: &Cell, _: &Cell) -> Option<Cell> {
        None
    }
    fn field_inv(&self, _: &Cell) -> Option<Cell> {
        None
    }
    fn field_eq(&self, _: &Cell, _: &Cell) -> Option<bool> {
        None
    }
}

#[test]
fn a_panic_in_an_intrinsic_is_no_outcome() {
    let wasm = super::module(
        "(func (export \"predicate\") (result i32) (call $sha256 (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1))",
    );
    let predicate = zera_native::Predicate::load(&wasm, "predicate", std::sync::Arc::new(Panics)).unwrap();
    let failed = run(&predicate, &[], &[], FUEL).unwrap_err();
    assert!(matches!(failed, zera_native::RunError::Failed { .. }), "{failed}");
}
