//! One function body: instructions with their jumps resolved, code that can not run left out.

use std::collections::BTreeMap;

use wasmparser::{BlockType, FunctionBody, MemArg, Operator};

use super::decode::scalar;
use super::module::{Binary, Callee, Compare, Function, Load, Module, Op, Scalar, Signature, Unary};
use crate::diagnostic::Diagnostic;

/// Blocks inside one another in one function.
pub const NESTING_MAX: usize = 1_000;

/// A body that is not taken.
pub struct Refused {
    /// Why.
    pub diagnostic: Diagnostic,
    /// Byte offset in the module.
    pub offset: usize,
}

/// The types of the binary: signatures, and which of the module's distinct types each is.
pub struct Types<'t> {
    /// By type index.
    pub binary: &'t [Signature],
    /// By type index.
    pub canonical: &'t [u32],
}

/// An open block.
struct Open {
    /// pc of its instruction; none for the function itself.
    at: Option<u32>,
    /// The code from here to its end or `else` can not run.
    dead: bool,
    /// The block itself can not run.
    skipped: bool,
}

/// Reads the body of a valid module's function of the type `ty`.
#[expect(clippy::result_large_err, reason = "made once, and only to be printed")]
pub fn read(
    body: &FunctionBody<'_>,
    ty: u32,
    module: &Module,
    types: &Types<'_>,
    constants: &mut BTreeMap<(Scalar, u64), u32>,
) -> Result<Function, Refused> {
    let broken = |error: wasmparser::Error| Refused {
        diagnostic: Diagnostic::new("invalid-module", error.message().to_owned()),
        offset: error.offset(),
    };
    let signature = &module.types[ty as usize];
    let mut function = Function {
        ty,
        params: signature.params.len() as u32,
        results: signature.results.len() as u32,
        local_count: signature.params.len() as u32,
        ..Function::default()
    };
    let mut locals = body.get_locals_reader().map_err(broken)?;
    for _ in 0..locals.get_count() {
        let (count, ty) = locals.read().map_err(broken)?;
        let ty = scalar(ty).map_err(|diagnostic| Refused { diagnostic: *diagnostic, offset: body.range().start })?;
        function.locals.push((count, ty));
        function.local_count += count;
    }
    let mut open = vec![Open { at: None, dead: false, skipped: false }];
    for item in body.get_operators_reader().map_err(broken)?.into_iter_with_offsets() {
        let (operator, offset) = item.map_err(broken)?;
        let pc = function.code.len() as u32;
        let Some(top) = open.last_mut() else { break };
        let op = match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } if top.dead => {
                open.push(Open { at: None, dead: true, skipped: true });
                None
            }
            Operator::Else if top.skipped => None,
            Operator::End if top.skipped => {
                open.pop();
                None
            }
            Operator::Else => {
                top.dead = false;
                if let Some(Op::If { other, .. }) = top.at.and_then(|at| function.code.get_mut(at as usize)) {
                    *other = pc;
                }
                Some(Op::Else)
            }
            Operator::End => {
                if let Some(op) = top.at.and_then(|at| function.code.get_mut(at as usize)) {
                    match op {
                        Op::Block { end, .. } | Op::Loop { end, .. } => *end = pc,
                        Op::If { other, end, .. } => {
                            *end = pc;
                            if *other == 0 {
                                *other = pc;
                            }
                        }
                        _ => {}
                    }
                }
                open.pop();
                Some(Op::End)
            }
            _ if top.dead => None,
            Operator::Nop => None,
            operator => {
                let op = translate(&operator, types, constants, &mut function, module).ok_or_else(|| Refused {
                    diagnostic: Diagnostic::new(
                        "instruction",
                        format!("instruction {} is not known", mnemonic(&operator)),
                    ),
                    offset,
                })?;
                match op {
                    Op::Block { .. } | Op::Loop { .. } | Op::If { .. } => {
                        open.push(Open { at: Some(pc), dead: false, skipped: false });
                    }
                    Op::Br(_) | Op::BrTable { .. } | Op::Return | Op::Unreachable => top.dead = true,
                    _ => {}
                }
                Some(op)
            }
        };
        if open.len() > NESTING_MAX {
            let message = format!("blocks are nested more than {NESTING_MAX} deep");
            return Err(Refused { diagnostic: Diagnostic::new("nesting", message), offset });
        }
        if let Some(op) = op {
            function.code.push(op);
            function.offsets.push(offset as u32);
        }
    }
    Ok(function)
}

fn arity(block: BlockType, types: &Types<'_>) -> (u16, u16) {
    match block {
        BlockType::Empty => (0, 0),
        BlockType::Type(_) => (0, 1),
        BlockType::FuncType(index) => {
            let ty = &types.binary[index as usize];
            (ty.params.len() as u16, ty.results.len() as u16)
        }
    }
}

fn load(memarg: &MemArg, bytes: u8, signed: bool, to: Scalar) -> Op {
    Op::Load { load: Load { bytes, signed, to }, offset: memarg.offset as u32 }
}

