//! A decoded module: compact instructions with their jumps resolved.

use std::collections::BTreeMap;

/// A scalar type of integer WebAssembly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scalar {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

impl Scalar {
    /// Width in bits.
    pub fn width(self) -> u32 {
        match self {
            Scalar::I32 => 32,
            Scalar::I64 => 64,
        }
    }
}

/// A function type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Signature {
    /// Parameters in order.
    pub params: Vec<Scalar>,
    /// Results in order.
    pub results: Vec<Scalar>,
}

/// The imports a predicate may have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "the names are those of the ABI")]
pub enum Intrinsic {
    ReadPublic,
    ReadPrivate,
    Assume,
    Bound,
    Sha256,
    Keccak256,
    Poseidon,
    MerkleRoot,
    EddsaVerify,
    FieldAdd,
    FieldSub,
    FieldMul,
    FieldInv,
    FieldEq,
    Abort,
}

impl Intrinsic {
    /// Module, name, parameters (`i` is i32, `I` is i64) and whether there is an i32 result.
    const TABLE: [(Intrinsic, &'static str, &'static str, &'static str, bool); 15] = [
        (Intrinsic::ReadPublic, "zera", "read_public", "iii", false),
        (Intrinsic::ReadPrivate, "zera", "read_private", "iii", false),
        (Intrinsic::Assume, "zera", "assume", "i", false),
        (Intrinsic::Bound, "zera", "bound", "i", false),
        (Intrinsic::Sha256, "zera", "sha256", "iii", false),
        (Intrinsic::Keccak256, "zera", "keccak256", "iii", false),
        (Intrinsic::Poseidon, "zera", "poseidon", "iii", false),
        (Intrinsic::MerkleRoot, "zera", "merkle_root", "iiiIi", false),
        (Intrinsic::EddsaVerify, "zera", "eddsa_verify", "iii", true),
        (Intrinsic::FieldAdd, "zera", "field_add", "iii", false),
        (Intrinsic::FieldSub, "zera", "field_sub", "iii", false),
        (Intrinsic::FieldMul, "zera", "field_mul", "iii", false),
        (Intrinsic::FieldInv, "zera", "field_inv", "ii", false),
        (Intrinsic::FieldEq, "zera", "field_eq", "ii", true),
        (Intrinsic::Abort, "env", "abort", "iiii", false),
    ];

    /// The intrinsic of that name and its type.
    pub fn find(module: &str, name: &str) -> Option<(Intrinsic, Signature)> {
        Self::TABLE
            .iter()
            .find(|row| row.1 == module && row.2 == name)
            .map(|row| (row.0, Self::signature(row.3, row.4)))
    }

    /// `zera.read_public` and so on.
    pub fn name(self) -> String {
        let row = Self::TABLE.iter().find(|row| row.0 == self);
        row.map_or_else(String::new, |row| format!("{}.{}", row.1, row.2))
    }

    fn signature(params: &str, result: bool) -> Signature {
        let scalar = |c| if c == 'I' { Scalar::I64 } else { Scalar::I32 };
        Signature {
            params: params.chars().map(scalar).collect(),
            results: if result { vec![Scalar::I32] } else { vec![] },
        }
    }
}

/// Two operands, one result, all of one width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are those of the specification")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    DivS,
    DivU,
    RemS,
    RemU,
    And,
    Or,
    Xor,
    Shl,
    ShrS,
    ShrU,
    Rotl,
    Rotr,
}

/// Two operands of one width, an i32 result of 0 or 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are those of the specification")]
pub enum Compare {
    Eq,
    Ne,
    LtS,
    LtU,
    GtS,
    GtU,
    LeS,
    LeU,
    GeS,
    GeU,
}

/// One operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are those of the specification")]
pub enum Unary {
    Eqz,
    Clz,
    Ctz,
    Popcnt,
    Wrap,
    ExtendS,
    ExtendU,
    /// Sign extension from the low 8, 16 or 32 bits.
    Sign(u8),
}

/// A load: how many bytes, how they become a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// 1, 2, 4 or 8 bytes are read.
    pub bytes: u8,
    /// The top bit read is the sign.
    pub signed: bool,
    /// Width of the result.
    pub to: Scalar,
}

/// An instruction. Depths are relative labels as in the binary format; `pc`s index the function's code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are those of the specification")]
pub enum Op {
    Unreachable,
    Block {
        end: u32,
        params: u16,
        results: u16,
    },
    Loop {
        end: u32,
        params: u16,
        results: u16,
    },
    /// `other` is the pc of `Else`, or of `End` where there is none.
    If {
        other: u32,
        end: u32,
        block: u32,
    },
    Else,
    End,
    Br(u32),
    BrIf(u32),
    /// Targets `first .. first + count` of the function's table; the last is the default.
    BrTable {
        first: u32,
        count: u32,
    },
    Return,
    Call(u32),
    Intrinsic(Intrinsic),
    /// Canonical type.
    CallIndirect(u32),
    Drop,
    Select,
    LocalGet(u32),
    LocalSet(u32),
    LocalTee(u32),
    GlobalGet(u32),
    GlobalSet(u32),
    /// Index of the module's constants.
    Const(u32),
    Load {
        load: Load,
        offset: u32,
    },
    /// Low `bytes` of a value.
    Store {
        bytes: u8,
        offset: u32,
    },
    MemorySize,
    MemoryGrow,
    MemoryCopy,
    MemoryFill,
    Unary(Unary),
    Binary(Binary),
    Compare(Compare),
}

/// A function with a body.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// Canonical type.
    #[expect(dead_code, reason = "decoded for the reader of a dump")]
    pub ty: u32,
    /// Number of parameters.
    pub params: u32,
    /// Number of results.
    pub results: u32,
    /// Types of the locals beyond the parameters, as runs.
    pub locals: Vec<(u32, Scalar)>,
    /// Number of parameters and locals.
    pub local_count: u32,
    /// Code; the last instruction is `End`.
    pub code: Vec<Op>,
    /// Byte offset in the module of each instruction.
    pub offsets: Vec<u32>,
    /// Targets of the `br_table`s.
    pub targets: Vec<u32>,
    /// Parameters and results of the `if`s.
    pub blocks: Vec<(u16, u16)>,
    /// It, or something it can call, calls `bound`.
    pub counts: bool,
}

/// What a function index stands for.
#[derive(Clone, Debug)]
pub enum Callee {
    /// An import.
    Import(Intrinsic),
    /// Index into [`Module::functions`].
    Defined(u32),
}

/// A decoded and validated module.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Distinct function types.
    pub types: Vec<Signature>,
    /// By function index: what it is and its canonical type.
    pub callees: Vec<(Callee, u32)>,
    /// Functions with bodies.
    pub functions: Vec<Function>,
    /// Names by index of [`Self::functions`].
    pub names: Vec<String>,
    /// Initial values of globals: width and value.
    pub globals: Vec<(Scalar, u64)>,
    /// Distinct constants of the code.
    pub constants: Vec<(Scalar, u64)>,
    /// Function index by table element.
    pub table: Vec<Option<u32>>,
    /// Initial pages and the most that the module allows (256 at most); none without a memory.
    pub memory: Option<(u32, u32)>,
    /// By canonical type: the function that calls through the table by its last parameter.
    pub dispatchers: BTreeMap<u32, u32>,
    /// Active data segments: address and bytes.
    pub data: Vec<(u32, Vec<u8>)>,
    /// Function index that runs first.
    pub start: Option<u32>,
    /// Function index of the entry.
    pub entry: u32,
}
