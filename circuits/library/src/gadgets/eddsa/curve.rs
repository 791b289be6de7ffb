//! Baby Jubjub as circomlib has it: `a x^2 + y^2 = 1 + d x^2 y^2` over BN254's scalar field, `a = 168700`,
//! `d = 168696`, order `8 l`.
//!
//! `a` is a square and `d` is not, so the addition law is complete. (ark-ed-on-bn254 has the same curve in another form.)
//!
//! Source: <https://eips.ethereum.org/EIPS/eip-2494>.

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, Field, MontFp, One, PrimeField, Zero};

/// Coefficient of `x^2`.
pub const A: Fr = MontFp!("168700");
/// Coefficient of `x^2 y^2`.
pub const D: Fr = MontFp!("168696");
/// Order `l` of the subgroup, prime: 2736030358979909402780800718157159386076813972158567259200215660948447373041.
pub const ORDER: Integer = BigInt([0x677297dc392126f1, 0xab3eedb83920ee0a, 0x370a08b6d0302b0b, 0x060c89ce5c263405]);
/// Generator of the subgroup, `Base8`.
pub const BASE8: Point = Point {
    x: MontFp!("5299619240641551281634865583518297030282874472190772894086521144482721001553"),
    y: MontFp!("16950150798460657717958625567821834550301663161624707787222815936182638968203"),
};

/// An integer below 2^256.
pub type Integer = BigInt<4>;

/// A pair of coordinates, on the curve or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// First coordinate.
    pub x: Fr,
    /// Second coordinate.
    pub y: Fr,
}

/// `(X / Z, Y / Z)`.
#[derive(Clone, Copy)]
struct Projective {
    x: Fr,
    y: Fr,
    z: Fr,
}

impl Point {
    /// The neutral element `(0, 1)`.
    pub fn identity() -> Point {
        Point { x: Fr::zero(), y: Fr::one() }
    }

    /// Whether the equation holds.
    pub fn is_on_curve(&self) -> bool {
        let (xx, yy) = (self.x.square(), self.y.square());
        A * xx + yy == Fr::one() + D * xx * yy
    }

    /// `-self`.
    pub fn negated(&self) -> Point {
        Point { x: -self.x, y: self.y }
    }

    /// `self + other`, both on the curve.
    pub fn add(&self, other: &Point) -> Point {
        self.projective().add(&other.projective()).affine()
    }

    /// `scalar * self`, on the curve; variable time.
    pub fn multiply(&self, scalar: &Integer) -> Point {
        let base = self.projective();
        let mut sum = Point::identity().projective();
        for bit in (0..256).rev() {
            sum = sum.add(&sum);
            if scalar.get_bit(bit) {
                sum = sum.add(&base);
            }
        }
        sum.affine()
    }

    fn projective(&self) -> Projective {
        Projective { x: self.x, y: self.y, z: Fr::one() }
    }
}

impl Projective {
    /// add-2008-bbjlp of the Explicit-Formulas Database, complete here.
    fn add(&self, other: &Projective) -> Projective {
        let zz = self.z * other.z;
        let b = zz.square();
        let c = self.x * other.x;
        let d = self.y * other.y;
        let e = D * c * d;
        let (f, g) = (b - e, b + e);
        let cross = (self.x + self.y) * (other.x + other.y) - c - d;
        Projective { x: zz * f * cross, y: zz * g * (d - A * c), z: f * g }
    }

    /// `z` is never zero on the curve; off it the result is the neutral element, not a panic.
    fn affine(&self) -> Point {
        match self.z.inverse() {
            Some(inverse) => Point { x: self.x * inverse, y: self.y * inverse },
            None => Point::identity(),
        }
    }
}

/// `a + b` modulo `l`, both below it.
pub fn add_mod(a: &Integer, b: &Integer) -> Integer {
    // Below 2 l < 2^252: nothing is carried out.
    let mut sum = *a;
    sum.add_with_carry(b);
    if sum >= ORDER {
        sum.sub_with_borrow(&ORDER);
    }
    sum
}

/// `a b` modulo `l`; `b` is below it, `a` any integer. Bit by bit.
pub fn mul_mod(a: &Integer, b: &Integer) -> Integer {
    (0..256).rev().fold(Integer::zero(), |sum, bit| {
        let twice = add_mod(&sum, &sum);
        if a.get_bit(bit) { add_mod(&twice, b) } else { twice }
    })
}

/// Little-endian bytes modulo `l`.
pub fn reduce(bytes: &[u8]) -> Integer {
    let one = Integer::from(1u64);
    bytes.iter().rev().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).fold(
        Integer::zero(),
        |sum, bit| {
            let twice = add_mod(&sum, &sum);
            if bit { add_mod(&twice, &one) } else { twice }
        },
    )
}

/// The integer in `0..r` of a field element.
pub fn integer(element: &Fr) -> Integer {
    element.into_bigint()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VECTORS: &str = include_str!("../../../vectors/babyjub.txt");

    fn number(text: &str) -> Integer {
        text.bytes().fold(Integer::zero(), |sum, digit| {
            let mut ten = sum << 3;
            ten.add_with_carry(&(sum << 1));
            ten.add_with_carry(&Integer::from(u64::from(digit - b'0')));
            ten
        })
    }

    #[test]
    fn multiples_are_circomlibs() {
        let generator = Point {
            x: MontFp!("995203441582195749578291179787384436505546430278305826713579947235728471134"),
            y: MontFp!("5472060717959818805561601436314318772137091100104008585924551046643952123905"),
        };
        assert_eq!(generator.multiply(&Integer::from(8u64)), BASE8);
        let mut lines = 0;
        for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
            let numbers: Vec<Integer> = line.split(' ').map(number).collect();
            let element = |at: usize| Fr::from_bigint(numbers[at]).unwrap();
            for (base, at) in [(BASE8, 1), (generator, 3)] {
                let product = base.multiply(&numbers[0]);
                assert_eq!(product, Point { x: element(at), y: element(at + 1) });
                assert!(product.is_on_curve());
            }
            lines += 1;
        }
        assert_eq!(lines, 11);
        assert_eq!(BASE8.multiply(&ORDER), Point::identity());
        assert_eq!(ORDER, number("2736030358979909402780800718157159386076813972158567259200215660948447373041"));
    }

    #[test]
    fn the_law_is_complete() {
        assert!(A.legendre().is_qr() && !D.legendre().is_qr());
        let two_torsion = Point { x: Fr::zero(), y: -Fr::one() };
        for point in [BASE8, Point::identity(), two_torsion, BASE8.add(&two_torsion)] {
            assert_eq!(point.add(&Point::identity()), point);
            assert_eq!(point.add(&point.negated()), Point::identity());
            assert_eq!(point.add(&point), point.multiply(&Integer::from(2u64)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn scalars_are_modulo_the_order(a: [u8; 32], b: [u8; 32]) {
            let (x, y) = (reduce(&a), reduce(&b));
            prop_assert!(x < ORDER);
            let sum = BASE8.multiply(&x).add(&BASE8.multiply(&y));
            prop_assert_eq!(BASE8.multiply(&add_mod(&x, &y)), sum);
            prop_assert_eq!(BASE8.multiply(&x).multiply(&y), BASE8.multiply(&mul_mod(&x, &y)));
            let mut whole = Integer::zero();
            for (limb, chunk) in whole.0.iter_mut().zip(a.chunks_exact(8)) {
                *limb = u64::from_le_bytes(chunk.try_into().unwrap());
            }
            prop_assert_eq!(BASE8.multiply(&whole), BASE8.multiply(&x));
        }
    }
}