fn translate(
    operator: &Operator<'_>,
    types: &Types<'_>,
    constants: &mut BTreeMap<(Scalar, u64), u32>,
    function: &mut Function,
    module: &Module,
) -> Option<Op> {
    let mut constant = |ty, value| {
        let next = constants.len() as u32;
        Op::Const(*constants.entry((ty, value)).or_insert(next))
    };
    Some(match operator {
        Operator::Unreachable => Op::Unreachable,
        Operator::Block { blockty } => {
            let (params, results) = arity(*blockty, types);
            Op::Block { end: 0, params, results }
        }
        Operator::Loop { blockty } => {
            let (params, results) = arity(*blockty, types);
            Op::Loop { end: 0, params, results }
        }
        Operator::If { blockty } => {
            function.blocks.push(arity(*blockty, types));
            Op::If { other: 0, end: 0, block: function.blocks.len() as u32 - 1 }
        }
        Operator::Br { relative_depth } => Op::Br(*relative_depth),
        Operator::BrIf { relative_depth } => Op::BrIf(*relative_depth),
        Operator::BrTable { targets } => {
            let first = function.targets.len() as u32;
            for target in targets.targets() {
                function.targets.push(target.ok()?);
            }
            function.targets.push(targets.default());
            Op::BrTable { first, count: function.targets.len() as u32 - first }
        }
        Operator::Return => Op::Return,
        Operator::Call { function_index } => match module.callees.get(*function_index as usize)?.0 {
            Callee::Import(intrinsic) => Op::Intrinsic(intrinsic),
            Callee::Defined(index) => Op::Call(index),
        },
        Operator::CallIndirect { type_index, .. } => Op::CallIndirect(types.canonical[*type_index as usize]),
        Operator::Drop => Op::Drop,
        Operator::Select => Op::Select,
        Operator::LocalGet { local_index } => Op::LocalGet(*local_index),
        Operator::LocalSet { local_index } => Op::LocalSet(*local_index),
        Operator::LocalTee { local_index } => Op::LocalTee(*local_index),
        Operator::GlobalGet { global_index } => Op::GlobalGet(*global_index),
        Operator::GlobalSet { global_index } => Op::GlobalSet(*global_index),
        Operator::I32Const { value } => constant(Scalar::I32, u64::from(*value as u32)),
        Operator::I64Const { value } => constant(Scalar::I64, *value as u64),
        Operator::MemorySize { .. } => Op::MemorySize,
        Operator::MemoryGrow { .. } => Op::MemoryGrow,
        Operator::MemoryCopy { .. } => Op::MemoryCopy,
        Operator::MemoryFill { .. } => Op::MemoryFill,
        Operator::I32Add | Operator::I64Add => Op::Binary(Binary::Add),
        Operator::I32Sub | Operator::I64Sub => Op::Binary(Binary::Sub),
        Operator::I32Mul | Operator::I64Mul => Op::Binary(Binary::Mul),
        Operator::I32DivS | Operator::I64DivS => Op::Binary(Binary::DivS),
        Operator::I32DivU | Operator::I64DivU => Op::Binary(Binary::DivU),
        Operator::I32RemS | Operator::I64RemS => Op::Binary(Binary::RemS),
        Operator::I32RemU | Operator::I64RemU => Op::Binary(Binary::RemU),
        Operator::I32And | Operator::I64And => Op::Binary(Binary::And),
        Operator::I32Or | Operator::I64Or => Op::Binary(Binary::Or),
        Operator::I32Xor | Operator::I64Xor => Op::Binary(Binary::Xor),
        Operator::I32Shl | Operator::I64Shl => Op::Binary(Binary::Shl),
        Operator::I32ShrS | Operator::I64ShrS => Op::Binary(Binary::ShrS),
        Operator::I32ShrU | Operator::I64ShrU => Op::Binary(Binary::ShrU),
        Operator::I32Rotl | Operator::I64Rotl => Op::Binary(Binary::Rotl),
        Operator::I32Rotr | Operator::I64Rotr => Op::Binary(Binary::Rotr),
        Operator::I32Eq | Operator::I64Eq => Op::Compare(Compare::Eq),
        Operator::I32Ne | Operator::I64Ne => Op::Compare(Compare::Ne),
        Operator::I32LtS | Operator::I64LtS => Op::Compare(Compare::LtS),
        Operator::I32LtU | Operator::I64LtU => Op::Compare(Compare::LtU),
        Operator::I32GtS | Operator::I64GtS => Op::Compare(Compare::GtS),
        Operator::I32GtU | Operator::I64GtU => Op::Compare(Compare::GtU),
        Operator::I32LeS | Operator::I64LeS => Op::Compare(Compare::LeS),
        Operator::I32LeU | Operator::I64LeU => Op::Compare(Compare::LeU),
        Operator::I32GeS | Operator::I64GeS => Op::Compare(Compare::GeS),
        Operator::I32GeU | Operator::I64GeU => Op::Compare(Compare::GeU),
        Operator::I32Eqz | Operator::I64Eqz => Op::Unary(Unary::Eqz),
        Operator::I32Clz | Operator::I64Clz => Op::Unary(Unary::Clz),
        Operator::I32Ctz | Operator::I64Ctz => Op::Unary(Unary::Ctz),
        Operator::I32Popcnt | Operator::I64Popcnt => Op::Unary(Unary::Popcnt),
        Operator::I32WrapI64 => Op::Unary(Unary::Wrap),
        Operator::I64ExtendI32S => Op::Unary(Unary::ExtendS),
        Operator::I64ExtendI32U => Op::Unary(Unary::ExtendU),
        Operator::I32Extend8S | Operator::I64Extend8S => Op::Unary(Unary::Sign(8)),
        Operator::I32Extend16S | Operator::I64Extend16S => Op::Unary(Unary::Sign(16)),
        Operator::I64Extend32S => Op::Unary(Unary::Sign(32)),
        Operator::I32Load { memarg } => load(memarg, 4, false, Scalar::I32),
        Operator::I64Load { memarg } => load(memarg, 8, false, Scalar::I64),
        Operator::I32Load8S { memarg } => load(memarg, 1, true, Scalar::I32),
        Operator::I32Load8U { memarg } => load(memarg, 1, false, Scalar::I32),
        Operator::I32Load16S { memarg } => load(memarg, 2, true, Scalar::I32),
        Operator::I32Load16U { memarg } => load(memarg, 2, false, Scalar::I32),
        Operator::I64Load8S { memarg } => load(memarg, 1, true, Scalar::I64),
        Operator::I64Load8U { memarg } => load(memarg, 1, false, Scalar::I64),
        Operator::I64Load16S { memarg } => load(memarg, 2, true, Scalar::I64),
        Operator::I64Load16U { memarg } => load(memarg, 2, false, Scalar::I64),
        Operator::I64Load32S { memarg } => load(memarg, 4, true, Scalar::I64),
        Operator::I64Load32U { memarg } => load(memarg, 4, false, Scalar::I64),
        Operator::I32Store { memarg } => Op::Store { bytes: 4, offset: memarg.offset as u32 },
        Operator::I64Store { memarg } => Op::Store { bytes: 8, offset: memarg.offset as u32 },
        Operator::I32Store8 { memarg } => Op::Store { bytes: 1, offset: memarg.offset as u32 },
        Operator::I64Store8 { memarg } => Op::Store { bytes: 1, offset: memarg.offset as u32 },
        Operator::I32Store16 { memarg } => Op::Store { bytes: 2, offset: memarg.offset as u32 },
        Operator::I64Store16 { memarg } => Op::Store { bytes: 2, offset: memarg.offset as u32 },
        Operator::I64Store32 { memarg } => Op::Store { bytes: 4, offset: memarg.offset as u32 },
        _ => return None,
    })
}

