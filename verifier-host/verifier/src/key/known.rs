//! Keys that are refused by name: whoever reads their source can forge, or could have when they were made.
//!
//! Each entry is SHA-256 of the key's canonical bytes ([`zera_abi::wire`]), taken from the constants in the source named:
//! - groth16-solana: `VERIFYING_KEY` in the tests of `src/groth16.rs`, github.com/Lightprotocol/groth16-solana at
//!   `2ff1cfa1432067dd5ec304a1555c6def201c84ac`; gamma = delta = the generator.
//! - zeto: `solidity/contracts/verifiers/impl/*.sol`, github.com/LFDT-Paladin/zeto at
//!   `af3c96a1cff157e05437fa2177f1b61ec296c970` (issue 186), those with at most 16 inputs; gamma = delta = the generator.
//! - ark-groth16 0.6: the circuit of its own tests (`a b = c`, six times) over BN254, set up from seeds that tutorials and
//!   tests use; `tests/bad_keys.rs` makes these keys again. Their points betray nothing: only this list refuses them.

use zera_abi::KeyId;

/// Where a key that must not be used comes from; `None` for any other key.
pub(super) fn origin(id: &KeyId) -> Option<&'static str> {
    let id = id.to_string();
    let at = KNOWN.binary_search_by(|(known, _)| (*known).cmp(id.as_str())).ok()?;
    KNOWN.get(at).map(|(_, origin)| *origin)
}

/// Sorted by digest.
const KNOWN: &[(&str, &str)] = &[
    ("20b361842242d67de06bb05b478d0aadc648c6c2dede15cc3f1ed43166c5c134", "zeto, burn.sol"),
    ("2758f7080e5cc5c76bc42a31d86cf5816efe857ee2a9c05aed707d06e9379ed5", "zeto, anon_nullifier_transfer.sol"),
    ("3f1dad744bd50d5dc7438f622c1e1239254b53b2c948b5a6b1dc19d1c021cf4e", "zeto, anon_enc.sol"),
    ("42d08d7f077c54a5051bb0dd97c000418b2b4ab0eacfecdbd0698813c160b5d9", "zeto, withdraw_batch.sol"),
    (
        "4345334223c9510e5053bd1464d0cc162081e00b9aaf5fe1127d52a2f3cd0f89",
        "ark-groth16 0.6, test circuit, seed_from_u64(test_rng().next_u64())",
    ),
    ("554cdc6011346aa1a80aeddc916e2a6ef6aae9d3468f4b86bf476e687fc11aed", "zeto, anon_nullifier_kyc_transferLocked.sol"),
    ("56bcd30ab3f84aabe6d4a9f1a7c423c873c9a7dbb95cd09f8f231d527073aee0", "zeto, nf_anon_nullifier_transfer.sol"),
    ("5880324843d7c9a6def2ac7f7bd441a448efa1c1c56ee6d6d25b300699596411", "zeto, withdraw_nullifier.sol"),
    ("77ed2232e3f749e6255db0d311dbe768ca7579157d9b1740633bb0e4e8d5b113", "zeto, burn_nullifier.sol"),
    ("7ae2b26e185f91ec0de46f793d44f66bb28b974bc32ba7ae463f5b53ffa15b19", "zeto, deposit_kyc.sol"),
    ("7bcaa2af98a9b835575c4081244631132df9b80062ee32561692f67ae100ad58", "zeto, deposit.sol"),
    ("82fcbf8229289102a046164501740854750e43f31be6768c00d8ac084a762347", "zeto, anon_nullifier_kyc_transfer.sol"),
    (
        "b6ba7d814c57addbb5f8fb7b01c6d40ba7ab27d00396a810ba7dd6fa930a0a55",
        "ark-groth16 0.6, test circuit, ark_std::test_rng()",
    ),
    (
        "b8453fec8c98351ccb113740d9c92c8962f2b79d4447ddd9c35fc377db97bc65",
        "ark-groth16 0.6, test circuit, seed_from_u64(0)",
    ),
    ("c76d5ba7c1b0b51b4910f5b7a62ec46525cb309fb58976a0953041a09bf6c8ba", "zeto, nf_anon.sol"),
    ("c8639961a35e1a3e744652f8c74d9881f817d478e7f71ccf58a06a35a3781a22", "groth16-solana, test key in src/groth16.rs"),
    ("cf7451a926088ecd92ba510d91c56fb260abdd675bcb36bb9c579db41e895a88", "zeto, withdraw.sol"),
    ("d2412eabe6a89e28475e5d9b5d581bb28d78849f2d86345afe352f30f87620f9", "zeto, anon.sol"),
    ("e5c25dee4ac5a0bb75c699d39e380b99d85952cedd0960c06df4947060624711", "zeto, burn_batch.sol"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_finds_each_of_its_entries() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (digest, from) in KNOWN {
            assert_eq!(digest.parse().ok().and_then(|id| origin(&id)), Some(*from));
        }
        assert_eq!(origin(&KeyId([0; 32])), None);
    }
}
