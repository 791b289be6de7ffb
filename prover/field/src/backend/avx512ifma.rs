//! AVX-512 with IFMA: eight elements in five vectors of 52-bit limbs.
//!
#![doc = include_str!("../../docs/avx512ifma.md")]

#[cfg(target_arch = "x86_64")]
mod arithmetic;
#[cfg(target_arch = "x86_64")]
mod extension;
#[cfg(target_arch = "x86_64")]
mod lanes;
#[cfg(target_arch = "x86_64")]
mod memory;

#[cfg(target_arch = "x86_64")]
pub use {extension::Ifma2, lanes::Ifma};

use ark_bn254::{Fq, Fr};

use crate::backend::{Backend, Work};

/// The token: exists only where the processor has the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512Ifma(());

impl Avx512Ifma {
    /// The token, where the processor has the instructions.
    pub fn detect() -> Option<Self> {
        missing().is_none().then_some(Avx512Ifma(()))
    }
}

/// The first feature that this processor lacks.
pub fn missing() -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! need {
            ($($feature:tt)*) => {
                $(if !std::arch::is_x86_feature_detected!($feature) {
                    return Some($feature);
                })*
            };
        }
        need!("avx512f" "avx512ifma" "avx512dq" "avx512bw" "avx512vl" "avx512vbmi2" "bmi1" "bmi2" "adx");
        None
    }
    #[cfg(not(target_arch = "x86_64"))]
    Some("x86-64")
}

#[cfg(target_arch = "x86_64")]
impl Backend for Avx512Ifma {
    type Fq = Ifma<Fq>;
    type Fr = Ifma<Fr>;
    type Fq2 = Ifma2;

    const NAME: &'static str = "avx512ifma";

    #[inline(always)]
    fn run<W: Work>(self, work: W) -> W::Output {
        #[target_feature(enable = "avx512f,avx512ifma,avx512dq,avx512bw,avx512vl,avx512vbmi2,bmi1,bmi2,adx")]
        #[inline(never)]
        fn enabled<W: Work>(work: W) -> W::Output {
            work.run()
        }
        // SAFETY: `self` exists only where `missing` found every one of these features (private field, `detect`).
        unsafe { enabled(work) }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl Backend for Avx512Ifma {
    type Fq = crate::backend::portable::Eight<Fq, Self>;
    type Fr = crate::backend::portable::Eight<Fr, Self>;
    type Fq2 = crate::backend::portable::Eight<ark_bn254::Fq2, Self>;

    const NAME: &'static str = "avx512ifma";

    fn run<W: Work>(self, work: W) -> W::Output {
        work.run()
    }
}
