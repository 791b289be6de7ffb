//! Instructions on numbers.

use super::machine::Machine;
use super::module::{Binary, Compare, Unary};
use crate::graph::{Bit, Word};

impl Machine<'_> {
    // Ranges on the path come first everywhere: what they decide makes no node, and no bits of a number that has none yet.

    /// Whether a word is not zero, with what the path knows.
    pub fn condition(&mut self, word: Word) -> Bit {
        match self.graph.range_under(&self.state.facts, word) {
            (lo, _) if lo > 0 => Bit::TRUE,
            (_, 0) => Bit::FALSE,
            _ => self.graph.nonzero(word),
        }
    }

    /// The result of a comparison: known where the ranges on this path decide it.
    pub fn compare(&mut self, op: Compare, a: Word, b: Word) -> Bit {
        match op {
            Compare::Eq => self.equal(a, b),
            Compare::Ne => self.equal(a, b).not(),
            Compare::LtU => self.less(a, b, false),
            Compare::GtU => self.less(b, a, false),
            Compare::LeU => self.less(b, a, false).not(),
            Compare::GeU => self.less(a, b, false).not(),
            Compare::LtS => self.less(a, b, true),
            Compare::GtS => self.less(b, a, true),
            Compare::LeS => self.less(b, a, true).not(),
            Compare::GeS => self.less(a, b, true).not(),
        }
    }

    pub fn equal(&mut self, a: Word, b: Word) -> Bit {
        let (x, y) = (self.graph.range_under(&self.state.facts, a), self.graph.range_under(&self.state.facts, b));
        match () {
            () if x.1 < y.0 || y.1 < x.0 => Bit::FALSE,
            () if x.0 == x.1 && x == y => Bit::TRUE,
            () => self.graph.eq(a, b),
        }
    }

    /// `a < b`.
    pub fn less(&mut self, a: Word, b: Word, signed: bool) -> Bit {
        let sign = 1u64 << (self.graph.width(a) - 1);
        let range = |(lo, hi): (u64, u64)| match signed {
            false => (lo, hi),
            // Order of signed numbers is that of unsigned ones with the sign flipped, where a range does not cross it.
            true if (lo < sign) == (hi < sign) => (lo ^ sign, hi ^ sign),
            true => (0, u64::MAX),
        };
        let x = range(self.graph.range_under(&self.state.facts, a));
        let y = range(self.graph.range_under(&self.state.facts, b));
        match () {
            () if x.1 < y.0 => Bit::TRUE,
            () if x.0 >= y.1 => Bit::FALSE,
            () if signed => self.graph.lt_s(a, b),
            () => self.graph.lt_u(a, b),
        }
    }

    pub fn unary(&mut self, op: Unary, a: Word) -> Word {
        match op {
            Unary::Eqz => {
                let bit = self.condition(a).not();
                self.graph.from_bit(32, bit)
            }
            Unary::Clz => self.graph.clz(a),
            Unary::Ctz => self.graph.ctz(a),
            Unary::Popcnt => self.graph.popcnt(a),
            Unary::Wrap => self.graph.wrap(a),
            Unary::ExtendS => self.graph.extend_s(a),
            Unary::ExtendU => self.graph.extend_u(a),
            Unary::Sign(from) => self.graph.sign_extend(a, u32::from(from)),
        }
    }

    /// The result; a number of no interest where the path ends.
    pub fn binary(&mut self, op: Binary, a: Word, b: Word) -> Word {
        match op {
            Binary::Add => self.graph.add(a, b),
            Binary::Sub => self.graph.sub(a, b),
            Binary::Mul => self.graph.mul(a, b),
            Binary::And => self.graph.and(a, b),
            Binary::Or => self.graph.or(a, b),
            Binary::Xor => self.graph.xor(a, b),
            Binary::Shl => self.graph.shl(a, b),
            Binary::ShrS => self.graph.shr_s(a, b),
            Binary::ShrU => self.graph.shr_u(a, b),
            Binary::Rotl => self.graph.rotl(a, b),
            Binary::Rotr => self.graph.rotr(a, b),
            Binary::DivS | Binary::DivU | Binary::RemS | Binary::RemU => {
                let zero = self.condition(b).not();
                self.trap_if(zero);
                if op == Binary::DivS && self.live {
                    let width = self.graph.width(a);
                    let (least, minus_one) =
                        (self.graph.constant(width, 1 << (width - 1)), self.graph.constant(width, u64::MAX));
                    let (a_least, b_minus_one) = (self.equal(a, least), self.equal(b, minus_one));
                    let overflow = self.graph.bit_and(a_least, b_minus_one);
                    self.trap_if(overflow);
                }
                if !self.live {
                    return a;
                }
                match op {
                    Binary::DivS => self.graph.div_s(a, b),
                    Binary::DivU => self.graph.div_u(a, b),
                    Binary::RemS => self.graph.rem_s(a, b),
                    _ => self.graph.rem_u(a, b),
                }
            }
        }
    }
}
