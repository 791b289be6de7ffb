//! Reads at an address that is not known: one of several words by an index.

use super::int::{Int, bit_length};
use super::intern::Interner;
use super::word::WordData;
use super::{Bit, Facts, Graph, Lc, Word};
use ethnum::I256;

impl Graph {
    /// `entries[(index - lo) / step]`; one of them, or a mixture, for any other index.
    ///
    /// Known entries: by products of index bits, `2^a + 2^b - a - b - 2` of them, and one row for each independent upper
    /// half but the first (37 rows for 256 bytes without a pattern). Others: a tree of choices, a row for each entry but
    /// the first, and none between two known ones.
    ///
    /// # Panics
    /// Without entries.
    pub fn pick(&mut self, facts: &Facts, index: Word, lo: u64, step: u64, entries: &[Word]) -> Word {
        let [first, .., _] = entries else { return entries[0] };
        let width = self.width(*first);
        let bits = self.index_bits(facts, index, lo, step, entries.len());
        let constants: Option<Vec<I256>> = entries.iter().map(|entry| self.data(*entry).int.as_constant()).collect();
        let int = match constants {
            Some(values) => self.pick_known(&bits, values),
            None => self.pick_unknown(&bits, entries),
        };
        self.word(width, int)
    }

    /// Which of `n` indices it is: exactly one bit is 1, where the index is one of them.
    pub fn hot(&mut self, facts: &Facts, index: Word, lo: u64, step: u64, n: usize) -> Vec<Bit> {
        let bits = self.index_bits(facts, index, lo, step, n);
        let mut lcs = self.minterms(&bits);
        lcs.truncate(n);
        lcs.into_iter().map(|lc| self.bit_from_lc(lc)).collect()
    }

    /// The bits of `(index - lo) / step`, enough for `n` values, least first.
    fn index_bits(&mut self, facts: &Facts, index: Word, lo: u64, step: u64, n: usize) -> Vec<Bit> {
        let WordData { width, int } = self.data(index);
        // The representative near `lo`.
        let lo = I256::from(lo);
        let base = if int.lo < I256::ZERO && lo > int.hi { lo - (I256::ONE << width) } else { lo };
        let shifted = self.int_combine(-base, &[(I256::ONE, int)]).expect("64 bits");
        let shifted = Int { lc: shifted.lc, lo: int.lo - base, hi: int.hi - base };
        let step = I256::from(step);
        let scaled = if step > I256::ONE && self.content(shifted.lc, true) % step == I256::ZERO {
            let lc = self.divide_lc(shifted.lc, step);
            self.int_within(lc, -((-shifted.lo) / step), shifted.hi / step)
        } else {
            shifted
        };
        let need = bit_length(I256::from(n as u64 - 1));
        let most = (I256::ONE << need) - I256::ONE;
        let free = self.free_bits(scaled, width).is_some();
        let mut bits = if free {
            // What lies beyond is a don't care: low bits will do.
            self.int_bits(scaled, width).to_vec()
        } else if scaled.within(I256::ZERO, most) {
            self.split(scaled)
        } else {
            // Beyond on other paths than this: a row more in place of all the digits that it could have there.
            match self.masked(facts, scaled).filter(|masked| masked.within(I256::ZERO, most)) {
                Some(masked) => self.split(masked),
                None => self.int_bits(scaled, width).to_vec(),
            }
        };
        bits.resize(need as usize, Bit::FALSE);
        bits
    }

    fn pick_unknown(&mut self, bits: &[Bit], entries: &[Word]) -> Int {
        let mut row: Vec<Int> = entries.iter().map(|entry| self.compact(*entry)).collect();
        for bit in bits {
            let mut next = Vec::with_capacity(row.len().div_ceil(2));
            for pair in row.chunks(2) {
                next.push(match *pair {
                    [low, high] => self.int_select_either(*bit, high, low),
                    _ => pair[0],
                });
            }
            row = next;
        }
        row[0]
    }

    fn int_select_either(&mut self, bit: Bit, a: Int, b: Int) -> Int {
        match bit.as_constant() {
            Some(true) => a,
            Some(false) => b,
            None => self.int_select(bit, a, b),
        }
    }

    /// `sum_j h_j L_j`, where `h_j` are the minterms of the upper bits and `L_j` is the row of entries `j 2^a ..` as a sum
    /// of products of the lower bits.
    fn pick_known(&mut self, bits: &[Bit], mut values: Vec<I256>) -> Int {
        let least = values.iter().copied().min().expect("entries");
        let most = values.iter().copied().max().expect("entries");
        let size = 1usize << bits.len();
        let last = *values.last().expect("entries");
        values.resize(size, last);
        if bits.iter().any(|bit| bit.as_constant().is_some()) || bits.len() > 16 {
            let entries: Vec<Int> = values.iter().map(|value| self.int_constant(*value)).collect();
            return self.tree(bits, entries);
        }
        // The split into a lower and b upper bits with the fewest rows.
        let a = match self.cheapest.get(&values) {
            Some(a) => *a,
            None => {
                let a = cheapest(&values);
                self.cheapest.insert(values.clone(), a);
                a
            }
        };
        let (lower, upper) = bits.split_at(a as usize);
        let monomials = self.monomials(lower);
        let minterms = self.minterms(upper);
        let rows: Vec<Lc> = values
            .chunks(1 << a)
            .map(|row| {
                let coefficients = moebius(row);
                let parts: Vec<(I256, Lc)> = coefficients.into_iter().zip(monomials.iter().copied()).collect();
                self.combine(I256::ZERO, &parts)
            })
            .collect();
        // L_0 + sum_j h_j (L_j - L_0); rows that differ from the first by the same are taken together.
        let mut primitives: Interner<Lc> = Interner::new();
        let mut groups: Vec<(Lc, Vec<(I256, Lc)>)> = Vec::new();
        for (row, minterm) in rows.iter().zip(&minterms).skip(1) {
            let difference = self.combine(I256::ZERO, &[(I256::ONE, *row), (I256::MINUS_ONE, rows[0])]);
            let content = self.content(difference, true);
            if content == I256::ZERO {
                continue;
            }
            let negative = self.lc(difference).terms.first().is_some_and(|(_, c)| *c < I256::ZERO);
            let content = if negative { -content } else { content };
            let primitive = self.divide_lc(difference, content);
            match primitives.intern(primitive) {
                (at, false) => groups[at as usize].1.push((content, *minterm)),
                (_, true) => groups.push((primitive, vec![(content, *minterm)])),
            }
        }
        let mut parts = vec![(I256::ONE, rows[0])];
        for (primitive, minterms) in groups {
            let selector = self.combine(I256::ZERO, &minterms);
            let product = self.scaled_product_of(selector, primitive);
            parts.push((I256::ONE, product));
        }
        let lc = self.combine(I256::ZERO, &parts);
        self.int_within(lc, least, most)
    }

