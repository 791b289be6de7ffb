//! Machine words, and their bits where those are asked for.

use super::int::{Int, LIMIT_BITS, bit_length};
use super::{Bit, Graph, Lc, Node, NodeId};
use ethnum::I256;

/// Selections of selections that bits are looked for through; a frame takes about 400 bytes of stack.
const SELECTION_DEPTH: u32 = 500;

/// A word of 32 or 64 bits: the residue of an integer modulo `2^width`. Equal numbers are equal values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Word(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WordData {
    pub(crate) width: u32,
    pub(crate) int: Int,
}

impl Graph {
    pub(crate) fn word(&mut self, width: u32, int: Int) -> Word {
        debug_assert!(width == 32 || width == 64);
        // A constant has one form: from -2^(width-1) up, so that products stay small.
        let int = match int.as_constant() {
            Some(value) => {
                let value = centred(value, width);
                self.int_constant(value)
            }
            None => int,
        };
        Word(self.words.intern(WordData { width, int }).0)
    }

    pub(crate) fn data(&self, word: Word) -> WordData {
        *self.words.get(word.0)
    }

    /// `value mod 2^width`; a width is 32 or 64.
    pub fn constant(&mut self, width: u32, value: u64) -> Word {
        let int = self.int_constant(I256::from(value));
        self.word(width, int)
    }

    /// The value in `0..2^width`, where it is known.
    pub fn as_constant(&self, word: Word) -> Option<u64> {
        let WordData { width, int } = self.data(word);
        int.as_constant().map(|value| residue(value, width).as_u64())
    }

    /// 32 or 64.
    pub fn width(&self, word: Word) -> u32 {
        self.data(word).width
    }

    /// 0 or 1.
    pub fn from_bit(&mut self, width: u32, bit: Bit) -> Word {
        let int = self.int_from_bit(bit);
        self.word(width, int)
    }

    /// The bit, where the word is 0 or 1.
    pub(crate) fn as_bit(&mut self, word: Word) -> Option<Bit> {
        let int = self.data(word).int;
        int.within(I256::ZERO, I256::ONE).then(|| self.bit_from_lc(int.lc))
    }

    /// Low bits first; those above are 0.
    #[expect(clippy::wrong_self_convention, reason = "the graph makes the word; the bits are the argument")]
    pub(crate) fn from_bits(&mut self, width: u32, bits: &[Bit]) -> Word {
        let int = self.int_from_bits(&bits[..bits.len().min(width as usize)]);
        self.word(width, int)
    }

    /// `sum 2^i bits_i`: known bits go into the constant, a single one stands alone, the others share one node.
    pub(crate) fn int_from_bits(&mut self, bits: &[Bit]) -> Int {
        let mut constant = I256::ZERO;
        for (at, bit) in bits.iter().enumerate() {
            if bit.as_constant() == Some(true) {
                constant += I256::ONE << at as u32;
            }
        }
        let open = |bit: &Bit| bit.as_constant().is_none();
        let (Some(first), Some(last)) = (bits.iter().position(open), bits.iter().rposition(open)) else {
            return self.int_constant(constant);
        };
        let scale = I256::ONE << first as u32;
        let lc = if first == last {
            let bit = self.bit_lc(bits[first]);
            self.combine(constant, &[(scale, bit)])
        } else {
            let slice = bits[first..=last].iter().map(|bit| if open(bit) { *bit } else { Bit::FALSE }).collect();
            let node = self.node(Node::Bits { bits: slice });
            self.term_lc(node, scale, constant)
        };
        self.int(lc)
    }

    /// The bits of a word, least first, `width` of them; splits its integer where nothing cheaper gives them.
    pub(crate) fn word_bits(&mut self, word: Word) -> Box<[Bit]> {
        let WordData { width, int } = self.data(word);
        self.int_bits(int, width)
    }

    pub(crate) fn int_bits(&mut self, int: Int, width: u32) -> Box<[Bit]> {
        if let Some(bits) = self.bits.get(&(int.lc, width)) {
            return bits.clone();
        }
        let bits = match self.free_bits(int, width) {
            Some(bits) => bits,
            None => self.split_bits(int, width),
        };
        self.bits.insert((int.lc, width), bits.clone());
        bits
    }

