//! Places of instructions under their call stack, by number.

use std::collections::BTreeMap;

use super::module::Module;
use super::source::Source;
use crate::graph::SpanId;

/// One function on the way to an instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The function's name.
    pub function: String,
    /// Source file, where known.
    pub file: Option<String>,
    /// Source line, 0 where it is not known.
    pub line: u32,
    /// Byte offset of the instruction in the module.
    pub offset: u32,
}

/// An instruction under its call stack, innermost last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// The functions.
    pub frames: Vec<Frame>,
}

/// One way to reach a function: ids `first ..` are its instructions.
#[derive(Clone, Copy, Debug)]
struct Context {
    parent: Option<(u32, u32)>,
    function: u32,
    first: u32,
}

/// All ways in which functions were reached. An id is made by an addition, its span only when someone asks.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    contexts: Vec<Context>,
    known: BTreeMap<(Option<(u32, u32)>, u32), u32>,
    next: u32,
}

impl Contexts {
    /// The context of a function called from instruction `parent.1` of context `parent.0`, and its first id.
    ///
    /// When the ids run out (more than 2^32 instructions in all contexts) new contexts share the last id.
    pub fn enter(&mut self, parent: Option<(u32, u32)>, function: u32, instructions: u32) -> (u32, u32) {
        let next = self.contexts.len() as u32;
        let context = *self.known.entry((parent, function)).or_insert(next);
        if context == next {
            let first = self.next.max(1);
            self.contexts.push(Context { parent, function, first });
            self.next = first.saturating_add(instructions);
        }
        (context, self.contexts[context as usize].first)
    }

    /// Whether ids are left for a function.
    pub fn has_room(&self, instructions: u32) -> bool {
        self.next.max(1).checked_add(instructions).is_some()
    }

    /// The frames of an id by code index: function and pc, innermost last.
    fn frames(&self, id: SpanId) -> Vec<(u32, u32)> {
        let mut frames = Vec::new();
        let at = self.contexts.partition_point(|context| context.first <= id.0);
        let mut place = at.checked_sub(1).map(|context| (context as u32, id.0 - self.contexts[context].first));
        while let Some((context, pc)) = place {
            let Some(context) = self.contexts.get(context as usize) else { break };
            frames.push((context.function, pc));
            place = context.parent;
        }
        frames.reverse();
        frames
    }

    /// The span of an id; no frames for 0.
    pub fn span(&self, id: SpanId, module: &Module, source: &Source<'_>) -> Span {
        let frame = |(function, pc): (u32, u32)| {
            let offset = module.functions[function as usize].offsets.get(pc as usize).copied().unwrap_or(0);
            let (file, line) = source.line(offset).map_or((None, 0), |(file, line)| (Some(file), line));
            Frame { function: module.names[function as usize].clone(), file, line, offset }
        };
        let frames = if id.0 == 0 { vec![] } else { self.frames(id) };
        Span { frames: frames.into_iter().map(frame).collect() }
    }
}
