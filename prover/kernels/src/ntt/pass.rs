//! Butterflies between vectors.

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;
use zera_field::{LANES, Lanes, Work};

/// One pass of radix 4 over four quarters: two levels at once.
///
/// With `i` the fourth root and `w` the block's:
/// ```text
/// descending:  c0 = (a0 + a2) + (a1 + a3)          ascending:  b0, b1 = c0 +- c1 w^2j
///              c1 = ((a0 + a2) - (a1 + a3)) w^2j               b2, b3 = c2 w^j +- c3 w^3j
///              c2 = ((a0 - a2) + i (a1 - a3)) w^j              a0, a2 = b0 +- b2
///              c3 = ((a0 - a2) - i (a1 - a3)) w^3j             a1, a3 = b1 +- i b3
/// ```
pub(super) struct Radix4<'a, L> {
    pub(super) quarters: [&'a mut [L]; 4],
    pub(super) twiddles: &'a [[L; 3]],
    pub(super) quarter: L,
    pub(super) descending: bool,
}

impl<L: Lanes> Work for Radix4<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Radix4 { quarters: [a, b, c, d], twiddles, quarter, descending } = self;
        let four = a.iter_mut().zip(b).zip(c.iter_mut().zip(d)).zip(twiddles);
        if descending {
            for (((a0, a1), (a2, a3)), [w1, w2, w3]) in four {
                let (even, odd) = (a0.add_reduced(*a2), a1.add_reduced(*a3));
                let difference = a0.sub_reduced(*a2);
                let turned = L::mul(a1.sub(*a3), quarter.loose());
                *a0 = even.add_reduced(odd);
                *a1 = L::mul(even.sub(odd), w2.loose());
                *a2 = L::mul(difference.add(turned), w1.loose());
                *a3 = L::mul(difference.sub(turned), w3.loose());
            }
        } else {
            for (((c0, c1), (c2, c3)), [w1, w2, w3]) in four {
                let (c1w, c2w, c3w) = (c1.times(*w2), c2.times(*w1), c3.times(*w3));
                let (b0, b1) = (c0.add_reduced(c1w), c0.sub_reduced(c1w));
                let b2 = c2w.add_reduced(c3w);
                let turned = L::mul(c2w.sub(c3w), quarter.loose());
                *c0 = b0.add_reduced(b2);
                *c1 = b1.add_reduced(turned);
                *c2 = b0.sub_reduced(b2);
                *c3 = b1.sub_reduced(turned);
            }
        }
    }
}

/// One butterfly of radix 2 over two vectors.
pub(super) struct Radix2<'a, L> {
    pub(super) pair: &'a mut [L; 2],
    pub(super) twiddle: L,
}

impl<L: Lanes> Radix2<'_, L> {
    #[inline(always)]
    pub(super) fn descend(self) {
        let [a, b] = *self.pair;
        *self.pair = [a.add_reduced(b), L::mul(a.sub(b), self.twiddle.loose())];
    }

    #[inline(always)]
    pub(super) fn ascend(self) {
        let [a, b] = *self.pair;
        let b = b.times(self.twiddle);
        *self.pair = [a.add_reduced(b), a.sub_reduced(b)];
    }
}

/// The last three levels, between the lanes of a vector: eight vectors are transposed, then levels go between vectors.
pub(super) struct Base<'a, L> {
    pub(super) group: &'a mut [L; LANES],
    pub(super) roots: [L; 3],
}

