use super::*;

fn share(need: Option<Amount>, effective: u64) -> f64 {
    need.map_or(f64::INFINITY, |need| need.units() as f64 / effective as f64 * 100.0)
}

/// The table of market.md 3.6, in per cent.
#[test]
fn thresholds_are_those_of_the_reference() {
    let schedule = Schedule::standard();
    let effective = 1_000_000_000_000_000u64;
    let threshold = |new: u128| {
        let room = schedule.room(100, new)?;
        schedule.need(Amount::from_units(effective.into()), room)
    };
    for (new, percent, within) in [
        (102, 2.8, 0.05),
        (105, 3.2, 0.05),
        (110, 4.3, 0.05),
        (120, 8.3, 0.05),
        (125, 12.4, 0.05),
        (130, 20.0, 0.5),
        (135, 37.0, 0.5),
        (140, 86.0, 1.0),
    ] {
        let got = share(threshold(new), effective);
        assert!((got - percent).abs() <= within, "x1.{new}: {got}");
        // The same down as up.
        let room = schedule.room(new, 100).expect("in range");
        assert_eq!(schedule.need(Amount::from_units(effective.into()), room), threshold(new));
    }
    // Possible to ask for, and more than all votes there are.
    for new in [141, 145, 149] {
        let got = share(threshold(new), effective);
        assert!(got > 100.0, "x1.{new}: {got}");
    }
    for new in [150, 151, 200, 1_000, 66, 50, 0] {
        assert_eq!(threshold(new), None, "{new}");
    }
    assert!(schedule.room(100, 67).is_some());
    assert!(schedule.room(1_000_000, 1_499_999).is_some());
    assert_eq!(schedule.room(1_000_000, 1_500_000), None);
}

#[test]
fn a_greater_change_needs_more() {
    let schedule = Schedule::standard();
    let effective = Amount::from_units(1 << 60);
    let mut before = Amount::ZERO;
    for new in 10_001..15_000u128 {
        let need = schedule.room(10_000, new).map(|room| schedule.need(effective, room));
        let need = need.expect("in range").unwrap_or(SUPPORT_MAX);
        assert!(need > before || need == SUPPORT_MAX, "{new}");
        before = need;
    }
}

/// No ratio is small enough between 0, 1 and 2: a step of one is then what there is.
#[test]
fn a_step_of_one_is_always_possible_and_dear() {
    let schedule = Schedule::standard();
    let effective = 1_000_000_000u64;
    for (old, new) in [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)] {
        let room = schedule.room(old, new).expect("a step");
        let got = share(schedule.need(Amount::from_units(effective.into()), room), effective);
        assert!((got - 90.0).abs() < 0.001, "{old} to {new}: {got}");
    }
    for (old, new) in [(0, 2), (2, 0), (1, 3), (3, 1), (2, 4), (4, 2), (0, 1_000)] {
        assert_eq!(schedule.room(old, new), None, "{old} to {new}");
    }
    // From three on there are smaller ones.
    let room = schedule.room(3, 4).expect("a third more");
    assert!(share(schedule.need(Amount::from_units(effective.into()), room), effective) < 31.0);
}

#[test]
fn what_does_not_fit_is_out_of_reach() {
    let schedule = Schedule::standard();
    assert_eq!(schedule.room(u128::MAX, u128::MAX - 1), None);
    for effective in [Amount::MAX, Amount::from_units(u128::MAX / 250), Amount::from_units(1 << 71)] {
        assert_eq!(schedule.need(effective, u128::MAX), None);
    }
    assert_eq!(schedule.need(Amount::from_units(1 << 60), 0), None);
    assert_eq!(schedule.need(Amount::from_units(1 << 60), u128::from(u64::MAX)), None);
    assert_eq!(schedule.need(Amount::ZERO, u128::MAX), Some(Amount::ZERO));
    // Conviction comes near its votes and never reaches them, so that all that there may be are not enough either.
    let least = |need: u64| Amount::from_units(u128::from(need - 1) * 10_000 / u128::from(schedule.share_min.get()));
    assert_eq!(schedule.need(least(u64::MAX), u128::MAX), None);
    assert_eq!(schedule.need(least(u64::MAX - 1), u128::MAX), Some(Amount::from_units(u128::from(u64::MAX - 1))));
}

#[test]
fn every_rule_is_classified_once() {
    let names: Vec<&str> = Rules::standard().entries().into_iter().map(|(name, ..)| name).collect();
    for name in &names {
        assert_eq!(CLASSES.iter().filter(|(known, _)| known == name).count(), 1, "{name}: add it to CLASSES");
    }
    for (name, _) in CLASSES {
        assert!(names.contains(name), "{name} is no rule");
    }
    assert_eq!(pace("a rule to come", 1, 2), Pace::Safety);
}

