//! Calls of hand-made circuits: hashes, signatures, field arithmetic.
//!
//! A call is one node with bits and field elements as operands; its results are nodes of their own. An element's bytes are
//! the results of a further call ([`Gadget::CanonicalBits`]) that costs rows only where some byte is looked at: an element
//! that goes from one call to the next never is.

use super::{Bit, Graph, Node, NodeId};
use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField, Zero};
use ethnum::I256;
use zera_ir::{self as ir, Builder};
use zera_library::gadgets::{eddsa, field, keccak, merkle, sha256};
use zera_statement::poseidon;

/// The hand-made circuits, with what they take and give. Bits of bytes stand least first within each byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gadget {
    /// Bits of a message -> 256 bits.
    Sha256,
    /// Bits of a message -> 256 bits.
    Keccak256,
    /// 1 to 16 elements -> an element.
    Poseidon,
    /// A leaf, then siblings; one bit of the index for each -> an element.
    MerkleRoot,
    /// Ax, Ay, R8x, R8y, S, message -> a bit.
    EddsaVerify,
    /// Two elements -> an element.
    FieldAdd,
    /// Two elements -> an element.
    FieldSub,
    /// Two elements -> an element.
    FieldMul,
    /// An element -> its inverse, or 0, and whether it is 0.
    FieldInverse,
    /// Two elements -> a bit.
    FieldEqual,
    /// An element -> 256 bits, the last two 0.
    CanonicalBits,
    /// 256 bits -> whether they are an element's.
    IsCanonical,
}

/// A field element.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// A call's result.
    Result(u32),
    /// 256 bits, least first, as an integer modulo r.
    Bits(Box<[Bit]>),
}

/// What a call gave, for one input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results<B, E> {
    pub(crate) bits: Vec<B>,
    pub(crate) elements: Vec<E>,
}

impl Graph {
    /// Calls a gadget.
    pub(crate) fn call(&mut self, gadget: Gadget, bits: &[Bit], elements: &[Element]) -> NodeId {
        self.node(Node::Call { gadget, bits: bits.into(), elements: elements.into() })
    }

    /// Bit `at` of a call's results.
    pub(crate) fn result_bit(&mut self, call: NodeId, at: u32) -> Bit {
        Bit::of(self.node(Node::ResultBit { call, at }))
    }

    /// Element `at` of a call's results.
    pub(crate) fn result_element(&mut self, call: NodeId, at: u32) -> Element {
        Element::Result(self.node(Node::ResultElement { call, at }))
    }

    /// The 256 bits of an element's canonical bytes.
    pub(crate) fn element_bits(&mut self, element: &Element) -> Vec<Bit> {
        let call = self.call(Gadget::CanonicalBits, &[], std::slice::from_ref(element));
        let mut bits: Vec<Bit> = (0..254).map(|at| self.result_bit(call, at)).collect();
        bits.resize(256, Bit::FALSE);
        bits
    }

    /// 256 bits as an element, and whether they are its canonical ones. Bits that [`Graph::element_bits`] gave are the
    /// element that it was asked about.
    pub(crate) fn element_of_bits(&mut self, bits: &[Bit]) -> (Element, Bit) {
        if let Some(element) = self.origin(bits) {
            return (element, Bit::TRUE);
        }
        if let Some(known) = bits.iter().map(|bit| bit.as_constant()).collect::<Option<Vec<bool>>>() {
            return (Element::Bits(bits.into()), Bit::constant(is_canonical(&known)));
        }
        let call = self.call(Gadget::IsCanonical, bits, &[]);
        (Element::Bits(bits.into()), self.result_bit(call, 0))
    }

    fn origin(&self, bits: &[Bit]) -> Option<Element> {
        let Node::ResultBit { call, at: 0 } = *self.node_at(bits.first()?.node()) else { return None };
        let Node::Call { gadget: Gadget::CanonicalBits, elements, .. } = self.node_at(call) else { return None };
        let same = bits.iter().enumerate().all(|(at, bit)| match at {
            254.. => *bit == Bit::FALSE,
            _ => !bit.is_negated() && *self.node_at(bit.node()) == Node::ResultBit { call, at: at as u32 },
        });
        same.then(|| elements[0].clone())
    }
}

/// What a gadget gives, natively.
pub(crate) fn evaluate(gadget: Gadget, bits: &[bool], elements: &[Fr]) -> Results<bool, Fr> {
    let cell = |at: usize| field::encode(&elements[at]);
    let bit = |value: bool| Results { bits: vec![value], elements: Vec::new() };
    let element = |value: Fr| Results { bits: Vec::new(), elements: vec![value] };
    match gadget {
        Gadget::Sha256 => Results { bits: unpack(&sha256::digest(&pack(bits))), elements: Vec::new() },
        Gadget::Keccak256 => Results { bits: unpack(&keccak::digest(&pack(bits))), elements: Vec::new() },
        Gadget::Poseidon => element(poseidon::hash(elements).expect("1 to 16 elements")),
        Gadget::MerkleRoot => {
            let index = bits.iter().enumerate().fold(0, |index, (at, bit)| index | u64::from(*bit) << at);
            let siblings: Vec<_> = (1..elements.len()).map(cell).collect();
            let root = merkle::root(&cell(0), &siblings, index).expect("elements are canonical");
            element(field::decode(&root).expect("a root is canonical"))
        }
        Gadget::EddsaVerify => {
            let verdict = eddsa::verify(&[cell(0), cell(1)], &[cell(2), cell(3), cell(4)], &cell(5));
            bit(verdict.expect("elements are canonical"))
        }
        Gadget::FieldAdd => element(elements[0] + elements[1]),
        Gadget::FieldSub => element(elements[0] - elements[1]),
        Gadget::FieldMul => element(elements[0] * elements[1]),
        Gadget::FieldInverse => {
            let inverse = ark_ff::Field::inverse(&elements[0]);
            Results { bits: vec![inverse.is_none()], elements: vec![inverse.unwrap_or(Fr::zero())] }
        }
        Gadget::FieldEqual => bit(elements[0] == elements[1]),
        Gadget::CanonicalBits => Results { bits: unpack(&cell(0)), elements: Vec::new() },
        Gadget::IsCanonical => bit(is_canonical(bits)),
    }
}

