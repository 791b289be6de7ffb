//! The stories: each sets a scene, lets the network act, and checks that it ended as the rules say.

mod answer;
mod attested;
mod auction;
mod failure;
mod private;
mod programmed;
mod rescue;
mod scene;
mod voted;

use zera_abi::TaskId;
use zera_provider::Conduct;

use super::network::{ALICE, BOB, CAROL, Network};
use super::program;
use scene::Scene;

/// One thing that had to hold, and whether it did.
#[derive(Clone, Debug)]
pub struct Check {
    /// What had to hold.
    pub what: String,
    /// Whether it did.
    pub holds: bool,
}

/// How a story ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The story's title.
    pub title: &'static str,
    /// Its task.
    pub task: Option<TaskId>,
    /// Everything that had to hold.
    pub checks: Vec<Check>,
}

impl Ending {
    /// Whether everything held.
    pub fn is_good(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.holds)
    }
}

/// A story of the demo.
#[derive(Clone, Copy, Debug)]
pub enum Story {
    /// The predicate holds.
    True,
    /// The predicate does not hold.
    False,
    /// A provider locks and goes silent; another rescues.
    Silent,
    /// A provider is late and rescues its own task.
    SelfRescued,
    /// Two rescuers at once.
    Raced,
    /// One corrupted proof, then a good one.
    Corrupted,
    /// Three corrupted proofs: the task is lost to a rescuer.
    Exhausted,
    /// A proof copied from another provider's submission.
    Copied,
    /// The predicate traps.
    Trapped,
    /// The predicate exceeds a bound.
    Exceeded,
    /// The asker cancels before anybody locks.
    Cancelled,
    /// A provider hands its lock back; another answers.
    Released,
    /// Nobody bids in any round.
    Expired,
    /// A predicate that is a program in Rust.
    Rust,
    /// A predicate that is a program in C.
    C,
    /// A predicate that is a program in AssemblyScript, over private bytes.
    AssemblyScript,
    /// Private bytes that the request fixes, sealed to the holder.
    Sealed,
    /// The same, and nobody delivers.
    Withheld,
    /// A lie without a proof: a watcher challenges it and proves what is right.
    Lie,
    /// A true answer without a proof is challenged; the host runs the program itself.
    Upheld,
    /// A challenge that nobody settles.
    Void,
    /// A rule changes by a vote; it comes last, as it changes what a lock is.
    Voted,
}

impl Story {
    /// Every story, in the order of the demo.
    pub const ALL: [Story; 22] = [
        Story::True,
        Story::False,
        Story::Silent,
        Story::SelfRescued,
        Story::Raced,
        Story::Corrupted,
        Story::Exhausted,
        Story::Copied,
        Story::Trapped,
        Story::Exceeded,
        Story::Cancelled,
        Story::Released,
        Story::Expired,
        Story::Rust,
        Story::C,
        Story::AssemblyScript,
        Story::Sealed,
        Story::Withheld,
        Story::Lie,
        Story::Upheld,
        Story::Void,
        Story::Voted,
    ];

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Story::True => "the price is above the bound: true, proved, acted on in the same block",
            Story::False => "the price is below the bound: false is an answer too",
            Story::Silent => "a provider locks and goes silent: slashed at its deadline, rescued by the other",
            Story::SelfRescued => "a provider is late and repairs it itself: paid the old price, less a late fee",
            Story::Raced => "two rescuers at once: one is paid, the other gets its deposit back",
            Story::Corrupted => "a corrupted proof costs a quarter of the stake; the next one is good",
            Story::Exhausted => "three corrupted proofs: the task is taken away and rescued",
            Story::Copied => "a proof copied from another provider is worth nothing",
            Story::Trapped => "the predicate traps: that is proved and paid from the asker's bond",
            Story::Exceeded => "the predicate exceeds a bound: that is proved and paid, too",
            Story::Cancelled => "the asker cancels before anybody locks: all back but a fee",
            Story::Released => "a provider hands its lock back in time: a fiftieth burnt, another answers",
            Story::Rust => "the predicate is a program in Rust: nobody had heard of it, a contract asks by name",
            Story::C => "the predicate is a neural network in C; its answer is false",
            Story::AssemblyScript => {
                "the predicate is AssemblyScript and reads private bytes, which stay with the provider"
            }
            Story::Voted => "a rule changes by a vote: for questions that come after, not for one that is open",
            Story::Sealed => {
                "private bytes come sealed to the holder of the lock, and nothing that is kept ever shows them"
            }
            Story::Withheld => "the asker does not deliver the private bytes that it owes: it pays the provider",
            Story::Lie => "a lie that nobody proved: a watcher runs it again, challenges it and proves what is right",
            Story::Upheld => {
                "a true answer is challenged: the chain runs the program itself, the challenger pays for it"
            }
            Story::Void => "a challenge that nobody settles: the answer is void, silence is never the other one",
            Story::Expired => "nobody bids: two more rounds at higher ceilings, then the asker is told",
        }
    }

    /// Plays the story.
    pub async fn play(self, network: &Network) -> Ending {
        let mut scene = Scene::new(network);
        let played = match self {
            Story::True => scene.answered(ALICE, "2018-10-03", 70, true).await,
            Story::False => scene.answered(BOB, "2018-12-27", 50, false).await,
            Story::Silent => scene.silent().await,
            Story::SelfRescued => scene.self_rescued().await,
            Story::Raced => scene.raced().await,
            Story::Corrupted => scene.corrupted().await,
            Story::Exhausted => scene.exhausted().await,
            Story::Copied => scene.copied().await,
            Story::Trapped => scene.trapped().await,
            Story::Exceeded => scene.exceeded().await,
            Story::Cancelled => scene.cancelled().await,
            Story::Released => scene.released().await,
            Story::Expired => scene.expired().await,
            Story::Voted => scene.voted().await,
            Story::Rust => scene.programmed(ALICE, program::RUST, "at both bounds").await,
            Story::C => scene.programmed(BOB, program::C, "random 0, another class").await,
            Story::AssemblyScript => {
                scene.programmed(CAROL, program::ASSEMBLY_SCRIPT, "first rule, at the least balance").await
            }
            Story::Sealed => scene.sealed(ALICE, "second rule, below").await,
            Story::Withheld => scene.withheld(BOB, "last rule, below").await,
            Story::Lie => scene.lied().await,
            Story::Upheld => scene.upheld().await,
            Story::Void => scene.void().await,
        };
        if let Err(error) = played {
            scene.check(format!("{error:#}"), false);
        }
        for provider in &network.providers {
            provider.conduct.send_replace(Conduct::Idle);
        }
        Ending { title: self.title(), task: scene.task, checks: scene.checks }
    }
}
