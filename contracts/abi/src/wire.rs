//! Byte layouts. Written and read by hand: one encoding per value, exact lengths, nothing allocated.
//!
//! ```text
//! proof, 256 bytes (EIP-197 order, big-endian, no flags)
//!   0    64    A    x, y
//!   64   128   B    x.c1, x.c0, y.c1, y.c0
//!   192  64    C    x, y
//!
//! verifying key, 448 + 64 (n + 1) bytes, n public inputs
//!   0    64    alpha   G1
//!   64   128   beta    G2
//!   192  128   gamma   G2
//!   320  128   delta   G2
//!   448  64    IC_0, IC_1, .. IC_n   G1 each
//!
//! request v1
//!   0    32    predicate
//!   32   4     public_len (u32 LE)
//!   36   ..    public input
//!   +    16    bounty (u128 LE)
//!   +    16    min_stake (u128 LE)
//!   +    16    value_at_risk (u128 LE)
//!   +    8     deadline (u64 LE)
//!   +    8     callback_fuel (u64 LE)
//!   +    1     n_expected
//!   +    32 n  expected declared commitments: the answer's first n declared values
//!   +    4     flags (u32 LE): bits 0-1 the level that is enough (0 default, 1 attested, 2 accepted, 3 final)
//!
//! claim v1
//!   0    1     outcome
//!   1    32    provider
//!   33   8     not_after (u64 LE)
//!   41   32    context
//!   73   4     public_len (u32 LE)
//!   77   ..    public input
//!   +    1     n
//!   +    32 n  declared values
//! ```

use crate::id::{AccountId, PredicateId};
use crate::outcome::{Level, Outcome};

/// Bytes of a base-field element or scalar.
pub const FIELD_LEN: usize = 32;
/// Bytes of a G1 point.
pub const G1_LEN: usize = 64;
/// Bytes of a G2 point.
pub const G2_LEN: usize = 128;
/// Bytes of a proof.
pub const PROOF_LEN: usize = 256;
/// Offset of A in a proof.
pub const PROOF_A: usize = 0;
/// Offset of B in a proof.
pub const PROOF_B: usize = 64;
/// Offset of C in a proof.
pub const PROOF_C: usize = 192;
/// Offset of alpha in a key.
pub const KEY_ALPHA: usize = 0;
/// Offset of beta in a key.
pub const KEY_BETA: usize = 64;
/// Offset of gamma in a key.
pub const KEY_GAMMA: usize = 192;
/// Offset of delta in a key.
pub const KEY_DELTA: usize = 320;
/// Offset of IC_0 in a key.
pub const KEY_IC: usize = 448;
/// Most public inputs of a key.
pub const MAX_PUBLIC_INPUTS: usize = 16;
/// Most bytes of inline public input of a request (governed; this is the hard ceiling).
pub const MAX_PUBLIC_LEN: usize = 16 * 1024;
/// Public inputs of every predicate: outcome, binding, input root; declared values follow.
pub const STATEMENT_INPUTS: usize = 3;
/// Most declared values of a predicate.
pub const MAX_DECLARED: usize = MAX_PUBLIC_INPUTS - STATEMENT_INPUTS;
/// Bytes of a request without its public input and expected commitments.
pub const REQUEST_FIXED_LEN: usize = 32 + 4 + 16 * 3 + 8 * 2 + 1 + 4;
/// Bytes of a claim without its public input and declared values.
pub const CLAIM_FIXED_LEN: usize = 1 + 32 + 8 + 32 + 4 + 1;

/// Length of a key with `n` public inputs.
pub const fn key_len(n: usize) -> usize {
    KEY_IC + G1_LEN * (n + 1)
}

/// The number of public inputs of a key of this length; `None` unless it is a key's length with `1 <= n <= 16`.
pub const fn key_inputs(len: usize) -> Option<usize> {
    if len < key_len(1) || len > key_len(MAX_PUBLIC_INPUTS) || (len - KEY_IC) % G1_LEN != 0 {
        return None;
    }
    Some((len - KEY_IC) / G1_LEN - 1)
}

/// The bit of a request's flags beside its level: an answer without a proof is taken.
const FLAG_ATTESTED: u32 = 1 << 8;

/// A request to open a task, as [`request_offchain_computation`](crate::host_functions) takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The predicate's version.
    pub predicate: PredicateId,
    /// Public input bytes, as many as the predicate declares.
    pub public: &'a [u8],
    /// Most that the answer may cost, in units.
    pub bounty: u128,
    /// Least stake that a provider must lock, in units.
    pub min_stake: u128,
    /// What a false answer could cost, in units; gates unproved answers.
    pub value_at_risk: u128,
    /// Last height at which an answer is taken.
    pub deadline: u64,
    /// Fuel reserved for the call-back.
    pub callback_fuel: u64,
    /// What the first declared values of the answer must be; 32 bytes each, big-endian, at most as many as the predicate
    /// declares. Where it reads private bytes, fixing the value that commits to them makes every outcome an answer.
    pub expected: &'a [u8],
    /// An answer may come without a proof: it is then `Attested`, and final after a time in which anyone may challenge it.
    pub attested: bool,
    /// The level that is enough.
    pub level: Level,
}