impl<L: Lanes> Base<'_, L> {
    #[inline(always)]
    pub(super) fn descend(self) {
        let [w1, w2, w3] = self.roots;
        let [a0, a1, a2, a3, a4, a5, a6, a7] = L::transpose(*self.group);
        let (b0, b4) = (a0.add_reduced(a4), a0.sub_reduced(a4));
        let (b1, b5) = (a1.add_reduced(a5), L::mul(a1.sub(a5), w1.loose()));
        let (b2, b6) = (a2.add_reduced(a6), L::mul(a2.sub(a6), w2.loose()));
        let (b3, b7) = (a3.add_reduced(a7), L::mul(a3.sub(a7), w3.loose()));
        let [c0, c1, c2, c3] = half_down([b0, b1, b2, b3], w2);
        let [c4, c5, c6, c7] = half_down([b4, b5, b6, b7], w2);
        *self.group = [c0, c1, c2, c3, c4, c5, c6, c7];
    }

    #[inline(always)]
    pub(super) fn ascend(self) {
        let [w1, w2, w3] = self.roots;
        let [c0, c1, c2, c3, c4, c5, c6, c7] = *self.group;
        let [b0, b1, b2, b3] = half_up([c0, c1, c2, c3], w2);
        let [b4, b5, b6, b7] = half_up([c4, c5, c6, c7], w2);
        let (b5, b6, b7) = (b5.times(w1), b6.times(w2), b7.times(w3));
        *self.group = L::transpose([
            b0.add_reduced(b4),
            b1.add_reduced(b5),
            b2.add_reduced(b6),
            b3.add_reduced(b7),
            b0.sub_reduced(b4),
            b1.sub_reduced(b5),
            b2.sub_reduced(b6),
            b3.sub_reduced(b7),
        ]);
    }
}

// Not closures: those would be calls, and calls have no instructions of their own to be compiled for.

#[inline(always)]
fn half_down<L: Lanes>([b0, b1, b2, b3]: [L; 4], w2: L) -> [L; 4] {
    let (c0, c2) = (b0.add_reduced(b2), b0.sub_reduced(b2));
    let (c1, c3) = (b1.add_reduced(b3), L::mul(b1.sub(b3), w2.loose()));
    [c0.add_reduced(c1), c0.sub_reduced(c1), c2.add_reduced(c3), c2.sub_reduced(c3)]
}

#[inline(always)]
fn half_up<L: Lanes>([c0, c1, c2, c3]: [L; 4], w2: L) -> [L; 4] {
    let (b0, b1) = (c0.add_reduced(c1), c0.sub_reduced(c1));
    let (b2, b3) = (c2.add_reduced(c3), L::mul(c2.sub(c3), w2.loose()));
    [b0.add_reduced(b2), b1.add_reduced(b3), b0.sub_reduced(b2), b1.sub_reduced(b3)]
}

/// Elements into vectors; the last one is filled up with zeros.
pub(super) struct Gather<'a, L: Lanes> {
    pub(super) token: L::Token,
    pub(super) values: &'a [Fr],
    pub(super) out: &'a mut [L],
}

impl<L: Lanes<Element = Fr>> Work for Gather<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (eights, rest) = self.values.as_chunks::<LANES>();
        let mut out = self.out.iter_mut();
        for (out, eight) in out.by_ref().zip(eights) {
            *out = L::from_array(self.token, eight);
        }
        if let (false, Some(out)) = (rest.is_empty(), out.next()) {
            let mut eight = [Fr::ZERO; LANES];
            eight[..rest.len()].copy_from_slice(rest);
            *out = L::from_array(self.token, &eight);
        }
    }
}

/// Vectors into elements.
pub(super) struct Spread<'a, L> {
    pub(super) lanes: &'a [L],
    pub(super) out: &'a mut [Fr],
}

impl<L: Lanes<Element = Fr>> Work for Spread<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (eight, vector) in self.out.as_chunks_mut::<LANES>().0.iter_mut().zip(self.lanes) {
            *eight = vector.to_array();
        }
    }
}

/// Vectors times factors.
pub(super) struct Multiply<'a, L> {
    pub(super) lanes: &'a mut [L],
    pub(super) factors: &'a [L],
}

impl<L: Lanes> Work for Multiply<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (vector, factor) in self.lanes.iter_mut().zip(self.factors) {
            *vector = vector.times(*factor);
        }
    }
}