    /// The bits, where they are there without a new split.
    pub(crate) fn free_bits(&mut self, int: Int, width: u32) -> Option<Box<[Bit]>> {
        self.free_bits_within(int, width, SELECTION_DEPTH)
    }

    fn free_bits_within(&mut self, int: Int, width: u32, depth: u32) -> Option<Box<[Bit]>> {
        if let Some(bits) = self.bits.get(&(int.lc, width)) {
            return Some(bits.clone());
        }
        if let Some(bits) = self.bits_of_lc(int.lc, width) {
            return Some(bits);
        }
        // A choice between two words with bits is a choice bit by bit.
        let (c, a, b) = *self.selections.get(&(int.lc, width))?;
        let depth = depth.checked_sub(1)?;
        let (a, b) = (self.data(a).int, self.data(b).int);
        let (a, b) = (self.free_bits_within(a, width, depth)?, self.free_bits_within(b, width, depth)?);
        let bits: Box<[Bit]> = a.iter().zip(&b).map(|(a, b)| self.bit_mux(c, *a, *b)).collect();
        // Kept, so that selections of selections cost what there is and not what there are paths.
        self.bits.insert((int.lc, width), bits.clone());
        Some(bits)
    }

    /// Reads the bits off a combination of bits with distinct powers of two.
    fn bits_of_lc(&self, lc: Lc, width: u32) -> Option<Box<[Bit]>> {
        let data = self.lc(lc);
        let mut bits: Vec<Option<Bit>> = vec![None; width as usize];
        let mut constant = residue(data.constant, width).as_u64();
        let mut sign: Option<(u32, Bit)> = None;
        for (node, coefficient) in &data.terms {
            let magnitude = coefficient.unsigned_abs();
            if magnitude.count_ones() != 1 {
                return None;
            }
            let at = magnitude.trailing_zeros();
            if at >= width {
                continue;
            }
            let negative = *coefficient < I256::ZERO;
            if let Node::Bits { bits: several } = self.node_at(*node) {
                if negative {
                    return None;
                }
                for (slot, bit) in bits[at as usize..].iter_mut().zip(several.iter()) {
                    if bit.as_constant().is_none() && slot.replace(*bit).is_some() {
                        return None;
                    }
                }
            } else if self.is_bit(*node) {
                let bit = Bit::of(*node);
                if !negative {
                    if bits[at as usize].replace(bit).is_some() {
                        return None;
                    }
                } else if constant >> at & 1 == 1 {
                    // 2^at - 2^at b
                    constant &= !(1 << at);
                    if bits[at as usize].replace(bit.not()).is_some() {
                        return None;
                    }
                } else if sign.replace((at, bit)).is_some() {
                    return None;
                }
            } else {
                return None;
            }
        }
        if let Some((at, bit)) = sign {
            // -2^at b is all bits from `at` on, modulo 2^width.
            for slot in &mut bits[at as usize..] {
                if slot.replace(bit).is_some() {
                    return None;
                }
            }
        }
        for at in 0..width {
            if constant >> at & 1 == 1 && bits[at as usize].replace(Bit::TRUE).is_some() {
                return None;
            }
        }
        Some(bits.into_iter().map(|bit| bit.unwrap_or(Bit::FALSE)).collect())
    }

    fn split_bits(&mut self, int: Int, width: u32) -> Box<[Bit]> {
        let wanted = int;
        let int = self.beside(int, width).unwrap_or(int);
        let (lifted, lift) = self.lifted(int, width);
        let digits = self.split(lifted);
        let mut bits = digits.clone();
        bits.resize(width as usize, Bit::FALSE);
        if lift == I256::ZERO && digits.len() <= width as usize {
            // Nothing wraps: the digits are the integer itself, and as narrow.
            let whole = self.int_from_bits(&bits);
            self.known(whole.lc, int.lo, int.hi);
        }
        let nodes: Vec<NodeId> = self.lc(wanted.lc).terms.iter().map(|(node, _)| *node).collect();
        nodes.into_iter().for_each(|node| self.latest_split.insert((node, width), wanted));
        bits.into_boxed_slice()
    }