/// A claim for [`verify_statement`](crate::host_functions): everything but what the host knows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The outcome claimed.
    pub outcome: Outcome,
    /// The provider inside the binding.
    pub provider: AccountId,
    /// Last height at which the proof counts.
    pub not_after: u64,
    /// The caller's 32 bytes, hashed into the direct task id.
    pub context: [u8; 32],
    /// Public input bytes.
    pub public: &'a [u8],
    /// Declared values; 32 bytes each, big-endian, below r.
    pub declared: &'a [u8],
}

/// Why bytes are not a request or a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// Shorter than its fields say, or bytes left over.
    Length,
    /// A reserved flag bit is set.
    Flags,
    /// An outcome byte that names nothing.
    Outcome,
    /// A count or length above its ceiling.
    Limit,
    /// The output buffer is too short.
    Capacity,
}

impl core::fmt::Display for WireError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            WireError::Length => "wire: length does not match the fields",
            WireError::Flags => "wire: reserved flag bits are set",
            WireError::Outcome => "wire: unknown outcome byte",
            WireError::Limit => "wire: a count or length is above its ceiling",
            WireError::Capacity => "wire: output buffer too short",
        })
    }
}

impl<'a> Request<'a> {
    /// Length of the encoded request.
    pub const fn encoded_len(&self) -> usize {
        REQUEST_FIXED_LEN + self.public.len() + self.expected.len()
    }

    /// Writes the request to the front of `out` and returns its length.
    ///
    /// # Errors
    /// [`WireError::Capacity`], [`WireError::Limit`].
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, WireError> {
        let n_expected = self.expected.len() / 32;
        if self.public.len() > MAX_PUBLIC_LEN || n_expected > MAX_DECLARED || self.expected.len() % 32 != 0 {
            return Err(WireError::Limit);
        }
        let mut w = Writer { out, at: 0 };
        w.put(self.predicate.as_bytes())?;
        w.put(&(self.public.len() as u32).to_le_bytes())?;
        w.put(self.public)?;
        w.put(&self.bounty.to_le_bytes())?;
        w.put(&self.min_stake.to_le_bytes())?;
        w.put(&self.value_at_risk.to_le_bytes())?;
        w.put(&self.deadline.to_le_bytes())?;
        w.put(&self.callback_fuel.to_le_bytes())?;
        w.put(&[n_expected as u8])?;
        w.put(self.expected)?;
        let mode = if self.attested { FLAG_ATTESTED } else { 0 };
        w.put(&(u32::from(self.level.code()) | mode).to_le_bytes())?;
        Ok(w.at)
    }

    /// Reads a request that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`WireError::Length`], [`WireError::Limit`], [`WireError::Flags`].
    pub fn decode(bytes: &'a [u8]) -> Result<Request<'a>, WireError> {
        let mut r = Reader::new(bytes);
        let predicate = PredicateId(r.array()?);
        let public_len = r.u32()? as usize;
        if public_len > MAX_PUBLIC_LEN {
            return Err(WireError::Limit);
        }
        let public = r.take(public_len)?;
        let bounty = r.u128()?;
        let min_stake = r.u128()?;
        let value_at_risk = r.u128()?;
        let deadline = r.u64()?;
        let callback_fuel = r.u64()?;
        let n_expected = usize::from(r.u8()?);
        if n_expected > MAX_DECLARED {
            return Err(WireError::Limit);
        }
        let expected = r.take(32 * n_expected)?;
        let flags = r.u32()?;
        let attested = flags & FLAG_ATTESTED != 0;
        let level = match flags & !FLAG_ATTESTED {
            0 | 2 => Level::Accepted,
            1 => Level::Attested,
            3 => Level::Final,
            _ => return Err(WireError::Flags),
        };
        r.end()?;
        Ok(Request {
            predicate,
            public,
            bounty,
            min_stake,
            value_at_risk,
            deadline,
            callback_fuel,
            expected,
            attested,
            level,
        })
    }
}

impl<'a> Claim<'a> {
    /// Writes the claim to the front of `out` and returns its length.
    ///
    /// # Errors
    /// [`WireError::Capacity`], [`WireError::Limit`].
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, WireError> {
        let n = self.declared.len() / 32;
        if self.public.len() > MAX_PUBLIC_LEN || n > MAX_DECLARED || self.declared.len() % 32 != 0 {
            return Err(WireError::Limit);
        }
        let mut w = Writer { out, at: 0 };
        w.put(&[self.outcome.code()])?;
        w.put(self.provider.as_bytes())?;
        w.put(&self.not_after.to_le_bytes())?;
        w.put(&self.context)?;
        w.put(&(self.public.len() as u32).to_le_bytes())?;
        w.put(self.public)?;
        w.put(&[n as u8])?;
        w.put(self.declared)?;
        Ok(w.at)
    }

