//! From an instruction's byte offset to function name and source line.

use std::collections::BTreeMap;

use gimli::{EndianSlice, LittleEndian};

use crate::diagnostic::Place;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// What custom sections and code section say about places. Wrong or hostile debug information gives no place, never an error.
#[derive(Default)]
pub struct Source<'a> {
    context: Option<addr2line::Context<Reader<'a>>>,
    /// DWARF's addresses in WASM count from here: the start of the code section's contents.
    code_start: u32,
    /// By function index.
    names: BTreeMap<u32, String>,
    /// Byte ranges of the bodies, ascending, with the function's index.
    bodies: Vec<(u32, u32, u32)>,
}

impl<'a> Source<'a> {
    /// Takes what a first walk over the module found: `.debug_*` sections by name, names and bodies by function index.
    pub fn new(
        sections: &BTreeMap<&'a str, &'a [u8]>,
        code_start: u32,
        names: BTreeMap<u32, String>,
        bodies: Vec<(u32, u32, u32)>,
    ) -> Self {
        let load = |id: gimli::SectionId| -> Result<Reader<'a>, gimli::Error> {
            Ok(EndianSlice::new(sections.get(id.name()).copied().unwrap_or_default(), LittleEndian))
        };
        let dwarf = if sections.contains_key(".debug_line") { gimli::Dwarf::load(load).ok() } else { None };
        let context = dwarf.and_then(|dwarf| addr2line::Context::from_dwarf(dwarf).ok());
        Source { context, code_start, names, bodies }
    }

    /// The name of a function by its index.
    pub fn function(&self, index: u32) -> String {
        self.names.get(&index).cloned().unwrap_or_else(|| format!("func[{index}]"))
    }

    /// File and line of a byte offset of the module.
    pub fn line(&self, offset: u32) -> Option<(String, u32)> {
        let address = offset.checked_sub(self.code_start)?;
        let location = self.context.as_ref()?.find_location(u64::from(address)).ok()??;
        Some((location.file?.to_owned(), location.line.unwrap_or(0)))
    }

    /// The place of a byte offset of the module, if it lies in a function.
    pub fn place(&self, offset: u32) -> Option<Place> {
        let next = self.bodies.partition_point(|body| body.0 <= offset);
        let (_, end, index) = *self.bodies.get(next.checked_sub(1)?)?;
        if offset >= end {
            return None;
        }
        let (file, line) = self.line(offset).map_or((None, 0), |(file, line)| (Some(file), line));
        Some(Place { function: self.function(index), offset, file, line })
    }
}

/// A name as the author wrote it: undoes Rust's and C++'s `_ZN..E` without the hash at its end.
pub fn readable(name: &str) -> String {
    let Some(mut rest) = name.strip_prefix("_ZN") else { return name.to_owned() };
    let mut parts = Vec::new();
    while let Some(digits) = rest.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0) {
        let Ok(len) = rest[..digits].parse::<usize>() else { return name.to_owned() };
        let Some(part) = rest.get(digits..digits.saturating_add(len)) else { return name.to_owned() };
        parts.push(part);
        rest = &rest[digits + len..];
    }
    if rest != "E" {
        return name.to_owned();
    }
    if parts.last().is_some_and(|part| part.len() == 17 && part.starts_with('h')) {
        parts.pop();
    }
    parts.join("::").replace("$LT$", "<").replace("$GT$", ">").replace("$u20$", " ").replace("..", "::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mangled_names_are_undone_and_others_kept() {
        assert_eq!(readable("_ZN4core9panicking5panic17h0123456789abcdefE"), "core::panicking::panic");
        for name in ["main", "_ZN", "_ZN9x", "_ZN99999999999999999999999xE", "_ZN3\u{e9}\u{e9}E"] {
            assert_eq!(readable(name), name);
        }
    }
}
