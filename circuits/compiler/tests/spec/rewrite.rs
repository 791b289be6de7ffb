//! A module of the suite as a predicate.
//!
//! An entry is added, and a memory where there is none. Floats become the integers of their bits, which is enough for what
//! only moves them; a function that computes with them becomes a trap, and is not called. A function's type that would
//! then be another one's has further parameters, zeros, so that calls through the table still tell them apart.

use crate::script::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, MemorySection,
    MemoryType, Module, SectionId, TypeSection,
};
use wasmparser::{
    CodeSectionReader, ElementItems, ElementKind, ExportSectionReader, ExternalKind, FuncType, FunctionBody,
    FunctionSectionReader, Operator, Parser, Payload, TypeRef, TypeSectionReader, ValType,
};

/// What a function is, as far as one must know to call it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Traits {
    /// Computes with floats, or with references: itself, or whatever it may call.
    pub floats: bool,
    /// Reads what may change: memory, its size, globals.
    pub reads: bool,
    /// Changes it.
    pub writes: bool,
    /// Types of calls through the table.
    indirect: BTreeSet<u32>,
    calls: BTreeSet<u32>,
}

/// What is known of a module before it is rewritten.
#[derive(Default)]
pub struct Survey {
    pub imports: bool,
    pub exports: BTreeMap<String, u32>,
    pub traits: Vec<Traits>,
    types: Vec<FuncType>,
    /// Further parameters of each type.
    zeros: Vec<usize>,
    functions: Vec<u32>,
    imported: usize,
    bodies_with_floats: Vec<bool>,
    exports_memory: bool,
    sections: BTreeSet<u8>,
}

fn integer(ty: ValType) -> ValType {
    match ty {
        ValType::F32 => ValType::I32,
        ValType::F64 => ValType::I64,
        other => other,
    }
}

impl Survey {
    pub fn new(wasm: &[u8]) -> Survey {
        let mut survey = Survey::default();
        let mut elements = BTreeSet::new();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.expect("the suite's modules are well formed");
            if let Some((id, _)) = payload.as_section() {
                survey.sections.insert(id);
            }
            match payload {
                Payload::TypeSection(section) => {
                    survey.types = section.into_iter_err_on_gc_types().map(Result::unwrap).collect();
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        survey.imports = true;
                        if let TypeRef::Func(ty) = import.unwrap().ty {
                            survey.functions.push(ty);
                            survey.traits.push(Traits::default());
                        }
                    }
                    survey.imported = survey.functions.len();
                }
                Payload::FunctionSection(section) => survey.functions.extend(section.into_iter().map(Result::unwrap)),
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.unwrap();
                        match export.kind {
                            ExternalKind::Func => drop(survey.exports.insert(export.name.to_owned(), export.index)),
                            ExternalKind::Memory => survey.exports_memory |= export.name == "memory",
                            _ => {}
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        let element = element.unwrap();
                        if let (ElementKind::Active { .. }, ElementItems::Functions(items)) =
                            (element.kind, element.items)
                        {
                            elements.extend(items.into_iter().map(Result::unwrap));
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let traits = traits(&body);
                    survey.bodies_with_floats.push(traits.floats);
                    survey.traits.push(traits);
                }
                _ => {}
            }
        }
        survey.zeros = zeros(&survey.types);
        survey.close(&elements);
        survey
    }

    /// What a function may call, it may do.
    fn close(&mut self, elements: &BTreeSet<u32>) {
        for traits in &mut self.traits {
            for ty in traits.indirect.iter().map(|ty| &self.types[*ty as usize]) {
                let typed = |function: &&u32| self.types[self.functions[**function as usize] as usize] == *ty;
                traits.calls.extend(elements.iter().filter(typed));
            }
        }
        loop {
            let before = self.traits.clone();
            for at in 0..before.len() {
                for callee in before[at].calls.iter().map(|callee| &before[*callee as usize]) {
                    let all = &mut self.traits[at];
                    all.floats |= callee.floats;
                    all.reads |= callee.reads;
                    all.writes |= callee.writes;
                }
            }
            if self.traits == before {
                break;
            }
        }
    }

    /// Zeros that a function takes after its arguments.
    pub fn zeros(&self, function: u32) -> usize {
        self.zeros[self.functions[function as usize] as usize]
    }

    /// Results of a function, without floats.
    pub fn results(&self, function: u32) -> Vec<ValType> {
        let ty = &self.types[self.functions[function as usize] as usize];
        ty.results().iter().map(|ty| integer(*ty)).collect()
    }
}