    /// Reads a claim that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`WireError::Length`], [`WireError::Limit`], [`WireError::Outcome`].
    pub fn decode(bytes: &'a [u8]) -> Result<Claim<'a>, WireError> {
        let mut r = Reader::new(bytes);
        let outcome = Outcome::from_code(r.u8()?).ok_or(WireError::Outcome)?;
        let provider = AccountId(r.array()?);
        let not_after = r.u64()?;
        let context = r.array()?;
        let public_len = r.u32()? as usize;
        if public_len > MAX_PUBLIC_LEN {
            return Err(WireError::Limit);
        }
        let public = r.take(public_len)?;
        let n = usize::from(r.u8()?);
        if n > MAX_DECLARED {
            return Err(WireError::Limit);
        }
        let declared = r.take(32 * n)?;
        r.end()?;
        Ok(Claim { outcome, provider, not_after, context, public, declared })
    }
}

/// Reads fixed-width little-endian fields from the front of a slice.
///
/// Used for every layout of this project, so that length checks are written once.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over all of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// Bytes not yet read.
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`WireError::Length`] where fewer are left; so for every reader below.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        if len > self.rest.len() {
            return Err(WireError::Length);
        }
        let (head, tail) = self.rest.split_at(len);
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut array = [0u8; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn u8(&mut self) -> Result<u8, WireError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next u16, little-endian.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn u16(&mut self) -> Result<u16, WireError> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next u32, little-endian.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next u64, little-endian.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next u128, little-endian.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn u128(&mut self) -> Result<u128, WireError> {
        self.array().map(u128::from_le_bytes)
    }

    /// Succeeds where nothing is left.
    ///
    /// # Errors
    /// [`WireError::Length`] where bytes are left over.
    pub fn end(&self) -> Result<(), WireError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(WireError::Length)
        }
    }
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        let end = self.at.checked_add(bytes.len()).ok_or(WireError::Capacity)?;
        let slot = self.out.get_mut(self.at..end).ok_or(WireError::Capacity)?;
        slot.copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;

    fn request() -> Request<'static> {
        Request {
            predicate: PredicateId([7; 32]),
            public: b"quotes",
            bounty: 5,
            min_stake: 6,
            value_at_risk: 0,
            deadline: 100,
            callback_fuel: 1_000_000,
            expected: &[9; 64],
            attested: false,
            level: Level::Accepted,
        }
    }

    #[test]
    fn a_request_for_an_unproved_answer_differs_in_one_bit() {
        let (proved, attested) = (request(), Request { attested: true, level: Level::Final, ..request() });
        let [mut plain, mut other] = [proved, attested].map(|request| vec![0; request.encoded_len()]);
        proved.encode(&mut plain).unwrap();
        attested.encode(&mut other).unwrap();
        assert_eq!(Request::decode(&other), Ok(attested));
        let flags = plain.len() - 4;
        assert_eq!(plain[..flags], other[..flags]);
        assert_eq!((&plain[flags..], &other[flags..]), (&[2, 0, 0, 0][..], &[3, 1, 0, 0][..]));
    }

    #[test]
    fn request_round_trip_and_every_other_length_is_refused() {
        let request = request();
        let mut bytes = vec![0; request.encoded_len()];
        assert_eq!(request.encode(&mut bytes), Ok(bytes.len()));
        assert_eq!(Request::decode(&bytes), Ok(request));
        for len in 0..bytes.len() {
            assert_eq!(Request::decode(&bytes[..len]), Err(WireError::Length), "length {}", len);
        }
        bytes.push(0);
        assert_eq!(Request::decode(&bytes), Err(WireError::Length));
        bytes.pop();
        let flags = bytes.len() - 4;
        bytes[flags] = 4;
        assert_eq!(Request::decode(&bytes), Err(WireError::Flags));
    }

    #[test]
    fn claim_round_trip() {
        let claim = Claim {
            outcome: Outcome::True,
            provider: AccountId([1; 32]),
            not_after: 9,
            context: [2; 32],
            public: b"abc",
            declared: &[],
        };
        let mut bytes = [0u8; 128];
        let len = claim.encode(&mut bytes).unwrap_or(0);
        assert_eq!(len, CLAIM_FIXED_LEN + 3);
        assert_eq!(Claim::decode(&bytes[..len]), Ok(claim));
        bytes[0] = 4;
        assert_eq!(Claim::decode(&bytes[..len]), Err(WireError::Outcome));
    }

    #[test]
    fn lengths_name_one_count() {
        assert_eq!(key_inputs(key_len(3)), Some(3));
        assert_eq!(key_inputs(key_len(0)), None);
        assert_eq!(key_inputs(key_len(17)), None);
        assert_eq!(key_inputs(key_len(3) + 1), None);
    }
}
