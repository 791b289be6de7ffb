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
        let entries = self.0.entries();
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
}

/// Whether a rule of this name is an amount: costs, fees, deposits, floors and ceilings are; counts and shares have other endings.
fn is_amount(name: &str) -> bool {
    ["_cost", "_fee", "_deposit", "_floor", "_ceiling"].iter().any(|ending| name.ends_with(ending))
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
    fn a_rule_is_an_amount_where_its_type_says_so() {
        // The types, read from the struct itself: changing every amount changes exactly the entries that are shown as such.
        let mut rules = Rules::standard();
        let before = rules.entries();
        for amount in [
            &mut rules.stake_floor,
            &mut rules.verify_fee,
            &mut rules.bond_floor,
            &mut rules.commit_deposit,
            &mut rules.open_fee,
            &mut rules.storage_fee,
            &mut rules.bounty_floor,
            &mut rules.bounty_ceiling,
            &mut rules.value_ceiling,
            &mut rules.key_value_ceiling,
            &mut rules.key_deposit,
            &mut rules.execution_cost,
            &mut rules.challenge_bond_floor,
            &mut rules.deposit_floor,
            &mut rules.demand_fee,
        ] {
            *amount = Amount::from_units(amount.units() + 1);
        }
        for ((name, old, ..), (_, new, ..)) in before.into_iter().zip(rules.entries()) {
            assert_eq!(is_amount(name), old != new, "{name}");
        }
        let json = serde_json::to_value(RulesView(Rules::standard())).expect("plain JSON");
        assert_eq!(json["stake_floor"], Rules::standard().stake_floor.units().to_string());
        assert_eq!(json["stake_share"], 2500);
    }
}
