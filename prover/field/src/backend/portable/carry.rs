//! Sums and differences of four words with the carry flag, which compilers do not keep across them.
//!
//! Every x86-64 processor has these instructions. Elsewhere the same in plain Rust.

use crate::modulus::Modulus;

/// `a + b`, less `p` where it is not below `p < 2^255`. Without a branch, which would be mispredicted every other time.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn sum<M: Modulus>(a: &M, b: &M) -> M {
    let (a, b, p): (_, _, &[u64; 4]) = (a.as_montgomery(), b.as_montgomery(), const { &M::WORDS });
    let (s0, s1, s2, s3): (u64, u64, u64, u64);
    // SAFETY: reads the words of `a`, `b` and `p`, writes to registers that are its outputs and to flags, and uses no stack.
    unsafe {
        core::arch::asm!(
            "mov {s0}, [{a}]",
            "mov {s1}, [{a} + 8]",
            "mov {s2}, [{a} + 16]",
            "mov {s3}, [{a} + 24]",
            "add {s0}, [{b}]",
            "adc {s1}, [{b} + 8]",
            "adc {s2}, [{b} + 16]",
            "adc {s3}, [{b} + 24]",
            // Less p, where it is not less than p.
            "mov {r0}, {s0}",
            "mov {r1}, {s1}",
            "mov {r2}, {s2}",
            "mov {r3}, {s3}",
            "sub {r0}, [{p}]",
            "sbb {r1}, [{p} + 8]",
            "sbb {r2}, [{p} + 16]",
            "sbb {r3}, [{p} + 24]",
            "cmovnc {s0}, {r0}",
            "cmovnc {s1}, {r1}",
            "cmovnc {s2}, {r2}",
            "cmovnc {s3}, {r3}",
            a = in(reg) a,
            b = in(reg) b,
            p = in(reg) p,
            s0 = out(reg) s0,
            s1 = out(reg) s1,
            s2 = out(reg) s2,
            s3 = out(reg) s3,
            r0 = out(reg) _,
            r1 = out(reg) _,
            r2 = out(reg) _,
            r3 = out(reg) _,
            options(pure, readonly, nostack),
        );
    }
    M::from_montgomery([s0, s1, s2, s3])
}

/// `a - b`, with `p` where it is negative; without a branch.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn difference<M: Modulus>(a: &M, b: &M) -> M {
    let (a, b, p): (_, _, &[u64; 4]) = (a.as_montgomery(), b.as_montgomery(), const { &M::WORDS });
    let (s0, s1, s2, s3): (u64, u64, u64, u64);
    // SAFETY: reads the words of `a`, `b` and `p`, writes to registers that are its outputs and to flags, and uses no stack.
    unsafe {
        core::arch::asm!(
            "mov {s0}, [{a}]",
            "mov {s1}, [{a} + 8]",
            "mov {s2}, [{a} + 16]",
            "mov {s3}, [{a} + 24]",
            "sub {s0}, [{b}]",
            "sbb {s1}, [{b} + 8]",
            "sbb {s2}, [{b} + 16]",
            "sbb {s3}, [{b} + 24]",
            // All ones where it was negative.
            "sbb {r0}, {r0}",
            "mov {r1}, {r0}",
            "mov {r2}, {r0}",
            "mov {r3}, {r0}",
            "and {r0}, [{p}]",
            "and {r1}, [{p} + 8]",
            "and {r2}, [{p} + 16]",
            "and {r3}, [{p} + 24]",
            "add {s0}, {r0}",
            "adc {s1}, {r1}",
            "adc {s2}, {r2}",
            "adc {s3}, {r3}",
            a = in(reg) a,
            b = in(reg) b,
            p = in(reg) p,
            s0 = out(reg) s0,
            s1 = out(reg) s1,
            s2 = out(reg) s2,
            s3 = out(reg) s3,
            r0 = out(reg) _,
            r1 = out(reg) _,
            r2 = out(reg) _,
            r3 = out(reg) _,
            options(pure, readonly, nostack),
        );
    }
    M::from_montgomery([s0, s1, s2, s3])
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use plain::{difference, sum};

#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain {
    use crate::modulus::{Modulus, subtract};

    #[inline(always)]
    pub(in crate::backend::portable) fn sum<M: Modulus>(a: &M, b: &M) -> M {
        let (a, b) = (a.montgomery(), b.montgomery());
        let (mut total, mut carry) = ([0; 4], 0);
        for i in 0..4 {
            let wide = u128::from(a[i]) + u128::from(b[i]) + carry;
            total[i] = wide as u64;
            carry = wide >> 64;
        }
        let (less, borrowed) = subtract(total, M::WORDS);
        let keep = u64::from(borrowed).wrapping_neg();
        M::from_montgomery(core::array::from_fn(|i| (total[i] & keep) | (less[i] & !keep)))
    }

    #[inline(always)]
    pub(in crate::backend::portable) fn difference<M: Modulus>(a: &M, b: &M) -> M {
        let (less, borrowed) = subtract(a.montgomery(), b.montgomery());
        let keep = u64::from(borrowed).wrapping_neg();
        let (mut total, mut carry) = ([0; 4], 0);
        for i in 0..4 {
            let wide = u128::from(less[i]) + u128::from(M::WORDS[i] & keep) + carry;
            total[i] = wide as u64;
            carry = wide >> 64;
        }
        M::from_montgomery(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::portable::edges;
    use ark_bn254::{Fq, Fr};

    fn agrees<M: Modulus>() {
        let all = edges::<M>();
        for a in &all {
            for b in &all {
                assert_eq!((sum(a, b), difference(a, b)), (*a + b, *a - b), "{}: {a} {b}", M::NAME);
                assert_eq!((plain::sum(a, b), plain::difference(a, b)), (*a + b, *a - b), "{}: {a} {b}", M::NAME);
            }
        }
    }

    #[test]
    fn sums_are_those_of_arkworks() {
        agrees::<Fq>();
        agrees::<Fr>();
    }
}
