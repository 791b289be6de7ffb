//! A verifying key, and the checks that admit it: whoever publishes a key may want it to be unsound.

mod known; // keys whose setup is public
mod setup; // small multiples

use ark_bn254::{Bn254, Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::pairing::Pairing;
use ark_ff::One;
use sha2::{Digest, Sha256};
use zera_abi::KeyId;
use zera_abi::wire::{G1_LEN, KEY_IC, MAX_PUBLIC_INPUTS, key_inputs, key_len};

use crate::error::{Coordinate, KeyError, KeySlot, SelfTestStep};
use crate::inputs::PublicInputs;
use crate::point::{self, G1_WORDS, G2_WORDS, WordFault};
use crate::prepared::{PreparedKey, neg};
use crate::proof::Proof;
use crate::verify::{holds, statement, verify};

pub use setup::MULTIPLE_MAX;

/// The alpha of every development key: the generator times `SHA-256("zera/dev-alpha/v1")`, read as a big-endian integer
/// after the first byte is masked with `0x1f`. A key with it proves nothing outside a local network.
pub const DEV_ALPHA: [u8; G1_LEN] = [
    0x1e, 0xec, 0x73, 0x49, 0x87, 0x14, 0x8d, 0x9b, 0x83, 0xf5, 0x9f, 0x93, 0x6c, 0xca, 0xb5, 0xad, 0xf8, 0xb9, 0x6d,
    0x59, 0x71, 0x67, 0x17, 0xd2, 0x72, 0x9c, 0x1b, 0x8e, 0x4a, 0x4a, 0x03, 0xe3, 0x1b, 0x04, 0xf6, 0x68, 0xe8, 0xa3,
    0xb3, 0x46, 0xeb, 0x94, 0x61, 0x6c, 0x71, 0xaa, 0x3a, 0xc2, 0x8a, 0x2b, 0x92, 0x20, 0x80, 0x38, 0x9f, 0x2b, 0x2f,
    0x71, 0x8d, 0x63, 0x24, 0xcf, 0x3f, 0x36,
];

/// A key that passed every check that its bytes alone allow; see [`decode`](VerifyingKey::decode).
///
/// That its secrets are unknown to everyone is not among them: that is the ceremony's to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    pub(crate) alpha: G1Affine,
    pub(crate) beta: G2Affine,
    pub(crate) gamma: G2Affine,
    pub(crate) delta: G2Affine,
    /// `IC_0 .. IC_n`.
    pub(crate) ic: Vec<G1Affine>,
    id: KeyId,
}

impl VerifyingKey {
    /// Reads `alpha || beta || gamma || delta || IC_0 .. IC_n` ([`zera_abi::wire`]), `1 <= n <= 16`.
    ///
    /// One encoding per key: `decode(b)?.encode() == b`. About 1.5 ms; nothing is allocated before the length is known to
    /// be a key's.
    ///
    /// # Errors
    /// [`KeyError`], cheap checks first, each over the whole key:
    /// 1. `Length`, `Count`: `448 + 64 (n + 1)` bytes, so that `n` comes from the length and never from a prefix.
    /// 2. `Known`: not a key whose setup is public.
    /// 3. `Flags`, `Range`: canonical coordinates.
    /// 4. `Identity`, `Unbound`: no point is O. `IC_0 = O` is legal algebra; no honest circuit has it.
    /// 5. `Curve`, `Subgroup`.
    /// 6. `Duplicate`: no IC equals another one, alpha or the generator, up to sign.
    /// 7. `Setup`: alpha is no small multiple of the generator, and among beta, gamma, delta and the generator none is a
    ///    small multiple of another, but for gamma, which may be the generator itself (snarkjs always does this).
    ///
    /// # Correctness
    /// Each relation of check 7 in G2 with a known factor k forges any statement with point L: where `delta = k gamma`,
    /// `(alpha, beta, -L / k)`; where `beta = k gamma`, `(k alpha + L, gamma + delta, k alpha + L)`; where
    /// `beta = k delta`, `(L, gamma, -k alpha)`. Where the generator takes the place of one of them, a step of the setup was
    /// skipped or its secret is a toy.
    pub fn decode(bytes: &[u8]) -> Result<VerifyingKey, KeyError> {
        check_length(bytes.len())?;
        let id = KeyId(Sha256::digest(bytes).into());
        if let Some(origin) = known::origin(&id) {
            return Err(KeyError::Known { id, origin });
        }
        let key = read(bytes, id)?;
        key.check_identity()?;
        key.check_curve()?;
        key.check_subgroup()?;
        key.check_duplicate()?;
        setup::check(&key)?;
        Ok(key)
    }

