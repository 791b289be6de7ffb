//! Many proofs of one key at a fraction of the price, with the verdicts of single verification.

use ark_bn254::{Fr, G1Affine};
use ark_ec::CurveGroup;
use ark_ff::{One, Zero};
use sha2::{Digest, Sha256};
use zera_abi::Status;
use zera_field::{Cpu, pairing};

use crate::error::VerifyError;
use crate::inputs::PublicInputs;
use crate::prepared::PreparedKey;
use crate::proof::{OnCurve, Proof};
use crate::verify::{check_count, decode_pair, verify};

/// Most proofs in one combined equation; longer lists are cut.
pub const BATCH_MAX: usize = 64;

/// Fewest proofs in one combined equation; fewer are verified singly, which costs about the same.
const BATCH_MIN: usize = 4;

/// Combined equations may fail over this many times the items of a chunk, enough to find one false proof by halving; what is
/// then left is verified singly. Without AVX-512 IFMA, 64 false proofs cost 2.3 times what they cost singly with 3, with 2 they
/// cost 1.7 times; with the instructions, where combined equations are cheap, 1.2 times.
const FAILED_MAX: usize = 2;

const DOMAIN: &[u8] = b"zera/batch/v1";

type Item = (PublicInputs, Proof);
type Verdict = Result<(), VerifyError>;

/// Verifies proofs of one key; one verdict for each item, in order, equal to that of [`verify`].
///
/// Proofs are combined with weights that depend on all of them, [`BATCH_MAX`] at most. A chunk whose combined equation
/// fails is halved, with fresh weights for each half, down to a few proofs. A false proof passes a chunk with probability
/// about 2^-128. `salt` enters the weights: fresh randomness outside consensus, empty inside.
///
/// 64 true proofs cost a seventh of 64 single verifications with AVX-512 IFMA, about a third without. False ones are the
/// attacker's to send, so the equations that may fail are limited: the worst list costs less than twice what it costs singly.
pub fn verify_batch(key: &PreparedKey, items: &[Item], salt: &[u8]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = items.iter().map(|(inputs, _)| check_count(key, inputs)).collect();
    let mut waiting: Vec<(&Item, &mut Verdict)> =
        items.iter().zip(verdicts.iter_mut()).filter(|(_, verdict)| verdict.is_ok()).collect();
    for chunk in waiting.chunks_mut(BATCH_MAX) {
        let mut budget = chunk.len().saturating_mul(FAILED_MAX);
        judge(key, chunk, salt, false, &mut budget);
    }
    verdicts
}

/// Decodes and verifies `(inputs, proof)` pairs of one key; the statuses of [`verify_bytes`](crate::verify_bytes).
pub fn verify_bytes_batch(key: &PreparedKey, items: &[(&[u8], &[u8])], salt: &[u8]) -> Vec<Status> {
    let decoded: Vec<Result<(PublicInputs, OnCurve), Status>> =
        items.iter().map(|(inputs, proof)| decode_pair(key, inputs, proof)).collect();
    // The subgroup checks of all proofs that come as far go side by side.
    let waiting: Vec<&OnCurve> = decoded.iter().filter_map(|item| item.as_ref().ok()).map(|(_, proof)| proof).collect();
    let mut checked = OnCurve::check_all(Cpu::detect(), &waiting).into_iter();
    let decoded: Vec<Result<Item, Status>> = decoded
        .iter()
        .map(|item| {
            let (inputs, _) = item.as_ref().map_err(|status| *status)?;
            // One verdict for each proof that waits, in order.
            match checked.next() {
                Some(Ok(proof)) => Ok((inputs.clone(), proof)),
                _ => Err(Status::Encoding),
            }
        })
        .collect();
    let good: Vec<Item> = decoded.iter().filter_map(|item| item.as_ref().ok()).cloned().collect();
    let mut verdicts = verify_batch(key, &good, salt).into_iter();
    let status = |item: &Result<Item, Status>| match item {
        Err(status) => *status,
        // One verdict for each good item, in order.
        Ok(_) => match verdicts.next() {
            Some(Ok(())) => Status::Ok,
            Some(Err(error)) => error.status(),
            None => Status::No,
        },
    };
    decoded.iter().map(status).collect()
}