    fn scaled_product_of(&mut self, selector: Lc, lc: Lc) -> Lc {
        if self.lc_constant(selector).is_some() || self.lc_constant(lc).is_some() {
            return self.product(selector, lc);
        }
        self.scaled_product(selector, lc)
    }

    fn tree(&mut self, bits: &[Bit], mut row: Vec<Int>) -> Int {
        for bit in bits {
            row = row.chunks(2).map(|pair| self.int_select_either(*bit, pair[1], pair[0])).collect();
        }
        row[0]
    }

    /// Products of every subset of some bits, in the order of the number that the subset spells.
    fn monomials(&mut self, bits: &[Bit]) -> Vec<Lc> {
        let one = self.constant_lc(I256::ONE);
        let mut all = vec![one];
        for bit in bits {
            let bit = self.bit_lc(*bit);
            for at in 0..all.len() {
                let with = if at == 0 { bit } else { self.boolean_product(all[at], bit) };
                all.push(with);
            }
        }
        all
    }

    /// All `2^k` conjunctions of `k` bits or their complements: exactly one is 1. `2^k - k - 1` rows.
    fn minterms(&mut self, bits: &[Bit]) -> Vec<Lc> {
        let one = self.constant_lc(I256::ONE);
        let mut all = vec![one];
        for bit in bits {
            let bit = self.bit_lc(*bit);
            // With the bit: products for all but the first, which is the rest of the bit.
            let mut with = Vec::with_capacity(all.len());
            let mut rest = vec![(I256::ONE, bit)];
            for minterm in all.iter().skip(1).copied().collect::<Vec<_>>() {
                let both = self.boolean_product(minterm, bit);
                rest.push((I256::MINUS_ONE, both));
                with.push(both);
            }
            let first = self.combine(I256::ZERO, &rest);
            self.known(first, I256::ZERO, I256::ONE);
            with.insert(0, first);
            let mut next: Vec<Lc> = Vec::with_capacity(2 * all.len());
            for (minterm, with) in all.iter().zip(&with) {
                let without = self.combine(I256::ZERO, &[(I256::ONE, *minterm), (I256::MINUS_ONE, *with)]);
                self.known(without, I256::ZERO, I256::ONE);
                next.push(without);
            }
            next.append(&mut with);
            all = next;
        }
        all
    }

    /// The product of two boolean combinations: always one node, never logic that the mapping might take apart.
    fn boolean_product(&mut self, a: Lc, b: Lc) -> Lc {
        if self.lc_constant(a).is_some() || self.lc_constant(b).is_some() {
            return self.product(a, b);
        }
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let node = self.node(super::Node::Product { a, b });
        let lc = self.node_lc(node);
        self.known(lc, I256::ZERO, I256::ONE);
        lc
    }
}

/// How many of the index's bits choose within a row, where all is read in the fewest circuit rows.
fn cheapest(values: &[I256]) -> u32 {
    let k = values.len().trailing_zeros();
    let cost = |a: u32| {
        let b = k - a;
        let lower = (1usize << a) - a as usize - 1;
        let upper = if b == 0 { 0 } else { (1usize << b) - b as usize - 1 };
        lower + upper + independent_rows(values, a)
    };
    (0..=k).min_by_key(|a| cost(*a)).expect("at least one way")
}

/// How many rows of `2^a` entries, less the first, are neither 0 nor multiples of one another.
fn independent_rows(values: &[I256], a: u32) -> usize {
    let rows: Vec<&[I256]> = values.chunks(1 << a).collect();
    let mut seen: Interner<Box<[I256]>> = Interner::new();
    for row in &rows[1..] {
        let difference = || row.iter().zip(rows[0]).map(|(x, y)| *x - *y);
        // A constant difference multiplies a minterm by a number: free.
        if difference().skip(1).all(|x| x == row[0] - rows[0][0]) {
            continue;
        }
        seen.intern(difference().collect());
    }
    seen.len()
}

/// Coefficients of the products of subsets, from values at all points.
fn moebius(values: &[I256]) -> Vec<I256> {
    let mut coefficients = values.to_vec();
    let mut step = 1;
    while step < coefficients.len() {
        for at in 0..coefficients.len() {
            if at & step != 0 {
                let below = coefficients[at ^ step];
                coefficients[at] -= below;
            }
        }
        step *= 2;
    }
    coefficients
}
