//! Events as sentences.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use zera_abi::{AccountId, Amount, TaskId};
use zera_provider::view::EventView;

/// Names that the demo gives to accounts.
#[derive(Clone, Debug, Default)]
pub struct Names {
    accounts: BTreeMap<AccountId, &'static str>,
    /// Tasks whose answer a native run has shown, so that it is no proof that is told of.
    run: Arc<Mutex<BTreeSet<TaskId>>>,
}

impl Names {
    /// Names an account.
    pub fn name(&mut self, account: AccountId, name: &'static str) {
        self.accounts.insert(account, name);
    }

    fn of(&self, event: &EventView, field: &str) -> String {
        match event.account(field) {
            Some(account) => {
                self.accounts.get(&account).map_or_else(|| short(&account.to_string()), |name| (*name).to_owned())
            }
            None => "nobody".to_owned(),
        }
    }

    /// One sentence for an event; `None` where a newcomer learns nothing from it.
    pub fn sentence(&self, event: &EventView) -> Option<String> {
        let who = |field| self.of(event, field);
        let zra = |field| event.amount(field).unwrap_or(Amount::ZERO).to_string();
        let word = |field| event.text(field).unwrap_or("?").to_owned();
        let number = |field: &str| event.fields.get(field).and_then(serde_json::Value::as_u64).unwrap_or(0);
        let flag = |field: &str| event.fields.get(field).and_then(serde_json::Value::as_bool).unwrap_or(false);
        Some(match event.event.as_str() {
            "predicate_published" => format!("{} publishes the predicate {}", who("owner"), word("name")),
            "name_pointed" => {
                format!("{} has the name {} stand for {}", who("owner"), word("name"), short(&word("predicate")))
            }
            "key_registered" => format!("{} registers its verifying key {}", who("owner"), short(&word("key"))),
            "contract_deployed" => format!("{} deploys the contract {}", who("creator"), who("contract")),
            "task_opened" => format!(
                "{} asks: task {} with a bounty of up to {} ZRA, answer due by block {}",
                who("contract"),
                short(&word("task")),
                zra("bounty"),
                number("deadline")
            ),
            "task_reauctioned" => {
                format!("nobody took it; round {} pays up to {} ZRA", number("round"), zra("ceiling"))
            }
            "task_locked" => format!(
                "{} locks it at {} ZRA and stakes {} ZRA, to answer by block {}",
                who("provider"),
                zra("price"),
                zra("stake"),
                number("lock_deadline")
            ),
            "task_released" => {
                format!("{} gives the lock back; {} ZRA of its stake are burnt", who("provider"), zra("burned"))
            }
            "proof_rejected" => format!(
                "the host refuses the proof of {} (attempt {}); {} ZRA are burnt",
                who("provider"),
                number("attempt"),
                zra("burned")
            ),
            "rescue_opened" if flag("late") => {
                format!(
                    "{} missed its deadline: anyone may rescue the task until block {}",
                    who("provider"),
                    number("expires")
                )
            }
            "rescue_opened" => {
                format!(
                    "{} used up its attempts: anyone may rescue the task until block {}",
                    who("provider"),
                    number("expires")
                )
            }
            "rescue_committed" => format!("{} commits to a proof without showing it", who("provider")),
            "stake_slashed" => self.slashed(event),
            "task_attested" => format!(
                "{} says {} without a proof, its stake behind it; anyone may challenge until block {}",
                who("provider"),
                word("outcome"),
                number("until")
            ),
            "challenge_committed" => {
                format!("{} commits to a challenge without saying what it claims", who("challenger"))
            }
            "task_challenged" => format!(
                "{} says {} and bonds {} ZRA; to be settled by block {}",
                who("challenger"),
                word("claimed"),
                zra("bond"),
                number("until")
            ),
            "native_run" => {
                self.was_run(event, true);
                format!(
                    "the chain runs the program for {}: {}, {} fuel",
                    who("settler"),
                    word("outcome"),
                    number("fuel_used")
                )
            }
            "challenge_settled" => {
                let how = if flag("native") { "the run" } else { "a proof" };
                let end = if flag("upheld") { "stands" } else { "falls" };
                format!("{how} settles the challenge: {} is right, the answer {end}", word("outcome"))
            }
            "challenge_voided" => format!(
                "nobody settled the challenge: the answer is void, {} ZRA of bond go back{}",
                zra("bond_returned"),
                if flag("reopened") { ", the task is open again" } else { "" }
            ),
            "challenge_lost" => format!(
                "the bond of {} is gone: {} ZRA burnt, {} ZRA to {}",
                who("challenger"),
                zra("burned"),
                zra("settler_paid"),
                who("settler")
            ),
            "attestation_slashed" => format!(
                "the stake of {} is split: {} ZRA burnt, {} ZRA to the asker, {} ZRA for the challenge, {} ZRA for showing it",
                who("attester"),
                zra("burned"),
                zra("requester_paid"),
                zra("challenger_paid"),
                zra("settler_paid")
            ),
            "task_accepted" if self.was_run(event, false) => format!(
                "the answer of {} is {}, {} ZRA are held for it until final",
                who("provider"),
                word("outcome"),
                zra("price")
            ),
            "task_accepted" => format!(
                "the proof of {} verifies: the answer is {}, {} ZRA are held for it until final",
                who("provider"),
                word("outcome"),
                zra("price")
            ),
            "task_failed" => format!(
                "{} proves that there is no answer ({}) and is paid {} ZRA from the asker's bond; the bounty goes back",
                who("provider"),
                word("outcome"),
                zra("paid")
            ),
            "deposit_burned" => {
                format!("{} did not show what it committed to; {} ZRA are burnt", who("provider"), zra("burned"))
            }
            "callback" if flag("done") && event.text("entry") == Some("on_result_failed") => {
                format!("{} is told that there is no answer", who("contract"))
            }
            "callback" if flag("done") => format!("{} is called back in the same block and acts", who("contract")),
            "callback" => format!("{} is called back and fails: {}", who("contract"), word("detail")),
            "task_final" => format!(
                "final: {} is paid {} ZRA and gets {} ZRA of stake back",
                who("provider"),
                zra("paid"),
                zra("stake_returned")
            ),
            "sealing_key_given" => format!("{} says what its private bytes are to be sealed to", who("provider")),
            "delivery_demanded" => format!(
                "{} has been sent nothing, puts up {} ZRA and demands it on the chain by block {}",
                who("provider"),
                zra("fee"),
                number("until")
            ),
            "demand_closed" if flag("delivered") => {
                format!("they are delivered on the chain; {} ZRA to the asker", zra("fee_paid"))
            }
            "demand_closed" => format!("{} goes on without; {} ZRA to the asker", who("provider"), zra("fee_paid")),
            "input_unavailable" => format!(
                "the asker {}: {} is paid {} ZRA from its bond, the rest is burnt, the bounty goes back",
                if flag("wrong") { "delivered something else" } else { "did not deliver" },
                who("provider"),
                zra("paid")
            ),
            "task_expired" => "nobody answered in time: the bounty goes back".to_owned(),
            "task_revoked" => "the key is withdrawn: everybody has back what they put in".to_owned(),
            "task_cancelled" => "the asker cancels".to_owned(),
            "proposal_opened" => format!(
                "{} proposes that {} be {} instead of {}, with a deposit of {} ZRA",
                who("proposer"),
                word("rule"),
                word("new"),
                word("old"),
                zra("deposit")
            ),
            "proposal_supported" => format!("{} has {} ZRA in votes for it", who("voter"), zra("amount")),
            "proposal_passed" => {
                format!(
                    "it has the conviction that it needs; it is a rule in block {} if it still has",
                    number("executes")
                )
            }
            "proposal_lapsed" => "it has not enough any more, and is voted on again".to_owned(),
            "proposal_ended" if event.text("state") == Some("adopted") => {
                format!("version {} of the rules, for tasks that are opened from now on", number("version"))
            }
            "proposal_ended" => format!("the proposal is {}", word("state")),
            _ => return None,
        })
    }

