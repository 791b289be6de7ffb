#![doc = include_str!("../docs/sealed.md")]

use std::fmt;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use sha2::{Digest, Sha256};
use zera_abi::{AccountId, ChainId, TaskId};

/// Bytes that sealing adds: the encapsulated key before the bytes, the tag after them.
pub const OVERHEAD: usize = 32 + 16;
const INFO: &[u8] = b"zera/sealed/v1";
const SECRET: &[u8] = b"zera/sealing-key/v1";
const MAIL: &[u8] = b"zera/mail/v1";

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;

/// Whom private bytes are for: the holder of a task's lock, by the key that it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The chain.
    pub chain: ChainId,
    /// The task.
    pub task: TaskId,
    /// Who holds it.
    pub provider: AccountId,
    /// The holder's key for this task, X25519.
    pub key: [u8; 32],
}

/// Nobody can seal to it: X25519 with it gives zeros, whatever the other side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealing key {}: not a point that can be sealed to", Hex(.key))]
pub struct BadKey {
    /// The key.
    pub key: [u8; 32],
}

/// These bytes were not sealed to this address, or were changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes: {len} of them do not open with the key of task {task}")]
pub struct NotSealed {
    /// The task of the address.
    pub task: TaskId,
    /// Their number.
    pub len: usize,
}

/// The secret of a key that a holder gives for one task. Made again from the account's secret whenever it is needed, so that nothing is
/// stored; it tells nothing of that of another task, and may be shown to settle what was delivered.
#[derive(Clone)]
pub struct SealingSecret(PrivateKey);

/// Says nothing of itself.
impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingSecret")
    }
}

impl SealingSecret {
    /// The secret of an account for a task: DeriveKeyPair of RFC 9180, section 7.1.3, which is HKDF-SHA256, of
    /// `"zera/sealing-key/v1" || account secret[32] || chain[32] || task[32]`.
    pub fn derive(account_secret: &[u8; 32], chain: &ChainId, task: &TaskId) -> SealingSecret {
        let mut material = [SECRET, account_secret, chain.as_bytes(), task.as_bytes()].concat();
        let secret = SealingSecret(X25519HkdfSha256::derive_keypair(&material).0);
        material.fill(0);
        secret
    }

    /// The secret of these bytes, clamped as X25519 does. Every 32 bytes are one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<SealingSecret> {
        PrivateKey::from_bytes(bytes).ok().map(SealingSecret)
    }

    /// Its bytes, to be shown.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    /// The key that belongs to it.
    pub fn key(&self) -> [u8; 32] {
        X25519HkdfSha256::sk_to_pk(&self.0).to_bytes().into()
    }
}

/// Whether bytes can be sealed to `key`. A holder must not give another: what can not be sealed can not be delivered.
///
/// # Errors
/// [`BadKey`]: a point of small order.
pub fn check_key(key: &[u8; 32]) -> Result<(), BadKey> {
    let bad = BadKey { key: *key };
    let point = PublicKey::from_bytes(key).map_err(|_| bad)?;
    // What is sealed does not matter, nor does who could open it.
    let mut seed = Seed::new(&[0; 32]);
    hpke::setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &point,
        INFO,
        &mut seed,
    )
    .map(drop)
    .map_err(|_| bad)
}

/// Seals `bytes` to an address: `encapsulated key[32] || ciphertext || tag[16]`. `seed` must be random and used once: who knows it
/// can open what was sealed with it.
///
/// # Errors
/// [`BadKey`].
pub fn seal(to: &Address, bytes: &[u8], seed: &[u8; 32]) -> Result<Vec<u8>, BadKey> {
    let bad = BadKey { key: to.key };
    let key = PublicKey::from_bytes(&to.key).map_err(|_| bad)?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        &info(to),
        bytes,
        &associated(to),
        &mut Seed::new(seed),
    )
    .map_err(|_| bad)?;
    let encapsulated: [u8; 32] = encapsulated.to_bytes().into();
    Ok([encapsulated.as_slice(), &ciphertext].concat())
}

/// Opens what was sealed to an address. The same on every machine: no randomness is in it.
///
/// # Errors
/// [`NotSealed`], also where `secret` is not that of the address's key.
pub fn open(to: &Address, secret: &SealingSecret, sealed: &[u8]) -> Result<Vec<u8>, NotSealed> {
    let not = NotSealed { task: to.task, len: sealed.len() };
    let (encapsulated, ciphertext) = sealed.split_at_checked(32).ok_or(not)?;
    if secret.key() != to.key {
        return Err(not);
    }
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| not)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret.0,
        &encapsulated,
        &info(to),
        ciphertext,
        &associated(to),
    )
    .map_err(|_| not)
}

/// What the sender of sealed bytes signs for the node's mailbox: `"zera/mail/v1" || chain || task || provider || key ||
/// SHA-256(sealed)`.
pub fn mail_message(to: &Address, sealed: &[u8]) -> Vec<u8> {
    let digest = Sha256::digest(sealed);
    [MAIL, to.chain.as_bytes(), &associated(to), &digest].concat()
}

/// `"zera/sealed/v1" || chain`.
fn info(to: &Address) -> Vec<u8> {
    [INFO, to.chain.as_bytes()].concat()
}

