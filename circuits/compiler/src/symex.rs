//! Symbolic execution of integer WebAssembly: from a module to one expression graph that says what the program does on
//! every input.
//!
//! Instructions are executed one after the other on words that may be expressions. Where a condition is not known the path
//! splits; where blocks end the paths that meet are merged into one, so that the number of paths stays that of the blocks
//! they wait at. Loops run until no path comes back. What a program does not decide by constants alone costs nodes of the
//! graph; everything else costs nothing.

mod access;
mod body;
mod bulk;
mod control;
mod decode;
mod dispatch;
mod gadget;
mod intrinsics;
mod machine;
mod memory;
mod merge;
mod module;
mod numeric;
mod source;
mod span;
mod state;
mod trap;

pub use span::{Frame, Span};

use crate::diagnostic::Diagnostic;
use crate::graph::{Bit, Graph, SpanId};
use machine::Machine;
use module::Module;
use source::Source;
use span::Contexts;

/// What bounds the execution of a program when it is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Iterations of one loop that begin under a condition.
    pub iterations: u32,
    /// Instructions executed, on all paths together; work on many cells at once counts as more than one.
    pub instructions: u64,
    /// Nodes of the graph and terms of its combinations: up to about 50 bytes each.
    pub expressions: usize,
    /// Addresses that one access may go to.
    pub candidates: u32,
}

impl Limits {
    /// Enough for ordinary predicates: 4,096 iterations, 20 million instructions and expressions, 4,096 addresses.
    pub const ORDINARY: Limits =
        Limits { iterations: 4_096, instructions: 20_000_000, expressions: 20_000_000, candidates: 4_096 };
}

/// What to execute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Name of the exported function.
    pub entry: String,
    /// Bytes of public input.
    pub public_len: u32,
    /// Bytes of private input.
    pub private_len: u32,
    /// Bounds.
    pub limits: Limits,
}

/// What a program does on every input of the declared lengths.
///
/// The outcome is 2 if some bit of `traps` is 1, else 3 if `exceeded` is, else `truth`.
pub struct Execution<'a> {
    /// All expressions.
    pub graph: Graph,
    /// The entry's result is not zero; of interest only where the program neither traps nor exceeds a bound.
    pub truth: Bit,
    /// Conditions under which the program traps.
    pub traps: Vec<Bit>,
    /// The program exceeds a bound before it traps.
    pub exceeded: Bit,
    /// Where expressions come from.
    pub spans: Spans<'a>,
}

/// The places of a program.
pub struct Spans<'a> {
    module: Module,
    source: Source<'a>,
    contexts: Contexts,
}

impl Spans<'_> {
    /// The call stack of an id; no frames for an id that means no place. About a microsecond.
    pub fn span(&self, id: SpanId) -> Span {
        self.contexts.span(id, &self.module, &self.source)
    }
}

/// Executes the program of a module on unknown inputs.
///
/// # Errors
/// Why it can not be compiled: malformed or not integer WebAssembly, or beyond a limit; at least one diagnostic.
pub fn execute<'a>(wasm: &'a [u8], options: &Options) -> Result<Execution<'a>, Vec<Diagnostic>> {
    let (module, source) = decode::decode(wasm, &options.entry)?;
    let (graph, truth, traps, exceeded, contexts) =
        run(&module, &|offset| source.place(offset), options).map_err(|diagnostic| vec![*diagnostic])?;
    Ok(Execution { graph, truth, traps, exceeded, spans: Spans { module, source, contexts } })
}

type Finished = (Graph, Bit, Vec<Bit>, Bit, Contexts);

fn run(module: &Module, places: machine::Places<'_>, options: &Options) -> machine::Fallible<Finished> {
    let mut machine = Machine::new(module, places, options)?;
    if let Some(start) = module.start {
        machine.run(start)?;
    }
    let mut truth = Bit::FALSE;
    if machine.live {
        let (_, ty) = &module.callees[module.entry as usize];
        machine.parameters(&module.types[*ty as usize].params)?;
        machine.run(module.entry)?;
        if machine.live {
            let result = machine.pop();
            truth = machine.condition(result);
        }
    }
    let exceeded = machine.graph.any(&machine.exceeded);
    Ok((machine.graph, truth, machine.traps, exceeded, machine.contexts))
}
