//! Each operation against arithmetic done here, and each rule that a tape must keep.

use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, PrimeField, Zero};
use proptest::prelude::*;
use zera_r1cs::Register::{Temporary, Wire};
use zera_r1cs::*;

fn inputs<'a>(public: &'a [u8], private: &'a [u8]) -> TapeInputs<'a> {
    TapeInputs { binding: Fr::from(1234), public, private }
}

/// Runs a tape without input whose wires the closure defines.
fn run(wires: u32, write: impl FnOnce(&mut TapeBuilder)) -> Result<Vec<Fr>, TapeError> {
    let mut tape = TapeBuilder::new(0, 0);
    write(&mut tape);
    tape.finish(wires).unwrap().run(&inputs(&[], &[]))
}

fn finish(wires: u32, write: impl FnOnce(&mut TapeBuilder)) -> InvalidTape {
    let mut tape = TapeBuilder::new(2, 3);
    write(&mut tape);
    tape.finish(wires).unwrap_err()
}

#[test]
fn inputs_are_read_by_index_and_counted() {
    let mut tape = TapeBuilder::new(2, 3);
    tape.private_byte(Wire(1), 2);
    tape.public_byte(Wire(2), 1);
    tape.binding(Wire(3));
    let tape = tape.finish(4).unwrap();
    assert_eq!(tape.run(&inputs(&[10, 11], &[20, 21, 22])), Ok([1, 22, 11, 1234].map(Fr::from).to_vec()));
    let length = |which, expected, got| Err(TapeError::Length { which, expected, got });
    assert_eq!(tape.run(&inputs(&[10], &[20, 21, 22])), length("public", 2, 1));
    assert_eq!(tape.run(&inputs(&[10, 11], &[0; 4])), length("private", 3, 4));
}

#[test]
fn bits_are_those_of_the_canonical_integer_or_an_error() {
    let wires: Vec<Register> = (1..=254).map(Wire).collect();
    let top = -Fr::from(1);
    for value in [Fr::zero(), Fr::from(1), Fr::from(u64::MAX), Fr::from(1u128 << 64), Fr::from(u128::MAX), top] {
        let integer = value.into_bigint();
        let least = integer.num_bits();
        for n in [1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 253, 254] {
            let result = run(n + 1, |tape| {
                let from = tape.temporary();
                tape.constant(from, value);
                tape.bits(&wires[..n as usize], from);
            });
            if n >= least {
                let expected: Vec<Fr> = (0..n as usize).map(|bit| Fr::from(integer.get_bit(bit))).collect();
                assert_eq!(result.unwrap()[1..], expected, "{value} in {n} bits");
            } else {
                assert_eq!(result, Err(TapeError::Range { operation: 1, bits: n }), "{value} in {n} bits");
            }
        }
    }
}

#[test]
fn division_is_euclid_s_and_zero_divides_nothing() {
    let divide = |dividend: Fr, divisor: Fr| {
        run(3, |tape| {
            let (left, right) = (tape.temporary(), tape.temporary());
            tape.constant(left, dividend);
            tape.constant(right, divisor);
            tape.divide(Wire(1), Wire(2), left, right);
        })
    };
    let big = u128::MAX - 5;
    for (dividend, divisor) in [(17, 5), (0, 9), (4, 5), (big, 1 << 70), (big, big), (big, 1)] {
        let z = divide(dividend.into(), divisor.into()).unwrap();
        assert_eq!(z[1..], [Fr::from(dividend / divisor), Fr::from(dividend % divisor)]);
    }
    assert_eq!(divide(big.into(), Fr::zero()).unwrap()[1..], [Fr::zero(), Fr::from(big)]);
    let over = Fr::from(u128::MAX) + Fr::from(1);
    let range = Err(TapeError::Range { operation: 2, bits: 128 });
    assert_eq!(divide(over, Fr::from(1)), range);
    assert_eq!(divide(Fr::from(1), over), range);
}

