//! Predicates and their names.

use zera_abi::{AccountId, PredicateId, Status};
use zera_market::ports::Table;

use super::{Done, Stop, done, refuse};
use crate::event::Event;
use crate::receipt::Ending;
use crate::registry::{MAX_PRIVATE_LEN, NameRow, PredicateRow, Publication, name_is_valid};
use crate::state::State;

pub(super) fn publish(state: &mut State, sender: AccountId, publication: &Publication) -> Result<Done, Stop> {
    if !publication.name_is_valid() {
        return refuse(Status::Limit, "name: expected 1 to 64 of A-Z a-z 0-9 . _ -");
    }
    if usize::from(publication.declared) > zera_abi::wire::MAX_DECLARED
        || usize::try_from(publication.public_len).unwrap_or(usize::MAX) > zera_abi::wire::MAX_PUBLIC_LEN
    {
        return refuse(Status::Limit, "layout: at most 13 declared values and 16384 public bytes");
    }
    if publication.private_len > MAX_PRIVATE_LEN {
        return refuse(Status::Limit, format!("layout: at most {MAX_PRIVATE_LEN} private bytes"));
    }
    if publication.commitment.is_some_and(|index| index >= publication.declared) {
        return refuse(Status::Count, "layout: the commitment to the private bytes is none of the declared values");
    }
    let id = publication.id();
    if state.predicate(&id)?.is_some() {
        return refuse(Status::Duplicate, format!("predicate {id} is already published"));
    }
    let name = pointed(state, sender, &publication.name, id)?;
    state.overlay.put(Table::Names, publication.name.as_bytes(), &name);
    let row = PredicateRow { owner: sender, publication: publication.clone(), key: None, next_key: None };
    state.overlay.put(Table::Predicates, id.as_bytes(), &row);
    state.events.push(Event::PredicatePublished { predicate: id, owner: sender, name: publication.name.clone() });
    Ok((Ending::Done, id.0.to_vec(), format!("predicate {id}")))
}

/// Points a name at a predicate that is published already.
pub(super) fn name(state: &mut State, sender: AccountId, name: &str, id: PredicateId) -> Result<Done, Stop> {
    if !name_is_valid(name) {
        return refuse(Status::Limit, "name: expected 1 to 64 of A-Z a-z 0-9 . _ -");
    }
    if state.predicate(&id)?.is_none() {
        return refuse(Status::NotFound, format!("predicate {id} is not published"));
    }
    let row = pointed(state, sender, name, id)?;
    state.overlay.put(Table::Names, name.as_bytes(), &row);
    let from = row.next.as_ref().map_or(state.height, |(_, from)| *from);
    state.events.push(Event::NamePointed { name: name.to_owned(), predicate: id, owner: sender, from });
    Ok(done(format!("{name} names predicate {id} from height {from} on")))
}

/// The row of a name that is to mean `id`: a free name at once, one of the sender's after the time lock, so that whoever
/// asks by name has time to look at what it will mean.
fn pointed(state: &State, sender: AccountId, name: &str, id: PredicateId) -> Result<NameRow, Stop> {
    match state.name(name.as_bytes())? {
        None => Ok(NameRow { owner: sender, active: id, next: None }),
        Some(row) if row.owner != sender => refuse(Status::Unauthorized, format!("the name {name} is another's")),
        Some(row) => {
            let Some(from) = state.height.checked_add(state.params.name_timelock) else {
                return refuse(Status::Limit, "time lock: height does not fit");
            };
            Ok(NameRow { owner: sender, active: row.at(state.height), next: Some((id, from)) })
        }
    }
}