/// `task || provider || key`.
fn associated(to: &Address) -> Vec<u8> {
    [to.task.as_bytes().as_slice(), to.provider.as_bytes(), &to.key].concat()
}

/// Bytes out of a seed: `SHA-256("zera/seed/v1" || seed || counter u64)`, one after the other. The library asks for 32.
struct Seed {
    seed: [u8; 32],
    counter: u64,
}

impl Seed {
    fn new(seed: &[u8; 32]) -> Seed {
        Seed { seed: *seed, counter: 0 }
    }
}

impl TryRng for Seed {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(32) {
            let mut hash = Sha256::new_with_prefix(b"zera/seed/v1");
            hash.update(self.seed);
            hash.update(self.counter.to_le_bytes());
            self.counter = self.counter.wrapping_add(1);
            for (to, from) in chunk.iter_mut().zip(hash.finalize()) {
                *to = from;
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for Seed {}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SealingSecret {
        SealingSecret::derive(&[1; 32], &ChainId([2; 32]), &TaskId([3; 32]))
    }

    fn address() -> Address {
        let (chain, task) = (ChainId([2; 32]), TaskId([3; 32]));
        Address { chain, task, provider: AccountId([4; 32]), key: secret().key() }
    }

    fn unhex(text: &str) -> Vec<u8> {
        hex::decode(text).expect("hex")
    }

    /// RFC 9180, appendix A.2.1.1: the library and the names of its parts are those of the standard's suite.
    #[test]
    fn the_suite_is_the_one_of_the_rfcs_vector() {
        let sk = unhex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
        let enc = unhex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
        let info = unhex("4f6465206f6e2061204772656369616e2055726e");
        let ciphertext =
            unhex("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28");
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &PrivateKey::from_bytes(&sk).expect("32 bytes"),
            &<X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&enc).expect("32 bytes"),
            &info,
            &ciphertext,
            b"Count-0",
        );
        assert_eq!(opened.expect("opens"), b"Beauty is truth, truth beauty");
    }

    #[test]
    fn what_is_sealed_opens_at_its_address_alone() {
        let (to, secret) = (address(), secret());
        for len in [0, 1, 31, 267, 16_384] {
            let bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let sealed = seal(&to, &bytes, &[9; 32]).expect("seals");
            assert_eq!(sealed.len(), len + OVERHEAD);
            assert_eq!(open(&to, &secret, &sealed), Ok(bytes));
            assert_eq!(seal(&to, &[], &[9; 32]).expect("seals")[..32], sealed[..32], "the seed is all randomness");
            assert_ne!(seal(&to, &[], &[8; 32]).expect("seals")[..32], sealed[..32]);
        }
        let sealed = seal(&to, b"private", &[9; 32]).expect("seals");
        let others = [
            Address { chain: ChainId([5; 32]), ..to },
            Address { task: TaskId([5; 32]), ..to },
            Address { provider: AccountId([5; 32]), ..to },
            Address { key: [5; 32], ..to },
        ];
        for other in others {
            assert_eq!(open(&other, &secret, &sealed), Err(NotSealed { task: other.task, len: sealed.len() }));
        }
        let stranger = SealingSecret::from_bytes(&[7; 32]).expect("a secret");
        assert!(open(&to, &stranger, &sealed).is_err());
        assert!(open(&Address { key: stranger.key(), ..to }, &stranger, &sealed).is_err());
    }

    #[test]
    fn every_flip_and_every_cut_is_noticed() {
        let (to, secret) = (address(), secret());
        let sealed = seal(&to, b"private", &[9; 32]).expect("seals");
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut bad = sealed.clone();
                bad[at] ^= 1 << bit;
                // X25519 ignores the last bit of a point; what it stands in is authenticated all the same.
                assert!(open(&to, &secret, &bad).is_err(), "byte {at} bit {bit}");
            }
            assert!(open(&to, &secret, &sealed[..at]).is_err(), "cut to {at}");
        }
        assert!(open(&to, &secret, &[sealed.as_slice(), &[0]].concat()).is_err());
        assert!(open(&to, &secret, &[0; 64]).is_err(), "a point of small order");
    }

    /// The points of small order, and their other encodings: <https://cr.yp.to/ecdh.html>.
    #[test]
    fn a_key_that_nobody_can_seal_to_is_refused() {
        let small = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000080",
        ];
        for key in small {
            let key: [u8; 32] = unhex(key).try_into().expect("32 bytes");
            assert_eq!(check_key(&key), Err(BadKey { key }));
            assert_eq!(seal(&Address { key, ..address() }, b"private", &[9; 32]), Err(BadKey { key }));
        }
        check_key(&secret().key()).expect("a key");
    }

    #[test]
    fn secrets_differ_by_account_chain_and_task_and_read_back() {
        let (chain, task) = (ChainId([2; 32]), TaskId([3; 32]));
        let secret = secret();
        let others = [
            SealingSecret::derive(&[9; 32], &chain, &task),
            SealingSecret::derive(&[1; 32], &ChainId([9; 32]), &task),
            SealingSecret::derive(&[1; 32], &chain, &TaskId([9; 32])),
        ];
        for other in others {
            assert_ne!(other.key(), secret.key());
        }
        let again = SealingSecret::from_bytes(&secret.to_bytes()).expect("a secret");
        assert_eq!(again.key(), secret.key());
        assert_eq!(format!("{secret:?}"), "SealingSecret");
    }
}