    /// A key of these points, `ic` being `IC_0 .. IC_n`.
    ///
    /// # Errors
    /// [`KeyError`], as [`decode`](VerifyingKey::decode).
    pub fn from_points(
        alpha: G1Affine,
        beta: G2Affine,
        gamma: G2Affine,
        delta: G2Affine,
        ic: &[G1Affine],
    ) -> Result<VerifyingKey, KeyError> {
        match ic.len().checked_sub(1) {
            None => Err(KeyError::Length { got: KEY_IC }),
            Some(got) if got > MAX_PUBLIC_INPUTS => Err(KeyError::Count { got }),
            Some(_) => VerifyingKey::decode(&write(&alpha, [&beta, &gamma, &delta], ic)),
        }
    }

    /// The bytes that [`decode`](VerifyingKey::decode) reads.
    pub fn encode(&self) -> Vec<u8> {
        write(&self.alpha, [&self.beta, &self.gamma, &self.delta], &self.ic)
    }

    /// The key's name: SHA-256 of its bytes.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// How many public inputs it has.
    pub const fn inputs(&self) -> usize {
        self.ic.len().saturating_sub(1)
    }

    /// Whether it is a development key, which only a local network accepts.
    pub fn is_dev(&self) -> bool {
        point::g1_words(&self.alpha).as_flattened() == DEV_ALPHA
    }

    /// What verification needs, computed once.
    pub fn prepare(&self) -> PreparedKey {
        PreparedKey::new(self)
    }

    /// alpha, in G1.
    pub const fn alpha(&self) -> &G1Affine {
        &self.alpha
    }

    /// beta, in G2.
    pub const fn beta(&self) -> &G2Affine {
        &self.beta
    }

    /// gamma, in G2.
    pub const fn gamma(&self) -> &G2Affine {
        &self.gamma
    }

    /// delta, in G2.
    pub const fn delta(&self) -> &G2Affine {
        &self.delta
    }

    /// `IC_0 .. IC_n`, in G1.
    pub fn ic(&self) -> &[G1Affine] {
        &self.ic
    }

    /// Tries the key on a sample that its publisher registers with it.
    ///
    /// The sample must verify, and must not verify with any input raised by one, with A negated or without C; nor may the
    /// forgery `(alpha, beta, -L / k)` for any `|k| <= 1024`. As many verifications as `n + 5`, and 2 ms.
    ///
    /// # Errors
    /// [`KeyError::SelfTest`] with the step that went wrong.
    #[expect(clippy::arithmetic_side_effects, reason = "field and group operations do not overflow")]
    pub fn self_test(&self, inputs: &PublicInputs, proof: &Proof) -> Result<(), KeyError> {
        let key = self.prepare();
        let fail = |step| Err(KeyError::SelfTest { step });
        if verify(&key, inputs, proof).is_err() {
            return fail(SelfTestStep::SampleRejected);
        }
        for index in 0..inputs.len() {
            let mut changed = inputs.scalars().to_vec();
            changed.iter_mut().skip(index).take(1).for_each(|x| *x += Fr::one());
            if verify(&key, &PublicInputs::from_scalars(changed), proof).is_ok() {
                return fail(SelfTestStep::InputIgnored { index });
            }
        }
        let statement = statement(&key, inputs);
        if holds(&key, &statement, &Proof { a: neg(&proof.a), ..*proof }) {
            return fail(SelfTestStep::NegatedAccepted);
        }
        if holds(&key, &statement, &Proof { c: G1Affine::identity(), ..*proof }) {
            return fail(SelfTestStep::MissingCAccepted);
        }
        // (alpha, beta, -L / k) verifies where e(L, gamma) = e(L / k, delta), that is e(L, gamma)^k = e(L, delta).
        let base = Bn254::pairing(statement, self.gamma);
        let target = Bn254::pairing(statement, self.delta);
        let mut power = base;
        for factor in 1..=MULTIPLE_MAX {
            if power == target {
                return fail(SelfTestStep::ForgeryAccepted { factor });
            }
            if power == -target {
                return fail(SelfTestStep::ForgeryAccepted { factor: -factor });
            }
            power += base;
        }
        Ok(())
    }

    fn check_identity(&self) -> Result<(), KeyError> {
        let fixed = [
            (KeySlot::Alpha, self.alpha.is_zero()),
            (KeySlot::Beta, self.beta.is_zero()),
            (KeySlot::Gamma, self.gamma.is_zero()),
            (KeySlot::Delta, self.delta.is_zero()),
        ];
        if let Some((slot, _)) = fixed.into_iter().find(|(_, zero)| *zero) {
            return Err(KeyError::Identity { slot });
        }
        match (0u8..=u8::MAX).zip(&self.ic).find(|(_, point)| point.is_zero()) {
            None => Ok(()),
            Some((0, _)) => Err(KeyError::Identity { slot: KeySlot::Ic(0) }),
            Some((index, _)) => Err(KeyError::Unbound { index }),
        }
    }

