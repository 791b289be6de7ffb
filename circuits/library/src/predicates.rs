//! The built-in predicates, one module each.

pub mod collateral_ratio;
pub mod compound_growth;
pub mod range;
pub mod special_price;

use crate::registry::program_hash;
use zera_abi::wire::Reader;
use zera_ir::{Bit, Builder, Layout, Verdict};
use zera_r1cs::{Artefact, Manifest};

/// Builds the artefact of a predicate that reads public bytes alone and never exceeds a bound.
///
/// `body` returns what holds and whether the predicate trapped.
fn public_predicate(
    name: &str,
    version: u32,
    public_len: usize,
    body: impl FnOnce(&mut Builder) -> (Bit, Bit),
) -> Artefact {
    let mut builder = Builder::new(Layout { public_len, private_len: 0, declared: 0 });
    let (truth, trap) = body(&mut builder);
    let verdict = Verdict { truth, trap, exceeded: Bit::constant(false) };
    let manifest = Manifest::new(name, version, public_len as u32, 0, Vec::new());
    let manifest = manifest.expect("a built-in name is short and plain, its input too");
    let artefact = builder.finish(&verdict, &[], manifest, program_hash(name, version));
    artefact.expect("a built-in predicate is far below every ceiling")
}

/// The next u64; for native answers, where the length of the input was checked first.
fn next_u64(reader: &mut Reader<'_>) -> Option<u64> {
    reader.u64().ok()
}