/// Whether an instruction is none of integer WebAssembly: a code, its name, what to do.
pub fn refusal(operator: &Operator<'_>) -> Option<(&'static str, String, &'static str)> {
    if known(operator) {
        return None;
    }
    let debug = format!("{operator:?}");
    let name = debug.split([' ', '(', '{']).next().unwrap_or_default();
    let simd = ["x16", "x8", "x4", "x2", "V128"].iter().any(|part| name.contains(part));
    let tables = ["Table", "Ref", "ElemDrop", "TypedSelect"].iter().any(|part| name.starts_with(part));
    let (code, help) = if simd {
        ("simd", "compile without SIMD (clang: -mno-simd128; rustc: -C target-feature=-simd128)")
    } else if name.contains("F32") || name.contains("F64") {
        ("float", "a proof is about integers: use integers or fixed point")
    } else if name.contains("Atomic") {
        ("threads", "compile without threads and atomics")
    } else if ["MemoryInit", "DataDrop"].contains(&name) {
        ("passive-segment", "link with active data segments (no --shared-memory)")
    } else if tables {
        ("reference-types", "tables are fixed: compile without reference types (clang: -mno-reference-types)")
    } else if name.starts_with("ReturnCall") {
        ("tail-call", "compile without tail calls (clang: -mno-tail-call)")
    } else {
        ("unsupported-instruction", "compile for the WebAssembly MVP (clang: -mcpu=mvp; rustc: -C target-cpu=mvp)")
    };
    Some((code, mnemonic(operator), help))
}

/// Whether `operator` is structure or has a translation.
fn known(operator: &Operator<'_>) -> bool {
    match operator {
        Operator::Nop
        | Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::If { .. }
        | Operator::Else
        | Operator::End
        | Operator::BrTable { .. }
        | Operator::Call { .. }
        | Operator::CallIndirect { .. } => true,
        other => {
            let types = Types { binary: &[], canonical: &[] };
            translate(other, &types, &mut BTreeMap::new(), &mut Function::default(), &Module::default()).is_some()
        }
    }
}

/// `F32Add` as `f32.add`.
fn mnemonic(operator: &Operator<'_>) -> String {
    let debug = format!("{operator:?}");
    let name = debug.split([' ', '(', '{']).next().unwrap_or_default();
    let dotted = ["I32", "I64", "F32", "F64", "V128", "Memory", "Table", "Ref", "Data", "Elem", "Local", "Global"];
    let mut text = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            text.push(if dotted.contains(&&name[..at]) { '.' } else { '_' });
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
