//! One inversion, in variable time.
//!
//! Division steps of Bernstein and Yang on the lowest 62 bits of a pair `(f, g)`, collected in a 2x2 matrix that is then
//! applied to the whole numbers, until `g = 0` and `f = +-gcd = +-1`. Numbers are in signed limbs of 62 bits.
//!
//! Source: Bernstein, Yang, <https://eprint.iacr.org/2019/266>; the variable-time form with several steps at once of
//! Wuille, <https://github.com/bitcoin-core/secp256k1/blob/master/doc/safegcd_implementation.md>.

use core::cmp::Ordering;

use crate::modulus::{Modulus, power_of_two};

/// `sum limbs[i] 2^(62 i)`; all limbs but the highest in `[0, 2^62)`.
type Signed62 = [i64; 5];

const MASK: u64 = u64::MAX >> 2;

/// What 62 division steps do, times `2^62`: `(f, g) -> ((u f + v g) / 2^62, (q f + r g) / 2^62)`.
struct Steps {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// The inverse, `None` of zero. About 1 us; arkworks' binary Euclid takes 2 to 5.
///
/// Variable time: it leaks its argument.
pub fn invert<M: Modulus>(element: &M) -> Option<M> {
    if element.is_zero() {
        return None;
    }
    // Montgomery words a R have the inverse a^-1 R^-1 modulo p, to which two more factors R^2 are due: R^3 / R.
    let correction = M::from_montgomery(const { power_of_two(M::WORDS, 768) });
    Some(M::from_montgomery(invert_words::<M>(element.montgomery())) * correction)
}

/// `1 / x` modulo `p`, for `0 < x < p`.
fn invert_words<M: Modulus>(x: [u64; 4]) -> [u64; 4] {
    let modulus = const { split(M::WORDS) };
    let inverse = const { crate::modulus::inverse_of(M::WORDS[0]) & MASK };
    let (mut d, mut e) = ([0i64; 5], [1i64, 0, 0, 0, 0]);
    let (mut f, mut g) = (modulus, split(x));
    let mut eta = -1;
    let mut len = 5;
    loop {
        let steps;
        (eta, steps) = division_steps(eta, f[0] as u64, g[0] as u64);
        update_de(&mut d, &mut e, &steps, &modulus, inverse);
        update_fg(&mut f, &mut g, &steps, len);
        if g[..len].iter().all(|limb| *limb == 0) {
            break;
        }
        // Highest limbs that are only a sign move into the limb below.
        let (top_f, top_g) = (f[len - 1], g[len - 1]);
        if len >= 2 && top_f == top_f >> 63 && top_g == top_g >> 63 {
            f[len - 2] |= ((top_f as u64) << 62) as i64;
            g[len - 2] |= ((top_g as u64) << 62) as i64;
            len -= 1;
        }
    }
    normalise(d, f[len - 1] < 0, &modulus)
}

/// 62 division steps on the lowest bits: the new eta, and what they do.
#[inline(always)]
fn division_steps(mut eta: i64, mut f: u64, mut g: u64) -> (i64, Steps) {
    let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
    let mut left = 62u32;
    loop {
        // Zeros at the end of g are that many steps; a sentinel stops at the number that is left.
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= i64::from(zeros);
        left -= zeros;
        if left == 0 {
            break;
        }
        // Multiples w of f that clear the lowest bits of g: up to 6 after a swap, up to 4 otherwise.
        let w = if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
            let limit = (eta + 1).min(i64::from(left)) as u32;
            let mask = (u64::MAX >> (64 - limit.min(64))) & 63;
            f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & mask
        } else {
            let limit = (eta + 1).min(i64::from(left)) as u32;
            let mask = (u64::MAX >> (64 - limit.min(64))) & 15;
            let w = f.wrapping_add((f.wrapping_add(1) & 4) << 1);
            w.wrapping_neg().wrapping_mul(g) & mask
        };
        g = g.wrapping_add(f.wrapping_mul(w));
        q = q.wrapping_add(u.wrapping_mul(w));
        r = r.wrapping_add(v.wrapping_mul(w));
    }
    (eta, Steps { u: u as i64, v: v as i64, q: q as i64, r: r as i64 })
}

