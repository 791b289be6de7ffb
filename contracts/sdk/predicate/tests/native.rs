//! A predicate under `cargo test`: layout, entry, traps, hashes.

use zera_predicate_sdk::testing::{run, Outcome};
use zera_predicate_sdk::{assume, bound, inputs, keccak256, predicate, sha256, trap, Field, Public, Value};

inputs! {
    /// One source's word.
    pub struct Feed { price: u64, weight: u32, tag: [u8; 32] }
    struct Feeds { three: [Feed; 3], strict: bool, delta: i16 }
    struct Secret { digest: [u8; 32], cell: Field }
}

predicate! {
    /// Some feed's tag is the hash of what is known, and its price is not more than the weight.
    fn predicate(public: Feeds, private: Secret) -> bool {
        assume(public.delta != 7);
        if public.three[0].weight == 9 {
            trap();
        }
        let mut found = false;
        let mut index = 0;
        while index < 3 && !found {
            bound!(3);
            found = sha256(&public.three[index].tag) == private.digest && private.cell == Field::from(5);
            index += 1;
        }
        let limit = u64::from(public.three[index - 1].weight);
        found && public.strict && public.three[index - 1].price <= limit
    }
}

mod hashed {
    use super::{keccak256, Public};

    zera_predicate_sdk::predicate! {
        fn hashed(digest: [u8; 32]) -> bool {
            let rest: [u8; 3] = Public::at(32);
            keccak256(&rest) == digest
        }
    }
}

fn feeds(tag: u8, weight: u32, strict: u8, delta: i16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for feed in 0..3u8 {
        bytes.extend(100u64.to_le_bytes());
        bytes.extend((weight + u32::from(feed)).to_le_bytes());
        bytes.extend([tag + feed; 32]);
    }
    bytes.push(strict);
    bytes.extend(delta.to_le_bytes());
    bytes
}

#[test]
fn layout_has_no_gaps() {
    assert_eq!((Feed::SIZE, Feeds::SIZE, Secret::SIZE, <[Feed; 3]>::SIZE), (44, 135, 64, 132));
}

#[test]
fn outcomes_are_those_of_the_module() {
    // The second feed's tag is 32 bytes of 1: sha256(01 x 32), by another implementation.
    let digest = "72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793";
    let mut private: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&digest[2 * i..2 * i + 2], 16).unwrap()).collect();
    private.push(5);
    private.resize(64, 0);
    let outcome = |public: &[u8], private: &[u8]| run(public, private, predicate);
    assert_eq!(outcome(&feeds(0, 99, 1, 0), &private), Outcome::True);
    assert_eq!(outcome(&feeds(0, 98, 1, 0), &private), Outcome::False, "the weight of that feed is 99");
    assert_eq!(outcome(&feeds(0, 99, 0, -7), &private), Outcome::False, "not strict");
    assert_eq!(outcome(&feeds(3, 99, 1, 0), &private), Outcome::False, "no tag fits");
    assert_eq!(outcome(&feeds(0, 99, 2, 0), &private), Outcome::Trap, "a boolean is 0 or 1");
    assert_eq!(outcome(&feeds(0, 99, 1, 7), &private), Outcome::Trap, "assume");
    assert_eq!(outcome(&feeds(0, 9, 1, 0), &private), Outcome::Trap, "trap");
    assert_eq!(outcome(&feeds(0, 99, 1, 0)[1..], &private), Outcome::Trap, "input too short");
    private[63] = 0x31;
    assert_eq!(outcome(&feeds(0, 99, 1, 0), &private), Outcome::Trap, "cell above the modulus");
}

#[test]
fn keccak_is_ethereums() {
    let digest = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
    let mut public: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&digest[2 * i..2 * i + 2], 16).unwrap()).collect();
    public.extend(b"abc");
    assert_eq!(run(&public, &[], hashed::hashed), Outcome::True);
    public[34] ^= 1;
    assert_eq!(run(&public, &[], hashed::hashed), Outcome::False);
}

// XOR of the digests of 0, 1, .., 299 zero bytes, by Python's hashlib and PyCryptodome.
const SHA: &str = "71c2338196732d45f50b6f98135793f70756e388c6aa737c262fd9b01b4a00e5";
const KECCAK: &str = "a1cb8c6f539102a561380817eb0b5d630f4cebf6e5bccdf661df354e618a1395";

#[test]
fn hashes_pad_at_every_length() {
    let mut sums = [[0u8; 32]; 2];
    for len in 0..300 {
        for (sum, digest) in sums.iter_mut().zip([sha256(&vec![0; len]), keccak256(&vec![0; len])]) {
            sum.iter_mut().zip(digest).for_each(|(a, b)| *a ^= b);
        }
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(sums.map(|sum| hex(&sum)), [SHA, KECCAK]);
}
