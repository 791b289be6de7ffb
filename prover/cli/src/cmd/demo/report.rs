//! What the demo adds up to: who gained what, whether money is conserved, how long the steps took.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use zera_abi::{AccountId, Amount, ChainId, TaskId};
use zera_provider::Report;
use zera_provider::view::TotalsView;

use super::feed::Seen;
use super::network::{Network, account};
use super::story::Ending;

/// What every party owns, free and locked.
#[derive(Clone, Debug)]
pub struct Balances {
    parties: Vec<(&'static str, AccountId, Amount)>,
    buckets: [(&'static str, Amount); 5],
}

impl Balances {
    /// Reads them over the API.
    ///
    /// # Errors
    /// Where the node does not answer.
    pub async fn read(network: &Network) -> anyhow::Result<Balances> {
        let mut accounts = vec![
            ("contract", network.contract),
            ("asker", network.asker),
            ("operator", network.operator.account()),
            ("author", account("author")),
            ("stranger", network.stranger.account()),
            ("watcher", network.watcher.account),
        ];
        accounts.extend(network.providers.iter().map(|provider| (provider.name, provider.account)));
        let mut parties = Vec::new();
        for (name, account) in accounts {
            let view = network.client.account(&account).await?;
            let owned = view.owned().context("a balance does not fit")?;
            parties.push((name, account, owned));
        }
        let totals = network.client.market().await?.totals;
        let buckets = [
            ("key deposits", totals.key_deposits),
            ("votes", totals.voting),
            ("treasury", totals.treasury),
            ("insurance", totals.insurance),
            ("burnt", totals.burned),
        ];
        Ok(Balances { parties, buckets })
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, Amount)> {
        self.parties.iter().map(|(name, _, amount)| (*name, *amount)).chain(self.buckets)
    }
}

/// Medians of the providers' own measurements, in nanoseconds, over all proofs of one predicate.
#[derive(Clone, Debug, Default)]
pub struct Times {
    native: Vec<u64>,
    witness: Vec<u64>,
    proof: Vec<u64>,
    verification: Vec<u64>,
}

impl Times {
    /// Collects what the providers reported of jobs whose matrices have `rows` rows.
    pub fn of(network: &Network, rows: usize) -> Times {
        let mut times = Times::default();
        let reports: Vec<Report> = network.providers.iter().flat_map(super::provider::Provider::reports).collect();
        let counted: BTreeSet<TaskId> = reports
            .iter()
            .filter_map(|report| match report {
                Report::Rows { task, rows: of, .. } if *of == rows as u64 => Some(*task),
                _ => None,
            })
            .collect();
        for report in reports {
            match report {
                Report::Native { task, .. }
                | Report::Witness { task, .. }
                | Report::Proved { task, .. }
                | Report::SelfVerified { task, .. }
                    if !counted.contains(&task) => {}
                Report::Native { ns, .. } => times.native.push(ns),
                Report::Witness { ns, .. } => times.witness.push(ns),
                Report::Proved { ns, .. } => times.proof.push(ns),
                Report::SelfVerified { ns, .. } => times.verification.push(ns),
                _ => {}
            }
        }
        times
    }

    fn steps(&self) -> [(&'static str, Option<u64>); 4] {
        [
            ("native run", median(&self.native)),
            ("witness", median(&self.witness)),
            ("proof", median(&self.proof)),
            ("verification", median(&self.verification)),
        ]
    }
}

fn median(values: &[u64]) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// Everything that the demo found.
pub struct Summary {
    /// The chain.
    pub chain: ChainId,
    /// How the stories ended.
    pub endings: Vec<Ending>,
    /// Events with their sentences.
    pub timeline: Vec<(Seen, String)>,
    /// Balances before the first story.
    pub before: Balances,
    /// Balances after the last one.
    pub after: Balances,
    /// All money at the end.
    pub totals: TotalsView,
    /// Whether the node's own full scan found every sum right.
    pub node_says_conserved: bool,
    /// Money at genesis.
    pub supply: Amount,
    /// How long the steps took.
    pub times: Times,
    /// Rows of the predicate that the times are of.
    pub rows: usize,
    /// Threads of a proof.
    pub threads: usize,
    /// Wall time of everything.
    pub elapsed: Duration,
}

impl Summary {
    /// Every bucket added up, by us and not by the node.
    fn sum(&self) -> Option<Amount> {
        let t = &self.totals;
        [t.free, t.escrowed, t.staked, t.key_deposits, t.voting, t.insurance, t.treasury, t.burned]
            .into_iter()
            .try_fold(Amount::ZERO, Amount::checked_add)
    }

    fn is_conserved(&self) -> bool {
        let parties = self.after.rows().try_fold(Amount::ZERO, |sum, (_, amount)| sum.checked_add(amount));
        // No task is open at the end, so what the parties own and the five buckets are everything there is.
        self.node_says_conserved
            && self.totals.minted == self.supply
            && self.sum() == Some(self.supply)
            && parties == Some(self.supply)
    }

    /// Whether every story ended as the rules say and nothing was made or lost.
    pub fn is_good(&self) -> bool {
        self.is_conserved() && self.endings.iter().all(Ending::is_good)
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut text = String::from("\nWho gained and who lost (ZRA, fees and stakes included)\n");
        let mut line = |line: String| {
            // Writing to a string does not fail.
            let _infallible = writeln!(text, "{line}");
        };
        for ((name, before), (_, after)) in self.before.rows().zip(self.after.rows()) {
            line(format!(
                "   {name:<10} {:>16} -> {:>16}   {:>15}",
                before.to_string(),
                after.to_string(),
                change(before, after)
            ));
        }
        line(format!(
            "\nMoney: {} units at genesis, {} units now in free balances, escrows, deposits, key deposits, votes, treasury, insurance and burnt: {}",
            self.supply.units(),
            self.sum().map_or_else(|| "more than fits".to_owned(), |sum| sum.units().to_string()),
            if self.is_conserved() { "conserved to the unit" } else { "NOT CONSERVED" }
        ));
        line(format!(
            "\nTimes (median of {} proofs of {} rows, {} threads)",
            self.times.proof.len(),
            self.rows,
            self.threads
        ));
        for (step, ns) in self.times.steps() {
            line(format!("   {step:<13} {}", ns.map_or_else(|| "not measured".to_owned(), shown)));
        }
        let good = self.endings.iter().filter(|ending| ending.is_good()).count();
        line(format!(
            "\n{good} of {} stories ended as the rules say, in {:.1} s: {}",
            self.endings.len(),
            self.elapsed.as_secs_f64(),
            if self.is_good() { "ok" } else { "FAILED" }
        ));
        text
    }

    /// The same as data.
    pub fn to_json(&self) -> Value {
        let stories: Vec<Value> = self
            .endings
            .iter()
            .map(|ending| {
                json!({
                    "title": ending.title,
                    "ok": ending.is_good(),
                    "task": ending.task.map(|task| task.to_string()),
                    "checks": ending.checks.iter().map(|c| json!({"what": c.what, "ok": c.holds})).collect::<Vec<_>>(),
                })
            })
            .collect();
        let timeline: Vec<Value> = self
            .timeline
            .iter()
            .map(|(seen, sentence)| {
                json!({"at_ms": seen.at_ms, "height": seen.event.height.0, "event": seen.event.event, "text": sentence})
            })
            .collect();
        let parties: Vec<Value> = self
            .before
            .rows()
            .zip(self.after.rows())
            .map(|((name, before), (_, after))| {
                json!({"name": name, "before": before.units().to_string(), "after": after.units().to_string()})
            })
            .collect();
        let times: serde_json::Map<String, Value> =
            self.times.steps().into_iter().map(|(step, ns)| (step.replace(' ', "_"), json!(ns))).collect();
        json!({
            "ok": self.is_good(),
            "conserved": self.is_conserved(),
            "chain_id": self.chain.to_string(),
            "supply": self.supply.units().to_string(),
            "stories": stories,
            "timeline": timeline,
            "parties": parties,
            "times_ns": times,
            "proofs": self.times.proof.len(),
            "rows": self.rows,
            "threads": self.threads,
            "elapsed_ms": u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

fn change(before: Amount, after: Amount) -> String {
    match after.checked_sub(before) {
        Some(gain) if gain.is_zero() => "0".to_owned(),
        Some(gain) => format!("+{gain}"),
        None => format!("-{}", before.checked_sub(after).unwrap_or(Amount::ZERO)),
    }
}

/// Nanoseconds for people.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn shown(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} us", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.2} s", ns as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_carry_their_sign() {
        let (one, two) = (Amount::from_units(1), Amount::from_units(2_000_000_000));
        assert_eq!(change(one, one), "0");
        assert_eq!(change(one, two), "+1.999999999");
        assert_eq!(change(two, one), "-1.999999999");
    }

    #[test]
    fn a_median_of_nothing_is_not_a_number() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3, 1, 2]), Some(2));
        assert_eq!((shown(999), shown(1_500), shown(2_500_000)), ("999 ns".into(), "1.5 us".into(), "2.5 ms".into()));
    }
}
