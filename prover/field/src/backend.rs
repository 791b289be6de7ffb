//! The gate: which instructions this processor has, and the token that proves it.

pub mod avx512ifma;
pub mod portable;

use std::sync::OnceLock;

use ark_bn254::{Fq, Fr};

use crate::lanes::{ExtensionLanes, PrimeLanes};

pub use avx512ifma::Avx512Ifma;
pub use portable::Portable;

/// The variable that forces a backend: `portable` or `avx512ifma`.
pub const VARIABLE: &str = "ZERA_CPU";

/// A set of instructions, as a token that exists only where the processor has them.
pub trait Backend: Copy + Send + Sync + 'static {
    /// The base field.
    type Fq: PrimeLanes<Token = Self, Element = Fq>;
    /// The scalar field.
    type Fr: PrimeLanes<Token = Self, Element = Fr>;
    /// The base field's quadratic extension.
    type Fq2: ExtensionLanes<Token = Self, Base = Self::Fq>;

    /// A short name for logs and records.
    const NAME: &'static str;

    /// Runs work with the instructions enabled. What is inlined into it (`#[inline(always)]`) is compiled for them;
    /// enter around a whole loop, and again in every task of a thread pool.
    fn run<W: Work>(self, work: W) -> W::Output;
}

/// Work that a backend runs; `run` is `#[inline(always)]` and generic over the lanes that it uses.
pub trait Work {
    /// What comes out.
    type Output;
    /// Does it.
    fn run(self) -> Self::Output;
}

/// Something to do with whichever backend there is.
pub trait WithBackend {
    /// What comes out.
    type Output;
    /// Does it.
    fn with<B: Backend>(self, backend: B) -> Self::Output;
}

/// A backend as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cpu {
    /// Plain Rust: the reference.
    Portable(Portable),
    /// AVX-512 with IFMA: eight lanes of 52-bit limbs.
    Avx512Ifma(Avx512Ifma),
}

/// Why the wanted backend cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CpuError {
    /// The variable holds something else.
    #[error("{VARIABLE}={got}: expected portable or avx512ifma")]
    Unknown {
        /// What it holds.
        got: String,
    },
    /// The processor lacks the instructions.
    #[error("{VARIABLE}=avx512ifma: this processor lacks {missing}")]
    Missing {
        /// The first feature that is not there.
        missing: &'static str,
    },
}

impl Cpu {
    /// The best that this processor has.
    pub fn detect() -> Cpu {
        Avx512Ifma::detect().map_or(Cpu::Portable(Portable), Cpu::Avx512Ifma)
    }

    /// The one named, or the best for `None`.
    ///
    /// # Errors
    /// [`CpuError`].
    pub fn choose(name: Option<&str>) -> Result<Cpu, CpuError> {
        match name {
            None => Ok(Cpu::detect()),
            Some("portable") => Ok(Cpu::Portable(Portable)),
            Some("avx512ifma") => match Avx512Ifma::detect() {
                Some(token) => Ok(Cpu::Avx512Ifma(token)),
                None => Err(CpuError::Missing { missing: avx512ifma::missing().unwrap_or("it") }),
            },
            Some(got) => Err(CpuError::Unknown { got: got.to_owned() }),
        }
    }

    /// What [`VARIABLE`] wants, read once.
    ///
    /// # Errors
    /// [`CpuError`].
    pub fn from_environment() -> Result<Cpu, CpuError> {
        static CHOSEN: OnceLock<Result<Cpu, CpuError>> = OnceLock::new();
        CHOSEN.get_or_init(|| Cpu::choose(std::env::var(VARIABLE).ok().as_deref())).clone()
    }

    /// The first feature that this processor lacks for [`Avx512Ifma`].
    pub fn missing() -> Option<&'static str> {
        avx512ifma::missing()
    }

    /// A short name for logs and records.
    pub fn name(self) -> &'static str {
        struct Name;
        impl WithBackend for Name {
            type Output = &'static str;
            fn with<B: Backend>(self, _: B) -> &'static str {
                B::NAME
            }
        }
        self.with(Name)
    }

    /// Does something with it.
    #[inline]
    pub fn with<W: WithBackend>(self, work: W) -> W::Output {
        match self {
            Cpu::Portable(token) => work.with(token),
            Cpu::Avx512Ifma(token) => work.with(token),
        }
    }
}
