//! What a path is: a guard, what is known under it, and the values it holds.

use std::rc::Rc;

use super::memory::Memory;
use crate::graph::{Bit, Facts, Word};

/// What one path sees of the program's state besides locals and operands.
#[derive(Clone)]
pub struct State {
    /// Under which inputs the program is on this path, given that it entered the innermost label.
    pub guard: Bit,
    /// What the path's conditions say about ranges.
    pub facts: Facts,
    /// Globals.
    pub globals: Rc<Vec<Word>>,
    /// Linear memory.
    pub memory: Memory,
}

/// A path that waits at a label. Operands below the label's and locals of callers are not kept: nothing can change them.
pub struct Saved {
    /// Its state; the guard is given that the program entered the label.
    pub state: State,
    /// Locals of the label's function; empty at the end of a function.
    pub locals: Vec<Word>,
    /// The label's operands.
    pub values: Vec<Word>,
    /// Calls of `bound` since the innermost loop around the label was entered.
    pub count: Word,
}

/// Kinds of labels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `block` or `if`.
    Block,
    /// `loop`.
    Loop,
    /// A call.
    Call,
}

/// An entered block.
pub struct Label {
    /// Its kind.
    pub kind: Kind,
    /// pc of its `End`.
    pub end: u32,
    /// pc of the instruction after `loop`, or after the `Else` that `other` waits for.
    pub start: u32,
    /// Operands below it.
    pub height: usize,
    /// Operands that a branch to a loop carries.
    pub params: usize,
    /// Operands at its end.
    pub results: usize,
    /// The guard with which it was entered, given that the label around it was.
    pub entered: Bit,
    /// `entered`, given nothing; made when asked for.
    pub absolute: Option<Bit>,
    /// What was known when it was entered.
    pub facts: Facts,
    /// Paths at its end.
    pub arrived: Vec<Saved>,
    /// Paths back to the start of a loop.
    pub back: Vec<Saved>,
    /// The path into `else`.
    pub other: Option<Box<Saved>>,
    /// The outermost label (an index) that a path went to from inside: the label itself or one inside if none left it,
    /// -1 if one left the program with outcome 3. Paths that ended in a trap do not count: what follows a trap is of no
    /// interest, so the others may have their guard.
    pub escape: i64,
    /// Index of the innermost label that counts `bound`: the loop itself, else the one around it.
    pub counter: usize,
    /// Calls of `bound` since this loop or call was entered.
    pub count: Word,
    /// Iterations that began under a condition.
    pub iterations: u32,
}

/// Nobody left the label.
pub const NO_ESCAPE: i64 = i64::MAX;

/// A function being executed.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Index of the function.
    pub function: u32,
    /// Its first local on the stack.
    pub base: usize,
    /// The pc after the call in the caller.
    pub back: u32,
    /// Index of its label.
    pub label: usize,
    /// Its context in the span table.
    pub context: u32,
    /// Span id of its first instruction.
    pub span: u32,
}
