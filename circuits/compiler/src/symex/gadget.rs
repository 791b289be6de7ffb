//! The seam to circuits that are not made of instructions: hashes, signatures, field arithmetic.
//!
//! Each function gets the bytes of its operands from memory and gives the bytes of its result, or a bit. An operand that is
//! no field element is a trap.

use super::machine::Machine;
use super::memory::Cell;
use crate::graph::{Bit, Element, Gadget, Word};

/// A hash, or a field element, little-endian.
pub type Bytes32 = [Cell; 32];

/// SHA-256 or Keccak-256.
pub fn hash(machine: &mut Machine<'_>, gadget: Gadget, bytes: &[Cell]) -> Bytes32 {
    let bits = bits(machine, bytes);
    let call = machine.graph.call(gadget, &bits, &[]);
    let digest: Vec<Bit> = (0..256).map(|at| machine.graph.result_bit(call, at)).collect();
    cells(machine, &digest)
}

/// One element of one or more: Poseidon's hash, sums and products.
pub fn element(machine: &mut Machine<'_>, gadget: Gadget, operands: &[Bytes32]) -> Bytes32 {
    let elements = elements(machine, operands);
    let call = machine.graph.call(gadget, &[], &elements);
    if gadget == Gadget::FieldInverse {
        let zero = machine.graph.result_bit(call, 0);
        machine.trap_if(zero);
    }
    let result = machine.graph.result_element(call, 0);
    let bits = machine.graph.element_bits(&result);
    cells(machine, &bits)
}

/// The root above a leaf; bit `i` of `index` (64 bits) is 1 where the node of level `i` is a right child.
pub fn merkle_root(machine: &mut Machine<'_>, leaf: &Bytes32, siblings: &[Bytes32], index: Word) -> Bytes32 {
    let operands: Vec<Bytes32> = std::iter::once(leaf).chain(siblings).copied().collect();
    let elements = elements(machine, &operands);
    let bits = machine.graph.word_bits(index);
    let call = machine.graph.call(Gadget::MerkleRoot, &bits[..siblings.len()], &elements);
    let root = machine.graph.result_element(call, 0);
    let bits = machine.graph.element_bits(&root);
    cells(machine, &bits)
}

/// A bit of elements: whether a signature verifies, whether two are equal.
pub fn verdict(machine: &mut Machine<'_>, gadget: Gadget, operands: &[Bytes32]) -> Bit {
    let elements = elements(machine, operands);
    let call = machine.graph.call(gadget, &[], &elements);
    machine.graph.result_bit(call, 0)
}

fn elements(machine: &mut Machine<'_>, operands: &[Bytes32]) -> Vec<Element> {
    operands
        .iter()
        .map(|bytes| {
            let bits = bits(machine, bytes);
            let (element, canonical) = machine.graph.element_of_bits(&bits);
            machine.trap_if(canonical.not());
            element
        })
        .collect()
}

fn bits(machine: &mut Machine<'_>, bytes: &[Cell]) -> Vec<Bit> {
    let mut bits = Vec::with_capacity(8 * bytes.len());
    for cell in bytes {
        let of = machine.graph.word_bits(cell.word);
        let from = 8 * usize::from(cell.byte);
        bits.extend_from_slice(&of[from..from + 8]);
    }
    bits
}

/// 256 bits as four words.
fn cells(machine: &mut Machine<'_>, bits: &[Bit]) -> Bytes32 {
    let words: Vec<Word> = bits.chunks(64).map(|bits| machine.graph.from_bits(64, bits)).collect();
    std::array::from_fn(|at| Cell { word: words[at / 8], byte: (at % 8) as u8 })
}
