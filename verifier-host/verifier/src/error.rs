//! Why bytes are refused. A contract sees only a status; these facts are for the operator's log and for tools.

use core::fmt;

use zera_abi::{KeyId, Status};

/// One 32-byte word of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinate {
    /// x of a G1 point.
    X,
    /// y of a G1 point.
    Y,
    /// The coefficient of u in x of a G2 point; it comes first.
    Xc1,
    /// The constant coefficient of x of a G2 point.
    Xc0,
    /// The coefficient of u in y of a G2 point.
    Yc1,
    /// The constant coefficient of y of a G2 point.
    Yc0,
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Coordinate::X => "x",
            Coordinate::Y => "y",
            Coordinate::Xc1 => "x.c1",
            Coordinate::Xc0 => "x.c0",
            Coordinate::Yc1 => "y.c1",
            Coordinate::Yc0 => "y.c0",
        })
    }
}

/// A point of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofSlot {
    /// In G1.
    A,
    /// In G2.
    B,
    /// In G1.
    C,
}

impl fmt::Display for ProofSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProofSlot::A => "A",
            ProofSlot::B => "B",
            ProofSlot::C => "C",
        })
    }
}

/// A point of a key, or a generator that one is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySlot {
    /// In G1.
    Alpha,
    /// In G2.
    Beta,
    /// In G2.
    Gamma,
    /// In G2.
    Delta,
    /// `IC_i`, in G1.
    Ic(u8),
    /// The generator of G1; no key holds it.
    G1,
    /// The generator of G2; only gamma may be it.
    G2,
}

impl fmt::Display for KeySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySlot::Alpha => f.write_str("alpha"),
            KeySlot::Beta => f.write_str("beta"),
            KeySlot::Gamma => f.write_str("gamma"),
            KeySlot::Delta => f.write_str("delta"),
            KeySlot::Ic(i) => write!(f, "IC_{i}"),
            KeySlot::G1 => f.write_str("the generator of G1"),
            KeySlot::G2 => f.write_str("the generator of G2"),
        }
    }
}

/// Why bytes are not a proof; in the order of the checks, each over the whole proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Another length than 256.
    #[error("proof: expected {} bytes, got {got}", zera_abi::wire::PROOF_LEN)]
    Length {
        /// The length given.
        got: usize,
    },
    /// One of the two top bits of a coordinate is set.
    #[error("proof: {slot}.{coordinate} has a flag bit set")]
    Flags {
        /// The point.
        slot: ProofSlot,
        /// The word.
        coordinate: Coordinate,
    },
    /// A coordinate is not below the base modulus.
    #[error("proof: {slot}.{coordinate} is not below the base modulus")]
    Range {
        /// The point.
        slot: ProofSlot,
        /// The word.
        coordinate: Coordinate,
    },
    /// A point is the identity, written as zeros.
    #[error("proof: {slot} is the identity")]
    Infinity {
        /// The point.
        slot: ProofSlot,
    },
    /// A point is not on its curve.
    #[error("proof: {slot} is not on the curve")]
    Curve {
        /// The point.
        slot: ProofSlot,
    },
    /// B is on its curve and outside the subgroup of order r.
    #[error("proof: {slot} is not in the subgroup of order r")]
    Subgroup {
        /// The point.
        slot: ProofSlot,
    },
}

/// Why bytes are not public inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputsError {
    /// Not a multiple of 32 bytes.
    #[error("public inputs: {got} bytes are not a multiple of 32")]
    Length {
        /// The length given.
        got: usize,
    },
    /// None, or more than any key has.
    #[error("public inputs: expected 1 to {}, got {got}", zera_abi::wire::MAX_PUBLIC_INPUTS)]
    Count {
        /// The number given.
        got: usize,
    },
    /// A scalar is not below r.
    #[error("public inputs: input {index} is not below the scalar modulus")]
    Range {
        /// Its index, from 0.
        index: usize,
    },
}

impl InputsError {
    /// What a contract sees.
    pub const fn status(&self) -> Status {
        match self {
            InputsError::Length { .. } | InputsError::Count { .. } => Status::Count,
            InputsError::Range { .. } => Status::Encoding,
        }
    }
}

/// Why a well-formed proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Another number of public inputs than the key has.
    #[error("public inputs: expected {expected}, got {got}")]
    Count {
        /// What the key has.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// The pairing equation does not hold.
    #[error("proof: the pairing equation does not hold")]
    Rejected,
}

