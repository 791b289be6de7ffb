//! The certificate of uniqueness: which row determines which wire, in an order in which each can be checked.
//!
//! Whoever adds the rows records the steps; `zera-check` replays them on the final matrices. A step is a claim, and
//! nothing here says that it is true.
//!
//! ```text
//! section of an artefact; empty where there is no certificate, else
//!   1    layout, 1
//!   ..   steps to the end of the section: kind (1), then numbers, LEB128 groups of seven bits in their shortest form
//!        1   Solve    row wire
//!        2   Digits   row n wire^n
//!        3   IsZero   row row inverse zero
//!        4   Bounded  row wire
//!        5   Divide   row row n wire^n
//!        6   Assumed  n wire^n
//!        7   Joint    row n wire^n m row^m
//! a row or wire is its distance d (mod 2^32, signed) from the row or wire named before, 0 at first: 2 d or -2 d - 1
//! ```

use crate::codec::{CodecError, count, number, put_number};
use zera_abi::wire::Reader;

/// Version of the layout.
const LAYOUT: u8 = 1;

/// One step: wires that are determined once those of the steps before are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The row holds one undetermined wire, linearly and with a slope that is never zero.
    Solve {
        /// The row.
        row: u32,
        /// The wire.
        wire: u32,
    },
    /// The row is an equation of bounded integers in which these wires are digits. `L (L - s) = 0` counts as the
    /// equation `L = s t` with a digit `t` that is 0 or 1. Digits that are not named have weights of which a common
    /// divisor is above all that the named ones can add up to; they may be determined later.
    Digits {
        /// The row.
        row: u32,
        /// The wires, at least one; all weights are multiples of the first one's.
        wires: Vec<u32>,
    },
    /// `x v = 1 - z` and `x z = 0`: `z` is 1 exactly where `x = 0`, and `v`, in no other row, is a don't-care.
    IsZero {
        /// The row with `v`, then the one without.
        rows: [u32; 2],
        /// `v`.
        inverse: u32,
        /// `z`.
        zero: u32,
    },
    /// A fact, nothing is determined: the row is as in `Solve` but for what is determined, or `L (L - s) = 0`, and all
    /// else in it is bounded, so the wire is.
    Bounded {
        /// The row.
        row: u32,
        /// The wire.
        wire: u32,
    },
    /// `q d = a - r` and `d - 1 - r = y (+ s t)` with `y` and `r` not negative: quotient and remainder are the only
    /// ones. Quotient and remainder are digits.
    Divide {
        /// The product, then the row (as in `Digits`) that keeps the remainder below the divisor.
        rows: [u32; 2],
        /// All undetermined wires of the product row.
        wires: Vec<u32>,
    },
    /// Determined by an argument that the checker does not follow.
    Assumed {
        /// The wires.
        wires: Vec<u32>,
    },
    /// As `Digits` where undetermined wires of the equation are functions of the digits, each by a product row
    /// `A B = C` of its own over wires that are 0 or 1: what counts is then not the wire's weight but those of the
    /// monomials of `A B - C` that are not determined. Determines the digits alone.
    Joint {
        /// The row.
        row: u32,
        /// The wires, as in `Digits`.
        wires: Vec<u32>,
        /// The product rows. The wire of each is the only undetermined one in its C that is in the equation and no digit.
        products: Vec<u32>,
    },
}

/// The section that holds these steps.
pub fn encode(steps: &[Step]) -> Vec<u8> {
    let mut out = vec![LAYOUT];
    let (mut row_before, mut wire_before) = (0, 0);
    for step in steps {
        let (kind, rows, wires): (u8, &[u32], &[u32]) = match step {
            Step::Solve { row, wire } => (1, &[*row], &[*wire]),
            Step::Digits { row, wires } => (2, &[*row], wires),
            Step::IsZero { rows, inverse, zero } => (3, rows, &[*inverse, *zero]),
            Step::Bounded { row, wire } => (4, &[*row], &[*wire]),
            Step::Divide { rows, wires } => (5, rows, wires),
            Step::Assumed { wires } => (6, &[], wires),
            Step::Joint { row, wires, .. } => (7, &[*row], wires),
        };
        out.push(kind);
        rows.iter().for_each(|row| put_near(&mut out, &mut row_before, *row));
        if matches!(kind, 2 | 5..=7) {
            put_number(&mut out, wires.len() as u32);
        }
        wires.iter().for_each(|wire| put_near(&mut out, &mut wire_before, *wire));
        if let Step::Joint { products, .. } = step {
            put_number(&mut out, products.len() as u32);
            products.iter().for_each(|row| put_near(&mut out, &mut row_before, *row));
        }
    }
    out
}