#[test]
fn only_the_safer_direction_is_fast() {
    for (rule, up, down) in [
        ("stake_share", Pace::Raise, Pace::Safety),
        ("final_blocks", Pace::Raise, Pace::Safety),
        ("bounty_ceiling", Pace::Safety, Pace::Raise),
        ("detection_share", Pace::Safety, Pace::Raise),
        ("hero_share", Pace::Safety, Pace::Safety),
        ("open_fee", Pace::Ordinary, Pace::Ordinary),
    ] {
        assert_eq!((pace(rule, 10, 11), pace(rule, 11, 10)), (up, down), "{rule}");
    }
}

#[test]
fn both_schedules_pass_and_survive_the_disk() {
    for schedule in [Schedule::standard(), Schedule::local()] {
        schedule.check().expect("within bounds");
        assert_eq!(Schedule::decode(&schedule.encode()), Ok(schedule));
    }
    let bytes = Schedule::standard().encode();
    for version in [0, 2, u8::MAX] {
        let mut other = bytes.clone();
        other[0] = version;
        assert_eq!(Schedule::decode(&other), Err(RulesError::Version { version }));
    }
    for len in [0, 1, bytes.len() - 1] {
        assert!(matches!(Schedule::decode(&bytes[..len]), Err(RulesError::Length { .. })));
    }
    for (at, (name, _, floor, ceiling)) in Schedule::standard().entries().into_iter().enumerate() {
        for value in [floor - 1, ceiling + 1, u128::MAX] {
            let mut other = bytes.clone();
            other[1 + 16 * at..17 + 16 * at].copy_from_slice(&value.to_le_bytes());
            assert!(Schedule::decode(&other).is_err(), "{name} = {value}");
        }
    }
    let changes: [fn(&mut Schedule); 3] = [
        |s| s.safety_half_life_blocks = s.half_life_blocks - 1,
        |s| s.raise_half_life_blocks = s.half_life_blocks + 1,
        |s| s.expiry_blocks = 2 * s.safety_half_life_blocks - 1,
    ];
    for change in changes {
        let mut schedule = Schedule::standard();
        change(&mut schedule);
        assert!(matches!(schedule.check(), Err(RulesError::Relation { .. })), "{schedule:?}");
    }
}

#[test]
fn filling_all_places_costs_a_thousand_deposits() {
    let schedule = Schedule::standard();
    let all: u128 = (0..PROPOSALS_MAX).map(|open| schedule.deposit(open).units()).sum();
    assert_eq!(all, 1_020 * schedule.deposit.units());
    assert_eq!(schedule.deposit(DEPOSIT_STEP - 1), schedule.deposit(0));
    assert_eq!(schedule.deposit(DEPOSIT_STEP).units(), 2 * schedule.deposit.units());
    assert_eq!(schedule.deposit(usize::MAX), Amount::MAX);
}

#[test]
fn a_change_is_within_bounds_and_relations() {
    let (rules, schedule) = (Rules::standard(), Schedule::standard());
    let change = |rule: &str, new: u128| Change::new(&rules, &schedule, rule, new);
    assert_eq!(change("stake_share", 2_750).expect("a tenth more").rules.stake_share.get(), 2_750);
    assert!(matches!(change("stake_shares", 1), Err(VoteError::UnknownRule { .. })));
    assert!(matches!(change("stake_share", 2_500), Err(VoteError::Same { .. })));
    assert!(matches!(change("stake_share", 3_750), Err(VoteError::Step { .. })));
    // At its floor of 10 blocks, and at a relation: the ramp is within the auction.
    let local = Rules::local();
    let at_floor = Change::new(&local, &schedule, "final_blocks", 9);
    assert!(matches!(at_floor, Err(VoteError::Rules(RulesError::Bounds { .. }))));
    let mut tight = Rules::standard();
    tight.ramp_blocks = tight.auction_blocks;
    let longer = Change::new(&tight, &schedule, "ramp_blocks", 22);
    assert!(matches!(longer, Err(VoteError::Rules(RulesError::Relation { .. }))));
    // The split keeps its sum: what is burnt gives way, and counts where it changes more.
    assert!(matches!(change("burn_share", 5_100), Err(VoteError::Follows { .. })));
    let split = change("requester_share", 1_600).expect("in range");
    assert_eq!((split.rules.burn_share.get(), split.rules.hero_share.get()), (4_900, 3_500));
    let mut little = Rules::standard();
    (little.burn_share, little.requester_share, little.hero_share) = (bps(2_600), bps(400), bps(7_000));
    let more = Change::new(&little, &schedule, "hero_share", 7_100).expect("in range");
    assert_eq!(Some(more.room), schedule.room(2_600, 2_500), "the burnt share moves further");
}
