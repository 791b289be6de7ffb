//! Boolean functions of three inputs as single rows.
//!
//! A cell is a row `(k z + L1) L2 = L3` over the inputs `a b c` and the new wire `z`, with `L2` nonzero on all of
//! `{0, 1}^3`: so `z` is determined by the inputs, and is the function's value, 0 or 1, by construction. Of the 256
//! functions, 192 (twelve of the fourteen classes under negation and permutation) have one; the other 64, those like
//! `a b c` and `a (b + c)`, are two rows of two inputs each.
//!
//! The rows below were found by solving for `L1` and `L3`, linear once `L2` is chosen, over all `L2` with coefficients
//! from -4 to 4, and taking the one with the fewest terms. The tests check each of the 192 on the whole cube, over the
//! integers; all values stay below 2^12, so the identities hold in the field.

use std::sync::OnceLock;

/// One row over `[1, a, b, c, z]`: integer coefficients of A, B and C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Left factor.
    pub a: [i32; 5],
    /// Right factor.
    pub b: [i32; 5],
    /// Product.
    pub c: [i32; 5],
}

/// A table and its row: A, B, C.
type Class = (u8, [i32; 5], [i32; 5], [i32; 5]);

/// A representative of each class with a single row. Bit `a + 2 b + 4 c` of the table is the value.
const CLASSES: [Class; 12] = [
    // 0 and a need no row; they stand here so that every table is looked up the same way.
    (0x00, [0, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
    (0xaa, [0, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0]),
    // a b = z
    (0x88, [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]),
    // 2 a b = a + b - z
    (0x66, [0, 2, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 0, -1]),
    // c (b - a) = z - a, the choice of b where c is 1
    (0xca, [0, -1, 1, 0, 0], [0, 0, 0, 1, 0], [0, -1, 0, 0, 1]),
    (0x06, [1, 3, -1, -2, 6], [2, -3, -1, -4, 0], [2, -12, 4, 0, 0]),
    (0x16, [-4, 3, 3, -3, 9], [2, -3, -3, 0, 0], [-8, 0, 0, 12, 0]),
    // No two alike among three: its class holds the majority.
    (0x17, [1, -6, 3, -1, 2], [2, -4, -1, 1, 0], [6, 0, 0, 0, 0]),
    (0x18, [4, 2, 8, -2, 1], [3, -1, 2, 1, 0], [12, 0, 48, 0, 0]),
    (0x19, [0, 1, 6, -2, 3], [1, -2, 3, 2, 0], [3, -4, 21, 0, 0]),
    (0x1e, [-2, 4, -1, 0, 4], [2, -4, 1, -4, 0], [-4, -8, 7, 0, 0]),
    // The complement of a ^ b ^ c.
    (0x69, [1, -7, 2, 2, 1], [3, -4, -1, -1, 0], [6, 0, 0, 0, 0]),
];

/// The cell of a function; `None` for the 64 that have none. `table >> (a + 2 b + 4 c) & 1` is the value.
pub fn cell(table: u8) -> Option<&'static Cell> {
    static CELLS: OnceLock<Vec<Option<Cell>>> = OnceLock::new();
    CELLS.get_or_init(all)[usize::from(table)].as_ref()
}

/// Which inputs a function depends on: bit 0 for `a`, 1 for `b`, 2 for `c`.
pub fn support(table: u8) -> u8 {
    (0..3).filter(|input| cofactor(table, *input, false) != cofactor(table, *input, true)).fold(0, |s, i| s | 1 << i)
}

/// The function with one input fixed, as a table that no longer depends on it.
pub fn cofactor(table: u8, input: u32, value: bool) -> u8 {
    // Indices at which the input is 1.
    let ones = [0xaau8, 0xcc, 0xf0][input as usize];
    let step = 1 << input;
    if value { (table & ones) | (table & ones) >> step } else { (table & !ones) | (table & !ones) << step }
}

/// Every class under every permutation and negation.
fn all() -> Vec<Option<Cell>> {
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut cells: Vec<Option<Cell>> = vec![None; 256];
    for (table, a, b, c) in CLASSES {
        for order in ORDERS {
            for flips in 0..16u8 {
                let flip = |at: usize| flips >> at & 1 == 1;
                // New table: f(x) = table(y) ^ flip(3) with y_k = x[order[k]] ^ flip(k).
                let mut mapped = 0u8;
                for x in 0..8u8 {
                    let y = (0..3).fold(0, |y, k| y | ((x >> order[k] & 1) ^ u8::from(flip(k))) << k);
                    mapped |= ((table >> y & 1) ^ u8::from(flip(3))) << x;
                }
                let row = |row: [i32; 5]| {
                    let mut out = [row[0], 0, 0, 0, 0];
                    for k in 0..4 {
                        let to = if k < 3 { order[k] + 1 } else { 4 };
                        // 1 - x in place of x.
                        if flip(k) {
                            out[0] += row[k + 1];
                            out[to] -= row[k + 1];
                        } else {
                            out[to] += row[k + 1];
                        }
                    }
                    out
                };
                let cell = Cell { a: row(a), b: row(b), c: row(c) };
                // The first with the fewest terms.
                let slot = &mut cells[usize::from(mapped)];
                if slot.as_ref().is_none_or(|known| terms(&cell) < terms(known)) {
                    *slot = Some(cell);
                }
            }
        }
    }
    cells
}

fn terms(cell: &Cell) -> usize {
    [cell.a, cell.b, cell.c].iter().flatten().filter(|c| **c != 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On the whole cube, over the integers: the row holds for the function's value and for no other.
    #[test]
    fn every_cell_pins_its_function() {
        let mut count = 0;
        for table in 0..=255u8 {
            let Some(cell) = cell(table) else { continue };
            count += 1;
            for x in 0..8i32 {
                let value = i32::from(table >> x & 1);
                let dot = |row: &[i32; 5], z: i32| {
                    row[0] + row[1] * (x & 1) + row[2] * (x >> 1 & 1) + row[3] * (x >> 2 & 1) + row[4] * z
                };
                assert_eq!(dot(&cell.a, value) * dot(&cell.b, value), dot(&cell.c, value), "{table:#04x} at {x}");
                // A B - C is linear in z (z stands in one of A and B at most); its slope must not vanish.
                assert!(cell.a[4] == 0 || cell.b[4] == 0);
                let slope = cell.a[4] * dot(&cell.b, 0) + cell.b[4] * dot(&cell.a, 0) - cell.c[4];
                assert_ne!(slope, 0, "{table:#04x} at {x}");
                assert!(dot(&cell.a, 1).abs() < 64 && dot(&cell.b, 1).abs() < 64 && slope.abs() < 4096);
            }
        }
        assert_eq!(count, 192);
    }

    #[test]
    fn supports_and_cofactors() {
        assert_eq!(support(0x96), 7);
        assert_eq!(support(0x88), 3);
        assert_eq!(support(0xaa), 1);
        assert_eq!(support(0x00), 0);
        for table in 0..=255u8 {
            for input in 0..3 {
                for value in [false, true] {
                    for x in 0..8u8 {
                        let fixed = x & !(1 << input) | u8::from(value) << input;
                        assert_eq!(cofactor(table, input, value) >> x & 1, table >> fixed & 1);
                    }
                }
            }
        }
    }
}