/// Reads what [`encode`] writes, to the end of `bytes`. Allocates in proportion to `bytes`.
///
/// # Errors
/// [`CodecError`]; every byte sequence that [`encode`] does not write is refused.
pub fn decode(bytes: &[u8]) -> Result<Vec<Step>, CodecError> {
    let mut reader = Reader::new(bytes);
    if reader.u8()? != LAYOUT {
        return Err(CodecError::Kind);
    }
    let mut steps = Vec::new();
    let (mut row_before, mut wire_before) = (0, 0);
    while reader.remaining() > 0 {
        let kind = reader.u8()?;
        let reader = &mut reader;
        let (row, wire) = (&mut row_before, &mut wire_before);
        steps.push(match kind {
            1 => Step::Solve { row: near(reader, row)?, wire: near(reader, wire)? },
            2 => Step::Digits { row: near(reader, row)?, wires: list(reader, wire)? },
            3 => {
                let rows = [near(reader, row)?, near(reader, row)?];
                Step::IsZero { rows, inverse: near(reader, wire)?, zero: near(reader, wire)? }
            }
            4 => Step::Bounded { row: near(reader, row)?, wire: near(reader, wire)? },
            5 => Step::Divide { rows: [near(reader, row)?, near(reader, row)?], wires: list(reader, wire)? },
            6 => Step::Assumed { wires: list(reader, wire)? },
            7 => Step::Joint { row: near(reader, row)?, wires: list(reader, wire)?, products: list(reader, row)? },
            _ => return Err(CodecError::Kind),
        });
    }
    Ok(steps)
}

fn list(reader: &mut Reader<'_>, before: &mut u32) -> Result<Vec<u32>, CodecError> {
    let count = count(reader, "rows or wires", 1, usize::MAX)?;
    (0..count).map(|_| near(reader, before)).collect()
}

fn put_near(out: &mut Vec<u8>, before: &mut u32, number: u32) {
    let distance = number.wrapping_sub(*before) as i32;
    put_number(out, ((distance << 1) ^ (distance >> 31)) as u32);
    *before = number;
}

fn near(reader: &mut Reader<'_>, before: &mut u32) -> Result<u32, CodecError> {
    let folded = number(reader)?;
    let distance = (folded >> 1) as i32 ^ -((folded & 1) as i32);
    *before = before.wrapping_add(distance as u32);
    Ok(*before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step() -> impl Strategy<Value = Step> {
        let wires = || proptest::collection::vec(any::<u32>(), 0..5);
        prop_oneof![
            (any::<u32>(), any::<u32>()).prop_map(|(row, wire)| Step::Solve { row, wire }),
            (any::<u32>(), wires()).prop_map(|(row, wires)| Step::Digits { row, wires }),
            (any::<[u32; 2]>(), any::<u32>(), any::<u32>()).prop_map(|(rows, inverse, zero)| Step::IsZero {
                rows,
                inverse,
                zero
            }),
            (any::<u32>(), any::<u32>()).prop_map(|(row, wire)| Step::Bounded { row, wire }),
            (any::<[u32; 2]>(), wires()).prop_map(|(rows, wires)| Step::Divide { rows, wires }),
            wires().prop_map(|wires| Step::Assumed { wires }),
            (any::<u32>(), wires(), wires()).prop_map(|(row, wires, products)| Step::Joint { row, wires, products }),
        ]
    }

    proptest! {
        #[test]
        fn steps_come_back(steps in proptest::collection::vec(step(), 0..8)) {
            prop_assert_eq!(decode(&encode(&steps)), Ok(steps));
        }

        #[test]
        fn only_what_is_written_is_read(mut bytes in proptest::collection::vec(any::<u8>(), 0..24), kind in 1u8..8) {
            if let [first, second, ..] = bytes.as_mut_slice() {
                (*first, *second) = (LAYOUT, kind);
            }
            if let Ok(steps) = decode(&bytes) {
                prop_assert_eq!(encode(&steps), bytes);
            }
        }
    }

    #[test]
    fn steps_in_order_take_three_bytes() {
        let steps: Vec<Step> = (1000..2000).map(|i| Step::Solve { row: i, wire: i + 50 }).collect();
        assert_eq!(encode(&steps).len(), 3 * 1000 + 1 + 2);
        assert_eq!(decode(&[]), Err(CodecError::Length));
        assert_eq!(decode(&[2]), Err(CodecError::Kind));
        assert_eq!(decode(&[1, 8]), Err(CodecError::Kind));
        assert_eq!(decode(&[1, 6, 3, 0, 0]), Err(CodecError::Count { what: "rows or wires", count: 3, max: 2 }));
    }
}
