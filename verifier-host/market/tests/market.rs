//! The market from outside: payouts, boundaries, attacks, and a plain model of all of it.

#[path = "market/attack.rs"]
mod attack;
#[path = "market/ballot.rs"]
mod ballot;
#[path = "market/boundary.rs"]
mod boundary;
#[path = "market/delivery.rs"]
mod delivery;
#[path = "market/dispute.rs"]
mod dispute;
#[path = "market/edges.rs"]
mod edges;
#[path = "market/event.rs"]
mod event;
#[path = "market/exhaustive.rs"]
mod exhaustive;
#[path = "market/fixture.rs"]
mod fixture;
#[path = "market/key.rs"]
mod key;
#[path = "market/machine.rs"]
mod machine;
#[path = "market/metamorphic.rs"]
mod metamorphic;
#[path = "market/model.rs"]
mod model;
#[path = "market/payout.rs"]
mod payout;
#[path = "market/random.rs"]
mod random;
#[path = "market/standing.rs"]
mod standing;
#[path = "market/step.rs"]
mod step;
#[path = "market/transition.rs"]
mod transition;
#[path = "market/view.rs"]
mod view;
#[path = "market/vote.rs"]
mod vote;
