//! Rewrites a module so that calls of `bound` come with their count.
//!
//! `bound(n)` counts its own calls since the innermost loop around the call site was entered, or the function where there is
//! none; all call sites directly inside one loop share the count. Each loop gets a local for it, set to zero in front of the
//! `loop`, so that entering it resets the count and a branch back to its header does not. A call site adds one and passes
//! the count on: the import `bound(n: i32)` becomes `bound(n: i32, count: i64)`, in the same place, so that no function
//! changes its index.
//!
//! Loops of one nesting depth share a local: two of them are never active at once in one activation of the function, and
//! each sets it to zero when it is entered. A count of 64 bits does not wrap within any fuel.
//!
//! Custom sections are dropped, and what linkers write in more bytes than needed is written in as few as possible.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, EntityType, Function, ImportSection, Instruction, Module, TypeSection, ValType};
use wasmparser::{CustomSectionReader, FunctionBody, ImportSectionReader, Operator, Parser, TypeSectionReader};

use super::imports;
use super::validate::Facts;

type Rewritten<T> = Result<T, Error<Infallible>>;

/// The instrumented module. Linear in the module's length; at most 12 bytes more for each loop and each call of `bound`, and
/// a few for each function.
///
/// # Errors
/// None for a module that [`validate`](super::validate::validate) passed.
pub(super) fn instrument(wasm: &[u8], facts: &Facts) -> Result<Vec<u8>, String> {
    let mut module = Module::new();
    let mut rewriter = Rewriter { facts, body: 0 };
    rewriter.parse_core_module(&mut module, Parser::new(0), wasm).map_err(|error| error.to_string())?;
    Ok(module.finish())
}

struct Rewriter<'f> {
    facts: &'f Facts,
    /// Bodies written so far.
    body: usize,
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Rewritten<()> {
        Ok(())
    }

    fn parse_type_section(&mut self, types: &mut TypeSection, section: TypeSectionReader<'_>) -> Rewritten<()> {
        utils::parse_type_section(self, types, section)?;
        if !self.facts.bounds.is_empty() {
            types.ty().function([ValType::I32, ValType::I64], []);
        }
        Ok(())
    }

    fn parse_import_section(&mut self, imports: &mut ImportSection, section: ImportSectionReader<'_>) -> Rewritten<()> {
        for import in section.into_imports() {
            let import = import?;
            let ty = if (import.module, import.name) == (imports::MODULE, imports::BOUND) {
                // The type behind all of the module's own.
                EntityType::Function(self.facts.types)
            } else {
                self.entity_type(import.ty)?
            };
            imports.import(import.module, import.name, ty);
        }
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Rewritten<()> {
        let first = self.facts.locals.get(self.body).copied().unwrap_or_default();
        self.body += 1;
        let counts = Counts::of(&body, &self.facts.bounds)?;
        let mut locals = Vec::new();
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.push((count, self.val_type(ty)?));
        }
        locals.push((counts.locals, ValType::I64));
        let mut function = Function::new(locals);
        let mut reader = body.get_operators_reader()?;
        // Loops so far, and for each construct around how many loops it stands in: 0 is the function.
        let (mut seen, mut around) = (0, vec![0]);
        while !reader.eof() {
            let operator = reader.read()?;
            let depth = around.last().copied().unwrap_or_default();
            match &operator {
                Operator::Loop { .. } => {
                    around.push(depth + 1);
                    if counts.resets.get(seen).copied().unwrap_or_default() {
                        function.instructions().i64_const(0).local_set(first + depth + 1);
                    }
                    seen += 1;
                }
                Operator::Block { .. } | Operator::If { .. } => around.push(depth),
                Operator::End => {
                    around.pop();
                }
                Operator::Call { function_index } if self.facts.bounds.contains(function_index) => {
                    let counter = first + depth;
                    function.instructions().local_get(counter).i64_const(1).i64_add().local_tee(counter);
                }
                _ => {}
            }
            let instruction: Instruction<'_> = self.instruction(operator)?;
            function.instruction(&instruction);
        }
        code.function(&function);
        Ok(())
    }
}

/// The counters that a body needs.
struct Counts {
    /// Locals: one for each depth of loops down to the deepest with a call of `bound` directly in it, the function's own
    /// included.
    locals: u32,
    /// For each loop in the order of the body, whether `bound` is called directly in it.
    resets: Vec<bool>,
}

impl Counts {
    fn of(body: &FunctionBody<'_>, bounds: &[u32]) -> Rewritten<Counts> {
        let mut counts = Counts { locals: 0, resets: Vec::new() };
        if bounds.is_empty() {
            return Ok(counts);
        }
        // For each construct around, the depth of loops and the innermost of them.
        let mut around: Vec<(u32, Option<usize>)> = vec![(0, None)];
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let (depth, innermost) = around.last().copied().unwrap_or_default();
            match reader.read()? {
                Operator::Loop { .. } => {
                    around.push((depth + 1, Some(counts.resets.len())));
                    counts.resets.push(false);
                }
                Operator::Block { .. } | Operator::If { .. } => around.push((depth, innermost)),
                Operator::End => {
                    around.pop();
                }
                Operator::Call { function_index } if bounds.contains(&function_index) => {
                    counts.locals = counts.locals.max(depth + 1);
                    if let Some(resets) = innermost.and_then(|index| counts.resets.get_mut(index)) {
                        *resets = true;
                    }
                }
                _ => {}
            }
        }
        Ok(counts)
    }
}
