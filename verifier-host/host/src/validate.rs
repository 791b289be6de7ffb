//! What a contract's module may contain: decided on its bytes alone, before the engine sees any of them.
//!
//! The limits bound what a stranger's module can cost: compiling stays below about a second, instantiating below what a
//! call pays for its pages, and the native stack lasts longer than the fuel. Every refusal names the item and, where there
//! is one, its offset in the module.
//!
//! # The depth rule
//! A native frame is at most `16 * (params + locals + greatest operand height) + 256` bytes: without optimisation a value
//! lives no longer than the module says, a spill slot has 8 bytes, and the rest covers saved registers, outgoing stack
//! arguments and alignment. A call costs [`CALL_COST`](zera_native::CALL_COST) fuel, so a call chain has at most
//! `call_fuel_max / 255` frames, and [`FRAME_MAX`] of them fill [`FRAMES_LEN_MAX`], half of the guest's stack.

use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FuncValidatorAllocations,
    FunctionBody, Operator, Parser, Payload, TableInit, TypeRef, ValType, ValidPayload, Validator, WasmFeatures,
};
use zera_abi::table::{CONTRACT_MODULE, FAILED_EXPORT, MARKER_EXPORT, RESULT_EXPORT, REVOKED_EXPORT};

use crate::cost::CostSchedule;
use crate::dispatch::{IMPORTS, Import, Scalar};

/// Bytes of a WebAssembly page.
pub const WASM_PAGE_LEN: usize = 65_536;
/// The name under which a module exports its memory.
pub const MEMORY_EXPORT: &str = "memory";
/// Most bytes of a module.
pub const MODULE_MAX: usize = 256 * 1024;
/// Most functions, imports not counted.
pub const FUNCTIONS_MAX: u32 = 2_000;
/// Most bytes of a function's body.
pub const BODY_MAX: usize = 64 * 1024;
/// Most loops of a function. Compiling takes time that grows with the square of them: a body of [`BODY_MAX`] bytes that is
/// nothing but loops takes many seconds, this many take milliseconds.
pub const LOOPS_MAX: u64 = 64;
/// Most function types.
pub const TYPES_MAX: u32 = 256;
/// Most globals.
pub const GLOBALS_MAX: u32 = 256;
/// Most imports; a function may be imported twice.
pub const IMPORTS_MAX: u32 = 256;
/// Most exports.
pub const EXPORTS_MAX: u32 = 256;
/// Most parameters of a function type.
pub const PARAMS_MAX: usize = 16;
/// Most locals of a function, parameters not counted.
pub const LOCALS_MAX: u32 = 256;
/// Most elements of the table.
pub const TABLE_ELEMENTS_MAX: u64 = 1_000;
/// Most element or data segments.
pub const SEGMENTS_MAX: u32 = 1_000;
/// Most bytes of all data segments.
pub const DATA_MAX: usize = 128 * 1024;
/// Most pages of memory that a module may declare.
pub const MEMORY_PAGES_MAX: u64 = 256;
/// Most native stack that a call chain within its fuel may fill.
pub const FRAMES_LEN_MAX: u64 = 256 << 20;
/// Most bytes of a native frame, for calls within [`CostSchedule::call_fuel_max`] of the first schedule.
pub const FRAME_MAX: u64 = FRAMES_LEN_MAX / (CostSchedule::v1().call_fuel_max / zera_native::CALL_COST as u64);

/// What a deployment needs to know of a module that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFacts {
    /// Bytes of the module.
    pub bytes: usize,
    /// Functions, imports not counted.
    pub functions: u32,
    /// The declared maximum of memory, in pages.
    pub memory_pages: u32,
    /// The greatest native frame by the depth rule, in bytes.
    pub frame: u64,
    /// Exported functions that a user may call, sorted.
    pub entries: Vec<String>,
    /// Whether the module takes answers (`process_verified_condition_result`).
    pub takes_results: bool,
}