impl VerifyError {
    /// What a contract sees.
    pub const fn status(&self) -> Status {
        match self {
            VerifyError::Count { .. } => Status::Count,
            VerifyError::Rejected => Status::No,
        }
    }
}

/// Why a key is refused; in the order of the checks, each over the whole key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not `448 + 64 (n + 1)` bytes.
    #[error("key: {got} bytes are not 448 + 64 (n + 1)")]
    Length {
        /// The length given.
        got: usize,
    },
    /// No public input, or too many.
    #[error("key: expected 1 to {} public inputs, got {got}", zera_abi::wire::MAX_PUBLIC_INPUTS)]
    Count {
        /// The number that the length names.
        got: usize,
    },
    /// On the list of keys whose setup is public.
    #[error("key: {id} is known to be unsound: {origin}")]
    Known {
        /// The key.
        id: KeyId,
        /// Where it comes from.
        origin: &'static str,
    },
    /// One of the two top bits of a coordinate is set.
    #[error("key: {coordinate} of {slot} has a flag bit set")]
    Flags {
        /// The point.
        slot: KeySlot,
        /// The word.
        coordinate: Coordinate,
    },
    /// A coordinate is not below the base modulus.
    #[error("key: {coordinate} of {slot} is not below the base modulus")]
    Range {
        /// The point.
        slot: KeySlot,
        /// The word.
        coordinate: Coordinate,
    },
    /// alpha, beta, gamma, delta or IC_0 is the identity.
    #[error("key: {slot} is the identity")]
    Identity {
        /// The point.
        slot: KeySlot,
    },
    /// `IC_i` of a public input is the identity: the proof would say nothing about it.
    #[error("key: IC_{index} is the identity, public input {index} is unbound")]
    Unbound {
        /// The input, from 1.
        index: u8,
    },
    /// A point is not on its curve.
    #[error("key: {slot} is not on the curve")]
    Curve {
        /// The point.
        slot: KeySlot,
    },
    /// A G2 point is outside the subgroup of order r.
    #[error("key: {slot} is not in the subgroup of order r")]
    Subgroup {
        /// The point.
        slot: KeySlot,
    },
    /// An IC equals another point up to sign: inputs would be interchangeable.
    #[error("key: {slot} equals {other} up to sign")]
    Duplicate {
        /// The IC.
        slot: KeySlot,
        /// What it equals.
        other: KeySlot,
    },
    /// A known relation between points of the setup: proofs can be forged, or its randomness is a toy.
    #[error("key: {slot} is {factor} times {base}")]
    Setup {
        /// The point.
        slot: KeySlot,
        /// `slot = factor * base`, at most [`MULTIPLE_MAX`](crate::MULTIPLE_MAX) in absolute value.
        factor: i32,
        /// Another point, or a generator.
        base: KeySlot,
    },
    /// The registered sample does not behave as a sample of a sound key must.
    #[error("key: self-test: {step}")]
    SelfTest {
        /// What went wrong.
        step: SelfTestStep,
    },
}

/// A step of [`VerifyingKey::self_test`](crate::VerifyingKey::self_test).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelfTestStep {
    /// The sample does not verify.
    SampleRejected,
    /// The sample verifies with this input changed.
    InputIgnored {
        /// The input, from 0.
        index: usize,
    },
    /// The sample verifies with A negated.
    NegatedAccepted,
    /// The sample verifies without C.
    MissingCAccepted,
    /// `(alpha, beta, -L / factor)` verifies, for any statement.
    ForgeryAccepted {
        /// `delta = factor * gamma`, as far as the pairing can tell.
        factor: i32,
    },
}

impl fmt::Display for SelfTestStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelfTestStep::SampleRejected => f.write_str("the sample proof does not verify"),
            SelfTestStep::InputIgnored { index } => write!(f, "the sample proof verifies with input {index} changed"),
            SelfTestStep::NegatedAccepted => f.write_str("the sample proof verifies with A negated"),
            SelfTestStep::MissingCAccepted => f.write_str("the sample proof verifies without C"),
            SelfTestStep::ForgeryAccepted { factor } => {
                write!(f, "(alpha, beta, -L / {factor}) verifies: the key proves anything")
            }
        }
    }
}
