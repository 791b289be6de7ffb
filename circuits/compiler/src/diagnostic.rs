//! What the compiler says about a program it can not compile: what, where, why, and what to do.

use std::fmt;

/// A place in the author's program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The function's name from the `name` section, or `func[index]`.
    pub function: String,
    /// Byte offset of the instruction in the module.
    pub offset: u32,
    /// Source file by the module's DWARF, where it has any.
    pub file: Option<String>,
    /// Source line, 0 where it is not known.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}:{} (function {}, offset {:#x})", self.line, self.function, self.offset),
            None => write!(f, "function {}, offset {:#x}", self.function, self.offset),
        }
    }
}

/// One reason why a program is not compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// A stable short name, such as `unsupported-instruction`.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What the author can do about it.
    pub help: Option<String>,
    /// Where.
    pub place: Option<Place>,
}

impl Diagnostic {
    /// A diagnostic without a place and without help.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { code, message: message.into(), help: None, place: None }
    }

    /// The same, with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_reads_like_a_compilers() {
        let place = Place { function: "f".into(), offset: 0x1f, file: Some("a.c".into()), line: 3 };
        let diagnostic =
            Diagnostic::new("float", "f32.add is not an integer instruction").help("use integers").at(Some(place));
        assert_eq!(
            diagnostic.to_string(),
            "error[float]: f32.add is not an integer instruction\n  --> a.c:3 (function f, offset 0x1f)\n  help: use integers"
        );
    }
}