/// Why a module is not deployed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// Not valid WebAssembly of the subset: malformed, or a feature that is switched off.
    #[error("module: {message} (at offset {offset:#x})")]
    Invalid {
        /// The validator's words.
        message: String,
        /// Where in the module.
        offset: usize,
    },
    /// More of something than is allowed.
    #[error("module: {what}: {got}, at most {most} (at offset {offset:#x})")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        got: u64,
        /// How much there may be.
        most: u64,
        /// Where in the module.
        offset: usize,
    },
    /// A function exceeds a limit.
    #[error("module: function {function}: {what}: {got}, at most {most} (at offset {offset:#x})")]
    Function {
        /// Index of the function, imports counted first.
        function: u32,
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        got: u64,
        /// How much there may be.
        most: u64,
        /// Where its body starts in the module.
        offset: usize,
    },
    /// A start function, which would run before the call is metered as one.
    #[error("module: a start function is not allowed: function {function} (at offset {offset:#x})")]
    Start {
        /// Index of the function.
        function: u32,
        /// Where in the module.
        offset: usize,
    },
    /// An import that is not a function of the host.
    #[error("module: import {module}.{name}: {why} (at offset {offset:#x})")]
    Import {
        /// The import's module.
        module: String,
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
        /// Where in the module.
        offset: usize,
    },
    /// A required export is missing or an export has the wrong type.
    #[error("module: export {name}: {why}")]
    Export {
        /// The export's name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The memory is not declared as it must be.
    #[error("module: memory: {why}")]
    Memory {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A segment is not where memory or table are from the start.
    #[error("module: {what} segment {segment} lies outside the {what} that the module starts with")]
    Segment {
        /// "data" or "element".
        what: &'static str,
        /// Index of the segment.
        segment: u32,
    },
}

/// Integer WebAssembly 1.0 with sign extension, mutable globals, multi-value blocks and bulk memory.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL | WasmFeatures::SIGN_EXTENSION | WasmFeatures::MULTI_VALUE | WasmFeatures::BULK_MEMORY
}

/// Decides whether a module may be deployed.
///
/// Linear in the module's length, and at most [`MODULE_MAX`] bytes are looked at.
///
/// # Errors
/// [`DeployError`], the first violation in the order of the module.
pub fn validate(wasm: &[u8]) -> Result<ModuleFacts, DeployError> {
    limit("bytes", wasm.len(), MODULE_MAX, 0)?;
    let mut validator = Validator::new_with_features(features());
    let mut shape = Shape::default();
    let mut allocations = FuncValidatorAllocations::default();
    let mut parser = Parser::new(0);
    parser.set_features(features());
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        // Our limits first: they bound what the validator is asked to do.
        shape.section(&payload)?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            let mut function = function.into_validator(std::mem::take(&mut allocations));
            shape.function(&mut function, &body)?;
            allocations = function.into_allocations();
        }
    }
    shape.finish(wasm.len())
}

/// A function type, reduced to what the rules ask.
#[derive(Clone, Debug)]
struct Signature {
    params: Vec<ValType>,
    results: Vec<ValType>,
}

impl Signature {
    fn is(&self, import: &Import) -> bool {
        let same = |ty: &ValType, scalar: &Scalar| *ty == scalar_type(*scalar);
        self.params.len() == import.params.len()
            && self.params.iter().zip(import.params).all(|(ty, scalar)| same(ty, scalar))
            && self.results.len() == usize::from(import.result.is_some())
            && self.results.iter().zip(&import.result).all(|(ty, scalar)| same(ty, scalar))
    }

    fn is_entry(&self) -> bool {
        self.params.is_empty() && matches!(self.results.as_slice(), [] | [ValType::I32])
    }

    fn is_callback(&self) -> bool {
        self.params == [ValType::I64, ValType::I32] && self.results.is_empty()
    }
}

fn scalar_type(scalar: Scalar) -> ValType {
    match scalar {
        Scalar::i32 => ValType::I32,
        Scalar::i64 => ValType::I64,
    }
}

/// What has been read of the module.
#[derive(Default)]
struct Shape {
    types: Vec<Signature>,
    /// Type index of each function, imports first.
    functions: Vec<u32>,
    imported: u32,
    bodies: u32,
    memory: Option<(u64, u64)>,
    table: u64,
    memory_exported: bool,
    marker: bool,
    takes_results: bool,
    entries: Vec<String>,
    frame: u64,
}

