//! Loads and stores, at addresses that may not be known.

use super::machine::{Fallible, Machine};
use super::memory::{Cell, value};
use super::module::{Load, Scalar};
use crate::graph::{Bit, Word};

/// Where an access may go.
#[derive(Clone, Copy)]
pub enum Address {
    /// One address.
    Known(u32),
    /// `lo, lo + step, ...`, `count` of them, chosen by `base`, which is `base_lo` for the first.
    One { base: Word, base_lo: u64, lo: u32, step: u32, count: u32 },
}

impl Address {
    /// The address `by` bytes on; both lie within the memory.
    fn plus(self, by: u32) -> Address {
        match self {
            Address::Known(at) => Address::Known(at + by),
            Address::One { base, base_lo, lo, step, count } => Address::One { base, base_lo, lo: lo + by, step, count },
        }
    }
}

impl Machine<'_> {
    /// The addresses that `base + offset` may be, so that `bytes` bytes lie within `limit` bytes; a trap where they do not.
    /// None where the path ends.
    pub fn address(
        &mut self,
        base: Word,
        offset: u32,
        bytes: u64,
        limit: u64,
        what: &str,
    ) -> Fallible<Option<Address>> {
        // The largest base that is not a trap.
        let Some(most) = limit.checked_sub(u64::from(offset)).and_then(|most| most.checked_sub(bytes)) else {
            self.trap();
            return Ok(None);
        };
        if let Some(base) = self.graph.as_constant(base) {
            if base > most {
                self.trap();
                return Ok(None);
            }
            return Ok(Some(Address::Known((base + u64::from(offset)) as u32)));
        }
        // Before any question that would make bits of the base.
        let (mut lo, mut hi, mut step) = self.graph.progression(&self.state.facts, base);
        if hi > most {
            let limit = self.graph.constant(32, most);
            let outside = self.less(limit, base, false);
            self.trap_if(outside);
            if !self.live {
                return Ok(None);
            }
            let after = self.graph.progression(&self.state.facts, base);
            if after.1.saturating_sub(after.0) / after.2.max(1) < (hi - lo) / step.max(1) {
                (lo, hi, step) = after;
            }
        }
        let step = step.max(1);
        // Beyond the limit is a trap, whose state is of no interest.
        let hi = if hi > most { lo + most.saturating_sub(lo) / step * step } else { hi };
        if lo > most {
            self.trap();
            return Ok(None);
        }
        let count = (hi - lo) / step + 1;
        if count > u64::from(self.limits().candidates) {
            let (first, last) = (lo + u64::from(offset), hi + u64::from(offset));
            let message = format!("this {what} may go to any of {count} addresses, {first:#x} to {last:#x}");
            let help = format!(
                "at most {} are possible: compare the index with the length of the array before, or mask it",
                self.limits().candidates
            );
            return Err(self.error("address", message, help));
        }
        self.charge(count)?;
        let at = (lo + u64::from(offset)) as u32;
        Ok(Some(match count {
            1 => Address::Known(at),
            _ => Address::One { base, base_lo: lo, lo: at, step: step as u32, count: count as u32 },
        }))
    }

    pub fn load(&mut self, load: Load, base: Word, offset: u32) -> Fallible<Word> {
        let bytes = u32::from(load.bytes);
        let Some(address) = self.address(base, offset, bytes.into(), self.state.memory.len(), "load")? else {
            return Ok(base);
        };
        Ok(match address {
            Address::Known(at) => {
                let value = self.state.memory.load(&mut self.graph, at, bytes);
                self.loaded(load, value)
            }
            Address::One { base, base_lo, lo, step, count } => {
                let mut entries: Vec<Word> = self.entries(lo, step, count, bytes);
                let known = entries.iter().all(|entry| self.graph.as_constant(*entry).is_some());
                if known {
                    entries = entries.into_iter().map(|entry| self.loaded(load, entry)).collect();
                }
                let value = self.pick(base, base_lo, step, &entries);
                if known { value } else { self.loaded(load, value) }
            }
        })
    }

    fn entries(&mut self, lo: u32, step: u32, count: u32, bytes: u32) -> Vec<Word> {
        (0..count).map(|at| self.state.memory.load(&mut self.graph, lo + at * step, bytes)).collect()
    }

    fn pick(&mut self, base: Word, base_lo: u64, step: u32, entries: &[Word]) -> Word {
        if entries.iter().all(|entry| *entry == entries[0]) {
            return entries[0];
        }
        self.graph.pick(&self.state.facts, base, base_lo, step.into(), entries)
    }

    /// Extends what was read to the type of the result.
    fn loaded(&mut self, load: Load, value: Word) -> Word {
        let width = self.graph.width(value);
        let value = match (load.to, width) {
            (Scalar::I64, 32) if load.signed && load.bytes == 4 => return self.graph.extend_s(value),
            (Scalar::I64, 32) => self.graph.extend_u(value),
            _ => value,
        };
        if load.signed { self.graph.sign_extend(value, u32::from(load.bytes) * 8) } else { value }
    }

    pub fn store(&mut self, bytes: u8, base: Word, offset: u32, word: Word) -> Fallible<()> {
        let bytes = u32::from(bytes);
        if let Some(address) = self.address(base, offset, bytes.into(), self.state.memory.len(), "store")? {
            self.store_at(address, bytes, word);
        }
        Ok(())
    }

    /// Stores the low bytes of a word: at one of several addresses, each of which keeps its value unless it is the one.
    fn store_at(&mut self, address: Address, bytes: u32, word: Word) {
        let Address::One { base, base_lo, lo, step, count } = address else {
            let Address::Known(at) = address else { return };
            return self.state.memory.store(at, bytes, word);
        };
        let hot = self.graph.hot(&self.state.facts, base, base_lo, step.into(), count as usize);
        if step >= bytes {
            let cells: Vec<(Word, u32)> = (0..bytes).map(|byte| (word, byte)).collect();
            let new = value(&mut self.graph, &cells);
            for (hot, at) in hot.into_iter().zip((lo..).step_by(step as usize)) {
                let old = self.state.memory.load(&mut self.graph, at, bytes);
                let merged = self.graph.select(hot, new, old);
                self.state.memory.store(at, bytes, merged);
            }
            return;
        }
        // The places overlap: byte by byte, whoever writes it.
        for at in lo..lo + (count - 1) * step + bytes {
            let mut cases = Vec::new();
            for byte in 0..bytes {
                let from = (at - lo).checked_sub(byte).filter(|from| from % step == 0 && from / step < count);
                if let Some(from) = from {
                    let new = self.graph.byte(word, byte);
                    cases.push((hot[(from / step) as usize], new));
                }
            }
            let written: Vec<Bit> = cases.iter().map(|case| case.0).collect();
            let written = self.graph.exclusive(&written);
            let old = self.state.memory.load(&mut self.graph, at, 1);
            cases.push((written.not(), old));
            let merged = self.graph.merge(&cases);
            self.state.memory.set(at, Cell { word: merged, byte: 0 });
        }
    }

    /// The bytes at `address`, `len` of them, in units of `unit` bytes where the address is not known.
    pub fn read_cells(&mut self, address: Address, len: u32, unit: u32) -> Vec<Cell> {
        match address {
            Address::Known(at) => (at..at + len).map(|at| self.state.memory.cell(at)).collect(),
            Address::One { base, base_lo, lo, step, count } => {
                let mut cells = Vec::with_capacity(len as usize);
                for at in (0..len).step_by(unit as usize) {
                    let entries = self.entries(lo + at, step, count, unit);
                    let word = self.pick(base, base_lo, step, &entries);
                    cells.extend((0..unit).map(|byte| Cell { word, byte: byte as u8 }));
                }
                cells
            }
        }
    }

    /// Writes bytes at `address`, in units of `unit` bytes where the address is not known.
    pub fn write_cells(&mut self, address: Address, cells: &[Cell], unit: u32) {
        match address {
            Address::Known(at) => {
                for (cell, at) in cells.iter().zip(at..) {
                    self.state.memory.set(at, *cell);
                }
            }
            Address::One { .. } => {
                for (cells, at) in cells.chunks(unit as usize).zip((0..).step_by(unit as usize)) {
                    let cells: Vec<(Word, u32)> = cells.iter().map(|cell| (cell.word, cell.byte.into())).collect();
                    let word = value(&mut self.graph, &cells);
                    self.store_at(address.plus(at), unit, word);
                }
            }
        }
    }

    /// The unit in which `len` bytes at addresses may be moved: values of 8, 4 or 2 bytes where all steps allow it.
    pub fn unit(len: u32, addresses: &[Address]) -> u32 {
        let step = |address: &Address| if let Address::One { step, .. } = address { *step } else { 0 };
        let all = addresses.iter().map(step).fold(len, |all, step| all | step);
        (1 << all.trailing_zeros().min(3)).min(8)
    }
}