    fn check_curve(&self) -> Result<(), KeyError> {
        let g1 = self.g1_slots().map(|(slot, point)| (slot, point.is_on_curve()));
        let g2 = self.g2_slots().into_iter().map(|(slot, point)| (slot, point.is_on_curve()));
        match g1.chain(g2).find(|(_, on_curve)| !on_curve) {
            None => Ok(()),
            Some((slot, _)) => Err(KeyError::Curve { slot }),
        }
    }

    fn check_subgroup(&self) -> Result<(), KeyError> {
        // G1 has cofactor 1.
        match self.g2_slots().into_iter().find(|(_, point)| !point.is_in_correct_subgroup_assuming_on_curve()) {
            None => Ok(()),
            Some((slot, _)) => Err(KeyError::Subgroup { slot }),
        }
    }

    fn check_duplicate(&self) -> Result<(), KeyError> {
        // P = Q or P = -Q where the x coordinates are equal.
        let mut seen: Vec<(KeySlot, Fq)> = vec![(KeySlot::Alpha, self.alpha.x), (KeySlot::G1, G1Affine::generator().x)];
        for (slot, point) in self.g1_slots().skip(1) {
            if let Some((other, _)) = seen.iter().find(|(_, x)| *x == point.x) {
                return Err(KeyError::Duplicate { slot, other: *other });
            }
            seen.push((slot, point.x));
        }
        Ok(())
    }

    /// alpha and the IC points.
    fn g1_slots(&self) -> impl Iterator<Item = (KeySlot, &G1Affine)> {
        let ic = (0u8..=u8::MAX).map(KeySlot::Ic).zip(&self.ic);
        [(KeySlot::Alpha, &self.alpha)].into_iter().chain(ic)
    }

    fn g2_slots(&self) -> [(KeySlot, &G2Affine); 3] {
        [(KeySlot::Beta, &self.beta), (KeySlot::Gamma, &self.gamma), (KeySlot::Delta, &self.delta)]
    }
}

fn check_length(got: usize) -> Result<(), KeyError> {
    if key_inputs(got).is_some() {
        return Ok(());
    }
    match got.checked_sub(key_len(0)) {
        Some(rest) if rest.is_multiple_of(G1_LEN) => Err(KeyError::Count { got: rest / G1_LEN }),
        _ => Err(KeyError::Length { got }),
    }
}

/// Points with canonical coordinates; nothing else is checked.
fn read(bytes: &[u8], id: KeyId) -> Result<VerifyingKey, KeyError> {
    let words = point::read_words(bytes.as_chunks::<32>().0).map_err(word_error)?;
    let [ax, ay, points @ ..] = words.as_slice() else { return Err(KeyError::Length { got: bytes.len() }) };
    let (g2, ic) = points.split_at_checked(12).ok_or(KeyError::Length { got: bytes.len() })?;
    let [beta, gamma, delta] = g2.as_chunks::<4>().0 else { return Err(KeyError::Length { got: bytes.len() }) };
    Ok(VerifyingKey {
        alpha: point::g1_unchecked([*ax, *ay]),
        beta: point::g2_unchecked(*beta),
        gamma: point::g2_unchecked(*gamma),
        delta: point::g2_unchecked(*delta),
        ic: ic.as_chunks::<2>().0.iter().map(|words| point::g1_unchecked(*words)).collect(),
        id,
    })
}

fn write(alpha: &G1Affine, g2: [&G2Affine; 3], ic: &[G1Affine]) -> Vec<u8> {
    let ic = ic.iter().flat_map(point::g1_words);
    point::g1_words(alpha).into_iter().chain(g2.into_iter().flat_map(point::g2_words)).chain(ic).flatten().collect()
}

fn word_error(fault: WordFault) -> KeyError {
    match fault {
        WordFault::Flags(at) => {
            let (slot, coordinate) = word_name(at);
            KeyError::Flags { slot, coordinate }
        }
        WordFault::Range(at) => {
            let (slot, coordinate) = word_name(at);
            KeyError::Range { slot, coordinate }
        }
    }
}

