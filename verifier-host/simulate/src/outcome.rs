//! What a scenario gives: tables, figures and checks.

/// A number or a word of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

impl From<f64> for Cell {
    fn from(value: f64) -> Cell {
        Cell::Number(value)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Cell {
        Cell::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Cell {
        Cell::Text(value)
    }
}

impl Cell {
    /// As a person or a spreadsheet reads it.
    pub fn shown(&self) -> String {
        match self {
            Cell::Number(value) => crate::stats::digits(*value),
            Cell::Text(text) => text.clone(),
        }
    }
}

/// Rows under named columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name, which a file takes.
    pub name: String,
    /// The columns.
    pub columns: Vec<&'static str>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    pub fn new(name: &str, columns: &[&'static str]) -> Table {
        Table { name: name.to_owned(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// One row more.
    pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// Comma-separated, a header first. Fields with a comma or a quote are quoted.
    pub fn csv(&self) -> String {
        let field = |text: &str| {
            if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
        };
        let mut out: String = self.columns.join(",");
        out.push('\n');
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| match cell {
                    Cell::Number(value) => format!("{value}"),
                    Cell::Text(text) => field(text),
                })
                .collect();
            out.push_str(&cells.join(","));
            out.push('\n');
        }
        out
    }
}

/// A picture: SVG that needs nothing beside itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name, which a file takes.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// The element.
    pub svg: String,
}

/// What was expected, what came, and whether that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is checked.
    pub name: String,
    /// What was expected, and where that is written.
    pub predicted: String,
    /// What was measured.
    pub measured: String,
    /// Whether the prediction holds.
    pub holds: bool,
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The seed that it began with; seed `i` of `seeds` is `seed + i`.
    pub seed: u64,
    /// How many seeds were played.
    pub seeds: u32,
    /// How it was played, and what is assumed.
    pub method: Vec<String>,
    /// Numbers.
    pub tables: Vec<Table>,
    /// Pictures.
    pub figures: Vec<Figure>,
    /// Predictions.
    pub checks: Vec<Check>,
    /// What follows for the rules.
    pub findings: Vec<String>,
    /// What depends on the machine, by name: not part of the digest.
    pub timings: Vec<(String, f64)>,
    /// Market calls that changed the market, and changes by time.
    pub transitions: u64,
}

impl Outcome {
    /// Whether every prediction holds.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }

    /// A fingerprint of the tables, which hold no timings: the same seed gives the same. FNV-1a, 64 bits; no protection against
    /// anybody.
    pub fn digest(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut put = |text: &str| {
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        put(&self.name);
        for table in &self.tables {
            put(&table.name);
            put(&table.csv());
        }
        hash
    }
}
