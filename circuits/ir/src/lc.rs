//! Linear combinations of wires.

use crate::Wire;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A linear combination `sum_i c_i z_i` of wires; wire 0 is the constant one.
///
/// Terms are sorted by wire, one a wire, none with a zero coefficient: equal combinations are equal values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lc(Terms);

/// One term stands in place, since most combinations are single wires; longer ones are shared by their copies.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Terms {
    None,
    One([(Wire, Fr); 1]),
    /// Two or more.
    Many(Rc<[(Wire, Fr)]>),
}

impl Default for Lc {
    fn default() -> Lc {
        Lc::zero()
    }
}

impl Hash for Lc {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (wire, c) in self.terms() {
            state.write_u32(*wire);
            // Montgomery limbs, which need no conversion.
            c.0.0.iter().for_each(|limb| state.write_u64(*limb));
        }
    }
}

impl Lc {
    /// The combination without terms.
    pub const fn zero() -> Self {
        Lc(Terms::None)
    }

    /// `value` on wire 0.
    pub fn constant(value: Fr) -> Self {
        Lc::term(0, value)
    }

    /// One wire.
    pub fn wire(wire: Wire) -> Self {
        Lc(Terms::One([(wire, Fr::one())]))
    }

    /// `coefficient * wire`.
    pub fn term(wire: Wire, coefficient: Fr) -> Self {
        if coefficient.is_zero() { Lc::zero() } else { Lc(Terms::One([(wire, coefficient)])) }
    }

    /// From terms in order.
    fn of(terms: &[(Wire, Fr)]) -> Self {
        match terms {
            [] => Lc(Terms::None),
            [term] => Lc(Terms::One([*term])),
            _ => Lc(Terms::Many(terms.into())),
        }
    }

    /// The terms, sorted by wire.
    pub fn terms(&self) -> &[(Wire, Fr)] {
        match &self.0 {
            Terms::None => &[],
            Terms::One(term) => term,
            Terms::Many(terms) => terms,
        }
    }

    /// The value, where no wire but the constant one occurs.
    pub fn as_constant(&self) -> Option<Fr> {
        match self.terms() {
            [] => Some(Fr::zero()),
            [(0, value)] => Some(*value),
            _ => None,
        }
    }

    /// The wire, where the combination is exactly one wire with coefficient one.
    pub fn as_wire(&self) -> Option<Wire> {
        match self.terms() {
            [(wire, coefficient)] if coefficient.is_one() => Some(*wire),
            _ => None,
        }
    }

    /// `self + other`.
    pub fn add(&self, other: &Lc) -> Lc {
        self.add_scaled(other, Fr::one())
    }

    /// `self - other`.
    pub fn sub(&self, other: &Lc) -> Lc {
        self.add_scaled(other, -Fr::one())
    }

    /// `self + value`.
    pub fn add_constant(&self, value: Fr) -> Lc {
        self.add(&Lc::constant(value))
    }

    /// `factor * self`.
    pub fn scale(&self, factor: Fr) -> Lc {
        if factor.is_zero() {
            return Lc::zero();
        }
        let scaled = |(wire, c): &(Wire, Fr)| (*wire, times(c, &factor));
        Lc(match &self.0 {
            Terms::None => Terms::None,
            Terms::One(term) => Terms::One(term.each_ref().map(scaled)),
            Terms::Many(terms) => Terms::Many(terms.iter().map(scaled).collect()),
        })
    }

    /// `self + factor * other`: one merge of the two term lists.
    pub fn add_scaled(&self, other: &Lc, factor: Fr) -> Lc {
        if factor.is_zero() {
            return self.clone();
        }
        let mut terms = Vec::with_capacity(self.terms().len() + other.terms().len());
        let (mut left, mut right) = (self.terms().iter().peekable(), other.terms().iter().peekable());
        loop {
            let term = match (left.peek(), right.peek()) {
                (Some((i, _)), Some((j, _))) if i == j => {
                    let ((wire, a), (_, b)) = (left.next().expect("peeked"), right.next().expect("peeked"));
                    (*wire, *a + times(b, &factor))
                }
                (Some((i, _)), Some((j, _))) if i < j => *left.next().expect("peeked"),
                (_, Some((wire, b))) => {
                    right.next();
                    (*wire, times(b, &factor))
                }
                (Some(_), None) => *left.next().expect("peeked"),
                (None, None) => break,
            };
            if !term.1.is_zero() {
                terms.push(term);
            }
        }
        Lc::of(&terms)
    }

