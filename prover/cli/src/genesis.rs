//! A genesis as a file.
//!
//! ```toml
//! name = "local"
//! development = true          # whether keys of public set-ups are taken
//! fuel_price = 1              # smallest units of ZRA for one unit of fuel
//! key_activation_blocks = 0   # between a key's registration and its first use
//! name_timelock_blocks = 100  # between repointing a name and its effect
//!
//! [rules]                     # every governed number, amounts in smallest units; or `base`, and what differs from it
//! base = "local"
//! lock_blocks = 20
//!
//! [voting]                    # how rules are voted on, in the same form; without it the local numbers of a development network,
//! base = "local"              # else the standard ones
//! half_life_blocks = 40
//!
//! [[accounts]]
//! id = "64 hex digits"
//! zra = "1000"
//! ```
//! What the node keeps has every rule written out, so that it means the same to another build.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zera_abi::{AccountId, Amount, Blocks};
use zera_host::Genesis;
use zera_market::{Rules, RulesError, Schedule};

/// Most bytes of a file.
pub const LEN_MAX: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    development: bool,
    fuel_price: u64,
    key_activation_blocks: u64,
    name_timelock_blocks: u64,
    rules: RulesForm,
    #[serde(default)]
    voting: Option<RulesForm>,
    #[serde(default)]
    accounts: Vec<AccountForm>,
}

#[derive(Serialize, Deserialize)]
struct RulesForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(flatten)]
    numbers: BTreeMap<String, Number>,
}

