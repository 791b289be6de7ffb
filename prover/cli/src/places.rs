//! Which places of a program its rows belong to.

use std::collections::BTreeMap;

use zera_r1cs::Artefact;

/// What rows of no program are called.
const STATEMENT: &str = "statement";

/// Rows of an artefact by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Rows of the program: all but the input's range checks and the statement's hashes.
    pub body: u64,
    /// Rows of the program by function: the innermost one that they come from.
    pub functions: BTreeMap<String, u64>,
    /// Rows of the program by source line, or by function and offset where lines are not known.
    pub lines: BTreeMap<String, u64>,
    /// All rows by what they do.
    pub kinds: BTreeMap<String, u64>,
}

impl Places {
    /// The places of an artefact's rows. Linear in its spans.
    pub fn of(artefact: &Artefact) -> Places {
        let mut places = Places::default();
        let mut spanned = 0;
        for span in artefact.spans.iter() {
            let rows = u64::from(span.rows.end - span.rows.start);
            spanned += rows;
            places.add(&span.text, rows);
        }
        let rest = (artefact.matrices.rows() as u64).saturating_sub(spanned);
        if rest > 0 {
            places.add("", rest);
        }
        places
    }

    fn add(&mut self, text: &str, rows: u64) {
        let (stack, kind) = text.rsplit_once('|').unwrap_or((text, "other"));
        if stack.starts_with(STATEMENT) {
            *self.kinds.entry(STATEMENT.to_owned()).or_default() += rows;
            return;
        }
        self.body += rows;
        *self.kinds.entry(kind.to_owned()).or_default() += rows;
        let innermost = stack.rsplit(';').next().unwrap_or(stack);
        let (function, line) = innermost.rsplit_once('@').unwrap_or((innermost, ""));
        let function = if function.is_empty() { "(outside functions)" } else { function };
        *self.functions.entry(function.to_owned()).or_default() += rows;
        let line = if line.contains(':') { line.to_owned() } else { format!("{function}@{line}") };
        *self.lines.entry(line).or_default() += rows;
    }
}

/// The greatest entries first, at most `top` of them; equal ones by name.
pub fn greatest(counts: &BTreeMap<String, u64>, top: usize) -> Vec<(&str, u64)> {
    let mut entries: Vec<(&str, u64)> = counts.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
    entries.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    entries.truncate(top);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_their_innermost_place() {
        let mut places = Places::default();
        places.add("predicate@a.c:3;mean@b.c:12|division", 5);
        places.add("predicate@a.c:3|split", 2);
        places.add("f@0x1a|logic", 1);
        places.add("statement: outcome", 9);
        places.add("", 1);
        assert_eq!(places.body, 9);
        assert_eq!((places.functions["mean"], places.functions["predicate"], places.functions["f"]), (5, 2, 1));
        assert_eq!((places.lines["b.c:12"], places.lines["f@0x1a"]), (5, 1));
        assert_eq!((places.kinds["statement"], places.kinds["division"], places.kinds["other"]), (9, 5, 1));
        assert_eq!(greatest(&places.functions, 2), [("mean", 5), ("predicate", 2)]);
    }
}
