//! A straight-line program that computes the whole assignment from the input bytes.
//!
//! No control flow and no memory but registers, each defined once: register 0 is the constant 1, registers below
//! `wires` are the wires, those above are temporaries, which are dropped at the end. All hold scalars. The tape runs on
//! whatever bytes it is given; it is the matrices, not the tape, that say what is true.
//!
//! ```text
//! section of an artefact; numbers are LEB128 groups of seven bits in their shortest form
//!   1    layout, 1
//!   n    wires, temporaries, public_len, private_len
//!   n    scalars in the pool; 32 bytes (big-endian) each
//!   ..   operations to the end of the section: opcode (1), then numbers
//!        1   PublicByte     to index
//!        2   PrivateByte    to index
//!        3   Binding        to
//!        4   Constant       to scalar
//!        5   Linear         to constant n (register scalar)^n
//!        6   Multiply       to left right
//!        7   Bits           from n to^n                        lowest bit first, 1 <= n <= 254
//!        8   InverseOrZero  to from
//!        9   IsZero         to from
//!        10  Select         to condition then otherwise
//!        11  Divide         quotient remainder dividend divisor
//!        12  Lookup         to a b c table                     bit a + 2 b + 4 c of an eight-bit table
//! a scalar is 0 for 1, 1 for -1, 2 for 0, else 3 + index in the pool
//! ```

mod builder;
mod encoding;
mod lanes;
mod lower;
mod program;
mod range;
mod reference;
mod run;
mod validate;

pub use builder::TapeBuilder;
pub use run::{TapeError, TapeInputs};
pub use validate::InvalidTape;

use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// Most registers: wires and temporaries.
pub const REGISTERS_MAX: usize = 1 << 26;
/// Most bits of one split: the modulus has 254.
pub const BITS_MAX: usize = 254;

/// The scalars that need no place in the pool.
fn implicit_scalars() -> [Fr; 3] {
    [Fr::one(), -Fr::one(), Fr::zero()]
}

/// A value of the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Register {
    /// A wire of the matrices; wire 0 is the constant 1 and defined from the start.
    Wire(u32),
    /// A value that no row mentions, from [`TapeBuilder::temporary`].
    Temporary(u32),
}

/// A checked tape: every operand is defined before its use, every register exactly once.
///
/// Made by [`TapeBuilder::finish`] or read from an artefact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    wires: u32,
    temporaries: u32,
    public_len: u32,
    private_len: u32,
    /// The implicit scalars, then the pool.
    scalars: Vec<Fr>,
    operations: Vec<Operation>,
    /// Terms of all [`Operation::Linear`], one after the other: register and index into `scalars`.
    terms: Vec<(u32, u32)>,
    /// Targets of all [`Operation::Bits`], one after the other.
    targets: Vec<u32>,
    /// The operations as they run; follows from the rest.
    program: program::Program,
}

/// One operation. Registers are indices into one file, scalars indices into `Tape::scalars`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    PublicByte { to: u32, index: u32 },
    PrivateByte { to: u32, index: u32 },
    Binding { to: u32 },
    Constant { to: u32, scalar: u32 },
    Linear { to: u32, constant: u32, first: u32, len: u32 },
    Multiply { to: u32, left: u32, right: u32 },
    Bits { from: u32, first: u32, len: u32 },
    InverseOrZero { to: u32, from: u32 },
    IsZero { to: u32, from: u32 },
    Select { to: u32, condition: u32, then: u32, otherwise: u32 },
    Divide { quotient: u32, remainder: u32, dividend: u32, divisor: u32 },
    Lookup { to: u32, operands: [u32; 3], table: u8 },
}

impl Tape {
    /// Validates, then lowers.
    fn checked(self) -> Result<Tape, InvalidTape> {
        self.validate()?;
        let program = lower::lower(&self);
        Ok(Tape { program, ..self })
    }

    /// Wires that the tape defines, wire 0 included.
    pub fn wires(&self) -> u32 {
        self.wires
    }

    /// Values beside the wires.
    pub fn temporaries(&self) -> u32 {
        self.temporaries
    }

    /// Public input bytes that the tape expects.
    pub fn public_len(&self) -> u32 {
        self.public_len
    }

    /// Private input bytes that the tape expects.
    pub fn private_len(&self) -> u32 {
        self.private_len
    }

    /// Number of operations.
    pub fn operations(&self) -> usize {
        self.operations.len()
    }

    fn registers(&self) -> usize {
        self.wires as usize + self.temporaries as usize
    }

    fn terms(&self, first: u32, len: u32) -> &[(u32, u32)] {
        &self.terms[first as usize..][..len as usize]
    }

    fn targets(&self, first: u32, len: u32) -> &[u32] {
        &self.targets[first as usize..][..len as usize]
    }

    /// The register with this index in the file.
    fn register(&self, index: u32) -> Register {
        if index < self.wires { Register::Wire(index) } else { Register::Temporary(index - self.wires) }
    }
}