    /// `sum_i factor_i * lc_i`, cheaper than adding one by one.
    pub fn combine<'a>(parts: impl IntoIterator<Item = (Fr, &'a Lc)>) -> Lc {
        let mut terms = Vec::new();
        Lc::combine_into(parts, &mut terms);
        Lc::of(&terms)
    }

    /// [`combine`](Lc::combine) into a list, which is emptied first.
    pub(crate) fn combine_into<'a>(parts: impl IntoIterator<Item = (Fr, &'a Lc)>, terms: &mut Vec<(Wire, Fr)>) {
        terms.clear();
        for (factor, lc) in parts {
            terms.extend(lc.terms().iter().map(|(wire, c)| (*wire, times(c, &factor))));
        }
        // Runs of sorted terms: the stable sort merges them.
        terms.sort_by_key(|(wire, _)| *wire);
        terms.dedup_by(|(wire, c), (last, sum)| {
            let same = wire == last;
            if same {
                *sum += *c;
            }
            same
        });
        terms.retain(|(_, c)| !c.is_zero());
    }

    /// The value under an assignment; `None` where a wire has no value yet.
    pub fn eval(&self, assignment: &[Fr]) -> Option<Fr> {
        let mut sum = Fr::zero();
        for (wire, c) in self.terms() {
            sum += *c * assignment.get(*wire as usize)?;
        }
        Some(sum)
    }
}

/// `a b`, where one of them is often 1.
fn times(a: &Fr, b: &Fr) -> Fr {
    if a.is_one() {
        *b
    } else if b.is_one() {
        *a
    } else {
        *a * b
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::UniformRand;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    #[test]
    fn sums_stay_sorted_and_drop_zeros() {
        let a = Lc::wire(3).add(&Lc::wire(1)).add_constant(Fr::from(7));
        assert_eq!(a.terms(), [(0, Fr::from(7)), (1, Fr::one()), (3, Fr::one())]);
        assert_eq!(a.sub(&Lc::wire(1)).sub(&Lc::wire(3)).as_constant(), Some(Fr::from(7)));
        assert_eq!(a.sub(&a), Lc::zero());
        assert_eq!(a.scale(Fr::zero()), Lc::zero());
        assert_eq!(Lc::constant(Fr::zero()), Lc::zero());
        assert_eq!(Lc::term(4, Fr::from(2)).as_wire(), None);
        assert_eq!(Lc::wire(4).as_wire(), Some(4));
    }

    #[test]
    fn combine_is_repeated_addition_and_eval_is_linear() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let z: Vec<Fr> = (0..8).map(|_| Fr::rand(&mut rng)).collect();
        let lcs: Vec<Lc> =
            (0..5).map(|i| (i..i + 3).fold(Lc::zero(), |lc, w| lc.add(&Lc::term(w, Fr::rand(&mut rng))))).collect();
        let factors: Vec<Fr> = (0..5).map(|_| Fr::rand(&mut rng)).collect();
        let combined = Lc::combine(factors.iter().copied().zip(&lcs));
        let folded = factors.iter().zip(&lcs).fold(Lc::zero(), |sum, (f, lc)| sum.add_scaled(lc, *f));
        assert_eq!(combined, folded);
        let expected: Fr = factors.iter().zip(&lcs).map(|(f, lc)| *f * lc.eval(&z).unwrap()).sum();
        assert_eq!(combined.eval(&z), Some(expected));
        assert_eq!(combined.eval(&z[..3]), None);
    }
}