/// Settles the verdicts of a chunk. `doomed`: it is known to hold a false proof, so its combined equation is not tried.
/// `budget`: how many items' worth of equations may still fail.
fn judge(key: &PreparedKey, chunk: &mut [(&Item, &mut Verdict)], salt: &[u8], doomed: bool, budget: &mut usize) {
    if chunk.len() < BATCH_MIN || *budget < chunk.len() {
        for ((inputs, proof), verdict) in chunk {
            **verdict = verify(key, inputs, proof);
        }
        return;
    }
    if !doomed {
        let items: Vec<&Item> = chunk.iter().map(|(item, _)| *item).collect();
        // Verdicts start as passed.
        if holds(Cpu::detect(), key, &items, salt) {
            return;
        }
        *budget = budget.saturating_sub(chunk.len());
    }
    let (left, right) = chunk.split_at_mut(chunk.len().div_ceil(2));
    judge(key, left, salt, false, budget);
    // Where the left half passed, the fault is in the right one.
    let left_passed = left.iter().all(|(_, verdict)| verdict.is_ok());
    judge(key, right, salt, left_passed, budget);
}

/// Whether the combined equation holds: with weights `z_i`, `Z = sum_i z_i` and `L_i` the statements' points,
///
/// ```text
/// prod_i ( e(A_i, B_i) e(L_i, -gamma) e(C_i, -delta) e(alpha, -beta) )^z_i = 1
/// ```
///
/// which by bilinearity is one product of `n + 3` pairings, where the sums over `L_i` need one scalar for each IC point:
///
/// ```text
/// prod_i e(z_i A_i, B_i) . e(sum_j (sum_i z_i x_ij) IC_j, -gamma) . e(sum_i z_i C_i, -delta) . e(Z alpha, -beta) = 1
/// ```
///
/// All points are in groups of prime order r, so if one factor is not 1, at most one in 2^128 choices of its weight hides it.
#[expect(clippy::arithmetic_side_effects, reason = "field and group operations do not overflow")]
fn holds(cpu: Cpu, key: &PreparedKey, items: &[&Item], salt: &[u8]) -> bool {
    let weights = weights(key, items, salt);
    let scalars: Vec<Fr> = weights.iter().map(|weight| Fr::from(*weight)).collect();

    // ic[0] = Z, and ic[j] = sum_i z_i x_ij.
    let mut ic = vec![Fr::zero(); key.inputs().saturating_add(1)];
    for ((inputs, _), z) in items.iter().zip(&scalars) {
        for (sum, x) in ic.iter_mut().zip([Fr::one()].iter().chain(inputs.scalars())) {
            *sum += *z * x;
        }
    }
    let total: Fr = scalars.iter().sum();
    let (lefts, cs): (Vec<G1Affine>, Vec<G1Affine>) = items.iter().map(|(_, proof)| (proof.a, proof.c)).unzip();
    let lefts = pairing::multiples(cpu, &lefts, &weights);
    let pairs: Vec<_> = lefts.into_iter().zip(items.iter().map(|(_, proof)| proof.b)).collect();
    let fixed = [
        (key.combine_ic(cpu, &ic), &key.neg_gamma),
        (pairing::combine(cpu, &cs, &weights), &key.neg_delta),
        ((key.alpha * total).into_affine(), &key.neg_beta),
    ];
    let product = pairing::miller(cpu, &pairs, &fixed);
    pairing::final_exponentiation(cpu, product).is_some_and(|product| product.is_one())
}

