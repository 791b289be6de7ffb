//! Measured beside charged, as a table and as data; the schedule as data.

use std::fmt::{self, Write};
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};
use zera_host::CostSchedule;

use super::NOT_PRICES;
use super::sample::Class;

/// A price is too low where more than this share of it is measured.
pub const RATIO_MAX: f64 = 0.7;
/// A price is this many times what is measured.
const MARGIN: f64 = 2.0;

/// One entry of the schedule with its slowest class.
#[derive(Clone, Debug)]
pub struct Item {
    /// The entry.
    pub name: &'static str,
    /// Its price in fuel.
    pub charged: u64,
    /// The slowest class; none where the item was not measured.
    pub worst: Option<Class>,
}

impl Item {
    /// What is measured over what is charged.
    pub fn ratio(&self) -> Option<f64> {
        let worst = self.worst.as_ref()?;
        Some(worst.per_unit.basis().0 / self.charged.max(1) as f64)
    }

    /// Whether it is not measured, or costs less than it should.
    pub fn is_bad(&self) -> bool {
        self.ratio().is_none_or(|ratio| ratio > RATIO_MAX)
    }

    /// The price that the measurement asks for.
    pub fn asked(&self) -> Option<u64> {
        Some((MARGIN * self.worst.as_ref()?.per_unit.basis().0).ceil() as u64)
    }
}

/// Every item, and every class that was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// Number of the schedule.
    pub version: u32,
    /// Items in the schedule's order.
    pub items: Vec<Item>,
    /// Every class.
    pub classes: Vec<Class>,
}

impl Report {
    /// Sets the slowest class beside each price.
    pub fn new(cost: &CostSchedule, classes: Vec<Class>) -> Report {
        let prices = cost.entries().into_iter().filter(|(name, _)| !NOT_PRICES.contains(name));
        let items = prices.map(|(name, charged)| {
            let mine = classes.iter().filter(|class| class.item == name);
            let basis = |class: &&Class| class.per_unit.basis().0;
            let worst = mine.max_by(|a, b| basis(a).total_cmp(&basis(b))).cloned();
            Item { name, charged, worst }
        });
        Report { version: cost.version, items: items.collect(), classes: classes.clone() }
    }

    /// The report as data.
    pub fn json(&self) -> Value {
        let class = |class: &Class| {
            let quantiles = class.per_unit;
            let (basis, name) = quantiles.basis();
            json!({
                "item": class.item, "class": class.class, "n": quantiles.n,
                "p50_ns": quantiles.p50, "p99_ns": quantiles.p99, "p99.9_ns": quantiles.p999,
                "basis": name, "basis_ns": basis,
            })
        };
        let item = |item: &Item| {
            json!({
                "item": item.name, "charged": item.charged, "ratio": item.ratio(), "asked": item.asked(),
                "class": item.worst.as_ref().map(|class| class.class.as_str()),
            })
        };
        json!({
            "version": self.version,
            "items": self.items.iter().map(item).collect::<Vec<_>>(),
            "classes": self.classes.iter().map(class).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| item | slowest class | n | p50 ns | p99.9 ns | basis | charged | measured / charged | asked |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
        for item in &self.items {
            let Some(Class { class, per_unit, .. }) = &item.worst else {
                writeln!(f, "| {} | not measured | | | | | {} | | |", item.name, item.charged)?;
                continue;
            };
            let flag = if item.is_bad() { " (too low)" } else { "" };
            writeln!(
                f,
                "| {} | {class} | {} | {:.2} | {:.2} | {} | {} | {:.2}{flag} | {} |",
                item.name,
                per_unit.n,
                per_unit.p50,
                per_unit.p999,
                per_unit.basis().1,
                item.charged,
                item.ratio().unwrap_or(0.0),
                item.asked().unwrap_or(0),
            )?;
        }
        Ok(())
    }
}

/// Writes `v<version>.toml` and `.json`: the schedule as data.
///
/// # Errors
/// Where a file can not be written.
pub fn write_schedule(cost: &CostSchedule, folder: &Path) -> io::Result<()> {
    let mut text = "# Prices in fuel. Made by `calibrate --write`; a change needs a new version.\n".to_owned();
    let mut object = serde_json::Map::new();
    for (name, value) in cost.entries() {
        let _ = writeln!(text, "{name} = {value}");
        object.insert(name.to_owned(), Value::from(value));
    }
    fs::create_dir_all(folder)?;
    let name = format!("v{}", cost.version);
    fs::write(folder.join(&name).with_extension("toml"), text)?;
    let json = serde_json::to_string_pretty(&Value::Object(object)).map_err(io::Error::other)?;
    fs::write(folder.join(&name).with_extension("json"), json + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_without_a_runner_or_with_a_low_price_is_bad() {
        let cost = CostSchedule::v1();
        let class = |item, ns: f64| Class::new(item, "a", vec![ns]);
        let price = cost.host_call as f64;
        let report =
            Report::new(&cost, vec![class("host_call", 0.6 * price), class("event", 1e9), class("host_call", 1.0)]);
        assert_eq!(report.items.len(), cost.entries().len() - NOT_PRICES.len());
        let item = |name| report.items.iter().find(|item| item.name == name).unwrap();
        assert!(!item("host_call").is_bad() && item("host_call").asked() == Some(cost.host_call * 12 / 10));
        assert!(item("event").is_bad() && item("event").ratio().is_some());
        assert!(item("tx_floor").is_bad() && item("tx_floor").ratio().is_none());
    }
}
