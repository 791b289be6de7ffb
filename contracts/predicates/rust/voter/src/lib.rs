//! May I vote on this topic, without saying who I am, and only once?
//!
//! I know the secret behind a leaf of the register whose root the authority signed. The nullifier is the same whenever I
//! vote on the topic, so that a second vote is seen; nobody can tell from it which leaf is mine.
//!
//! Public: authority's key 2 cells | topic, a cell | nullifier, a cell.
//! Private: secret, a cell | siblings 16 cells, from the leaf up | place of my leaf u16 | signature 3 cells.

#![no_std]

use zera_predicate_sdk::{eddsa_verify, inputs, merkle_root, poseidon, predicate, Field, Signature};

inputs! {
    struct Vote { authority: [Field; 2], topic: Field, nullifier: Field }
    struct Voter { secret: Field, siblings: [Field; 16], place: u16, signature: Signature }
}

predicate! {
    fn predicate(vote: Vote, voter: Voter) -> bool {
        let leaf = poseidon(&[voter.secret]);
        let root = merkle_root(&leaf, &voter.siblings, voter.place.into());
        poseidon(&[voter.secret, vote.topic]) == vote.nullifier && eddsa_verify(&vote.authority, &voter.signature, &root)
    }
}