    /// Whether the answer of this event's task was shown by a native run; `now` where this event says so.
    fn was_run(&self, event: &EventView, now: bool) -> bool {
        let Some(task) = event.task() else { return false };
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        if now {
            run.insert(task);
        }
        run.contains(&task)
    }

    fn slashed(&self, event: &EventView) -> String {
        let amount = |field| event.amount(field).unwrap_or(Amount::ZERO);
        let offender = self.of(event, "provider");
        let mut parts = Vec::new();
        if !amount("burned").is_zero() {
            parts.push(format!("{} ZRA burnt", amount("burned")));
        }
        if event.account("hero").is_some() {
            parts.push(format!("{} ZRA to {}", amount("hero_paid"), self.of(event, "hero")));
        }
        if !amount("requester_paid").is_zero() {
            parts.push(format!("{} ZRA to the asker", amount("requester_paid")));
        }
        if !amount("insurance_paid").is_zero() {
            parts.push(format!("{} ZRA to the insurance", amount("insurance_paid")));
        }
        if event.account("hero").is_none() && amount("insurance_paid").is_zero() {
            parts.push("the rest waits for a rescuer".to_owned());
        }
        format!("the stake of {offender} is cut: {}", parts.join(", "))
    }
}

/// The first eight characters of an id.
pub fn short(id: &str) -> String {
    id.chars().take(8).collect()
}
