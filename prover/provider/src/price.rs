//! What a proof must bring in before this provider takes it. Integers only; every division rounds against the bidder.

use zera_abi::Amount;

const NANOS_PER_SECOND: u128 = 1_000_000_000;
const WHOLE_BPS: u128 = 10_000;

/// The cost of this machine and what is asked on top of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRule {
    /// Cost of a second of proving: energy, rent, wear.
    pub per_second: Amount,
    /// Cost of a job whatever it is: attention, disk, network. Transaction fees are added by the daemon.
    pub per_job: Amount,
    /// Expected loss of a stake, in basis points of it: missed locks of the past over locks.
    pub stake_risk_bps: u32,
    /// Asked on top of the cost, in basis points of it; may be above the whole.
    pub margin_bps: u32,
    /// Never below this.
    pub floor: Amount,
}

impl PriceRule {
    /// Least price for a job of `work_ns` nanoseconds with this stake and these fees: `max(floor, covering)`.
    ///
    /// Monotone in each argument. `None` where it does not fit 128 bits: such a job is taken at no price.
    pub fn least(&self, work_ns: u64, stake: Amount, fees: Amount) -> Option<Amount> {
        self.covering(work_ns, stake, fees).map(|asked| asked.max(self.floor))
    }

    /// What covers the cost with its margin, and no floor: what is asked where nobody bids, because the fee is fixed.
    /// `ceil(cost * (1 + margin))` where `cost = fees + per_job + ceil(per_second * s) + ceil(stake * risk)`.
    pub fn covering(&self, work_ns: u64, stake: Amount, fees: Amount) -> Option<Amount> {
        let time = self.per_second.units().checked_mul(u128::from(work_ns))?.div_ceil(NANOS_PER_SECOND);
        let risk = stake.units().checked_mul(u128::from(self.stake_risk_bps))?.div_ceil(WHOLE_BPS);
        let cost = fees.units().checked_add(self.per_job.units())?.checked_add(time)?.checked_add(risk)?;
        let factor = WHOLE_BPS + u128::from(self.margin_bps);
        Some(Amount::from_units(cost.checked_mul(factor)?.div_ceil(WHOLE_BPS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> PriceRule {
        PriceRule {
            per_second: Amount::from_units(1_000),
            per_job: Amount::from_units(10),
            stake_risk_bps: 50,
            margin_bps: 2_000,
            floor: Amount::from_units(100),
        }
    }

    fn least(work_ns: u64, stake: u128, fees: u128) -> u128 {
        rule().least(work_ns, Amount::from_units(stake), Amount::from_units(fees)).unwrap().units()
    }

    #[test]
    fn worked_by_hand() {
        // 7 fees + 10 + 1,500 for 1.5 s + 5 of a stake of 1,000 = 1,522; plus a fifth = 1,826.4.
        assert_eq!(least(1_500_000_000, 1_000, 7), 1_827);
        // 10 + ceil(0.000001) + ceil(0.005) = 12, plus a fifth = 14.4: below the floor.
        assert_eq!(least(1, 1, 0), 100);
        let covering = rule().covering(1, Amount::from_units(1), Amount::ZERO);
        assert_eq!(covering, Some(Amount::from_units(15)));
    }

    #[test]
    fn every_argument_only_raises_it() {
        let base = least(1_000_000_000, 1_000, 100);
        assert!(least(2_000_000_000, 1_000, 100) > base);
        assert!(least(1_000_000_000, 9_000, 100) > base);
        assert!(least(1_000_000_000, 1_000, 101) > base);
    }

    #[test]
    fn what_does_not_fit_has_no_price() {
        let dear = PriceRule { per_second: Amount::MAX, ..rule() };
        assert_eq!(dear.least(2, Amount::ZERO, Amount::ZERO), None);
        assert_eq!(rule().least(0, Amount::MAX, Amount::ZERO), None);
        assert_eq!(rule().least(0, Amount::ZERO, Amount::MAX), None);
    }
}
