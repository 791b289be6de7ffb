//! Instructions and imports on ranges of bytes.

use super::access::Address;
use super::decode::PAGES_MAX;
use super::machine::{Fallible, Machine};
use super::memory::Cell;
use crate::graph::{Input, Word};

impl Machine<'_> {
    /// `memory.grow`.
    pub fn grow(&mut self) -> Fallible<()> {
        let by = self.pop();
        let Some(by) = self.graph.as_constant(by) else {
            let help = "grow the memory by a constant, or not at all";
            return Err(self.error("memory-grow", "the size of the memory depends on the input", help));
        };
        let pages = self.state.memory.pages;
        let most = self.module.memory.map_or(0, |memory| memory.1).min(PAGES_MAX);
        let result = if u64::from(pages) + by <= u64::from(most) {
            self.state.memory.pages = pages + by as u32;
            u64::from(pages)
        } else {
            u64::from(u32::MAX)
        };
        let result = self.graph.constant(32, result);
        self.stack.push(result);
        Ok(())
    }

    /// The address and the most bytes of a range, so that it lies within `limit` bytes; a trap where it does not.
    fn range(&mut self, base: Word, len: Word, limit: u64, what: &str) -> Fallible<Option<(Address, u32)>> {
        let (least, most) = match self.graph.as_constant(len) {
            Some(len) => (len, len),
            None => {
                // base + len > limit, in 64 bits, unless that can not be.
                let (_, base_most) = self.graph.range_under(&self.state.facts, base);
                let (least, most) = self.graph.range_under(&self.state.facts, len);
                if base_most + most <= limit {
                    let address = self.address(base, 0, least, limit, what)?;
                    return self.bounded(address, least, most, what);
                }
                let (wide_base, wide_len) = (self.graph.extend_u(base), self.graph.extend_u(len));
                let (end, limit) = (self.graph.add(wide_base, wide_len), self.graph.constant(64, limit));
                let outside = self.less(limit, end, false);
                self.trap_if(outside);
                if !self.live {
                    return Ok(None);
                }
                self.graph.range_under(&self.state.facts, len)
            }
        };
        // A range that surely lies inside for the least length may not for the most: what is beyond is not touched.
        let address = self.address(base, 0, least, limit, what)?;
        self.bounded(address, least, most, what)
    }

    /// A range whose length lies between bounds, if there are not too many of them.
    fn bounded(
        &mut self,
        address: Option<Address>,
        least: u64,
        most: u64,
        what: &str,
    ) -> Fallible<Option<(Address, u32)>> {
        let Some(address) = address else { return Ok(None) };
        if least < most && most > u64::from(self.limits().candidates) {
            let message = format!("the length of this {what} depends on the input and may be up to {most} bytes");
            let help =
                format!("at most {} are possible: compare the length with a constant before", self.limits().candidates);
            return Err(self.error("length", message, help));
        }
        self.charge(most / 8)?;
        Ok(Some((address, most as u32)))
    }

    /// `memory.copy`.
    pub fn copy(&mut self) -> Fallible<()> {
        let (len, from, to) = (self.pop(), self.pop(), self.pop());
        let limit = self.state.memory.len();
        let Some((from, most)) = self.range(from, len, limit, "copy")? else { return Ok(()) };
        let Some((to, _)) = self.range(to, len, limit, "copy")? else { return Ok(()) };
        let from = self.clip(from, most, limit);
        let unit = Self::unit(from.1, &[from.0, to]);
        let cells = self.read_cells(from.0, from.1, unit);
        self.write_range(to, len, &cells, unit);
        Ok(())
    }

    /// `memory.fill`.
    pub fn fill(&mut self) -> Fallible<()> {
        let (len, byte, to) = (self.pop(), self.pop(), self.pop());
        let Some((to, most)) = self.range(to, len, self.state.memory.len(), "fill")? else { return Ok(()) };
        let cell = Cell { word: self.graph.byte(byte, 0), byte: 0 };
        if let (Address::Known(at), Some(len)) = (to, self.graph.as_constant(len)) {
            self.state.memory.fill(at, len as u32, cell);
            return Ok(());
        }
        self.write_range(to, len, &vec![cell; most as usize], 1);
        Ok(())
    }

    /// `read_public` and `read_private`.
    pub fn read_input(&mut self, input: Input) -> Fallible<()> {
        let (len, from, to) = (self.pop(), self.pop(), self.pop());
        let total = match input {
            Input::Public => self.options.public_len,
            Input::Private => self.options.private_len,
        };
        let Some((from, most)) = self.range(from, len, total.into(), "read of the input")? else { return Ok(()) };
        let Some((to, _)) = self.range(to, len, self.state.memory.len(), "read of the input")? else { return Ok(()) };
        let (from, most) = self.clip(from, most, total.into());
        let cells: Vec<Cell> = match from {
            Address::Known(at) => {
                (at..at + most).map(|at| Cell { word: self.graph.input_byte(input, at), byte: 0 }).collect()
            }
            Address::One { base, base_lo, lo, step, count } => {
                self.charge(u64::from(most) * u64::from(count))?;
                let byte = |machine: &mut Self, by: u32| {
                    let entries: Vec<Word> = (0..count)
                        .map(|at| machine.graph.input_byte(input, (lo + by + at * step).min(total - 1)))
                        .collect();
                    Cell {
                        word: machine.graph.pick(&machine.state.facts, base, base_lo, step.into(), &entries),
                        byte: 0,
                    }
                };
                (0..most).map(|by| byte(self, by)).collect()
            }
        };
        self.write_range(to, len, &cells, Self::unit(most, &[to]));
        Ok(())
    }

    /// The part of the longest range that can lie within `limit` bytes.
    fn clip(&mut self, address: Address, most: u32, limit: u64) -> (Address, u32) {
        let lo = match address {
            Address::Known(at) => at,
            Address::One { lo, .. } => lo,
        };
        (address, u64::from(most).min(limit - u64::from(lo)) as u32)
    }

    /// Writes the first `len` of some bytes.
    fn write_range(&mut self, to: Address, len: Word, cells: &[Cell], unit: u32) {
        let (_, cells_len) = self.clip(to, cells.len() as u32, self.state.memory.len());
        let cells = &cells[..cells_len as usize];
        if self.graph.as_constant(len).is_some() {
            self.write_cells(to, cells, unit);
            return;
        }
        let (least, _) = self.graph.range_under(&self.state.facts, len);
        let old = self.read_cells(to, cells_len, 1);
        let mut mixed = Vec::with_capacity(cells.len());
        for (at, (new, old)) in cells.iter().zip(old).enumerate() {
            if (at as u64) < least {
                mixed.push(*new);
                continue;
            }
            let at = self.graph.constant(32, at as u64);
            let inside = self.less(at, len, false);
            let (new, old) = (self.graph.byte(new.word, new.byte.into()), self.graph.byte(old.word, old.byte.into()));
            mixed.push(Cell { word: self.graph.select(inside, new, old), byte: 0 });
        }
        self.write_cells(to, &mixed, 1);
    }
}