/// Parameters and results, without floats.
fn plain(ty: &FuncType) -> [Vec<wasm_encoder::ValType>; 2] {
    use wasm_encoder::ValType::{I32, I64};
    let integers = |types: &[ValType]| {
        let integer = |ty: &ValType| if integer(*ty) == ValType::I32 { I32 } else { I64 };
        types.iter().map(integer).collect()
    };
    [integers(ty.params()), integers(ty.results())]
}

/// None for a type that is only integers; else so many as no other type has that is the same without floats.
fn zeros(types: &[FuncType]) -> Vec<usize> {
    let floats = |ty: &FuncType| ty.params().iter().chain(ty.results()).any(|ty| integer(*ty) != *ty);
    let mut different: Vec<&FuncType> = Vec::new();
    let zeros = types.iter().map(|ty| {
        let at = different.iter().position(|other| *other == ty).unwrap_or(different.len());
        if at == different.len() {
            different.push(ty);
        }
        // More than any type of the suite that is only integers has.
        if floats(ty) { 12 + at } else { 0 }
    });
    zeros.collect()
}

fn traits(body: &FunctionBody<'_>) -> Traits {
    let mut traits = Traits::default();
    for op in body.get_operators_reader().unwrap() {
        let op = op.unwrap();
        match &op {
            Operator::Call { function_index } => drop(traits.calls.insert(*function_index)),
            Operator::CallIndirect { type_index, .. } => drop(traits.indirect.insert(*type_index)),
            Operator::GlobalGet { .. } | Operator::MemorySize { .. } => traits.reads = true,
            Operator::GlobalSet { .. } => traits.writes = true,
            Operator::MemoryGrow { .. } | Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => {
                (traits.reads, traits.writes) = (true, true);
            }
            Operator::BrTable { .. } => {}
            other => {
                let text = format!("{other:?}");
                let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                let stores = name.contains("Store");
                traits.writes |= stores;
                // Whether a store traps depends on the memory's size.
                traits.reads |= stores || name.contains("Load");
                let moves = ["Const", "Load", "Store", "Reinterpret"].iter().any(|word| name.contains(word));
                traits.floats |= (name.contains("F32") || name.contains("F64")) && !moves;
                traits.floats |=
                    ["Ref", "Table", "Elem", "DataDrop", "MemoryInit"].iter().any(|word| name.starts_with(word));
            }
        }
    }
    traits
}

/// The entry that is added.
pub struct Entry {
    /// 64-bit numbers after the first parameter, which is 32 bits.
    pub slots: u32,
    /// Types of locals after the parameters.
    pub locals: Vec<ValType>,
    pub code: Vec<Instruction<'static>>,
}

/// The constant.
pub fn constant(value: Value) -> Instruction<'static> {
    match value {
        Value::I32(value) => Instruction::I32Const(value as i32),
        Value::I64(value) => Instruction::I64Const(value as i64),
    }
}

/// The module with the entry `predicate`.
pub fn predicate(wasm: &[u8], survey: &Survey, entry: &Entry) -> Vec<u8> {
    let mut module = Module::new();
    let mut rewrite = Rewrite { survey, entry, body: 0, added: BTreeSet::new() };
    rewrite.parse_core_module(&mut module, Parser::new(0), wasm).unwrap_or_else(|error| panic!("{error}"));
    module.finish()
}

