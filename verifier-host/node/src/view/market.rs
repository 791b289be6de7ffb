//! Where all money is, by which rules it moves, and what things cost.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use zera_abi::Amount;
use zera_host::CostSchedule;
use zera_market::{Rules, Totals};

use super::Units;

#[derive(Serialize)]
struct TotalsView {
    free: Units,
    escrowed: Units,
    staked: Units,
    key_deposits: Units,
    voting: Units,
    insurance: Units,
    treasury: Units,
    burned: Units,
    minted: Units,
}

/// The governed numbers under their names: amounts as strings, everything else as numbers.
struct RulesView(Rules);

impl Serialize for RulesView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        numbers(serializer, self.0.entries(), Rules::is_amount)
    }
}

/// Governed numbers under their names: amounts as strings, everything else as numbers.
pub(super) fn numbers<S: Serializer>(
    serializer: S,
    entries: Vec<(&'static str, u128, u128, u128)>,
    is_amount: fn(&str) -> bool,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (name, value, ..) in entries {
        map.serialize_key(name)?;
        if is_amount(name) {
            map.serialize_value(&Units(Amount::from_units(value)))?;
        } else {
            map.serialize_value(&u64::try_from(value).map_err(serde::ser::Error::custom)?)?;
        }
    }
    map.end()
}

/// The rules of a version.
#[derive(Serialize)]
pub(crate) struct RulesVersionView {
    version: u32,
    latest: u32,
    rules: RulesView,
}

impl RulesVersionView {
    pub(crate) fn new(version: u32, latest: u32, rules: Rules) -> RulesVersionView {
        RulesVersionView { version, latest, rules: RulesView(rules) }
    }
}

/// Where all money is, and the rules for the next task.
#[derive(Serialize)]
pub(crate) struct MarketView {
    totals: TotalsView,
    conserved: bool,
    rules_version: u32,
    rules: RulesView,
}

impl MarketView {
    pub(crate) fn new(totals: Totals, rules_version: u32, rules: Rules) -> MarketView {
        MarketView {
            // The rows behind the totals are added up again at the end of every block.
            conserved: totals.sum() == Some(totals.minted),
            totals: TotalsView {
                free: Units(totals.free),
                escrowed: Units(totals.escrowed),
                staked: Units(totals.staked),
                key_deposits: Units(totals.key_deposits),
                voting: Units(totals.voting),
                insurance: Units(totals.insurance),
                treasury: Units(totals.treasury),
                burned: Units(totals.burned),
                minted: Units(totals.minted),
            },
            rules_version,
            rules: RulesView(rules),
        }
    }
}

/// Numbers under their names, in their order.
struct PricesView(Vec<(&'static str, u64)>);

impl Serialize for PricesView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// What things cost in fuel, and what fuel costs.
#[derive(Serialize)]
pub(crate) struct CostView {
    version: u32,
    fuel_price: u64,
    prices: PricesView,
}

impl CostView {
    pub(crate) fn new(cost: &CostSchedule, fuel_price: u64) -> CostView {
        CostView {
            version: cost.version,
            fuel_price,
            prices: PricesView(cost.entries().into_iter().filter(|(name, _)| *name != "version").collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_strings_and_everything_else_is_a_number() {
        let json = serde_json::to_value(RulesView(Rules::standard())).expect("plain JSON");
        assert_eq!(json["stake_floor"], Rules::standard().stake_floor.units().to_string());
        assert_eq!(json["stake_share"], 2500);
    }
}