/// `(d, e)` times the matrix, divided by `2^62` modulo `p`; both stay in `(-2 p, p)`.
#[inline(always)]
fn update_de(d: &mut Signed62, e: &mut Signed62, steps: &Steps, modulus: &Signed62, inverse: u64) {
    let Steps { u, v, q, r } = *steps;
    let (sign_d, sign_e) = (d[4] >> 63, e[4] >> 63);
    // Multiples of p that bring negative numbers up, and then make the lowest 62 bits zero.
    let mut of_d = (u & sign_d) + (v & sign_e);
    let mut of_e = (q & sign_d) + (r & sign_e);
    let mut carry_d = wide(u, d[0]) + wide(v, e[0]);
    let mut carry_e = wide(q, d[0]) + wide(r, e[0]);
    of_d -= (inverse.wrapping_mul(carry_d as u64).wrapping_add(of_d as u64) & MASK) as i64;
    of_e -= (inverse.wrapping_mul(carry_e as u64).wrapping_add(of_e as u64) & MASK) as i64;
    carry_d += wide(modulus[0], of_d);
    carry_e += wide(modulus[0], of_e);
    debug_assert!(carry_d as u64 & MASK == 0 && carry_e as u64 & MASK == 0);
    carry_d >>= 62;
    carry_e >>= 62;
    for i in 1..5 {
        carry_d += wide(u, d[i]) + wide(v, e[i]) + wide(modulus[i], of_d);
        carry_e += wide(q, d[i]) + wide(r, e[i]) + wide(modulus[i], of_e);
        d[i - 1] = (carry_d as u64 & MASK) as i64;
        e[i - 1] = (carry_e as u64 & MASK) as i64;
        carry_d >>= 62;
        carry_e >>= 62;
    }
    d[4] = carry_d as i64;
    e[4] = carry_e as i64;
}

/// `(f, g)` times the matrix, divided by `2^62`, exactly.
#[inline(always)]
fn update_fg(f: &mut Signed62, g: &mut Signed62, steps: &Steps, len: usize) {
    let Steps { u, v, q, r } = *steps;
    let mut carry_f = wide(u, f[0]) + wide(v, g[0]);
    let mut carry_g = wide(q, f[0]) + wide(r, g[0]);
    debug_assert!(carry_f as u64 & MASK == 0 && carry_g as u64 & MASK == 0);
    carry_f >>= 62;
    carry_g >>= 62;
    for i in 1..len {
        carry_f += wide(u, f[i]) + wide(v, g[i]);
        carry_g += wide(q, f[i]) + wide(r, g[i]);
        f[i - 1] = (carry_f as u64 & MASK) as i64;
        g[i - 1] = (carry_g as u64 & MASK) as i64;
        carry_f >>= 62;
        carry_g >>= 62;
    }
    f[len - 1] = carry_f as i64;
    g[len - 1] = carry_g as i64;
}

#[inline(always)]
fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// `d` or `-d`, from `(-2 p, p)` to `[0, p)`.
fn normalise(d: Signed62, negate: bool, modulus: &Signed62) -> [u64; 4] {
    let mut value = carried(&if negate { d.map(|limb| -limb) } else { d });
    // Now in (-2 p, 2 p).
    while value[4] < 0 {
        value = carried(&core::array::from_fn(|i| value[i] + modulus[i]));
    }
    while compare(&value, modulus) != Ordering::Less {
        value = carried(&core::array::from_fn(|i| value[i] - modulus[i]));
    }
    let v = value.map(|limb| limb as u64);
    [v[0] | v[1] << 62, v[1] >> 2 | v[2] << 60, v[2] >> 4 | v[3] << 58, v[3] >> 6 | v[4] << 56]
}

/// All limbs but the highest in `[0, 2^62)` again.
fn carried(limbs: &Signed62) -> Signed62 {
    let mut out = *limbs;
    for i in 0..4 {
        out[i + 1] += out[i] >> 62;
        out[i] &= MASK as i64;
    }
    out
}

fn compare(a: &Signed62, b: &Signed62) -> Ordering {
    a.iter().rev().cmp(b.iter().rev())
}

const fn split(w: [u64; 4]) -> Signed62 {
    [
        (w[0] & MASK) as i64,
        ((w[0] >> 62 | w[1] << 2) & MASK) as i64,
        ((w[1] >> 60 | w[2] << 4) & MASK) as i64,
        ((w[2] >> 58 | w[3] << 6) & MASK) as i64,
        (w[3] >> 56) as i64,
    ]
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fq, Fr};
    use rand::SeedableRng;

    use super::*;

    fn inverts<M: Modulus>() {
        let mut random = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let edges = (1..200u64).map(M::from).chain((1..200u64).map(|k| -M::from(k)));
        let powers = (0..254u64).map(|k| M::from(2u64).pow([k]));
        let halves = (0..254u64).map(|k| M::from(2u64).pow([k]).inverse().expect("not zero"));
        let uniform = (0..5000).map(|_| M::rand(&mut random));
        for element in edges.chain(powers).chain(halves).chain(uniform) {
            let inverse = invert(&element).expect("not zero");
            assert_eq!(Some(inverse), element.inverse(), "{} 1 / {element}", M::NAME);
        }
        assert_eq!(invert(&M::zero()), None);
    }

    #[test]
    fn inverses_are_arkworks() {
        inverts::<Fq>();
        inverts::<Fr>();
    }
}
