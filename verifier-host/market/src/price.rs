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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount() -> impl Strategy<Value = Amount> {
        let extremes = prop_oneof![Just(0), Just(1), Just(u128::MAX), Just(u128::MAX - 1), Just(u128::MAX / 2)];
        prop_oneof![extremes, any::<u128>(), 0..10_000_000_000u128].prop_map(Amount::from_units)
    }

    fn share() -> impl Strategy<Value = Bps> {
        (0..=10_000u16).prop_map(|bps| Bps::new(bps).expect("at most the whole"))
    }

    fn blocks() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0..200u64]
    }

    proptest! {
        /// Truebit lost 8,535 ETH to a price formula that overflowed: here at the extremes of both types.
        #[test]
        fn the_clock_is_monotone_and_bounded(c in amount(), f in share(), ramp in blocks(), a in blocks(), b in blocks()) {
            let (first, second) = (a.min(b), a.max(b));
            let (early, late) = (clock_price(c, f, first, ramp), clock_price(c, f, second, ramp));
            prop_assert!(c.share(f) <= early && early <= late && late <= c);
            prop_assert_eq!(clock_price(c, f, ramp, ramp), c);
            prop_assert_eq!(clock_price(c, f, 0, ramp.max(1)), c.share(f));
        }

        #[test]
        fn a_rescue_and_lateness_climb_within_their_bounds(p in amount(), q in amount(), f in share(), t in blocks(), w in blocks()) {
            let (low, high) = (p.min(q), p.max(q));
            let price = rescue_price(low, high, t, w);
            prop_assert!(low <= price && price <= high);
            prop_assert!(price <= rescue_price(low, high, t.saturating_add(1), w));
            let fee = late_fee(p, f, t, w);
            prop_assert!(p.share(f) <= fee && fee <= p);
        }

        #[test]
        fn rounds_climb_to_the_whole(b in amount(), later in 0..8u8, raise in 10_001..=40_000u32) {
            prop_assert_eq!(round_ceiling(b, 0, raise), b);
            prop_assert!(round_ceiling(b, later + 1, raise) <= round_ceiling(b, later, raise));
        }

        /// The least stake whose unrecoverable share covers the surplus, exactly, where the sums fit.
        #[test]
        fn the_stake_covers_a_lapse(b in 0..1u128 << 100, p in 0..1u128 << 100, h in 0..=7_500u16) {
            let hero = Bps::new(h).expect("at most the whole");
            let stake = lapse_stake(Amount::from_units(b), Amount::from_units(p), hero).expect("fits").units();
            let (surplus, kept) = (b.saturating_sub(p), 10_000 - u128::from(h));
            prop_assert!(stake * kept >= surplus * 10_000);
            prop_assert!(stake == 0 || (stake - 1) * kept < surplus * 10_000);
        }

        #[test]
        fn nothing_overflows(b in amount(), p in amount(), s in share(), before in any::<u8>(), fee in amount(), left in amount()) {
            // Where it does not fit, the stake is refused; it never wraps to a small one.
            if let Some(stake) = lapse_stake(b, p, s) {
                prop_assert!(stake >= b.checked_sub(p).unwrap_or(Amount::ZERO));
            }
            let due = attempt_fee(b, s, before, fee, left);
            prop_assert!(due <= left && (due == left || due >= fee));
        }

        #[test]
        fn a_share_of_a_lock_rounds_up(t in blocks(), s in share()) {
            let blocks = start_blocks(t, s);
            prop_assert!(blocks <= t);
            prop_assert_eq!(u128::from(blocks), (u128::from(t) * u128::from(s.get())).div_ceil(10_000));
        }
    }

    #[test]
    fn bad_proofs_cost_a_quarter_a_half_and_all() {
        let units = Amount::from_units;
        let quarter = Bps::new(2_500).expect("a share");
        let fee = |before, left| attempt_fee(units(1_000), quarter, before, units(7), units(left)).units();
        assert_eq!(
            [fee(0, 1_000), fee(1, 1_000), fee(2, 1_000), fee(2, 2_000), fee(200, 1_000)],
            [257, 507, 1_000, 1_007, 1_000]
        );
    }
}