/// `z_i`: the first 128 bits of `SHA-256(domain || key id || n || inputs and proof of each item || salt || i)`, 1 for 0.
///
/// All inputs of a key have one length, so the text is unambiguous. No item can be chosen after its weight is known.
fn weights(key: &PreparedKey, items: &[&Item], salt: &[u8]) -> Vec<u128> {
    let mut text = Sha256::new();
    text.update(DOMAIN);
    text.update(key.id().as_bytes());
    text.update((items.len() as u64).to_le_bytes());
    for (inputs, proof) in items {
        text.update(inputs.encode());
        text.update(proof.encode());
    }
    text.update(salt);
    let weight = |(i, _): (u64, _)| {
        let digest: [u8; 32] = text.clone().chain_update(i.to_le_bytes()).finalize().into();
        let [low, _] = digest.as_chunks::<16>().0 else { return 1 };
        u128::from_le_bytes(*low).max(1)
    };
    (0u64..).zip(items).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use ark_ec::AffineRepr;

    use super::*;
    use crate::{G1Affine, G2Affine, VerifyingKey};

    fn g1(scalar: u64) -> G1Affine {
        (G1Affine::generator() * Fr::from(scalar)).into_affine()
    }

    fn key(alpha: u64) -> PreparedKey {
        let g2 = |scalar: u64| (G2Affine::generator() * Fr::from(scalar)).into_affine();
        let ic = [g1(20_001), g1(20_002)];
        VerifyingKey::from_points(g1(alpha), g2(2_000_003), g2(5_003), g2(7_000_003), &ic).unwrap().prepare()
    }

    fn item(input: u64, a: u64) -> Item {
        let proof = Proof::from_points(g1(a), G2Affine::generator(), g1(9)).unwrap();
        (PublicInputs::from_scalars(vec![Fr::from(input)]), proof)
    }

    /// A true statement with its proof: in exponents, `a b = alpha beta + L gamma + c delta`.
    fn proved(input: u64, a: u64, b: u64) -> Item {
        let scalar = |k: u64| Fr::from(k);
        let l = scalar(20_001) + scalar(input) * scalar(20_002);
        let rest = scalar(a) * scalar(b) - scalar(1_000_003) * scalar(2_000_003) - l * scalar(5_003);
        let c = (G1Affine::generator() * (rest / scalar(7_000_003))).into_affine();
        let b = (G2Affine::generator() * scalar(b)).into_affine();
        (PublicInputs::from_scalars(vec![scalar(input)]), Proof::from_points(g1(a), b, c).unwrap())
    }

    /// The equation's answer does not depend on the processor, nor on the lane in which a false proof goes.
    #[test]
    fn a_false_proof_is_found_in_every_lane_by_every_processor() {
        let key = key(1_000_003);
        let good: Vec<Item> = (0..BATCH_MAX as u64).map(|i| proved(i, 3 + i, 100 + i * i)).collect();
        for cpu in [Cpu::choose(Some("portable")).unwrap(), Cpu::detect()] {
            for n in [1, 2, 7, 8, 9, 16, 63, BATCH_MAX] {
                let items: Vec<&Item> = good.iter().take(n).collect();
                assert!(holds(cpu, &key, &items, b""), "{n} on {}", cpu.name());
                for at in (0..n).filter(|at| n <= 16 || at % 5 == 0) {
                    // Another input; B of another proof; C with another sign.
                    let (inputs, proof) = items[at];
                    let other = PublicInputs::from_scalars(vec![inputs.scalars()[0] + Fr::one()]);
                    let swapped = Proof { b: good[(at + 1) % BATCH_MAX].1.b, ..*proof };
                    let false_ones =
                        [(other, *proof), (inputs.clone(), swapped), (inputs.clone(), Proof { c: -proof.c, ..*proof })];
                    for false_one in &false_ones {
                        let mut items = items.clone();
                        items[at] = false_one;
                        assert!(!holds(cpu, &key, &items, b""), "{at} of {n} on {}", cpu.name());
                    }
                }
            }
        }
    }

    /// Equal proofs make equal points in all lanes, whose multiples meet.
    #[test]
    fn equal_proofs_are_no_exception() {
        let (key, item) = (key(1_000_003), proved(5, 1, 1));
        for cpu in [Cpu::choose(Some("portable")).unwrap(), Cpu::detect()] {
            for n in [4, 8, 17] {
                assert!(holds(cpu, &key, &vec![&item; n], b""), "{n} on {}", cpu.name());
            }
        }
    }

    /// A weight that does not depend on some part of the batch can be known before that part is chosen.
    #[test]
    fn every_weight_depends_on_every_part_of_the_batch() {
        let (one, two, three) = (item(1, 3), item(2, 4), item(2, 5));
        let base = weights(&key(1_000_003), &[&one, &two], b"");
        assert_ne!(base[0], base[1]);
        let others = [
            ("key", weights(&key(1_000_005), &[&one, &two], b"")),
            ("order", weights(&key(1_000_003), &[&two, &one], b"")),
            ("proof", weights(&key(1_000_003), &[&one, &three], b"")),
            ("input", weights(&key(1_000_003), &[&one, &item(3, 4)], b"")),
            ("number", weights(&key(1_000_003), &[&one, &two, &three], b"")),
            ("salt", weights(&key(1_000_003), &[&one, &two], b"salt")),
        ];
        for (part, other) in others {
            assert!(base.iter().all(|weight| !other.contains(weight)), "{part}");
        }
    }

    /// Pinned: every validator must derive the same weights.
    #[test]
    fn weights_are_pinned() {
        let weights = weights(&key(1_000_003), &[&item(1, 3), &item(2, 4)], b"");
        assert_eq!(weights, [278993299542001698717733534199748714425, 172426155500492348311627374508916879551]);
    }
}
