//! From the bytes of a module to [`Module`]: refuses what is not integer WebAssembly, validates, resolves jumps.

use std::collections::BTreeMap;

use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FunctionBody, KnownCustom, Name,
    Operator, Parser, Payload, TableInit, TypeRef, ValType, Validator, WasmFeatures,
};

use super::body;
use super::module::{Callee, Intrinsic, Module, Op, Scalar, Signature};
use super::source::{Source, readable};
use crate::diagnostic::Diagnostic;

/// A module's length without its custom sections, bytes; the same natively.
pub const MODULE_MAX: usize = 256 << 10;
/// A module's length with its custom sections, bytes.
const FILE_MAX: usize = 256 << 20;
/// Pages a memory may ever have; the same natively.
pub const PAGES_MAX: u32 = 256;
/// Elements of the table.
const TABLE_MAX: u64 = 65_536;
/// Diagnostics of one kind before the rest is left out.
const REPORTS_MAX: usize = 20;

/// Integer WebAssembly 1.0 with sign extension, mutable globals, multi-value blocks and bulk memory.
fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::CALL_INDIRECT_OVERLONG
        | WasmFeatures::GC_TYPES
}

/// Decodes a module whose entry is the export `entry`. Linear in its length.
///
/// # Errors
/// Everything that is found wrong with it: at least one diagnostic.
pub fn decode<'a>(wasm: &'a [u8], entry: &str) -> Result<(Module, Source<'a>), Vec<Diagnostic>> {
    if wasm.len() > FILE_MAX {
        return Err(vec![Diagnostic::new(
            "too-large",
            format!("the file has {} bytes, the most is {FILE_MAX}", wasm.len()),
        )]);
    }
    if wasm.starts_with(b"\0asm") && Parser::is_component(wasm) {
        return Err(vec![
            Diagnostic::new("component", "this is a component, not a core module")
                .help("build for wasm32-unknown-unknown"),
        ]);
    }
    let source = survey(wasm).map_err(|error| vec![malformed(&error, &Source::default())])?;
    let refused = unsupported(wasm, &source);
    if !refused.is_empty() {
        return Err(refused);
    }
    Validator::new_with_features(features()).validate_all(wasm).map_err(|error| vec![malformed(&error, &source)])?;
    let module = Reader {
        source: &source,
        module: Module::default(),
        types: vec![],
        canonical: vec![],
        exports: vec![],
        exports_memory: false,
    }
    .read(wasm, entry)
    .map_err(|diagnostic| vec![*diagnostic])?;
    Ok((module, source))
}

fn malformed(error: &wasmparser::Error, source: &Source<'_>) -> Diagnostic {
    let offset = u32::try_from(error.offset()).unwrap_or(u32::MAX);
    Diagnostic::new("invalid-module", format!("the module is not valid: {} (at offset {offset:#x})", error.message()))
        .at(source.place(offset))
}