    /// The integer plus the least multiple of `2^width` that makes it non-negative, and that multiple.
    fn lifted(&mut self, int: Int, width: u32) -> (Int, I256) {
        let lift = if int.lo < I256::ZERO { ((-int.lo - I256::ONE) >> width) + I256::ONE } else { I256::ZERO };
        let lift = lift << width;
        let lifted = self.int_combine(lift, &[(I256::ONE, int)]).expect("bounds leave room for a lift");
        (Int { lc: lifted.lc, lo: int.lo + lift, hi: int.hi + lift }, lift)
    }

    /// The same word by way of one that was split before, `int - other + (other mod 2^width)`, where that has fewer
    /// digits: of two long sums that share most of their terms, the second is the first with a few terms changed.
    fn beside(&mut self, int: Int, width: u32) -> Option<Int> {
        let mut others: Vec<(usize, Int)> = Vec::new();
        for (node, _) in &self.lc(int.lc).terms {
            let Some(other) = self.latest_split.get(&(*node, width)) else { continue };
            match others.iter_mut().find(|(_, known)| known.lc == other.lc) {
                Some((shared, _)) => *shared += 1,
                None => others.push((1, *other)),
            }
        }
        let (shared, other) = others.into_iter().max_by_key(|(shared, other)| (*shared, other.lc))?;
        if shared < 2 {
            return None;
        }
        let word = self.bits.get(&(other.lc, width))?.clone();
        let word = self.int_from_bits(&word);
        let parts = [(I256::ONE, int), (I256::MINUS_ONE, other), (I256::ONE, word)];
        let candidate = self.int_combine(I256::ZERO, &parts)?;
        let [now, then] = [int, candidate].map(|int| self.lifted(int, width).0.unsigned_bits());
        (then < now).then_some(candidate)
    }

    /// The digits of a non-negative integer, as many as its bounds need.
    pub(crate) fn split(&mut self, int: Int) -> Vec<Bit> {
        let n = int.unsigned_bits();
        if let Some(value) = int.as_constant() {
            return (0..n).map(|at| Bit::constant(value >> at & I256::ONE == I256::ONE)).collect();
        }
        if n == 1 {
            return vec![self.bit_from_lc(int.lc)];
        }
        let lc = self.fused(int.lc);
        self.known(lc, int.lo, int.hi);
        let split = self.node(Node::Split { lc, n });
        (0..n).map(|at| Bit::of(self.node(Node::SplitBit { split, at }))).collect()
    }

    /// The combination with words that are never 1 in the same bit made one word: compilers spread `(x & y) | (!x & z)`
    /// over a sum, and each part would cost rows of its own.
    fn fused(&mut self, lc: Lc) -> Lc {
        let data = self.lc(lc);
        let words = |terms: &[(NodeId, I256)], graph: &Graph| {
            terms.iter().filter(|(node, _)| matches!(graph.node_at(*node), Node::Bits { .. })).count()
        };
        if words(&data.terms, self) < 2 {
            return lc;
        }
        let constant = data.constant;
        let mut terms: Vec<(NodeId, I256)> = data.terms.to_vec();
        let mut at = 0;
        while at < terms.len() {
            let other = (at + 1..terms.len())
                .filter(|other| terms[*other].1 == terms[at].1)
                .find_map(|other| Some((other, self.union(terms[at].0, terms[other].0)?)));
            match other {
                Some((other, bits)) => {
                    let (_, factor) = terms.remove(other);
                    let node = self.node(Node::Bits { bits });
                    terms[at] = (node, factor);
                }
                None => at += 1,
            }
        }
        if terms.len() == self.lc(lc).terms.len() {
            return lc;
        }
        let parts: Vec<(I256, Lc)> = terms.iter().map(|(node, factor)| (*factor, self.node_lc(*node))).collect();
        self.combine(constant, &parts)
    }

