//! What a predicate's module may contain: decided on its bytes alone, before the engine sees any of them.
//!
//! The ABI's own limits are [`MODULE_LEN_MAX`] and [`MEMORY_PAGES_MAX`]. The others bound what compiling a stranger's module
//! costs; programs from rustc, clang and asc stay far below them.
//!
//! Beside what the subset leaves out, three things are refused that a module could do without harm, because no compiler
//! writes them and the circuit would have to follow: changing the table (`table.init`, `table.copy`, `elem.drop`), active
//! segments outside of what memory or table start with, and `bound` in the table or exported, where it has no call site.

use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, Element, ElementItems, ElementKind, ExternalKind, FuncToValidate,
    FuncValidatorAllocations, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TableInit, TypeRef, ValType,
    ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use super::Scalar;
use super::error::{LoadError, Place, line};
use super::imports;
use super::structure::{Excess, LOOP_DEPTH_MAX, Structure, Total};
use super::weight::Weight;

/// Most bytes of a module, custom sections left out.
pub const MODULE_LEN_MAX: usize = 256 * 1024;
/// Most pages of memory, at the start and after growth.
pub const MEMORY_PAGES_MAX: u64 = 256;
/// Bytes of a WebAssembly page.
pub const PAGE_LEN: usize = 65_536;
/// The name under which a module exports its memory.
pub const MEMORY_EXPORT: &str = "memory";
/// Most functions, imports not counted.
pub const FUNCTIONS_MAX: u32 = 4_096;
/// Most function types.
pub const TYPES_MAX: u32 = 1_024;
/// Most parameters of a type.
pub const PARAMS_MAX: usize = 64;
/// Most results of a type.
pub const RESULTS_MAX: usize = 16;
/// Most locals of a function, parameters included.
pub const LOCALS_MAX: u32 = 4_096;
/// Most elements of the table.
pub const TABLE_ELEMENTS_MAX: u64 = 16_384;
/// Most imports; a function may be imported twice.
pub const IMPORTS_MAX: u32 = 256;

/// What instrumentation and run need to know of a module that passed.
#[derive(Debug)]
pub(super) struct Facts {
    /// Number of types.
    pub(super) types: u32,
    /// Function indices that import `bound`, ascending.
    pub(super) bounds: Vec<u32>,
    /// Locals of each body, parameters included.
    pub(super) locals: Vec<u32>,
    /// The entry's parameters.
    pub(super) parameters: Vec<Scalar>,
    /// What it takes of whoever runs it.
    pub(super) weight: Weight,
}

/// Integer WebAssembly 1.0 with sign extension, mutable globals, multi-value and bulk memory. Table indices may be written
/// in five bytes, as linkers write them.
fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::CALL_INDIRECT_OVERLONG
}

