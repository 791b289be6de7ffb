//! Prices, stakes and fees as functions of amounts and block distances. Total: no input overflows or panics.

use zera_abi::{Amount, Bps};

/// Price after `elapsed` blocks of a round: from `floor_share` of the ceiling linearly to the ceiling over `ramp`, then flat.
///
/// Monotone in `elapsed`; between the floor and `ceiling`; rounded down.
pub fn clock_price(ceiling: Amount, floor_share: Bps, elapsed: u64, ramp: u64) -> Amount {
    climb(ceiling.share(floor_share), ceiling, elapsed, ramp)
}

/// Price of a rescue, from the lock's price to the whole bounty over the window.
pub fn rescue_price(price: Amount, bounty_max: Amount, elapsed: u64, window: u64) -> Amount {
    climb(price, bounty_max, elapsed, window)
}

/// What lateness costs: `floor_share` of the stake at once, all of it at the window's end.
pub fn late_fee(stake: Amount, floor_share: Bps, late: u64, window: u64) -> Amount {
    climb(stake.share(floor_share), stake, late, window)
}

/// `from + (to - from) * min(elapsed, span) / span`, rounded down; `to` where `span` is 0 or `to < from`.
fn climb(from: Amount, to: Amount, elapsed: u64, span: u64) -> Amount {
    let rise = to.checked_sub(from).unwrap_or(Amount::ZERO);
    // `elapsed <= span`, so the part never exceeds the rise and the sum never exceeds `to`.
    rise.mul_ratio(elapsed.min(span), span).and_then(|part| from.checked_add(part)).unwrap_or(to)
}

/// `bounty_max` divided `later` times by `raise_bps / 10,000`, each time rounded down.
pub fn round_ceiling(bounty_max: Amount, later: u8, raise_bps: u32) -> Amount {
    (0..later).fold(bounty_max, |ceiling, _| {
        ceiling.mul_ratio(10_000, u64::from(raise_bps.max(10_000))).unwrap_or(Amount::ZERO)
    })
}

/// Least stake at which letting the lock lapse and rescuing oneself gains nothing: `ceil((bounty_max - price) / (1 - hero))`.
///
/// The share that a cartel can not recover covers what the price may still climb. `None` where it does not fit.
pub fn lapse_stake(bounty_max: Amount, price: Amount, hero_share: Bps) -> Option<Amount> {
    let surplus = bounty_max.checked_sub(price).unwrap_or(Amount::ZERO).units();
    let kept = 10_000u128.checked_sub(u128::from(hero_share.get()))?;
    let whole = surplus.checked_div(kept)?.checked_mul(10_000)?;
    let rest = surplus.checked_rem(kept)?.checked_mul(10_000)?.div_ceil(kept);
    whole.checked_add(rest).map(Amount::from_units)
}

/// Burnt by the bad proof that follows `before` others: `fee + share * 2^before` of the stake, at most `left`.
pub fn attempt_fee(stake: Amount, share: Bps, before: u8, fee: Amount, left: Amount) -> Amount {
    1u128
        .checked_shl(u32::from(before))
        .and_then(|factor| stake.share(share).checked_mul(factor))
        .and_then(|part| part.checked_add(fee))
        .map_or(left, |due| due.min(left))
}

/// Blocks in which a lock of `lock_blocks` may be released: `ceil(lock_blocks * share)`.
pub fn start_blocks(lock_blocks: u64, share: Bps) -> u64 {
    let product = u128::from(lock_blocks).saturating_mul(u128::from(share.get()));
    u64::try_from(product.div_ceil(10_000)).unwrap_or(lock_blocks)
}
