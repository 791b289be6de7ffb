//! An escrow: money goes to the seller once a condition is proved and the answer is final, and back to the buyer else.
//!
//! The buyer sends the contract money (a plain transfer), then calls `open`. The contract takes on a deal only while its
//! balance covers every deal it holds, so one buyer's money never pays another's seller. It asks for level `Final`: until
//! then a broken key can still overturn an answer, and money that has left cannot be called back.
//!
//! ```text
//! open          input: seller 32 | amount u128 LE | predicate 32 | public input; the caller is the buyer.
//!               Returns the deal's number, u64 LE: the handle of its task.
//! state         input: number u64 LE. Returns a byte: 0 held, 1 released to the seller, 2 returned to the buyer; nothing
//!               where there is no such deal.
//! ```
//!
//! Configured at deployment: `BOUNTY`, `MIN_STAKE` (ZRA), `CALLBACK_FUEL`. What the asking costs is the contract's: endow it.

use zera::abi::{AccountId, Amount, Level, PredicateId};
use zera::exit::{abort, return_data};
use zera::{context, event, money, storage, task};
use zera_contract_sdk as zera;

zera::contract!();

/// Blocks until which an answer is taken.
const ANSWER_BLOCKS: u64 = 100;
/// Bytes of `open`'s input before the predicate's.
const HEAD_LEN: usize = 32 + 16 + 32;
/// Bytes of a deal: buyer, seller, amount, state.
const DEAL_LEN: usize = 32 + 32 + 16 + 1;
/// Where the sum of the held deals lies.
const HELD: &[u8] = b"held";
const RELEASED: u8 = 1;
const RETURNED: u8 = 2;

#[no_mangle]
pub extern "C" fn open() {
    let input = context::input();
    if input.len() < HEAD_LEN {
        abort(1, "input: seller, amount, predicate, public input");
    }
    let (head, public) = input.split_at(HEAD_LEN);
    let amount = units(&head[32..48]);
    let mut predicate = [0; 32];
    predicate.copy_from_slice(&head[48..]);
    // Nothing is held that would already have been a result.
    let handle = task::Ask::new(PredicateId(predicate), public)
        .bounty(config("BOUNTY"))
        .min_stake(config("MIN_STAKE"))
        .callback_fuel(config("CALLBACK_FUEL") as u64)
        .deadline(context::height().0.saturating_add(ANSWER_BLOCKS))
        .level(Level::Final)
        .send();
    let handle = match handle {
        Ok(handle) => handle,
        Err(status) => abort(2, status.name()),
    };
    must(task::store_pending(handle));
    // The task's bounty, bond and fees have left the balance by now.
    let held = match held().checked_add(amount) {
        Some(held) if amount > 0 && Amount::from_units(held) <= money::balance() => held,
        _ => abort(3, "the contract does not hold that much beside its other deals"),
    };
    must(storage::set(HELD, &held.to_le_bytes()));
    let mut deal = Vec::with_capacity(DEAL_LEN);
    deal.extend_from_slice(&context::caller().0);
    deal.extend_from_slice(&head[..48]);
    deal.push(0);
    must(storage::set(&handle.to_be_bytes(), &deal));
    must(return_data(&handle.to_le_bytes()));
}

#[no_mangle]
pub extern "C" fn state() {
    let input = context::input();
    let mut number = [0; 8];
    if input.len() != number.len() {
        abort(1, "input: the deal's number");
    }
    number.copy_from_slice(&input);
    if let Some(deal) = deal(u64::from_le_bytes(number)) {
        must(return_data(&deal[DEAL_LEN - 1..]));
    }
}

/// The answer is final.
#[no_mangle]
pub extern "C" fn process_verified_condition_result(handle: u64, result: bool) {
    // The host makes this call and no user can; the answer is asked for all the same.
    if !context::is_callback() || !task::is_verified(handle) {
        abort(4, "not an answer of the host");
    }
    settle(handle, if result { RELEASED } else { RETURNED });
}

/// Nobody answered, or the predicate could not.
#[no_mangle]
pub extern "C" fn on_result_failed(handle: u64, _reason: i32) {
    settle(handle, RETURNED);
}

/// The key was broken before the answer was final.
#[no_mangle]
pub extern "C" fn on_result_revoked(handle: u64, _reason: i32) {
    settle(handle, RETURNED);
}

/// Pays the deal out, exactly once: what was cleared is not cleared again, and a call that fails keeps nothing.
fn settle(handle: u64, state: u8) {
    let mut deal = match deal(handle) {
        Some(deal) if deal[DEAL_LEN - 1] == 0 => deal,
        _ => abort(5, "no deal is held under this number"),
    };
    must(task::clear_pending(handle));
    let amount = units(&deal[64..80]);
    let mut to = [0; 32];
    to.copy_from_slice(if state == RELEASED { &deal[32..64] } else { &deal[..32] });
    must(money::transfer(&AccountId(to), Amount::from_units(amount)));
    must(storage::set(HELD, &held().saturating_sub(amount).to_le_bytes()));
    deal[DEAL_LEN - 1] = state;
    must(storage::set(&handle.to_be_bytes(), &deal));
    must(event::emit(if state == RELEASED { b"released" } else { b"returned" }, &handle.to_le_bytes()));
}

fn deal(handle: u64) -> Option<Vec<u8>> {
    storage::get(&handle.to_be_bytes()).ok().flatten().filter(|deal| deal.len() == DEAL_LEN)
}

/// Money that deals hold, in units.
fn held() -> u128 {
    storage::get(HELD).ok().flatten().map_or(0, |bytes| units(&bytes))
}

fn units(bytes: &[u8]) -> u128 {
    let mut units = [0; 16];
    units.copy_from_slice(bytes);
    u128::from_le_bytes(units)
}

/// A configured amount; there is no default, so a deployment that forgot one asks nothing.
fn config(key: &str) -> u128 {
    match context::config(key) {
        Some(amount) => amount.units(),
        None => abort(6, key),
    }
}

fn must<T>(result: Result<T, zera::abi::Status>) -> T {
    match result {
        Ok(value) => value,
        Err(status) => abort(7, status.name()),
    }
}