/// The gadget's rows.
pub(crate) fn emit(
    builder: &mut Builder,
    gadget: Gadget,
    bits: &[ir::Bit],
    elements: &[ir::Lc],
) -> Results<ir::Bit, ir::Lc> {
    let of_bits = |bits: Vec<ir::Bit>| Results { bits, elements: Vec::new() };
    let of_element = |element: ir::Lc| Results { bits: Vec::new(), elements: vec![element] };
    match (gadget, elements) {
        (Gadget::Sha256, _) => of_bits(sha256::sha256(builder, bits)),
        (Gadget::Keccak256, _) => of_bits(keccak::keccak256(builder, bits)),
        (Gadget::Poseidon, _) => of_element(builder.poseidon(elements).expect("1 to 16 elements")),
        (Gadget::MerkleRoot, [leaf, siblings @ ..]) => of_element(merkle::merkle_root(builder, leaf, siblings, bits)),
        (Gadget::EddsaVerify, [ax, ay, rx, ry, s, message]) => {
            let [key, signature] = [vec![ax, ay], vec![rx, ry, s]];
            let key = [key[0].clone(), key[1].clone()];
            let signature = [signature[0].clone(), signature[1].clone(), signature[2].clone()];
            of_bits(vec![eddsa::eddsa_verify(builder, &key, &signature, message)])
        }
        (Gadget::FieldAdd, [a, b]) => of_element(a.add(b)),
        (Gadget::FieldSub, [a, b]) => of_element(a.sub(b)),
        (Gadget::FieldMul, [a, b]) => of_element(builder.mul(a, b)),
        (Gadget::FieldInverse, [a]) => {
            let (inverse, zero) = field::inverse_or_zero(builder, a);
            Results { bits: vec![zero], elements: vec![inverse] }
        }
        (Gadget::FieldEqual, [a, b]) => of_bits(vec![field::equal_bit(builder, a, b)]),
        (Gadget::CanonicalBits, [a]) => {
            let mut bits = field::canonical_bits(builder, a);
            bits.resize(256, ir::Bit::constant(false));
            of_bits(bits)
        }
        (Gadget::IsCanonical, _) => of_bits(vec![field::is_canonical(builder, bits)]),
        _ => unreachable!("{gadget:?} of {} elements", elements.len()),
    }
}

impl Gadget {
    /// The kind of its rows, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Gadget::Sha256 => "sha256",
            Gadget::Keccak256 => "keccak256",
            Gadget::Poseidon => "poseidon",
            Gadget::MerkleRoot => "merkle_root",
            Gadget::EddsaVerify => "eddsa_verify",
            Gadget::FieldAdd => "field_add",
            Gadget::FieldSub => "field_sub",
            Gadget::FieldMul => "field_mul",
            Gadget::FieldInverse => "field_inv",
            Gadget::FieldEqual => "field_eq",
            Gadget::CanonicalBits => "bytes of a field cell",
            Gadget::IsCanonical => "range of a field cell",
        }
    }
}

/// Whether an integer, least bit first, is below r.
fn is_canonical(bits: &[bool]) -> bool {
    let bytes: [u8; 32] = pack(bits).try_into().expect("256 bits");
    field::decode(&bytes).is_some()
}

fn pack(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8).map(|bits| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at)).collect()
}

fn unpack(bytes: &[u8]) -> Vec<bool> {
    bytes.iter().flat_map(|byte| (0..8).map(move |at| byte >> at & 1 == 1)).collect()
}

/// A field element as an integer and back, for evaluation.
pub(crate) fn to_integer(element: &Fr) -> I256 {
    let BigInt([a, b, c, d]) = element.into_bigint();
    let low = u128::from(b) << 64 | u128::from(a);
    let high = u128::from(d) << 64 | u128::from(c);
    I256::from_words(high as i128, low as i128)
}

/// The element of 256 bits, reduced.
pub(crate) fn from_bits(bits: &[bool]) -> Fr {
    Fr::from_le_bytes_mod_order(&pack(bits))
}

/// The element that a non-negative integer names.
pub(crate) fn from_integer(value: I256) -> Fr {
    let (high, low) = value.into_words();
    let limbs = [low as u64, (low as u128 >> 64) as u64, high as u64, (high as u128 >> 64) as u64];
    Fr::from_bigint(BigInt(limbs)).expect("an element's integer is below r")
}
