//! Tables of text.

use zera_figure::escaped;

/// A table under way.
pub struct Table {
    head: Vec<String>,
    body: String,
}

impl Table {
    /// With these columns.
    pub fn new(columns: &[&str]) -> Table {
        Table { head: columns.iter().map(|&column| column.to_owned()).collect(), body: String::new() }
    }

    /// A row of texts; columns that it lacks stay empty.
    pub fn row(&mut self, cells: Vec<String>) {
        self.html_row(cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect());
    }

    /// A row of cells in HTML.
    pub fn html_row(&mut self, mut cells: Vec<String>) {
        cells.resize(self.head.len().max(cells.len()), "<td></td>".to_owned());
        self.body.push_str(&format!("<tr>{}</tr>\n", cells.concat()));
    }

    /// The table.
    pub fn html(&self) -> String {
        let head: String = self.head.iter().map(|column| format!("<th>{}</th>", escaped(column))).collect();
        format!(
            "<div class=\"wide\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>\n",
            self.body
        )
    }
}

/// Names with values.
pub fn facts(facts: &[(&str, String)]) -> String {
    let rows: String = facts
        .iter()
        .map(|(name, value)| format!("<tr><th>{}</th><td>{}</td></tr>\n", escaped(name), escaped(value)))
        .collect();
    format!("<table class=\"facts\">\n{rows}</table>\n")
}
