//! Linear memory whose bytes are expressions: persistent, so that a copy costs nothing and two copies differ only where
//! something was written.

use std::rc::Rc;

use super::merge::Merger;
use crate::graph::{Graph, Word};

/// A byte: byte `byte` (0 is the lowest) of `word`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// The value.
    pub word: Word,
    /// Which of its bytes.
    pub byte: u8,
}

/// Children of a node, and bytes of a chunk: 64^4 bytes are the 256 pages that a memory may have.
const FAN: usize = 64;
type Chunk = [Cell; FAN];
type Node<T> = [Option<Rc<T>>; FAN];
type Low = Node<Chunk>;
type Middle = Node<Low>;
type Root = Node<Middle>;

/// A memory. Cloning is constant time; a write copies at most the nodes on its path that others share.
#[derive(Clone)]
pub struct Memory {
    root: Rc<Root>,
    zero: Cell,
    /// Its size in pages of 64 KiB.
    pub pages: u32,
}

fn path(address: u32) -> [usize; 4] {
    let address = address as usize;
    [(address >> 18) % FAN, (address >> 12) % FAN, (address >> 6) % FAN, address % FAN]
}

fn same<T>(a: &Option<Rc<T>>, b: &Option<Rc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Rc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

impl Memory {
    /// Zeros; `zero` is the 32-bit constant 0.
    pub fn new(zero: Word, pages: u32) -> Self {
        Memory { root: Rc::new([const { None }; FAN]), zero: Cell { word: zero, byte: 0 }, pages }
    }

    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        u64::from(self.pages) << 16
    }

    /// The byte at an address below [`Self::len`].
    pub fn cell(&self, address: u32) -> Cell {
        let [a, b, c, d] = path(address);
        let chunk = self.root[a].as_ref().and_then(|middle| middle[b].as_ref()).and_then(|low| low[c].as_ref());
        chunk.map_or(self.zero, |chunk| chunk[d])
    }

    fn chunk(&mut self, address: u32) -> &mut Option<Rc<Chunk>> {
        let [a, b, c, _] = path(address);
        let middle = Rc::make_mut(&mut self.root)[a].get_or_insert_with(|| Rc::new([const { None }; FAN]));
        let low = Rc::make_mut(middle)[b].get_or_insert_with(|| Rc::new([const { None }; FAN]));
        &mut Rc::make_mut(low)[c]
    }

    /// Writes the byte at an address below [`Self::len`].
    pub fn set(&mut self, address: u32, cell: Cell) {
        let zero = self.zero;
        let chunk = self.chunk(address).get_or_insert_with(|| Rc::new([zero; FAN]));
        Rc::make_mut(chunk)[address as usize % FAN] = cell;
    }

    /// Writes `len` times the same byte. Whole chunks are shared.
    pub fn fill(&mut self, address: u32, len: u32, cell: Cell) {
        let shared = Rc::new([cell; FAN]);
        let mut done = 0;
        while done < len {
            let at = address + done;
            if (at as usize).is_multiple_of(FAN) && (len - done) as usize >= FAN {
                *self.chunk(at) = Some(Rc::clone(&shared));
                done += FAN as u32;
            } else {
                self.set(at, cell);
                done += 1;
            }
        }
    }

    /// The unsigned value of 1, 2, 4 or 8 bytes: 64 bits wide for 8 of them, else 32.
    pub fn load(&self, graph: &mut Graph, address: u32, bytes: u32) -> Word {
        let mut cells = [(self.zero.word, 0u32); 8];
        let cells = &mut cells[..bytes as usize];
        for (cell, at) in cells.iter_mut().zip(address..) {
            let found = self.cell(at);
            *cell = (found.word, u32::from(found.byte));
        }
        value(graph, cells)
    }

    /// Writes the low 1, 2, 4 or 8 bytes of `word`.
    pub fn store(&mut self, address: u32, bytes: u32, word: Word) {
        for byte in 0..bytes {
            self.set(address + byte, Cell { word, byte: byte as u8 });
        }
    }

    /// Merges memories of equal size; guards are the merger's. Only bytes that differ are touched: whole values where the
    /// memories hold whole values there.
    pub fn merge(graph: &mut Graph, merger: &mut Merger<'_>, memories: &[&Memory]) -> Memory {
        let mut merged = memories[0].clone();
        let mut done = 0;
        for a in 0..FAN {
            if memories.iter().all(|memory| same(&memory.root[a], &memories[0].root[a])) {
                continue;
            }
            for b in 0..FAN {
                let low = |memory: &&Memory| memory.root[a].as_ref().and_then(|middle| middle[b].clone());
                let lows: Vec<_> = memories.iter().map(low).collect();
                if lows.iter().all(|low| same(low, &lows[0])) {
                    continue;
                }
                for c in 0..FAN {
                    let chunk = |low: &Option<Rc<Low>>| low.as_ref().and_then(|low| low[c].clone());
                    let mut distinct: Vec<Option<Rc<Chunk>>> = Vec::new();
                    for chunk in lows.iter().map(chunk) {
                        if !distinct.iter().any(|other| same(other, &chunk)) {
                            distinct.push(chunk);
                        }
                    }
                    if distinct.len() < 2 {
                        continue;
                    }
                    for d in 0..FAN {
                        let cell = |chunk: &Option<Rc<Chunk>>| chunk.as_ref().map_or(merged.zero, |chunk| chunk[d]);
                        let first = cell(&distinct[0]);
                        let address = ((a << 18) | (b << 12) | (c << 6) | d) as u32;
                        if address >= done && distinct[1..].iter().any(|chunk| !equal(graph, cell(chunk), first)) {
                            done = merge_at(graph, merger, memories, &mut merged, address, done);
                        }
                    }
                }
            }
        }
        merged
    }
}