fn word_name(at: usize) -> (KeySlot, Coordinate) {
    let alpha = G1_WORDS.map(|word| (KeySlot::Alpha, word));
    let g2 =
        [KeySlot::Beta, KeySlot::Gamma, KeySlot::Delta].into_iter().flat_map(|slot| G2_WORDS.map(|word| (slot, word)));
    let ic = (0u8..=u8::MAX).flat_map(|i| G1_WORDS.map(|word| (KeySlot::Ic(i), word)));
    // A key has at most 48 words; the last stands for an index that does not occur.
    alpha.into_iter().chain(g2).chain(ic).nth(at).unwrap_or((KeySlot::Ic(u8::MAX), Coordinate::Y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::CurveGroup;

    fn g1(scalar: u64) -> G1Affine {
        (G1Affine::generator() * Fr::from(scalar)).into_affine()
    }

    fn g2(scalar: u64) -> G2Affine {
        (G2Affine::generator() * Fr::from(scalar)).into_affine()
    }

    /// Decoding refuses such a key. The self-test must see the same by pairings alone.
    #[test]
    fn the_self_test_sees_a_forgeable_key_by_its_pairings() {
        for (delta, factor) in
            [(9_000_007u64, None), (5_003, Some(1)), (77 * 5_003, Some(77)), (1024 * 5_003, Some(1024))]
        {
            let ic = vec![g1(31_337), g1(31_338)];
            let (alpha, beta, gamma) = (g1(1_000_003), g2(2_000_003), g2(5_003));
            let key = VerifyingKey { alpha, beta, gamma, delta: g2(delta), ic, id: KeyId([0; 32]) };
            // With every secret known, C closes the equation for any A and B: c = (ab - alpha beta - l gamma) / delta.
            let f = |x: u64| Fr::from(x);
            let c = f(4) * f(5) - f(1_000_003) * f(2_000_003) - (f(31_337) + f(7) * f(31_338)) * f(5_003);
            let c = (G1Affine::generator() * (c / f(delta))).into_affine();
            let proof = Proof::from_points(g1(4), g2(5), c).unwrap();
            let result = key.self_test(&PublicInputs::from_scalars(vec![f(7)]), &proof);
            let expected = factor.map(|factor| KeyError::SelfTest { step: SelfTestStep::ForgeryAccepted { factor } });
            assert_eq!(result.err(), expected, "delta {delta}");
        }
    }

    #[test]
    fn the_self_test_sees_an_input_that_does_not_count() {
        let ic = vec![g1(31_337), G1Affine::identity(), g1(3)];
        let key = VerifyingKey {
            alpha: g1(11),
            beta: g2(13),
            gamma: g2(5_003),
            delta: g2(1_000_033),
            ic,
            id: KeyId([0; 32]),
        };
        let f = |x: u64| Fr::from(x);
        let c = f(4) * f(5) - f(11) * f(13) - (f(31_337) + f(7) * f(3)) * f(5_003);
        let c = (G1Affine::generator() * (c / f(1_000_033))).into_affine();
        let proof = Proof::from_points(g1(4), g2(5), c).unwrap();
        let result = key.self_test(&PublicInputs::from_scalars(vec![f(6), f(7)]), &proof);
        assert_eq!(result, Err(KeyError::SelfTest { step: SelfTestStep::InputIgnored { index: 0 } }));
    }

    #[test]
    fn the_self_test_sees_a_proof_that_does_not_need_c() {
        // C = O closes the equation: ab = alpha beta + l gamma; so the sample with its C does not verify, or C is O itself.
        let f = |x: u64| Fr::from(x);
        let ic = vec![g1(31_337), g1(3)];
        let key = VerifyingKey {
            alpha: g1(11),
            beta: g2(13),
            gamma: g2(5_003),
            delta: g2(1_000_033),
            ic,
            id: KeyId([0; 32]),
        };
        let a = (f(11) * f(13) + (f(31_337) + f(7) * f(3)) * f(5_003)) / f(5);
        let a = (G1Affine::generator() * a).into_affine();
        let proof = Proof { a, b: g2(5), c: G1Affine::identity() };
        let result = key.self_test(&PublicInputs::from_scalars(vec![f(7)]), &proof);
        assert_eq!(result, Err(KeyError::SelfTest { step: SelfTestStep::MissingCAccepted }));
    }

    #[test]
    fn the_development_alpha_is_derived_and_marks_a_key() {
        let mut scalar: [u8; 32] = Sha256::digest(b"zera/dev-alpha/v1").into();
        scalar[0] &= 0x1f;
        let scalar: Fr = point::read_field(&scalar).unwrap();
        let alpha = (G1Affine::generator() * scalar).into_affine();
        assert_eq!(point::g1_words(&alpha).as_flattened(), DEV_ALPHA);
        let key = |alpha| {
            VerifyingKey::from_points(alpha, g2(2_000_003), g2(5_003), g2(7_000_003), &[g1(20_001), g1(20_002)])
        };
        assert!(key(alpha).unwrap().is_dev());
        assert!(!key(neg(&alpha)).unwrap().is_dev());
    }
}
