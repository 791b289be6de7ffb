//! A block of answers to many contracts under many keys: as many lanes as the machine has processors, beside one lane.
//!
//! Both sides take turns on the same block in the same run; the median ratio of neighbours is printed.

use std::cell::RefCell;
use std::num::NonZeroUsize;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use zera_benches::pair;
use zera_benches::workload::street::Street;
use zera_host::{Chain, Lanes, Verdicts, verify_in_lanes};

/// Proofs of a block, as many as fit its fuel whatever each uses of its limit.
const PROOFS: usize = 64;

/// What the next turn of each side applies; a turn takes it.
struct Turn {
    many: RefCell<Option<(Chain, Verdicts)>>,
    one: RefCell<Option<(Chain, Verdicts)>>,
}

/// As many as the machine has processors, two at least.
fn all() -> Lanes {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Lanes::new(processors.max(NonZeroUsize::MIN.saturating_add(1)))
}

/// Verifying alone, settling alone with the verdicts there, and both.
fn lanes(criterion: &mut Criterion) {
    let many = all();
    let mut group = criterion.benchmark_group("lanes");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(PROOFS as u64));
    for (contracts, keys) in [(1, 1), (8, 1), (8, 4), (32, 8)] {
        let street = Street::new(PROOFS, contracts, keys);
        let apply = |(mut chain, verdicts): (Chain, Verdicts)| {
            let report = chain.apply(street.txs(), verdicts).expect("no fault");
            (chain, report)
        };
        let roots = [many, Lanes::ONE].map(|lanes| {
            let chain = street.chain(lanes);
            let verdicts = street.verdicts(&chain, lanes);
            let (chain, report) = apply((chain, verdicts));
            street.check(&chain, &report)
        });
        assert_eq!(roots[0], roots[1], "lanes do not show in the state");

        let name = |step: &str, lanes: Lanes| {
            format!("step={step} proofs={PROOFS} contracts={contracts} keys={keys} lanes={}", lanes.count())
        };
        let jobs = street.jobs(&street.chain(many));
        pair(
            &mut group,
            || (),
            (&name("verify", many), |(): &()| verify_in_lanes(&jobs, many).expect("no panic")),
            (&name("verify", Lanes::ONE), |(): &()| verify_in_lanes(&jobs, Lanes::ONE).expect("no panic")),
        );
        let ready = |lanes: Lanes, ahead: bool| {
            let chain = street.chain(lanes);
            let verdicts = if ahead { street.verdicts(&chain, many) } else { Verdicts::default() };
            RefCell::new(Some((chain, verdicts)))
        };
        let taken = |turn: &RefCell<Option<(Chain, Verdicts)>>| turn.borrow_mut().take().expect("one turn each");
        pair(
            &mut group,
            || Turn { many: ready(many, true), one: ready(Lanes::ONE, true) },
            (&name("settle", many), |turn: &Turn| apply(taken(&turn.many))),
            (&name("settle", Lanes::ONE), |turn: &Turn| apply(taken(&turn.one))),
        );
        let whole = |(chain, _): (Chain, Verdicts), lanes: Lanes| {
            let verdicts = street.verdicts(&chain, lanes);
            apply((chain, verdicts))
        };
        pair(
            &mut group,
            || Turn { many: ready(many, false), one: ready(Lanes::ONE, false) },
            (&name("block", many), |turn: &Turn| whole(taken(&turn.many), many)),
            (&name("block", Lanes::ONE), |turn: &Turn| whole(taken(&turn.one), Lanes::ONE)),
        );
    }
    group.finish();
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = lanes }
criterion_main!(benches);
