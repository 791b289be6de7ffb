//! Where the rows of a predicate come from: by function, by source line, by kind, by stack.
//!
//! A compiled predicate's spans read `outer@file.c:12;inner@file.c:34|kind`, the call stack with its outermost function
//! first; `name@0x1a2` where the module has no line information. Other spans are parts of parts: `statement: input root`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zera_r1cs::Artefact;

/// Rows of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Its own.
    pub own: u64,
    /// Its own and those of what it calls.
    pub all: u64,
}

/// Rows by where they come from.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// All rows.
    pub total: u64,
    /// By stack: functions, outermost first, then file and line, then kind.
    pub stacks: BTreeMap<Vec<String>, u64>,
    /// By function, or part.
    pub functions: BTreeMap<String, Count>,
    /// By line of source of the innermost function.
    pub lines: BTreeMap<String, u64>,
    /// By kind of row.
    pub kinds: BTreeMap<String, u64>,
}

/// A span's text in parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Functions, or parts, outermost first; at least one.
    pub functions: Vec<String>,
    /// `file.c:12`, or the offset in the module; of the innermost function.
    pub line: Option<String>,
    /// What the rows do; of compiled predicates.
    pub kind: Option<String>,
}

impl Place {
    /// The parts of a span's text.
    pub fn of(text: &str) -> Place {
        // A stack's names are apart by semicolons, so none may be in a name.
        let name = |text: &str| if text.is_empty() { "(program)".to_owned() } else { text.replace(';', ",") };
        let Some((stack, kind)) = text.rsplit_once('|') else {
            return Place { functions: text.split(": ").map(name).collect(), line: None, kind: None };
        };
        let frames = stack.split(';').map(|frame| frame.rsplit_once('@').unwrap_or((frame, "")));
        let line = frames.clone().next_back().map(|(_, line)| line).filter(|line| !line.is_empty());
        Place {
            functions: frames.map(|(function, _)| name(function)).collect(),
            line: line.map(str::to_owned),
            kind: Some(name(kind)),
        }
    }

    /// Functions, line and kind.
    fn stack(&self) -> Vec<String> {
        self.functions.iter().chain(&self.line).chain(&self.kind).cloned().collect()
    }
}

impl Profile {
    /// The profile of a predicate.
    pub fn of(artefact: &Artefact) -> Profile {
        let spans = artefact.spans.iter().map(|span| (span.text.as_str(), u64::from(span.rows.end - span.rows.start)));
        Profile::new(spans, artefact.matrices.rows() as u64)
    }

    /// From the texts of spans and their rows; `total` is at least their sum, and the rest belongs to no place.
    fn new<'a>(spans: impl Iterator<Item = (&'a str, u64)>, total: u64) -> Profile {
        let mut profile = Profile { total, ..Profile::default() };
        let mut placed = 0;
        for (text, rows) in spans {
            profile.add(&Place::of(text), rows);
            placed += rows;
        }
        if total > placed {
            profile.add(&Place::of("(no place)"), total - placed);
        }
        profile
    }

    fn add(&mut self, place: &Place, rows: u64) {
        *self.stacks.entry(place.stack()).or_default() += rows;
        for (at, function) in place.functions.iter().enumerate() {
            let count = self.functions.entry(function.clone()).or_default();
            if at + 1 == place.functions.len() {
                count.own += rows;
            }
            // A function that calls itself counts once.
            if !place.functions[..at].contains(function) {
                count.all += rows;
            }
        }
        if let Some(line) = &place.line {
            *self.lines.entry(line.clone()).or_default() += rows;
        }
        let kind = place.kind.as_ref().or(place.functions.first()).cloned().unwrap_or_default();
        *self.kinds.entry(kind).or_default() += rows;
    }

    /// One line a stack, `outer;inner;file:line;kind count`, as flame graph tools read it.
    pub fn folded(&self) -> String {
        self.stacks.iter().map(|(stack, rows)| format!("{} {rows}\n", stack.join(";"))).collect()
    }

    /// Tables for people: the `most` largest of each.
    pub fn text(&self, most: usize) -> String {
        let mut text = format!("{} rows\n", self.total);
        let functions = self.functions.iter().map(|(name, count)| (count.own, name, format!(" {:>10}", count.all)));
        table(&mut text, "by function: own, share, with those it calls", functions, self.total, most);
        let plain = |(name, rows): (&'_ String, &u64)| (*rows, name.clone(), String::new());
        let lines: Vec<_> = self.lines.iter().map(plain).collect();
        let kinds: Vec<_> = self.kinds.iter().map(plain).collect();
        for (title, rows) in [("by line", &lines), ("by kind", &kinds)] {
            let rows = rows.iter().map(|(count, name, rest)| (*count, name, rest.clone()));
            table(&mut text, title, rows, self.total, most);
        }
        text
    }

    /// Everything, largest first.
    pub fn json(&self) -> Value {
        let functions = sorted(self.functions.iter().map(|(name, count)| (count.own, name, count.all)));
        let functions: Vec<Value> =
            functions.into_iter().map(|(own, name, all)| json!({"name": name, "rows": own, "all": all})).collect();
        let list = |counts: &BTreeMap<String, u64>| -> Vec<Value> {
            let counts = sorted(counts.iter().map(|(name, rows)| (*rows, name, ())));
            counts.into_iter().map(|(rows, name, ())| json!({"name": name, "rows": rows})).collect()
        };
        let stacks: Vec<Value> =
            self.stacks.iter().map(|(stack, rows)| json!({"stack": stack, "rows": rows})).collect();
        json!({
            "rows": self.total,
            "functions": functions,
            "lines": list(&self.lines),
            "kinds": list(&self.kinds),
            "stacks": stacks,
        })
    }
}