#[test]
fn what_a_tape_must_keep() {
    let undefined = |operation, register| InvalidTape::Undefined { operation, register };
    let one = Fr::from(1);
    assert_eq!(finish(2, |tape| tape.multiply(Wire(1), Wire(0), Wire(1))), undefined(0, Wire(1)));
    assert_eq!(finish(3, |tape| tape.linear(Wire(1), one, [(Wire(2), one)])), undefined(0, Wire(2)));
    assert_eq!(finish(2, |tape| tape.bits(&[Wire(1)], Temporary(0))), InvalidTape::Register { operation: 0 });
    let select = finish(2, |tape| {
        let other = tape.temporary();
        tape.select(Wire(1), Wire(0), Wire(0), other);
    });
    assert_eq!(select, undefined(0, Temporary(0)));

    let redefined = |operation, register| InvalidTape::Redefined { operation, register };
    assert_eq!(finish(2, |tape| tape.binding(Wire(0))), redefined(0, Wire(0)));
    let twice = finish(2, |tape| {
        tape.binding(Wire(1));
        tape.public_byte(Wire(1), 0);
    });
    assert_eq!(twice, redefined(1, Wire(1)));
    assert_eq!(finish(2, |tape| tape.bits(&[Wire(1), Wire(1)], Wire(0))), redefined(0, Wire(1)));
    assert_eq!(finish(2, |tape| tape.divide(Wire(1), Wire(1), Wire(0), Wire(0))), redefined(0, Wire(1)));

    assert_eq!(finish(3, |tape| tape.binding(Wire(1))), InvalidTape::Missing { register: Wire(2) });
    let missing = finish(2, |tape| {
        tape.binding(Wire(1));
        tape.temporary();
    });
    assert_eq!(missing, InvalidTape::Missing { register: Temporary(0) });

    let beyond = InvalidTape::Register { operation: 0 };
    for wire in [2, 1 << 31, u32::MAX] {
        assert_eq!(finish(2, |tape| tape.binding(Wire(wire))), beyond);
        assert_eq!(finish(2, |tape| tape.is_zero(Wire(1), Wire(wire))), beyond);
    }
    // A wire beyond the wires is not taken for the temporary that has its place.
    let beside = finish(2, |tape| {
        let temporary = tape.temporary();
        tape.binding(temporary);
        tape.is_zero(Wire(1), Wire(2));
    });
    assert_eq!(beside, InvalidTape::Register { operation: 1 });

    let input = |index, len| InvalidTape::Input { operation: 0, index, len };
    assert_eq!(finish(2, |tape| tape.public_byte(Wire(1), 2)), input(2, 2));
    assert_eq!(finish(2, |tape| tape.private_byte(Wire(1), 3)), input(3, 3));
    let many: Vec<Register> = (1..=255).map(Wire).collect();
    assert_eq!(finish(256, |tape| tape.bits(&many, Wire(0))), InvalidTape::Bits { operation: 0, bits: 255 });
    assert_eq!(finish(1, |tape| tape.bits(&[], Wire(0))), InvalidTape::Bits { operation: 0, bits: 0 });
    for wires in [0, (1 << 25) + 1] {
        assert_eq!(finish(wires, |_| ()), InvalidTape::Limit { wires, temporaries: 0 });
    }
}

