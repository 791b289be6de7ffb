//! The functions that a predicate may import.

use super::gadget::{self, Bytes32};
use super::machine::{Fallible, Machine};
use super::memory::Cell;
use super::module::Intrinsic;
use crate::graph::{Gadget, Input, Word};

/// Field elements that `poseidon` takes.
const POSEIDON_MAX: u64 = 16;
/// Levels of a Merkle path.
const DEPTH_MAX: u64 = 32;

impl Machine<'_> {
    /// Executes an import; its arguments are on the stack.
    pub fn intrinsic(&mut self, intrinsic: Intrinsic) -> Fallible<()> {
        match intrinsic {
            Intrinsic::ReadPublic => self.read_input(Input::Public),
            Intrinsic::ReadPrivate => self.read_input(Input::Private),
            Intrinsic::Assume => {
                let condition = self.pop();
                let fails = self.condition(condition).not();
                self.trap_if(fails);
                Ok(())
            }
            Intrinsic::Bound => {
                let n = self.pop();
                self.bound(n)
            }
            Intrinsic::Abort => {
                self.trap();
                Ok(())
            }
            Intrinsic::Sha256 => self.hash(intrinsic, Gadget::Sha256),
            Intrinsic::Keccak256 => self.hash(intrinsic, Gadget::Keccak256),
            Intrinsic::Poseidon => self.poseidon(),
            Intrinsic::MerkleRoot => self.merkle_root(),
            Intrinsic::EddsaVerify => self.eddsa_verify(),
            Intrinsic::FieldAdd => self.field(Gadget::FieldAdd),
            Intrinsic::FieldSub => self.field(Gadget::FieldSub),
            Intrinsic::FieldMul => self.field(Gadget::FieldMul),
            Intrinsic::FieldInv => {
                let (a, dst) = (self.pop(), self.pop());
                let Some(a) = self.cells(a, 1)? else { return Ok(()) };
                let result = gadget::element(self, Gadget::FieldInverse, &a);
                self.write_32(dst, &result)
            }
            Intrinsic::FieldEq => {
                let (b, a) = (self.pop(), self.pop());
                let (Some(a), Some(b)) = (self.cells(a, 1)?, self.cells(b, 1)?) else { return Ok(()) };
                let equal = gadget::verdict(self, Gadget::FieldEqual, &[a[0], b[0]]);
                let equal = self.graph.from_bit(32, equal);
                self.push(equal);
                Ok(())
            }
        }
    }

    /// An argument that must be known when the program is compiled.
    fn known(&mut self, word: Word, what: &str, intrinsic: Intrinsic) -> Fallible<u64> {
        self.graph.as_constant(word).ok_or_else(|| {
            let message = format!("the {what} that {} is called with depends on the input", intrinsic.name());
            self.error("argument", message, "call it with a constant in each branch")
        })
    }

    /// The bytes of a range; none where that is a trap.
    fn bytes(&mut self, at: Word, len: u64) -> Fallible<Option<Vec<Cell>>> {
        self.charge(len)?;
        let address = self.address(at, 0, len, self.state.memory.len(), "argument")?;
        Ok(address.map(|address| self.read_cells(address, len as u32, Self::unit(len as u32, &[address]))))
    }

    /// `count` field cells; none where they lie outside the memory.
    fn cells(&mut self, at: Word, count: u64) -> Fallible<Option<Vec<Bytes32>>> {
        if !self.live {
            return Ok(None);
        }
        let bytes = self.bytes(at, 32 * count)?;
        Ok(bytes.map(|bytes| bytes.as_chunks().0.to_vec()))
    }

    /// Writes 32 bytes; a trap where that lies outside the memory. A path that has ended writes nothing.
    fn write_32(&mut self, at: Word, bytes: &Bytes32) -> Fallible<()> {
        if self.live
            && let Some(address) = self.address(at, 0, 32, self.state.memory.len(), "result")?
        {
            let unit = Self::unit(32, &[address]);
            self.write_cells(address, bytes, unit);
        }
        Ok(())
    }

    fn hash(&mut self, intrinsic: Intrinsic, gadget: Gadget) -> Fallible<()> {
        let (len, src, dst) = (self.pop(), self.pop(), self.pop());
        let len = self.known(len, "length", intrinsic)?;
        let Some(bytes) = self.bytes(src, len)? else { return Ok(()) };
        let digest = gadget::hash(self, gadget, &bytes);
        self.write_32(dst, &digest)
    }

    fn poseidon(&mut self) -> Fallible<()> {
        let (n, src, dst) = (self.pop(), self.pop(), self.pop());
        let n = self.known(n, "number of elements", Intrinsic::Poseidon)?;
        if !(1..=POSEIDON_MAX).contains(&n) {
            self.trap();
            return Ok(());
        }
        let Some(inputs) = self.cells(src, n)? else { return Ok(()) };
        let digest = gadget::element(self, Gadget::Poseidon, &inputs);
        self.write_32(dst, &digest)
    }

    fn merkle_root(&mut self) -> Fallible<()> {
        let (depth, index) = (self.pop(), self.pop());
        let (siblings, leaf, dst) = (self.pop(), self.pop(), self.pop());
        let depth = self.known(depth, "depth", Intrinsic::MerkleRoot)?;
        if depth > DEPTH_MAX {
            self.trap();
            return Ok(());
        }
        let most = self.graph.constant(64, (1 << depth) - 1);
        let beyond = self.less(most, index, false);
        self.trap_if(beyond);
        let Some(leaf) = self.cells(leaf, 1)? else { return Ok(()) };
        let Some(siblings) = self.cells(siblings, depth)? else { return Ok(()) };
        let root = gadget::merkle_root(self, &leaf[0], &siblings, index);
        self.write_32(dst, &root)
    }

    fn eddsa_verify(&mut self) -> Fallible<()> {
        let (message, signature, key) = (self.pop(), self.pop(), self.pop());
        let Some(key) = self.cells(key, 2)? else { return Ok(()) };
        let Some(signature) = self.cells(signature, 3)? else { return Ok(()) };
        let Some(message) = self.cells(message, 1)? else { return Ok(()) };
        let operands: Vec<_> = key.into_iter().chain(signature).chain(message).collect();
        let valid = gadget::verdict(self, Gadget::EddsaVerify, &operands);
        let valid = self.graph.from_bit(32, valid);
        self.push(valid);
        Ok(())
    }

    fn field(&mut self, gadget: Gadget) -> Fallible<()> {
        let (b, a, dst) = (self.pop(), self.pop(), self.pop());
        let (Some(a), Some(b)) = (self.cells(a, 1)?, self.cells(b, 1)?) else { return Ok(()) };
        let result = gadget::element(self, gadget, &[a[0], b[0]]);
        self.write_32(dst, &result)
    }
}