impl Shape {
    fn section(&mut self, payload: &Payload<'_>) -> Result<(), DeployError> {
        match payload {
            Payload::TypeSection(section) => {
                let offset = section.range().start;
                limit("types", section.count(), TYPES_MAX, offset)?;
                for group in section.clone() {
                    for ty in group?.types() {
                        let CompositeInnerType::Func(function) = &ty.composite_type.inner else {
                            return Err(invalid("only function types are allowed", offset));
                        };
                        limit("parameters of a type", function.params().len(), PARAMS_MAX, offset)?;
                        limit("results of a type", function.results().len(), 1_usize, offset)?;
                        let (params, results) = (function.params().to_vec(), function.results().to_vec());
                        self.types.push(Signature { params, results });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports_with_offsets() {
                    let (offset, import) = import?;
                    let ty = self.import(import.module, import.name, &import.ty, offset)?;
                    self.functions.push(ty);
                    self.imported = self.imported.saturating_add(1);
                    limit("imports", self.imported, IMPORTS_MAX, offset)?;
                }
            }
            Payload::FunctionSection(section) => {
                limit("functions", section.count(), FUNCTIONS_MAX, section.range().start)?;
                for ty in section.clone() {
                    self.functions.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                let offset = section.range().start;
                limit("tables", section.count(), 1_u32, offset)?;
                for table in section.clone() {
                    let table = table?;
                    limit("table elements", table.ty.initial, TABLE_ELEMENTS_MAX, offset)?;
                    if !matches!(table.init, TableInit::RefNull) {
                        return Err(invalid("a table starts without an initial value", offset));
                    }
                    self.table = table.ty.initial;
                }
            }
            Payload::MemorySection(section) => {
                let offset = section.range().start;
                limit("memories", section.count(), 1_u32, offset)?;
                for memory in section.clone() {
                    let memory = memory?;
                    if memory.memory64 || memory.shared {
                        return Err(invalid("memory is 32-bit and not shared", offset));
                    }
                    let Some(maximum) = memory.maximum else {
                        return Err(DeployError::Memory { why: "a maximum must be declared" });
                    };
                    limit("maximum pages of memory", maximum, MEMORY_PAGES_MAX, offset)?;
                    self.memory = Some((memory.initial, maximum));
                }
            }
            Payload::GlobalSection(section) => limit("globals", section.count(), GLOBALS_MAX, section.range().start)?,
            Payload::ExportSection(section) => {
                limit("exports", section.count(), EXPORTS_MAX, section.range().start)?;
                for export in section.clone() {
                    let export = export?;
                    self.export(export.name, export.kind, export.index)?;
                }
            }
            Payload::StartSection { func, range } => {
                return Err(DeployError::Start { function: *func, offset: range.start });
            }
            Payload::ElementSection(section) => {
                limit("element segments", section.count(), SEGMENTS_MAX, section.range().start)?;
                for (segment, element) in (0..).zip(section.clone()) {
                    let element = element?;
                    let len = match &element.items {
                        ElementItems::Functions(functions) => functions.count(),
                        ElementItems::Expressions(_, expressions) => expressions.count(),
                    };
                    limit("elements of a segment", u64::from(len), TABLE_ELEMENTS_MAX, element.range.start)?;
                    if let ElementKind::Active { offset_expr, .. } = &element.kind {
                        inside("element", segment, offset_expr, u64::from(len), self.table)?;
                    }
                }
            }
            Payload::DataSection(section) => {
                limit("data segments", section.count(), SEGMENTS_MAX, section.range().start)?;
                let start = self.memory.map_or(0, |(initial, _)| initial.saturating_mul(WASM_PAGE_LEN as u64));
                let mut total = 0_usize;
                for (segment, data) in (0..).zip(section.clone()) {
                    let data = data?;
                    total = total.saturating_add(data.data.len());
                    limit("bytes of data", total, DATA_MAX, data.range.start)?;
                    if let DataKind::Active { offset_expr, .. } = &data.kind {
                        inside("data", segment, offset_expr, data.data.len() as u64, start)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The type index of an imported function.
    fn import(&self, module: &str, name: &str, ty: &TypeRef, offset: usize) -> Result<u32, DeployError> {
        let refused = |why| DeployError::Import { module: module.to_owned(), name: name.to_owned(), why, offset };
        if module != CONTRACT_MODULE {
            return Err(refused("contracts import from zera1 only"));
        }
        let TypeRef::Func(ty) = ty else { return Err(refused("only functions are imported")) };
        let Some(import) = IMPORTS.iter().find(|import| import.name == name) else {
            return Err(refused("the host has no such function"));
        };
        match self.signature_of_type(*ty) {
            Some(signature) if signature.is(import) => Ok(*ty),
            _ => Err(refused("the host's function has another signature")),
        }
    }

    fn export(&mut self, name: &str, kind: ExternalKind, index: u32) -> Result<(), DeployError> {
        let refused = |why| DeployError::Export { name: name.to_owned(), why };
        if name == MEMORY_EXPORT {
            self.memory_exported = kind == ExternalKind::Memory;
        }
        let signature = match kind {
            ExternalKind::Func => self.signature(index).ok_or_else(|| refused("names no function"))?,
            _ if [MARKER_EXPORT, RESULT_EXPORT, FAILED_EXPORT, REVOKED_EXPORT].contains(&name) => {
                return Err(refused("must be a function"));
            }
            _ => return Ok(()),
        };
        match name {
            MARKER_EXPORT if signature.params.is_empty() && signature.results.is_empty() => self.marker = true,
            MARKER_EXPORT => return Err(refused("must be a function () -> ()")),
            RESULT_EXPORT if signature.is_callback() => self.takes_results = true,
            FAILED_EXPORT | REVOKED_EXPORT if signature.is_callback() => {}
            RESULT_EXPORT | FAILED_EXPORT | REVOKED_EXPORT => {
                return Err(refused("must be a function (i64, i32) -> ()"));
            }
            // What is exported and can not be called as an entry is of no harm.
            _ if signature.is_entry() => self.entries.push(name.to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// Validates a body operator by operator and keeps its frame.
    fn function(
        &mut self,
        validator: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), DeployError> {
        let function = self.imported.saturating_add(self.bodies);
        self.bodies = self.bodies.saturating_add(1);
        let offset = body.range().start;
        let within = |what, got: u64, most: u64| {
            if got > most { Err(DeployError::Function { function, what, got, most, offset }) } else { Ok(()) }
        };
        within("bytes of body", body.range().len() as u64, BODY_MAX as u64)?;
        let mut reader = body.get_binary_reader();
        reader.set_features(features());
        validator.read_locals(&mut reader)?;
        let params = self.signature(function).map_or(0, |signature| signature.params.len() as u64);
        // The validator counts parameters as the first locals.
        let locals = u64::from(validator.len_locals());
        within("locals", locals.saturating_sub(params), u64::from(LOCALS_MAX))?;
        let (mut height, mut loops) = (0, 0u64);
        while !reader.eof() {
            let at = reader.original_position();
            if reader.clone().read_u8().is_ok_and(|opcode| opcode == LOOP_OPCODE) {
                loops = loops.saturating_add(1);
            }
            reader.visit_operator(&mut validator.visitor(at))??;
            height = height.max(validator.operand_stack_height());
        }
        within("loops", loops, LOOPS_MAX)?;
        reader.finish_expression(&validator.visitor(reader.original_position()))?;
        let frame = locals.saturating_add(u64::from(height)).saturating_mul(16).saturating_add(256);
        within("bytes of native frame", frame, FRAME_MAX)?;
        self.frame = self.frame.max(frame);
        Ok(())
    }

    fn finish(mut self, bytes: usize) -> Result<ModuleFacts, DeployError> {
        let Some((_, maximum)) = self.memory else { return Err(DeployError::Memory { why: "there must be one" }) };
        if !self.memory_exported {
            return Err(DeployError::Memory { why: "it must be exported as memory" });
        }
        if !self.marker {
            return Err(DeployError::Export { name: MARKER_EXPORT.to_owned(), why: "is missing" });
        }
        self.entries.sort_unstable();
        Ok(ModuleFacts {
            bytes,
            functions: self.bodies,
            memory_pages: u32::try_from(maximum).unwrap_or(u32::MAX),
            frame: self.frame,
            entries: self.entries,
            takes_results: self.takes_results,
        })
    }

    fn signature(&self, function: u32) -> Option<&Signature> {
        let ty = self.functions.get(usize::try_from(function).ok()?)?;
        self.signature_of_type(*ty)
    }

    fn signature_of_type(&self, ty: u32) -> Option<&Signature> {
        self.types.get(usize::try_from(ty).ok()?)
    }
}

/// `loop`, in the binary format.
const LOOP_OPCODE: u8 = 0x03;

/// Checks that an active segment lies where memory or table are from the start, so that instantiating can not fail.
fn inside(what: &'static str, segment: u32, at: &ConstExpr<'_>, len: u64, most: u64) -> Result<(), DeployError> {
    let mut reader = at.get_operators_reader();
    let start = match reader.read()? {
        Operator::I32Const { value } => u64::from(value.cast_unsigned()),
        // No global can be imported, and those of the module itself do not count as constants here.
        _ => return Err(DeployError::Segment { what, segment }),
    };
    match start.checked_add(len) {
        Some(end) if end <= most => Ok(()),
        _ => Err(DeployError::Segment { what, segment }),
    }
}

fn limit<T: TryInto<u64>, M: TryInto<u64>>(
    what: &'static str,
    got: T,
    most: M,
    offset: usize,
) -> Result<(), DeployError> {
    let (got, most) = (got.try_into().unwrap_or(u64::MAX), most.try_into().unwrap_or(0));
    if got > most { Err(DeployError::Limit { what, got, most, offset }) } else { Ok(()) }
}

fn invalid(message: &str, offset: usize) -> DeployError {
    DeployError::Invalid { message: message.to_owned(), offset }
}

impl From<wasmparser::BinaryReaderError> for DeployError {
    fn from(error: wasmparser::BinaryReaderError) -> DeployError {
        DeployError::Invalid { message: error.message().to_owned(), offset: error.offset() }
    }
}
