//! Comparison of bits with a known integer.

use zera_ir::{Bit, Builder, Lc};

/// What the running combination says of the bits so far, as a non-negative integer below `2^16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// It is non-zero exactly where they spell more than the bound's.
    Exceeds,
    /// It is non-zero exactly where they spell at most the bound's.
    Within,
}

/// A non-negative integer below `2^16`, non-zero exactly where `bits` (least first) spell more than `bound` does.
///
/// From the lowest bit up, `g` says whether the bits so far exceed the bound's. Under a 0 of the bound they do where
/// they did or the bit is 1: `g + b`, free. Under a 1 they do where they did and the bit is 1: `b g`, one row. The
/// complement `h` is cheap where `g` is dear: `h + 1 - b` under a 1, `(1 - b) h` under a 0, and `h = [g = 0]` costs two
/// rows. The plan with the fewest rows is found first: 89 rows for r - 1, 97 for the order of Baby Jubjub's subgroup.
///
/// # Correctness
/// Both stay at most the number of bits plus one, far below r, so a sum of non-negative terms is zero only where
/// all are.
///
/// # Panics
/// Above 2^15 bits, and where the bound has more.
pub fn exceeds(builder: &mut Builder, bits: &[Bit], bound: &[bool]) -> Lc {
    let bound = widened(bits, bound);
    let (mode, running) = read(builder, bits, &bound, &plan(&bound));
    match mode {
        Mode::Exceeds => running,
        Mode::Within => builder.is_zero(&running).lc().clone(),
    }
}

/// Asserts that `bits` (least first) spell at most what `bound` does: the rows of [`exceeds`], of which the last needs
/// no wire where the bound has as many bits.
///
/// # Panics
/// As [`exceeds`].
pub fn assert_within(builder: &mut Builder, bits: &[Bit], bound: &[bool]) {
    let bound = widened(bits, bound);
    let modes = plan(&bound);
    if let ([lower @ .., top], [known @ .., true], [plan @ .., Mode::Exceeds]) =
        (bits, bound.as_slice(), modes.as_slice())
        && let (Mode::Exceeds, running) = read(builder, lower, known, plan)
    {
        builder.assert_product(&running, top.lc(), &Lc::zero());
        return;
    }
    let excess = exceeds(builder, bits, &bound);
    builder.assert_equal(&excess, &Lc::zero());
}

/// The bound with as many bits as the number.
fn widened(bits: &[Bit], bound: &[bool]) -> Vec<bool> {
    assert!(bound.len() <= bits.len() && bits.len() < 1 << 15, "bound: {} bits against {}", bits.len(), bound.len());
    bound.iter().copied().chain(std::iter::repeat(false)).take(bits.len()).collect()
}

/// Reads bits by a plan.
fn read(builder: &mut Builder, bits: &[Bit], bound: &[bool], plan: &[Mode]) -> (Mode, Lc) {
    let mut mode = Mode::Exceeds;
    let mut running = Lc::zero();
    for ((bit, one), next) in bits.iter().zip(bound).zip(plan) {
        if *next != mode {
            // A constant turns for nothing.
            running = builder.is_zero(&running).lc().clone();
            mode = *next;
        }
        running = match (mode, *one) {
            (Mode::Exceeds, false) => running.add(bit.lc()),
            (Mode::Exceeds, true) => builder.mul(&running, bit.lc()),
            (Mode::Within, true) => running.add(bit.not().lc()),
            (Mode::Within, false) => builder.mul(&running, bit.not().lc()),
        };
    }
    (mode, running)
}

/// The mode in which each bit is read, with the fewest rows: one for a product of two unknowns, two for a change.
fn plan(bound: &[bool]) -> Vec<Mode> {
    const MODES: [Mode; 2] = [Mode::Exceeds, Mode::Within];
    // costs[mode]: rows so far, and whether the running combination is still a constant.
    let mut costs = [(0u32, true), (0, true)];
    let mut choices: Vec<[usize; 2]> = Vec::with_capacity(bound.len());
    for one in bound {
        let mut next = [(u32::MAX, false); 2];
        let mut choice = [0; 2];
        for (to, mode) in MODES.into_iter().enumerate() {
            for (from, (cost, constant)) in costs.into_iter().enumerate() {
                let turn = if from == to || constant { 0 } else { 2 };
                let adds = (mode == Mode::Exceeds) != *one;
                let product = u32::from(!adds && !constant);
                // 0 times a bit is still known; 1 times a bit, or 1 plus it, is not.
                let known = constant && mode == Mode::Exceeds && *one;
                let total = (cost + turn + product, known);
                if total.0 < next[to].0 || (total.0 == next[to].0 && known) {
                    (next[to], choice[to]) = (total, from);
                }
            }
        }
        costs = next;
        choices.push(choice);
    }
    let mut at = if costs[1].0 + 2 < costs[0].0 { 1 } else { 0 };
    let mut modes = Vec::with_capacity(bound.len());
    for choice in choices.iter().rev() {
        modes.push(MODES[at]);
        at = choice[at];
    }
    modes.reverse();
    modes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::Fr;
    use zera_ir::Layout;

    fn bits_of(value: u32, len: usize) -> Vec<bool> {
        (0..len).map(|bit| value >> bit & 1 == 1).collect()
    }

    /// Every bound of six bits against every value, by constants folded through the same code.
    #[test]
    fn exceeds_is_greater_than() {
        let mut builder = Builder::new(Layout { public_len: 0, private_len: 0, declared: 0 });
        for bound in 0..64u32 {
            for value in 0..64u32 {
                let bits: Vec<Bit> = bits_of(value, 6).into_iter().map(Bit::constant).collect();
                let excess = exceeds(&mut builder, &bits, &bits_of(bound, 6));
                let excess = excess.as_constant().expect("known bits");
                assert_eq!(excess != Fr::from(0), value > bound, "{value} against {bound}");
            }
        }
    }
}