/// Decides whether a module is a predicate with this entry. Linear in the module's length.
///
/// # Errors
/// [`LoadError`], the first violation in the order of the module.
pub(super) fn validate(wasm: &[u8], entry: &str) -> Result<Facts, LoadError> {
    let mut shape = Shape { wasm, entry, ..Shape::default() };
    module_len(wasm, &shape)?;
    let mut validator = Validator::new_with_features(features());
    let mut allocations = FuncValidatorAllocations::default();
    let mut parser = Parser::new(0);
    parser.set_features(features());
    for payload in parser.parse_all(wasm) {
        let payload = payload.map_err(|error| shape.invalid(None, &error))?;
        // Our limits first: they bound what the validator is asked to do.
        shape.section(&payload)?;
        match validator.payload(&payload).map_err(|error| shape.invalid(None, &error))? {
            ValidPayload::Func(function, body) => allocations = shape.function(function, allocations, &body)?,
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
    }
    shape.finish()
}

/// Checks the length without custom sections, by the headers of the sections alone.
fn module_len(wasm: &[u8], shape: &Shape<'_>) -> Result<(), LoadError> {
    let (mut at, mut len) = (8.min(wasm.len()), 8.min(wasm.len()));
    while let Some(id) = wasm.get(at) {
        let (mut size, mut head) = (0_u64, 1);
        // A number that is malformed is the parser's to refuse.
        for byte in wasm.get(at + 1..).unwrap_or_default().iter().take(5) {
            size |= u64::from(byte & 0x7f) << (7 * (head - 1));
            head += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let section = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(head).min(wasm.len() - at);
        at += section;
        if *id != 0 {
            len += section;
            shape.limit("bytes of module without custom sections", len as u64, MODULE_LEN_MAX as u64, None, at)?;
        }
    }
    Ok(())
}

/// A function type, reduced to what the rules ask.
#[derive(Clone, Debug)]
struct Signature {
    params: Vec<ValType>,
    results: Vec<ValType>,
}

impl Signature {
    fn len(&self) -> u64 {
        (self.params.len() + self.results.len()) as u64
    }
}

/// What has been read of the module.
#[derive(Default)]
struct Shape<'w> {
    wasm: &'w [u8],
    entry: &'w str,
    types: Vec<Signature>,
    /// Type index of each function, imports first.
    functions: Vec<u32>,
    imported: u32,
    bounds: Vec<u32>,
    locals: Vec<u32>,
    total: Total,
    /// Values that the fullest frame holds: locals and the operands above them.
    values: u64,
    /// Pages of memory at the start, where there is one.
    memory: Option<u64>,
    /// Most pages that it may grow to.
    memory_max: u64,
    table: u64,
    memory_exported: bool,
    parameters: Option<Vec<Scalar>>,
}

impl Shape<'_> {
    fn section(&mut self, payload: &Payload<'_>) -> Result<(), LoadError> {
        let read = |shape: &Self, error| shape.invalid(None, &error);
        match payload {
            Payload::Version { encoding: wasmparser::Encoding::Component, range, .. } => {
                return Err(self.refused(None, range.start, "a component is not a module"));
            }
            Payload::TypeSection(section) => {
                let offset = section.range().start;
                self.limit("types", section.count().into(), TYPES_MAX.into(), None, offset)?;
                for group in section.clone() {
                    for ty in group.map_err(|error| read(self, error))?.types() {
                        let CompositeInnerType::Func(function) = &ty.composite_type.inner else {
                            return Err(self.refused(None, offset, "only function types are allowed"));
                        };
                        let (params, results) = (function.params(), function.results());
                        let most = PARAMS_MAX as u64;
                        self.limit("parameters of a type", params.len() as u64, most, None, offset)?;
                        self.limit("results of a type", results.len() as u64, RESULTS_MAX as u64, None, offset)?;
                        self.types.push(Signature { params: params.to_vec(), results: results.to_vec() });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports_with_offsets() {
                    let (offset, import) = import.map_err(|error| read(self, error))?;
                    let ty = self.import(import.module, import.name, &import.ty, offset)?;
                    self.functions.push(ty);
                    if (import.module, import.name) == (imports::MODULE, imports::BOUND) {
                        self.bounds.push(self.imported);
                    }
                    self.imported += 1;
                    self.limit("imports", self.imported.into(), IMPORTS_MAX.into(), None, offset)?;
                }
            }
            Payload::FunctionSection(section) => {
                let offset = section.range().start;
                self.limit("functions", section.count().into(), FUNCTIONS_MAX.into(), None, offset)?;
                for ty in section.clone() {
                    self.functions.push(ty.map_err(|error| read(self, error))?);
                }
            }
            Payload::TableSection(section) => {
                let offset = section.range().start;
                self.limit("tables", section.count().into(), 1, None, offset)?;
                for table in section.clone() {
                    let table = table.map_err(|error| read(self, error))?;
                    self.limit("table elements", table.ty.initial, TABLE_ELEMENTS_MAX, None, offset)?;
                    if !matches!(table.init, TableInit::RefNull) {
                        return Err(self.refused(None, offset, "a table starts without an initial value"));
                    }
                    self.table = table.ty.initial;
                }
            }
            Payload::MemorySection(section) => {
                let offset = section.range().start;
                self.limit("memories", section.count().into(), 1, None, offset)?;
                for memory in section.clone() {
                    let memory = memory.map_err(|error| read(self, error))?;
                    if memory.memory64 || memory.shared {
                        return Err(self.refused(None, offset, "memory is 32-bit and not shared"));
                    }
                    self.limit("initial pages of memory", memory.initial, MEMORY_PAGES_MAX, None, offset)?;
                    self.memory = Some(memory.initial);
                    let most = memory.maximum.unwrap_or(MEMORY_PAGES_MAX);
                    self.memory_max = most.min(MEMORY_PAGES_MAX).max(memory.initial);
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone().into_iter_with_offsets() {
                    let (offset, export) = export.map_err(|error| read(self, error))?;
                    self.export(export.name, export.kind, export.index, offset)?;
                }
            }
            Payload::ElementSection(section) => {
                for element in section.clone() {
                    let element = element.map_err(|error| read(self, error))?;
                    self.element(&element)?;
                }
            }
            Payload::DataSection(section) => {
                let most = self.memory.unwrap_or(0) * PAGE_LEN as u64;
                for data in section.clone() {
                    let data = data.map_err(|error| read(self, error))?;
                    if let DataKind::Active { offset_expr, .. } = &data.kind {
                        self.inside("a data segment", offset_expr, data.data.len() as u64, most, data.range.start)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The type index of an imported function.
    fn import(&self, module: &str, name: &str, ty: &TypeRef, offset: usize) -> Result<u32, LoadError> {
        let refused = |why: String| LoadError::Import {
            module: line(module),
            name: line(name),
            why,
            place: Place { function: None, offset },
        };
        let TypeRef::Func(ty) = ty else { return Err(refused("only functions are imported".to_owned())) };
        let Some(import) = imports::find(module, name) else {
            return Err(refused("predicates have no such import".to_owned()));
        };
        let scalars = |types: &[ValType]| types.iter().map(|ty| scalar(*ty)).collect::<Option<Vec<_>>>();
        let same = self.types.get(*ty as usize).is_some_and(|signature| {
            scalars(&signature.params).is_some_and(|params| params == import.params)
                && scalars(&signature.results).is_some_and(|results| results == import.results)
        });
        if same { Ok(*ty) } else { Err(refused(format!("its type is {import}"))) }
    }

    fn export(&mut self, name: &str, kind: ExternalKind, index: u32, offset: usize) -> Result<(), LoadError> {
        if name == MEMORY_EXPORT {
            self.memory_exported = kind == ExternalKind::Memory;
        }
        if kind == ExternalKind::Func && self.bounds.contains(&index) {
            return Err(self.refused(None, offset, "bound is exported; it is called directly only"));
        }
        if name != self.entry {
            return Ok(());
        }
        let refused = |why| LoadError::Export { name: line(name), why };
        if kind != ExternalKind::Func {
            return Err(refused("the entry must be a function"));
        }
        if index < self.imported {
            return Err(refused("the entry must be a function of the module's own"));
        }
        let signature = self.functions.get(index as usize).and_then(|ty| self.types.get(*ty as usize));
        let parameters = signature
            .filter(|signature| signature.results == [ValType::I32])
            .and_then(|signature| signature.params.iter().map(|ty| scalar(*ty)).collect());
        let wrong = "the entry must have parameters i32 or i64 and the result i32";
        self.parameters = Some(parameters.ok_or_else(|| refused(wrong))?);
        Ok(())
    }

    fn element(&self, element: &Element<'_>) -> Result<(), LoadError> {
        let offset = element.range.start;
        let ElementItems::Functions(functions) = &element.items else {
            return Err(self.refused(None, offset, "element segments list functions, not expressions"));
        };
        if let ElementKind::Active { offset_expr, .. } = &element.kind {
            self.inside("an element segment", offset_expr, functions.count().into(), self.table, offset)?;
        }
        for function in functions.clone() {
            if self.bounds.contains(&function.map_err(|error| self.invalid(None, &error))?) {
                return Err(self.refused(None, offset, "bound is in the table; it is called directly only"));
            }
        }
        Ok(())
    }

    /// Validates a body operator by operator.
    fn function(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        allocations: FuncValidatorAllocations,
        body: &FunctionBody<'_>,
    ) -> Result<FuncValidatorAllocations, LoadError> {
        let index = Some(self.imported + u32::try_from(self.locals.len()).unwrap_or(u32::MAX));
        let mut validator = function.into_validator(allocations);
        let mut reader = body.get_binary_reader();
        reader.set_features(features());
        validator.read_locals(&mut reader).map_err(|error| self.invalid(index, &error))?;
        let start = body.range().start;
        self.limit("locals", validator.len_locals().into(), LOCALS_MAX.into(), index, start)?;
        self.locals.push(validator.len_locals());
        let mut structure = Structure::new(self.total);
        let mut height = 0;
        while !reader.eof() {
            let at = reader.original_position();
            let operator = reader.peek_operator(&validator.visitor(at)).map_err(|error| self.invalid(index, &error))?;
            if let Operator::TableInit { .. } | Operator::TableCopy { .. } | Operator::ElemDrop { .. } = operator {
                return Err(self.refused(index, at, "the table does not change"));
            }
            let arity = |ty: u32| self.types.get(ty as usize).map_or(0, Signature::len);
            structure
                .operator(&operator, arity, |function| self.bounds.contains(&function))
                .map_err(|excess| self.excess(excess, index, at))?;
            reader
                .visit_operator(&mut validator.visitor(at))
                .and_then(|checked| checked)
                .map_err(|error| self.invalid(index, &error))?;
            height = height.max(validator.operand_stack_height());
        }
        self.values = self.values.max(u64::from(validator.len_locals()) + u64::from(height));
        self.total = structure.finish().map_err(|excess| self.excess(excess, index, start))?;
        reader
            .finish_expression(&validator.visitor(reader.original_position()))
            .map_err(|error| self.invalid(index, &error))?;
        Ok(validator.into_allocations())
    }

    fn finish(self) -> Result<Facts, LoadError> {
        let missing = |name: &str, why| LoadError::Export { name: line(name), why };
        if self.memory.is_none() {
            return Err(missing(MEMORY_EXPORT, "the module must have a memory"));
        }
        if !self.memory_exported {
            return Err(missing(MEMORY_EXPORT, "the memory must be exported under this name"));
        }
        let parameters = self.parameters.ok_or_else(|| missing(self.entry, "the entry is missing"))?;
        let types = u32::try_from(self.types.len()).unwrap_or(u32::MAX);
        // Counts of `bound`: a local for each depth of loops and the function's own, and two operands of a call.
        let counts = if self.bounds.is_empty() { 0 } else { LOOP_DEPTH_MAX + 3 };
        let passed = self.types.iter().map(Signature::len).max().unwrap_or(0);
        let weight = Weight::new(
            u32::try_from(self.locals.len()).unwrap_or(u32::MAX),
            u32::try_from(self.memory_max).unwrap_or(u32::MAX),
            self.values + counts + passed,
            self.total,
        );
        Ok(Facts { types, bounds: self.bounds, locals: self.locals, parameters, weight })
    }

    /// Checks that an active segment lies where memory or table are from the start, so that instantiating can not trap.
    fn inside(&self, what: &str, at: &ConstExpr<'_>, len: u64, most: u64, offset: usize) -> Result<(), LoadError> {
        let start = match at.get_operators_reader().read().map_err(|error| self.invalid(None, &error))? {
            Operator::I32Const { value } => u64::from(value.cast_unsigned()),
            // No global can be imported, and those of the module itself do not count as constants here.
            _ => return Err(self.refused(None, offset, &format!("{what} starts at a constant"))),
        };
        if start + len > most {
            return Err(self.refused(None, offset, &format!("{what} lies outside of what the module starts with")));
        }
        Ok(())
    }

    fn place(&self, function: Option<u32>, offset: usize) -> Place {
        Place { function: function.map(|index| (index, function_name(self.wasm, index))), offset }
    }

    fn invalid(&self, function: Option<u32>, error: &wasmparser::BinaryReaderError) -> LoadError {
        self.refused(function, error.offset(), error.message())
    }

    fn refused(&self, function: Option<u32>, offset: usize, message: &str) -> LoadError {
        LoadError::Invalid { message: line(message), place: self.place(function, offset) }
    }

    fn limit(
        &self,
        what: &'static str,
        got: u64,
        most: u64,
        function: Option<u32>,
        offset: usize,
    ) -> Result<(), LoadError> {
        if got > most { Err(self.excess((what, got, most), function, offset)) } else { Ok(()) }
    }

    fn excess(&self, (what, got, most): Excess, function: Option<u32>, offset: usize) -> LoadError {
        LoadError::Limit { what, got, most, place: self.place(function, offset) }
    }
}

fn scalar(ty: ValType) -> Option<Scalar> {
    match ty {
        ValType::I32 => Some(Scalar::I32),
        ValType::I64 => Some(Scalar::I64),
        _ => None,
    }
}

/// A function's name by the name section, where the module has a readable one.
fn function_name(wasm: &[u8], index: u32) -> Option<String> {
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload.ok()? else { continue };
        let KnownCustom::Name(names) = section.as_known() else { continue };
        for subsection in names {
            let Name::Function(functions) = subsection.ok()? else { continue };
            return functions
                .into_iter()
                .map_while(Result::ok)
                .find(|naming| naming.index == index)
                .map(|naming| line(naming.name));
        }
    }
    None
}