/// TOML's own integers have 63 bits.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Integer(u64),
    Text(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountForm {
    id: String,
    zra: String,
}

/// The genesis of a local network with these balances: short windows, development keys.
pub fn development(accounts: Vec<(AccountId, Amount)>) -> Genesis {
    Genesis {
        name: "local".to_owned(),
        development: true,
        rules: Rules::local(),
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(100),
        accounts,
    }
}

/// The file's text.
///
/// # Errors
/// One line, where a number does not fit TOML.
pub fn to_toml(genesis: &Genesis) -> Result<String, String> {
    let number = |value: u128| match i64::try_from(value) {
        Ok(value) => Number::Integer(value.unsigned_abs()),
        Err(_) => Number::Text(value.to_string()),
    };
    let numbers = genesis.rules.entries().into_iter().map(|(name, value, ..)| (name.to_owned(), number(value)));
    let voting = genesis.voting.entries().into_iter().map(|(name, value, ..)| (name.to_owned(), number(value)));
    let form = Form {
        name: genesis.name.clone(),
        development: genesis.development,
        fuel_price: genesis.fuel_price,
        key_activation_blocks: genesis.key_activation.0,
        name_timelock_blocks: genesis.name_timelock.0,
        rules: RulesForm { base: None, numbers: numbers.collect() },
        voting: Some(RulesForm { base: None, numbers: voting.collect() }),
        accounts: genesis
            .accounts
            .iter()
            .map(|(id, amount)| AccountForm { id: id.to_string(), zra: amount.to_string() })
            .collect(),
    };
    toml::to_string(&form).map_err(|error| one_line(&error.to_string()))
}

/// Reads a file's text.
///
/// # Errors
/// One line that names the field.
pub fn from_toml(text: &str) -> Result<Genesis, String> {
    let form: Form = toml::from_str(text).map_err(|error| one_line(&place(&error, text)))?;
    let mut accounts = Vec::new();
    for AccountForm { id, zra } in &form.accounts {
        let id: AccountId = id.parse().map_err(|error| format!("accounts: {error}"))?;
        let amount: Amount = zra.parse().map_err(|error| format!("accounts: {id}: {error}"))?;
        accounts.push((id, amount));
    }
    Ok(Genesis {
        rules: rules(&form.rules)?,
        voting: voting(form.voting.as_ref(), form.development)?,
        name: form.name,
        development: form.development,
        fuel_price: form.fuel_price,
        key_activation: Blocks(form.key_activation_blocks),
        name_timelock: Blocks(form.name_timelock_blocks),
        accounts,
    })
}

fn rules(form: &RulesForm) -> Result<Rules, String> {
    let (base, is_whole) = base(form, "rules", Rules::local, Rules::standard)?;
    let entries = base.entries().into_iter().map(|(name, value, ..)| (name, value)).collect();
    decode("rules", &base.encode(), entries, form, is_whole, Rules::decode)
}

fn voting(form: Option<&RulesForm>, development: bool) -> Result<Schedule, String> {
    let Some(form) = form else {
        return Ok(if development { Schedule::local() } else { Schedule::standard() });
    };
    let (base, is_whole) = base(form, "voting", Schedule::local, Schedule::standard)?;
    let entries = base.entries().into_iter().map(|(name, value, ..)| (name, value)).collect();
    decode("voting", &base.encode(), entries, form, is_whole, Schedule::decode)
}

/// What the numbers of a table differ from, and whether they have to be all there.
fn base<T>(
    form: &RulesForm,
    table: &str,
    local: impl Fn() -> T,
    standard: impl Fn() -> T,
) -> Result<(T, bool), String> {
    match form.base.as_deref() {
        Some("local") => Ok((local(), false)),
        Some("standard") => Ok((standard(), false)),
        Some(other) => Err(format!("{table}: base is {other:?}, expected \"local\" or \"standard\"")),
        None => Ok((local(), true)),
    }
}

/// Both are made in one way, from their encoding: a version byte, then the numbers in the order of `entries`.
fn decode<T>(
    table: &str,
    base: &[u8],
    entries: Vec<(&'static str, u128)>,
    form: &RulesForm,
    is_whole: bool,
    decode: impl Fn(&[u8]) -> Result<T, RulesError>,
) -> Result<T, String> {
    if let Some(name) = form.numbers.keys().find(|name| entries.iter().all(|(known, _)| known != name)) {
        let what = if table == "rules" { "rule" } else { "number" };
        return Err(format!("{table}: there is no {what} {name:?}"));
    }
    let mut bytes: Vec<u8> = base.iter().take(1).copied().collect();
    for (name, value) in entries {
        let value = match form.numbers.get(name) {
            Some(Number::Integer(value)) => u128::from(*value),
            Some(Number::Text(text)) => text.parse().map_err(|_| format!("{table}: {name}: not a number: {text:?}"))?,
            None if is_whole => return Err(format!("{table}: {name} is missing, and there is no base")),
            None => value,
        };
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    decode(&bytes).map_err(|error| error.to_string())
}

fn place(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.lines().count().max(1));
    line.map_or_else(|| error.message().to_owned(), |line| format!("line {line}: {}", error.message()))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Genesis {
        development(vec![(AccountId([7; 32]), Amount::from_units(1_500_000_000)), (AccountId([8; 32]), Amount::MAX)])
    }

    #[test]
    fn a_genesis_comes_back_as_the_same_chain() {
        let text = to_toml(&sample()).unwrap();
        let read = from_toml(&text).unwrap();
        assert_eq!(read, sample());
        assert_eq!(read.chain_id(), sample().chain_id());
    }

    #[test]
    fn rules_are_written_out_or_have_a_base() {
        let head = "name=\"n\"\ndevelopment=true\nfuel_price=1\nkey_activation_blocks=0\nname_timelock_blocks=9\n";
        let read = |rules: &str| from_toml(&format!("{head}[rules]\n{rules}"));
        assert_eq!(read("base=\"standard\"").unwrap().rules, Rules::standard());
        let changed = read("base=\"local\"\nlock_blocks=33\nstake_floor=\"20000000\"").unwrap().rules;
        assert_eq!((changed.lock_blocks, changed.stake_floor), (33, Amount::from_units(20_000_000)));
        for bad in [
            "",
            "lock_blocks=12",
            "base=\"other\"",
            "base=\"local\"\nno_such_rule=1",
            "base=\"local\"\nlock_blocks=0",
            "base=\"local\"\nlock_blocks=-1",
            "base=\"local\"\nlock_blocks=99999999999999999999999",
            "base=\"local\"\nlock_blocks=\"1e3\"",
            "base=\"local\"\nburn_share=2500",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn voting_is_written_out_has_a_base_or_goes_by_the_kind_of_network() {
        let read = |development: bool, voting: &str| {
            let head = "name=\"n\"\nfuel_price=1\nkey_activation_blocks=0\nname_timelock_blocks=9\n";
            from_toml(&format!("{head}development={development}\n[rules]\nbase=\"local\"\n{voting}"))
        };
        assert_eq!(read(true, "").unwrap().voting, Schedule::local());
        assert_eq!(read(false, "").unwrap().voting, Schedule::standard());
        let changed = read(false, "[voting]\nbase=\"local\"\nhalf_life_blocks=30").unwrap().voting;
        assert_eq!(changed, Schedule { half_life_blocks: 30, ..Schedule::local() });
        for bad in
            ["half_life_blocks=30", "base=\"x\"", "base=\"local\"\nhalf_life_blocks=7", "base=\"local\"\nhalf=30"]
        {
            let error = read(true, &format!("[voting]\n{bad}")).unwrap_err();
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn every_other_form_is_refused_in_one_line() {
        let text = to_toml(&sample()).unwrap();
        let changes = [
            ("fuel_price", "fuel_prize"),
            ("development = true", "development = 1"),
            ("id = \"07", "id = \"7"),
            ("zra = \"1.5\"", "zra = 1.5"),
            ("zra = \"1.5\"", "zra = \"-1.5\""),
        ];
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            let error = from_toml(&text.replacen(from, to, 1)).unwrap_err();
            assert!(!error.contains('\n'), "{error}");
        }
        for end in [0, text.len() / 2, text.len() - 3] {
            assert!(from_toml(&text[..end]).is_err());
        }
    }
}