    /// The bits of either word, where none is 1 in both; both must hold logic.
    fn union(&mut self, a: NodeId, b: NodeId) -> Option<Box<[Bit]>> {
        let (Node::Bits { bits: x }, Node::Bits { bits: y }) = (self.node_at(a), self.node_at(b)) else { return None };
        let logic = |bit: Bit, graph: &Graph| {
            matches!(graph.node_at(bit.node()), Node::And(..) | Node::Xor(..) | Node::Mux(..))
        };
        if !x.iter().zip(y).any(|(x, y)| logic(*x, self) && logic(*y, self)) {
            return None;
        }
        let pairs = x.iter().zip(y);
        if !pairs.into_iter().all(|(x, y)| *x == Bit::FALSE || *y == Bit::FALSE || self.exclude(*x, *y)) {
            return None;
        }
        let (x, y) = (x.clone(), y.clone());
        let at = |bits: &[Bit], at: usize| bits.get(at).copied().unwrap_or(Bit::FALSE);
        Some((0..x.len().max(y.len())).map(|i| self.bit_or(at(&x, i), at(&y, i))).collect())
    }

    /// The split beneath a digit.
    pub(crate) fn split_of(&self, bit: Bit) -> Option<NodeId> {
        match self.node_at(bit.node()) {
            Node::SplitBit { split, .. } => Some(*split),
            _ => None,
        }
    }

    /// The word's integer in the form that further sums should use: its bits, once it was split and is not reduced.
    pub(crate) fn settled(&mut self, word: Word) -> Int {
        let WordData { width, int } = self.data(word);
        if int.within(I256::ZERO, mask(width)) {
            return int;
        }
        match self.bits.get(&(int.lc, width)) {
            Some(bits) => {
                let bits = bits.clone();
                self.int_from_bits(&bits)
            }
            None => int,
        }
    }

    /// The value in `0..2^width` as an integer.
    pub(crate) fn reduced(&mut self, word: Word) -> Int {
        let WordData { width, int } = self.data(word);
        if int.within(I256::ZERO, mask(width)) {
            return int;
        }
        // One multiple of 2^width away for every input?
        let (low, high) = (int.lo >> width, int.hi >> width);
        if low == high {
            let shifted = self.int_combine(-(low << width), &[(I256::ONE, int)]).expect("smaller bounds");
            return Int { lc: shifted.lc, lo: int.lo - (low << width), hi: int.hi - (low << width) };
        }
        let bits = self.word_bits(word);
        self.int_from_bits(&bits)
    }

    /// The value in `-2^(width-1)..2^(width-1)` as an integer.
    pub(crate) fn reduced_signed(&mut self, word: Word) -> Int {
        let WordData { width, int } = self.data(word);
        let half = I256::ONE << (width - 1);
        if int.within(-half, half - I256::ONE) {
            return int;
        }
        let bits = self.word_bits(word);
        self.signed_from_bits(&bits)
    }

    /// Two's complement: the last bit weighs `-2^(n-1)`.
    pub(crate) fn signed_from_bits(&mut self, bits: &[Bit]) -> Int {
        let (sign, low) = bits.split_last().expect("at least one bit");
        // Copies of the sign at the top are one.
        let kept = low.iter().rposition(|bit| bit != sign).map_or(0, |at| at + 1);
        let low = self.int_from_bits(&low[..kept]);
        let sign = self.int_from_bit(*sign);
        let weight = -(I256::ONE << kept as u32);
        self.int_combine(I256::ZERO, &[(I256::ONE, low), (weight, sign)]).expect("at most 64 bits")
    }
}

/// Bounds modulo `2^width`, everything where they wrap.
pub(crate) fn range_of(lo: I256, hi: I256, width: u32) -> (u64, u64) {
    if lo >> width == hi >> width {
        (residue(lo, width).as_u64(), residue(hi, width).as_u64())
    } else {
        (0, mask(width).as_u64())
    }
}

/// `2^width - 1`.
pub(crate) fn mask(width: u32) -> I256 {
    (I256::ONE << width) - I256::ONE
}

/// `value mod 2^width`, in `0..2^width`.
pub(crate) fn residue(value: I256, width: u32) -> I256 {
    value & mask(width)
}

/// The residue in `-2^(width-1)..2^(width-1)`.
pub(crate) fn centred(value: I256, width: u32) -> I256 {
    let value = residue(value, width);
    if value >> (width - 1) == I256::ONE { value - (I256::ONE << width) } else { value }
}

/// Whether bounds below `2^bits` in absolute value stay clear of the limit.
pub(crate) fn room(int: Int, bits: u32) -> bool {
    bit_length(int.lo.abs().max(int.hi.abs())) + bits < LIMIT_BITS
}