/// Whether two cells hold the same byte for certain.
fn equal(graph: &Graph, a: Cell, b: Cell) -> bool {
    a == b || constant(graph, a).is_some_and(|byte| constant(graph, b) == Some(byte))
}

fn constant(graph: &Graph, cell: Cell) -> Option<u8> {
    graph.as_constant(cell.word).map(|value| (value >> (8 * u32::from(cell.byte))) as u8)
}

/// The unsigned value of little-endian cells: 64 bits wide for 8 of them, else 32.
pub fn value(graph: &mut Graph, cells: &[(Word, u32)]) -> Word {
    let width = if cells.len() == 8 { 64 } else { 32 };
    let word = cells[0].0;
    if cells.iter().zip(0..).all(|(cell, byte)| *cell == (word, byte)) {
        match (cells.len(), graph.width(word)) {
            (4, 32) | (8, 64) => return word,
            (4, 64) => return graph.wrap(word),
            (1, _) => return graph.byte(word, 0),
            _ => {}
        }
    }
    graph.concat(width, cells)
}

/// Merges the value around `address`, whose byte differs; returns the address after it. Nothing below `done` is touched.
fn merge_at(
    graph: &mut Graph,
    merger: &mut Merger<'_>,
    memories: &[&Memory],
    merged: &mut Memory,
    address: u32,
    done: u32,
) -> u32 {
    let (start, bytes) = [8, 4, 2]
        .into_iter()
        .find_map(|bytes| Some((unit(graph, memories, address, bytes).filter(|start| *start >= done)?, bytes)))
        .unwrap_or((address, 1));
    let values: Vec<Word> = memories.iter().map(|memory| memory.load(graph, start, bytes)).collect();
    let word = merger.word(graph, &values);
    merged.store(start, bytes, word);
    start + bytes
}

/// Where the value of `bytes` bytes around `address` starts, if some memory holds one there that is not constant (or all are
/// constant), and every other holds one or constants.
fn unit(graph: &Graph, memories: &[&Memory], address: u32, bytes: u32) -> Option<u32> {
    let whole = |memory: &Memory, start: u32| {
        let first = memory.cell(start);
        let next = |at: u32| Cell { word: first.word, byte: first.byte.wrapping_add(at as u8) };
        u32::from(first.byte) % bytes == 0 && (1..bytes).all(|at| memory.cell(start + at) == next(at))
    };
    let start_in = |memory: &Memory| address.checked_sub(u32::from(memory.cell(address).byte) % bytes);
    let fits = |start: u32| u64::from(start) + u64::from(bytes) <= memories[0].len();
    let symbolic = |memory: &&&Memory| graph.as_constant(memory.cell(address).word).is_none();
    let lead = memories.iter().find(symbolic).or_else(|| {
        memories.iter().find(|memory| start_in(memory).is_some_and(|start| fits(start) && whole(memory, start)))
    })?;
    let start = start_in(lead).filter(|start| fits(*start))?;
    let constants = |memory: &Memory| (0..bytes).all(|at| graph.as_constant(memory.cell(start + at).word).is_some());
    let ok = whole(lead, start) && memories.iter().all(|memory| whole(memory, start) || constants(memory));
    ok.then_some(start)
}