struct Rewrite<'a> {
    survey: &'a Survey,
    entry: &'a Entry,
    body: usize,
    added: BTreeSet<u8>,
}

/// Sections that must be there, as they follow each other.
const SECTIONS: [SectionId; 5] =
    [SectionId::Type, SectionId::Function, SectionId::Memory, SectionId::Export, SectionId::Code];

fn rank(id: SectionId) -> u8 {
    match id {
        SectionId::DataCount => 19,
        SectionId::Code => 20,
        SectionId::Data => 21,
        other => other as u8,
    }
}

impl Rewrite<'_> {
    fn add_type(&self, types: &mut TypeSection) {
        let slots = (0..self.entry.slots).map(|_| wasm_encoder::ValType::I64);
        let params: Vec<_> = std::iter::once(wasm_encoder::ValType::I32).chain(slots).collect();
        types.ty().function(params, [wasm_encoder::ValType::I32]);
        for ty in &self.survey.types {
            let [params, results] = plain(ty);
            types.ty().function(params, results);
        }
    }

    fn add_function(&self, functions: &mut FunctionSection) {
        functions.function(self.survey.types.len() as u32);
    }

    fn add_exports(&self, exports: &mut ExportSection) {
        exports.export("predicate", ExportKind::Func, self.survey.functions.len() as u32);
        if !self.survey.exports_memory {
            exports.export("memory", ExportKind::Memory, 0);
        }
    }

    fn add_body(&self, code: &mut CodeSection) {
        let locals = self.entry.locals.iter().map(|ty| match ty {
            ValType::I32 => (1, wasm_encoder::ValType::I32),
            _ => (1, wasm_encoder::ValType::I64),
        });
        let mut function = Function::new(locals.collect::<Vec<_>>());
        for instruction in &self.entry.code {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        code.function(&function);
    }
}

type Done = Result<(), Error<Infallible>>;

