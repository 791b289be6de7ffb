//! Products with `mulx`, `adcx` and `adox`: two carries at a time. Processors since Broadwell (2014) and Zen (2017) have them.
//!
//! Of the field, `p < 2^254` with the words `p[0..4]`, and `-1 / p mod 2^64`. For each word of `b`, least first,
//!
//! ```text
//! t = t + a b[i]
//! t = (t + p m) / 2^64    where m = -t[0] / p mod 2^64, so that the division is exact
//! ```
//!
//! With `a` below `p` and `t` below `2 p`, a round leaves `t` at most `(2 p - 1 + (p - 1) (2^64 - 1) + p (2^64 - 1)) / 2^64 < 2 p`, which is below
//! `2^255`, so four words and one for the product's top suffice, and one subtraction at the end leaves it below `p`. 36 multiplications of words, at one a
//! cycle; arkworks' plain code has the same ones and takes about twice as long, as compilers have one carry alone.
//!
//! Source: Botrel, El Housni, <https://hackmd.io/@gnark/modular_multiplication>, "no-carry" CIOS.

use core::arch::asm;

use crate::modulus::Modulus;

/// Whether this processor has the instructions. A load of a byte that the standard library keeps.
#[inline(always)]
pub(super) fn detected() -> Option<Mulx> {
    (std::is_x86_feature_detected!("bmi2") && std::is_x86_feature_detected!("adx")).then_some(Mulx(()))
}

/// The instructions are there: only [`detected`] makes one.
#[derive(Clone, Copy)]
pub(super) struct Mulx(());

/// The words of `p`, and `-1 / p mod 2^64`.
struct Constants<M>(core::marker::PhantomData<M>);

impl<M: Modulus> Constants<M> {
    const WORDS: [u64; 5] = {
        let p = M::WORDS;
        // Newton's iteration doubles the bits that are right: 5 (in p itself, 3), 6, 12, 24, 48, 96.
        let mut inverse = p[0];
        let mut i = 0;
        while i < 5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(p[0].wrapping_mul(inverse)));
            i += 1;
        }
        assert!(p[0].wrapping_mul(inverse) == 1 && p[3] < 1 << 62);
        [p[0], p[1], p[2], p[3], inverse.wrapping_neg()]
    };
}

/// `t += a b[i]`, into `t[0..4]` and `top`, from registers that hold `t` below `2^255`.
macro_rules! times_word {
    ($i:literal) => {
        concat!(
            "xor {low:e}, {low:e}\n",
            "mov rdx, [{b} + 8 * ",
            $i,
            "]\n",
            "mulx {top}, {low}, [{a}]\n",
            "adox {t0}, {low}\n",
            "adcx {t1}, {top}\n",
            "mulx {top}, {low}, [{a} + 8]\n",
            "adox {t1}, {low}\n",
            "adcx {t2}, {top}\n",
            "mulx {top}, {low}, [{a} + 16]\n",
            "adox {t2}, {low}\n",
            "adcx {t3}, {top}\n",
            "mulx {top}, {low}, [{a} + 24]\n",
            "adox {t3}, {low}\n",
            "mov {low:e}, 0\n",
            "adcx {top}, {low}\n",
            "adox {top}, {low}\n",
        )
    };
}

/// `t = (t + p m) / 2^64`.
macro_rules! reduce {
    () => {
        concat!(
            "mov rdx, [{p} + 32]\n",
            "imul rdx, {t0}\n",
            "xor {low:e}, {low:e}\n",
            "mulx {high}, {low}, [{p}]\n",
            "adcx {low}, {t0}\n",
            "mov {t0}, {high}\n",
            "adcx {t0}, {t1}\n",
            "mulx {t1}, {low}, [{p} + 8]\n",
            "adox {t0}, {low}\n",
            "adcx {t1}, {t2}\n",
            "mulx {t2}, {low}, [{p} + 16]\n",
            "adox {t1}, {low}\n",
            "adcx {t2}, {t3}\n",
            "mulx {t3}, {low}, [{p} + 24]\n",
            "adox {t2}, {low}\n",
            "mov {low:e}, 0\n",
            "adcx {t3}, {low}\n",
            "adox {t3}, {top}\n",
        )
    };
}

impl Mulx {
    /// `a b`.
    #[inline(always)]
    pub(super) fn product<M: Modulus>(self, a: &M, b: &M) -> M {
        M::from_montgomery(words::<M>(self, a.as_montgomery(), b.as_montgomery()))
    }
}

/// `a b / 2^256 mod p`, below `p`, for `a` and `b` below `p`.
#[inline(always)]
fn words<M: Modulus>(_: Mulx, a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let p: &[u64; 5] = const { &Constants::<M>::WORDS };
    let (t0, t1, t2, t3): (u64, u64, u64, u64);
    // SAFETY: the token says that the instructions are there. The code reads the words of `a`, `b` and `p`, writes to registers
    // that it names as outputs, to rdx and to flags, and uses no stack.
    unsafe {
        asm!(
            // The first round starts from nothing.
            "xor {low:e}, {low:e}",
            "mov rdx, [{b}]",
            "mulx {t1}, {t0}, [{a}]",
            "mulx {t2}, {low}, [{a} + 8]",
            "adcx {t1}, {low}",
            "mulx {t3}, {low}, [{a} + 16]",
            "adcx {t2}, {low}",
            "mulx {top}, {low}, [{a} + 24]",
            "adcx {t3}, {low}",
            "mov {low:e}, 0",
            "adcx {top}, {low}",
            reduce!(),
            times_word!("1"),
            reduce!(),
            times_word!("2"),
            reduce!(),
            times_word!("3"),
            reduce!(),
            // Less p, where it is not less than p.
            "mov {low}, {t0}",
            "sub {low}, [{p}]",
            "mov {top}, {t1}",
            "sbb {top}, [{p} + 8]",
            "mov {high}, {t2}",
            "sbb {high}, [{p} + 16]",
            "mov rdx, {t3}",
            "sbb rdx, [{p} + 24]",
            "cmovnc {t0}, {low}",
            "cmovnc {t1}, {top}",
            "cmovnc {t2}, {high}",
            "cmovnc {t3}, rdx",
            a = in(reg) a,
            b = in(reg) b,
            p = in(reg) p,
            t0 = out(reg) t0,
            t1 = out(reg) t1,
            t2 = out(reg) t2,
            t3 = out(reg) t3,
            top = out(reg) _,
            high = out(reg) _,
            low = out(reg) _,
            out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    [t0, t1, t2, t3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::portable::edges;
    use ark_bn254::{Fq, Fr};

    fn agrees<M: Modulus>() {
        // A processor without them has nothing to compare.
        let Some(mulx) = detected() else { return };
        let all = edges::<M>();
        for a in &all {
            for b in &all {
                assert_eq!(mulx.product(a, b), *a * b, "{}: {a} {b}", M::NAME);
            }
            assert_eq!(mulx.product(a, a), a.square());
        }
    }

    #[test]
    fn products_are_those_of_arkworks() {
        agrees::<Fq>();
        agrees::<Fr>();
    }
}
