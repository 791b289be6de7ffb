//! Keys: registered with a deposit, taken out of use by their owner, withdrawn for good by a contradiction.

use std::sync::Arc;

use zera_abi::{AccountId, KeyId, Status};
use zera_market::ports::{Claim, Table, Verdict, Verify};
use zera_verifier::VerifyingKey;

use super::{Done, Stop, done, refuse};
use crate::event::Event;
use crate::judge::Judge;
use crate::receipt::Ending;
use crate::registry::{KeyRow, PredicateRow};
use crate::state::State;
use crate::tx::Exhibit;

pub(super) fn register(state: &mut State, sender: AccountId, row: PredicateRow, bytes: &[u8]) -> Result<Done, Stop> {
    let predicate = row.publication.id();
    if row.owner != sender {
        return refuse(Status::Unauthorized, "the predicate is another's");
    }
    let key = match VerifyingKey::decode(bytes) {
        Ok(key) => key,
        Err(error) => return refuse(Status::Encoding, error.to_string()),
    };
    let expected = zera_abi::wire::STATEMENT_INPUTS.saturating_add(usize::from(row.publication.declared));
    if key.inputs() != expected {
        return refuse(
            Status::Count,
            format!("key: the predicate has {expected} public inputs, the key {}", key.inputs()),
        );
    }
    if !state.params.development {
        // A key of a public set-up proves anything to whoever reads it; any other needs its ceremony checked here first.
        return if key.is_dev() {
            refuse(Status::Key, "key: made by the development set-up; this network is not a development network")
        } else {
            refuse(
                Status::Unsupported,
                "key: this version can not check a ceremony; only development networks take keys",
            )
        };
    }
    let id = key.id();
    if state.overlay.read(Table::Keys, id.as_bytes())?.is_some() {
        return refuse(Status::Duplicate, format!("key {id} is already registered"));
    }
    let Some(activates) = state.height.checked_add(state.params.key_activation) else {
        return refuse(Status::Limit, "activation: height does not fit");
    };
    state.market.bond_key(id, sender, state.market.rules().key_deposit)?;
    state.overlay.write(Table::Keys, id.as_bytes(), Some(bytes.to_vec()));
    state.overlay.put(Table::KeyMeta, id.as_bytes(), &KeyRow { predicate, owner: sender, activates });
    let updated = PredicateRow { key: row.key_at(state.height), next_key: Some((id, activates)), ..row };
    state.overlay.put(Table::Predicates, predicate.as_bytes(), &updated);
    state.events.push(Event::KeyRegistered { key: id, predicate, owner: sender, activates });
    // Last, since it is not undone: nothing below can refuse.
    state.keys.insert(id, Arc::new(key.prepare()));
    Ok((Ending::Done, id.0.to_vec(), format!("key {id}")))
}

/// Withdraws a key that proves two outcomes for one input.
///
/// The two statements share key, predicate, input root and declared values; they may name any task and provider, but one
/// names the reporter, so that nobody else can bring the report. What the host compares it computes itself.
pub(super) fn contradict(
    state: &mut State,
    sender: AccountId,
    id: KeyId,
    input_root: &[u8; 32],
    exhibits: &[Exhibit; 2],
) -> Result<Done, Stop> {
    let Some(row) = state.overlay.row::<KeyRow>(Table::KeyMeta, id.as_bytes())? else {
        return refuse(Status::Key, format!("key {id} is not registered"));
    };
    if state.market.key_is_withdrawn(&id) {
        return refuse(Status::Duplicate, format!("key {id} is withdrawn already"));
    }
    let Some(predicate) = state.predicate(&row.predicate)? else {
        return refuse(Status::NotFound, format!("predicate {} is not published", row.predicate));
    };
    // Two honest witnesses may differ where bytes are private and no declared value commits to them. The declared values of
    // both proofs are all compared below, the commitment among them.
    if predicate.publication.witness_only(usize::from(predicate.publication.declared)) {
        return refuse(Status::Unsupported, "contradiction: the predicate reads private bytes that nothing commits to");
    }
    let [first, second] = exhibits;
    if first.declared.len() != usize::from(predicate.publication.declared) || first.declared != second.declared {
        return refuse(Status::Count, "contradiction: the declared values are not those of one question");
    }
    if first.outcome == second.outcome {
        return refuse(Status::No, "contradiction: both proofs say the same");
    }
    if ![first.provider, second.provider].contains(&sender) {
        return refuse(Status::Unauthorized, "contradiction: neither proof names the reporter as its provider");
    }
    for (exhibit, which) in [(first, "first"), (second, "second")] {
        let claim = Claim {
            task: exhibit.task,
            key: id,
            predicate: row.predicate,
            provider: exhibit.provider,
            not_after: exhibit.not_after,
            input_root: *input_root,
            outcome: exhibit.outcome,
            declared: exhibit.declared.clone(),
        };
        let mut judge = Judge { chain: state.params.chain, keys: &state.keys, verdicts: &state.verdicts };
        match judge.verify(&claim, &exhibit.proof) {
            Verdict::Valid => {}
            Verdict::Invalid => return refuse(Status::No, format!("contradiction: the {which} proof does not verify")),
            Verdict::Malformed => {
                return refuse(Status::Encoding, format!("contradiction: the {which} proof is not canonical"));
            }
        }
    }
    let reward = state.market.withdraw_key(id, sender)?;
    Ok(done(format!("key {id} is withdrawn; the reporter is paid {reward} ZRA")))
}

/// Takes a key out of use and gives its deposit back.
pub(super) fn unregister(state: &mut State, sender: AccountId, id: KeyId) -> Result<Done, Stop> {
    let deposit = state.market.release_key(id, sender)?;
    let Some(row) = state.overlay.row::<KeyRow>(Table::KeyMeta, id.as_bytes())? else {
        return refuse(Status::Key, format!("key {id} is not registered"));
    };
    state.events.push(Event::KeyUnregistered { key: id, predicate: row.predicate, owner: sender, returned: deposit });
    Ok(done(format!("{deposit} ZRA of deposit come back")))
}