/// Finds names, debug information and the extent of bodies.
fn survey(wasm: &[u8]) -> Result<Source<'_>, wasmparser::Error> {
    let mut sections = BTreeMap::new();
    let mut names = BTreeMap::new();
    let mut bodies = Vec::new();
    let (mut code_start, mut imported) = (0, 0u32);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionStart { range, .. } => code_start = u32::try_from(range.start).unwrap_or(u32::MAX),
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                let index = imported.saturating_add(u32::try_from(bodies.len()).unwrap_or(u32::MAX));
                bodies.push((
                    u32::try_from(range.start).unwrap_or(u32::MAX),
                    u32::try_from(range.end).unwrap_or(u32::MAX),
                    index,
                ));
            }
            Payload::CustomSection(section) => {
                if section.name().starts_with(".debug_") {
                    sections.insert(section.name(), section.data());
                }
                if let KnownCustom::Name(reader) = section.as_known() {
                    // A broken name section costs the names, nothing else.
                    for name in reader.into_iter().map_while(Result::ok) {
                        if let Name::Function(map) = name {
                            names.extend(
                                map.into_iter()
                                    .map_while(Result::ok)
                                    .map(|naming| (naming.index, readable(naming.name))),
                            );
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(Source::new(&sections, code_start, names, bodies))
}

/// The instructions that are not of the subset, each once a function.
fn unsupported(wasm: &[u8], source: &Source<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        let Payload::CodeSectionEntry(body) = payload else { continue };
        let Ok(operators) = body.get_operators_reader() else { continue };
        // One report a function: what follows is usually the same expression.
        let first = operators
            .into_iter_with_offsets()
            .map_while(Result::ok)
            .find_map(|(op, at)| Some((body::refusal(&op)?, at)));
        if let Some(((code, name, help), at)) = first {
            let place = source.place(u32::try_from(at).unwrap_or(u32::MAX));
            found.push(
                Diagnostic::new(code, format!("instruction {name} is not part of the language")).help(help).at(place),
            );
        }
        if found.len() == REPORTS_MAX {
            break;
        }
    }
    found
}

/// Reads a valid module.
struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    module: Module,
    /// Signature by type index of the binary.
    types: Vec<Signature>,
    /// Canonical type by type index.
    canonical: Vec<u32>,
    exports: Vec<(String, u32)>,
    exports_memory: bool,
}

type Fallible<T> = Result<T, Box<Diagnostic>>;

impl Reader<'_, '_> {
    fn read(mut self, wasm: &[u8], entry: &str) -> Fallible<Module> {
        let mut total = 0;
        let mut bodies: Vec<FunctionBody<'_>> = Vec::new();
        let mut parser = Parser::new(0);
        parser.set_features(features());
        for payload in parser.parse_all(wasm) {
            let payload = payload.map_err(|error| self.broken(&error))?;
            if let (Some((_, range)), false) = (payload.as_section(), matches!(payload, Payload::CustomSection(_))) {
                total += range.len();
            }
            match payload {
                Payload::CodeSectionEntry(body) => bodies.push(body),
                other => self.section(other)?,
            }
        }
        if total > MODULE_MAX {
            let message = format!("the module has {total} bytes without custom sections, the most is {MODULE_MAX}");
            return Err(Box::new(
                Diagnostic::new("too-large", message).help("compile with -Os and link-time optimisation"),
            ));
        }
        let module = &mut self.module;
        let imports = module.callees.iter().filter(|callee| matches!(callee.0, Callee::Import(_))).count();
        let mut constants = BTreeMap::new();
        for (index, body) in bodies.iter().enumerate() {
            let Some((_, ty)) = module.callees.get(imports + index) else { break };
            let name = self.source.function(u32::try_from(imports + index).unwrap_or(u32::MAX));
            let types = body::Types { binary: &self.types, canonical: &self.canonical };
            let function = body::read(body, *ty, module, &types, &mut constants).map_err(|refused| {
                Box::new(refused.diagnostic.at(self.source.place(u32::try_from(refused.offset).unwrap_or(u32::MAX))))
            })?;
            module.functions.push(function);
            module.names.push(name);
        }
        module.constants = vec![(Scalar::I32, 0); constants.len()];
        for (constant, index) in constants {
            module.constants[index as usize] = constant;
        }
        mark_counting(module);
        mark_traps(module);
        super::dispatch::make(module);
        self.find_entry(entry)?;
        Ok(self.module)
    }

    fn broken(&self, error: &wasmparser::Error) -> Box<Diagnostic> {
        Box::new(malformed(error, self.source))
    }

    fn section(&mut self, payload: Payload<'_>) -> Fallible<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.map_err(|error| self.broken(&error))?.into_types() {
                        let CompositeInnerType::Func(ty) = &ty.composite_type.inner else {
                            return Err(refuse("type", "a type is not a function type"));
                        };
                        let scalars =
                            |types: &[ValType]| types.iter().map(|ty| scalar(*ty)).collect::<Fallible<Vec<_>>>();
                        self.types.push(Signature { params: scalars(ty.params())?, results: scalars(ty.results())? });
                    }
                }
                self.canonicalise();
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(|error| self.broken(&error))?;
                    self.import(import.module, import.name, &import.ty)?;
                }
            }
            Payload::FunctionSection(section) => {
                for (index, ty) in section.into_iter().enumerate() {
                    let ty = self.canonical[ty.map_err(|error| self.broken(&error))? as usize];
                    self.module.callees.push((Callee::Defined(index as u32), ty));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table.map_err(|error| self.broken(&error))?;
                    if table.ty.initial > TABLE_MAX || !matches!(table.init, TableInit::RefNull) {
                        return Err(refuse(
                            "table",
                            format!("the table has {} elements, the most is {TABLE_MAX}", table.ty.initial),
                        ));
                    }
                    self.module.table = vec![None; table.ty.initial as usize];
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory.map_err(|error| self.broken(&error))?;
                    if memory.initial > u64::from(PAGES_MAX) {
                        let message = format!("the memory has {} pages, the most is {PAGES_MAX}", memory.initial);
                        return Err(refuse("memory-size", message));
                    }
                    let most = memory.maximum.unwrap_or(u64::from(PAGES_MAX)).min(u64::from(PAGES_MAX));
                    self.module.memory = Some((memory.initial as u32, most as u32));
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global.map_err(|error| self.broken(&error))?;
                    let ty = scalar(global.ty.content_type)?;
                    let value = self.constant(&global.init_expr)?;
                    self.module.globals.push((ty, value));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(|error| self.broken(&error))?;
                    self.exports_memory |= export.kind == ExternalKind::Memory && export.name == "memory";
                    if export.kind == ExternalKind::Func {
                        self.not_bound(export.index, "exported")?;
                        self.exports.push((export.name.to_owned(), export.index));
                    }
                }
            }
            Payload::StartSection { func, .. } => self.module.start = Some(func),
            Payload::ElementSection(section) => {
                for element in section {
                    let element = element.map_err(|error| self.broken(&error))?;
                    let at = match &element.kind {
                        ElementKind::Active { offset_expr, .. } => Some(self.constant(offset_expr)?),
                        _ => None,
                    };
                    self.elements(at, element.items)?;
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    let data = data.map_err(|error| self.broken(&error))?;
                    if let DataKind::Active { offset_expr, .. } = &data.kind {
                        let at = self.constant(offset_expr)?;
                        let bytes = u64::from(self.module.memory.map_or(0, |memory| memory.0)) << 16;
                        if at + data.data.len() as u64 > bytes {
                            return Err(refuse(
                                "segment",
                                "a data segment lies outside the memory that the module starts with",
                            ));
                        }
                        self.module.data.push((at as u32, data.data.to_vec()));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn canonicalise(&mut self) {
        let mut seen: BTreeMap<Signature, u32> = BTreeMap::new();
        for ty in &self.types {
            let next = self.module.types.len() as u32;
            let index = *seen.entry(ty.clone()).or_insert(next);
            if index == next {
                self.module.types.push(ty.clone());
            }
            self.canonical.push(index);
        }
    }

    fn import(&mut self, module: &str, name: &str, ty: &TypeRef) -> Fallible<()> {
        let (Some((intrinsic, signature)), TypeRef::Func(ty)) = (Intrinsic::find(module, name), ty) else {
            let help = "a predicate may import only the functions of module `zera` and AssemblyScript's `env.abort`";
            return Err(Box::new(Diagnostic::new("import", format!("import {module}.{name} is not known")).help(help)));
        };
        let ty = self.canonical[*ty as usize];
        if self.module.types[ty as usize] != signature {
            return Err(refuse("import", format!("import {module}.{name} does not have the type {signature:?}")));
        }
        self.module.callees.push((Callee::Import(intrinsic), ty));
        Ok(())
    }

    /// The functions of a segment, and where in the table they start, if they are put there.
    fn elements(&mut self, at: Option<u64>, items: ElementItems<'_>) -> Fallible<()> {
        let functions: Vec<Option<u32>> = match items {
            ElementItems::Functions(section) => section
                .into_iter()
                .map(|index| index.map(Some))
                .collect::<Result<_, _>>()
                .map_err(|error| self.broken(&error))?,
            ElementItems::Expressions(_, section) => {
                let mut functions = Vec::new();
                for expression in section {
                    let mut reader = expression.map_err(|error| self.broken(&error))?.get_operators_reader();
                    functions.push(match reader.read().map_err(|error| self.broken(&error))? {
                        Operator::RefFunc { function_index } => Some(function_index),
                        _ => None,
                    });
                }
                functions
            }
        };
        // Of an empty segment, too, the start must be there.
        if at.is_some_and(|at| at + functions.len() as u64 > self.module.table.len() as u64) {
            return Err(refuse("segment", "an element segment lies outside the table"));
        }
        for (index, function) in functions.into_iter().enumerate() {
            function.map_or(Ok(()), |function| self.not_bound(function, "in the table"))?;
            let Some(at) = at else { continue };
            self.module.table[at as usize + index] = function;
        }
        Ok(())
    }

    /// Refuses `bound` where it would be called other than directly: natively it counts by the place of its call.
    fn not_bound(&self, function: u32, place: &str) -> Fallible<()> {
        match self.module.callees.get(function as usize) {
            Some((Callee::Import(Intrinsic::Bound), _)) => {
                Err(refuse("bound", format!("bound is {place}; it is called directly only")))
            }
            _ => Ok(()),
        }
    }

    /// The value of a constant expression. Imported globals do not exist here, so it is one constant.
    fn constant(&self, expression: &ConstExpr<'_>) -> Fallible<u64> {
        match expression.get_operators_reader().read().map_err(|error| self.broken(&error))? {
            Operator::I32Const { value } => Ok(u64::from(value as u32)),
            Operator::I64Const { value } => Ok(value as u64),
            _ => Err(refuse("constant", "an initial value is not a constant")),
        }
    }

    fn find_entry(&mut self, entry: &str) -> Fallible<()> {
        let Some((_, index)) = self.exports.iter().find(|export| export.0 == entry) else {
            let names: Vec<_> = self.exports.iter().map(|export| format!("`{}`", export.0)).collect();
            let help = if names.is_empty() {
                "the module exports no function; in Rust write #[no_mangle] pub extern \"C\" fn, in C link with --export".to_owned()
            } else {
                format!("the module exports {}", names.join(", "))
            };
            return Err(Box::new(
                Diagnostic::new("entry", format!("there is no exported function `{entry}`")).help(help),
            ));
        };
        let (callee, ty) = &self.module.callees[*index as usize];
        if !matches!(callee, Callee::Defined(_)) || self.module.types[*ty as usize].results != [Scalar::I32] {
            let message = format!("the entry `{entry}` must be a function of integers with one i32 result");
            return Err(refuse("entry", message));
        }
        self.module.entry = *index;
        if !self.exports_memory {
            let help = "in C link with --export=memory (the default), in wat write (memory (export \"memory\") 1)";
            return Err(Box::new(Diagnostic::new("memory", "the module exports no memory `memory`").help(help)));
        }
        Ok(())
    }
}

fn refuse(code: &'static str, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(code, message))
}

/// An integer type, or the diagnostic that it is none.
pub(super) fn scalar(ty: ValType) -> Fallible<Scalar> {
    match ty {
        ValType::I32 => Ok(Scalar::I32),
        ValType::I64 => Ok(Scalar::I64),
        other => Err(refuse("type", format!("type {other} is not an integer type"))),
    }
}

/// Marks the functions that call `bound` themselves or through what they can call.
fn mark_counting(module: &mut Module) {
    let mut callers: Vec<Vec<u32>> = vec![vec![]; module.functions.len()];
    let mut reached = vec![];
    let mut indirect = vec![];
    for (index, function) in module.functions.iter().enumerate() {
        let index = index as u32;
        for op in &function.code {
            match op {
                Op::Intrinsic(Intrinsic::Bound) => reached.push(index),
                Op::Call(callee) => callers[*callee as usize].push(index),
                Op::CallIndirect(_) => indirect.push(index),
                _ => {}
            }
        }
    }
    if !reached.is_empty() {
        // Who calls through the table may reach anything.
        reached.extend(indirect);
    }
    while let Some(index) = reached.pop() {
        let function = &mut module.functions[index as usize];
        if !std::mem::replace(&mut function.counts, true) {
            reached.append(&mut callers[index as usize]);
        }
    }
}

/// Makes a call that is directly followed by `unreachable` a trap: whatever the callee does, the program traps, unless it
/// counts past a bound before.
fn mark_traps(module: &mut Module) {
    let counts: Vec<bool> = module.functions.iter().map(|function| function.counts).collect();
    for function in &mut module.functions {
        for pc in 0..function.code.len() {
            let traps = match function.code[pc] {
                Op::Call(callee) => !counts[callee as usize],
                Op::Intrinsic(intrinsic) => intrinsic != Intrinsic::Bound,
                _ => false,
            };
            if traps && function.code.get(pc + 1) == Some(&Op::Unreachable) {
                function.code[pc] = Op::Unreachable;
            }
        }
    }
}