/// One operation of a random tape; numbers choose among the registers defined so far.
#[derive(Clone, Debug)]
enum Step {
    Public(u32),
    Private(u32),
    Constant(u64),
    Linear(i64, Vec<(usize, i64)>),
    Multiply(usize, usize),
    LowBits(usize, u32),
    Inverse(usize),
    IsZero(usize),
    Select(usize, usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let place = any::<usize>;
    prop_oneof![
        (0..4u32).prop_map(Step::Public),
        (0..4u32).prop_map(Step::Private),
        prop_oneof![Just(0), Just(1), any::<u64>()].prop_map(Step::Constant),
        (-3..4i64, prop::collection::vec((place(), -3..4i64), 0..5)).prop_map(|(c, terms)| Step::Linear(c, terms)),
        (place(), place()).prop_map(|(a, b)| Step::Multiply(a, b)),
        (place(), 1..20u32).prop_map(|(a, n)| Step::LowBits(a, n)),
        place().prop_map(Step::Inverse),
        place().prop_map(Step::IsZero),
        (place(), place(), place()).prop_map(|(a, b, c)| Step::Select(a, b, c)),
    ]
}

fn signed(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

proptest! {
    /// Wires and temporaries alternate, so that both sides of the register file are read and written.
    #[test]
    fn random_tapes_compute_what_the_model_computes(
        steps in prop::collection::vec(step(), 1..60),
        public: [u8; 4],
        private: [u8; 4],
    ) {
        let mut tape = TapeBuilder::new(4, 4);
        let mut values = vec![(Wire(0), Fr::from(1))];
        let mut wires = 1;
        let mut range = None;
        for step in &steps {
            let defined = values.clone();
            let pick = |at: &usize| defined[at % defined.len()];
            let mut fresh = |tape: &mut TapeBuilder| {
                if (wires as usize + defined.len()).is_multiple_of(3) {
                    tape.temporary()
                } else {
                    wires += 1;
                    Wire(wires - 1)
                }
            };
            if let Step::LowBits(at, n) = step {
                let (from, value) = pick(at);
                let to: Vec<Register> = (0..*n).map(|_| fresh(&mut tape)).collect();
                tape.bits(&to, from);
                let integer = value.into_bigint();
                if integer.num_bits() > *n {
                    range.get_or_insert(*n);
                }
                values.extend(to.iter().enumerate().map(|(bit, &to)| (to, Fr::from(integer.get_bit(bit)))));
                continue;
            }
            let to = fresh(&mut tape);
            let value = match step {
                Step::Public(index) => {
                    tape.public_byte(to, *index);
                    Fr::from(public[*index as usize])
                }
                Step::Private(index) => {
                    tape.private_byte(to, *index);
                    Fr::from(private[*index as usize])
                }
                Step::Constant(value) => {
                    tape.constant(to, Fr::from(*value));
                    Fr::from(*value)
                }
                Step::Linear(constant, terms) => {
                    tape.linear(to, signed(*constant), terms.iter().map(|(at, c)| (pick(at).0, signed(*c))));
                    terms.iter().fold(signed(*constant), |sum, (at, c)| sum + pick(at).1 * signed(*c))
                }
                Step::Multiply(a, b) => {
                    tape.multiply(to, pick(a).0, pick(b).0);
                    pick(a).1 * pick(b).1
                }
                Step::Inverse(a) => {
                    tape.inverse_or_zero(to, pick(a).0);
                    // x^(r - 2), which is 0 for 0.
                    let mut exponent = Fr::MODULUS;
                    exponent.sub_with_borrow(&2u64.into());
                    pick(a).1.pow(exponent)
                }
                Step::IsZero(a) => {
                    tape.is_zero(to, pick(a).0);
                    Fr::from(pick(a).1 == Fr::zero())
                }
                Step::Select(a, b, c) => {
                    tape.select(to, pick(a).0, pick(b).0, pick(c).0);
                    if pick(a).1 == Fr::zero() { pick(c).1 } else { pick(b).1 }
                }
                Step::LowBits(..) => unreachable!("handled above"),
            };
            values.push((to, value));
        }
        let result = tape.finish(wires).unwrap().run(&inputs(&public, &private));
        if let Some(bits) = range {
            let refused = matches!(result, Err(TapeError::Range { bits: got, .. }) if got == bits);
            prop_assert!(refused, "{:?} for a range of {} bits", result, bits);
        } else {
            let z = result.unwrap();
            prop_assert_eq!(z.len(), wires as usize);
            for (register, value) in values {
                if let Wire(wire) = register {
                    prop_assert_eq!(z[wire as usize], value, "wire {}", wire);
                }
            }
        }
    }
}

#[test]
fn lookups_read_bits_and_refuse_anything_else() {
    for table in [0x00, 0x96, 0xe8, 0xca, 0xff, 0x80] {
        for index in 0..9u64 {
            let mut tape = TapeBuilder::new(0, 0);
            let operands = [0, 1, 2].map(|place| {
                let operand = tape.temporary();
                // The ninth has an operand that is no bit.
                let value = if index == 8 { 2 } else { index >> place & 1 };
                tape.constant(operand, Fr::from(value));
                operand
            });
            tape.lookup(Wire(1), operands, table);
            let tape = tape.finish(2).unwrap();
            let z = tape.run(&TapeInputs { binding: Fr::zero(), public: &[], private: &[] });
            match index {
                8 => assert_eq!(z, Err(TapeError::Range { operation: 3, bits: 1 })),
                _ => assert_eq!(z.unwrap()[1], Fr::from(u64::from(table) >> index & 1), "{table:#x} at {index}"),
            }
        }
    }
}