impl Reencode for Rewrite<'_> {
    type Error = Infallible;

    fn val_type(&mut self, ty: ValType) -> Result<wasm_encoder::ValType, Error<Infallible>> {
        utils::val_type(self, integer(ty))
    }

    fn instruction<'a>(&mut self, op: Operator<'a>) -> Result<Instruction<'a>, Error<Infallible>> {
        Ok(match op {
            Operator::F32Const { value } => Instruction::I32Const(value.bits() as i32),
            Operator::F64Const { value } => Instruction::I64Const(value.bits() as i64),
            Operator::F32Load { memarg } => Instruction::I32Load(self.mem_arg(memarg)?),
            Operator::F64Load { memarg } => Instruction::I64Load(self.mem_arg(memarg)?),
            Operator::F32Store { memarg } => Instruction::I32Store(self.mem_arg(memarg)?),
            Operator::F64Store { memarg } => Instruction::I64Store(self.mem_arg(memarg)?),
            Operator::I32ReinterpretF32
            | Operator::I64ReinterpretF64
            | Operator::F32ReinterpretI32
            | Operator::F64ReinterpretI64 => Instruction::Nop,
            other => utils::instruction(self, other)?,
        })
    }

    fn parse_type_section(&mut self, types: &mut TypeSection, _: TypeSectionReader<'_>) -> Done {
        for (ty, zeros) in self.survey.types.iter().zip(&self.survey.zeros) {
            let [mut params, results] = plain(ty);
            params.extend(std::iter::repeat_n(wasm_encoder::ValType::I32, *zeros));
            types.ty().function(params, results);
        }
        self.add_type(types);
        Ok(())
    }

    /// Blocks have no further parameters, so they have types of their own.
    fn block_type(&mut self, ty: wasmparser::BlockType) -> Result<BlockType, Error<Infallible>> {
        match ty {
            wasmparser::BlockType::FuncType(ty) => Ok(BlockType::FunctionType(self.survey.types.len() as u32 + 1 + ty)),
            other => utils::block_type(self, other),
        }
    }

    fn parse_function_section(&mut self, functions: &mut FunctionSection, section: FunctionSectionReader<'_>) -> Done {
        utils::parse_function_section(self, functions, section)?;
        self.add_function(functions);
        Ok(())
    }

    fn parse_export_section(&mut self, exports: &mut ExportSection, section: ExportSectionReader<'_>) -> Done {
        utils::parse_export_section(self, exports, section)?;
        self.add_exports(exports);
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Done {
        utils::parse_code_section(self, code, section)?;
        self.add_body(code);
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Done {
        self.body += 1;
        let survey = self.survey;
        if survey.bodies_with_floats[self.body - 1] {
            let mut function = Function::new([]);
            function.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
            code.function(&function);
            return Ok(());
        }
        let ty = survey.functions[survey.imported + self.body - 1] as usize;
        let (params, zeros) = (survey.types[ty].params().len() as u32, survey.zeros[ty] as u32);
        let shifted = |local: u32| if local < params { local } else { local + zeros };
        let mut locals = Vec::new();
        for local in body.get_locals_reader()? {
            let (count, ty) = local?;
            locals.push((count, self.val_type(ty)?));
        }
        // One more, for the index of a call through the table.
        let index = params + zeros + locals.iter().map(|local| local.0).sum::<u32>();
        locals.push((1, wasm_encoder::ValType::I32));
        let mut function = Function::new(locals);
        for op in body.get_operators_reader()? {
            match op? {
                Operator::LocalGet { local_index } => {
                    function.instruction(&Instruction::LocalGet(shifted(local_index)))
                }
                Operator::LocalSet { local_index } => {
                    function.instruction(&Instruction::LocalSet(shifted(local_index)))
                }
                Operator::LocalTee { local_index } => {
                    function.instruction(&Instruction::LocalTee(shifted(local_index)))
                }
                Operator::Call { function_index } => {
                    for _ in 0..survey.zeros(function_index) {
                        function.instruction(&Instruction::I32Const(0));
                    }
                    function.instruction(&Instruction::Call(function_index))
                }
                Operator::CallIndirect { type_index, table_index } => {
                    if survey.zeros[type_index as usize] > 0 {
                        function.instruction(&Instruction::LocalSet(index));
                        for _ in 0..survey.zeros[type_index as usize] {
                            function.instruction(&Instruction::I32Const(0));
                        }
                        function.instruction(&Instruction::LocalGet(index));
                    }
                    function.instruction(&Instruction::CallIndirect { type_index, table_index })
                }
                other => function.instruction(&self.instruction(other)?),
            };
        }
        code.function(&function);
        Ok(())
    }

    /// Sections that the module lacks.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Done {
        if before == Some(SectionId::Custom) {
            return Ok(());
        }
        for id in SECTIONS {
            let comes = before.is_none_or(|before| rank(id) < rank(before));
            if !comes || self.survey.sections.contains(&(id as u8)) || !self.added.insert(id as u8) {
                continue;
            }
            match id {
                SectionId::Type => {
                    let mut types = TypeSection::new();
                    self.add_type(&mut types);
                    module.section(&types);
                }
                SectionId::Function => {
                    let mut functions = FunctionSection::new();
                    self.add_function(&mut functions);
                    module.section(&functions);
                }
                SectionId::Memory => {
                    let ty =
                        MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
                    let mut memories = MemorySection::new();
                    memories.memory(ty);
                    module.section(&memories);
                }
                SectionId::Export => {
                    let mut exports = ExportSection::new();
                    self.add_exports(&mut exports);
                    module.section(&exports);
                }
                _ => {
                    let mut code = CodeSection::new();
                    self.add_body(&mut code);
                    module.section(&code);
                }
            }
        }
        Ok(())
    }
}