/// Largest first, then by name.
fn sorted<'a, T>(entries: impl Iterator<Item = (u64, &'a String, T)>) -> Vec<(u64, &'a String, T)> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by(|(x, a, _), (y, b, _)| y.cmp(x).then(a.cmp(b)));
    entries
}

fn table<'a>(
    text: &mut String,
    title: &str,
    entries: impl Iterator<Item = (u64, &'a String, String)>,
    total: u64,
    most: usize,
) {
    let entries = sorted(entries);
    if entries.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}\n"));
    for (rows, name, rest) in entries.iter().take(most) {
        let thousandths = u128::from(*rows) * 1000 / u128::from(total.max(1));
        text.push_str(&format!("{rows:>10} {:>3}.{}%{rest}  {name}\n", thousandths / 10, thousandths % 10));
    }
    if let Some(left) = entries.len().checked_sub(most).filter(|left| *left > 0) {
        let rows: u64 = entries[most..].iter().map(|(rows, ..)| rows).sum();
        text.push_str(&format!("{rows:>10}         {left} more\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn texts_are_taken_apart() {
        let place = Place::of("predicate@p.c:12;median@p.c:34|zero test");
        assert_eq!(place.functions, owned(&["predicate", "median"]));
        assert_eq!((place.line.as_deref(), place.kind.as_deref()), (Some("p.c:34"), Some("zero test")));
        let place = Place::of("f@0x1a2|logic");
        assert_eq!((place.stack(), place.line.as_deref()), (owned(&["f", "0x1a2", "logic"]), Some("0x1a2")));
        // Deep stacks lose their outermost frames; names hold what symbols hold.
        assert_eq!(Place::of("..;f@a|b@p.rs:1|split").stack(), owned(&["..", "f@a|b", "p.rs:1", "split"]));
        assert_eq!(Place::of("|logic").stack(), owned(&["(program)", "logic"]));
        let place = Place::of("statement: input root");
        assert_eq!((place.stack(), place.kind), (owned(&["statement", "input root"]), None));
        assert_eq!(Place::of("a; b").stack(), owned(&["a, b"]));
    }

    fn profile() -> Profile {
        let spans = [
            ("statement: public bytes", 8),
            ("f@p.c:1;g@p.c:2|logic", 5),
            ("f@p.c:1|split", 3),
            ("f@p.c:9;g@p.c:2|logic", 2),
            ("f@p.c:9;f@p.c:1|split", 1),
        ];
        Profile::new(spans.into_iter(), 20)
    }

    #[test]
    fn rows_are_counted_once_each() {
        let profile = profile();
        let function = |name: &str| profile.functions[name];
        assert_eq!(function("f"), Count { own: 4, all: 11 });
        assert_eq!(function("g"), Count { own: 7, all: 7 });
        assert_eq!(function("statement"), Count { own: 0, all: 8 });
        assert_eq!(function("(no place)"), Count { own: 1, all: 1 });
        assert_eq!((profile.lines["p.c:1"], profile.lines["p.c:2"], profile.lines.len()), (4, 7, 2));
        assert_eq!((profile.kinds["logic"], profile.kinds["split"], profile.kinds["statement"]), (7, 4, 8));
        assert_eq!(profile.stacks.values().sum::<u64>(), 20);
        assert_eq!(profile.functions.values().map(|count| count.own).sum::<u64>(), 20);
        assert_eq!(profile.kinds.values().sum::<u64>(), 20);
    }

    #[test]
    fn folded_stacks_have_one_line_each() {
        let expected =
            "(no place) 1\nf;f;p.c:1;split 1\nf;g;p.c:2;logic 7\nf;p.c:1;split 3\nstatement;public bytes 8\n";
        assert_eq!(profile().folded(), expected);
    }

    #[test]
    fn tables_start_with_the_largest_and_end_with_the_rest() {
        let text = profile().text(2);
        let functions: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("by function")).take(4).collect();
        assert_eq!(functions[1], "         8  40.0%          8  public bytes");
        assert_eq!(functions[2], "         7  35.0%          7  g");
        assert_eq!(functions[3], "         5         3 more");
        let json = profile().json();
        assert_eq!((&json["rows"], &json["functions"][1]["name"]), (&20.into(), &"g".into()));
    }
}
