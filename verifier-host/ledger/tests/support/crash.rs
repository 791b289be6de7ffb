//! The images that a crash could have left on a disk.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::disk::Op;

/// What a disk writes at once, or not at all.
const SECTOR: u64 = 512;

/// What became of the operations after the last sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// All of them reached the disk.
    Kept,
    /// None did.
    Dropped,
    /// A later one did where an earlier one did not.
    Reordered,
    /// Some sectors of some writes did.
    Torn,
}

impl Fate {
    /// Every fate.
    pub const ALL: [Fate; 4] = [Fate::Kept, Fate::Dropped, Fate::Reordered, Fate::Torn];
}

/// Calls `visit` with the image after a crash behind each of the first `1..=log.len()` operations in each fate that
/// `wanted` asks for. An image is a function of the operation, the fate and `seed`.
pub fn explore(
    log: &[Op],
    seed: u64,
    mut wanted: impl FnMut(usize, Fate) -> bool,
    mut visit: impl FnMut(usize, Fate, Vec<u8>),
) {
    let mut durable = Vec::new();
    let mut synced = 0;
    for done in 1..=log.len() {
        if matches!(log[done - 1], Op::Sync) {
            for op in &log[synced..done] {
                apply(&mut durable, op, |_| true);
            }
            synced = done;
        }
        for (number, fate) in (0u64..).zip(Fate::ALL) {
            if wanted(done, fate) {
                let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (done as u64) << 3 ^ number);
                visit(done, fate, image(&durable, &log[synced..done], fate, &mut rng));
            }
        }
    }
}

fn image(durable: &[u8], pending: &[Op], fate: Fate, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut image = durable.to_vec();
    for op in pending {
        match fate {
            Fate::Dropped => {}
            Fate::Kept => apply(&mut image, op, |_| true),
            Fate::Reordered => {
                let kept = rng.gen_bool(0.5);
                apply(&mut image, op, |_| kept);
            }
            Fate::Torn => apply(&mut image, op, |_| rng.gen_bool(0.5)),
        }
    }
    image
}

/// Applies the sectors of an operation that `kept` says yes to; what lies behind the end of a file that was not extended is
/// lost, as the header of a file that a crash left short is not.
fn apply(image: &mut Vec<u8>, op: &Op, mut kept: impl FnMut(u64) -> bool) {
    match op {
        Op::Sync => {}
        Op::SetLen(len) => {
            if kept(0) {
                image.resize(*len as usize, 0);
            }
        }
        Op::Write(offset, data) => {
            let end = offset + data.len() as u64;
            let mut at = *offset;
            while at < end {
                let next = (at / SECTOR + 1) * SECTOR;
                let stop = next.min(end).min(image.len() as u64);
                if kept(at) && at < stop {
                    let from = &data[(at - offset) as usize..(stop - offset) as usize];
                    image[at as usize..stop as usize].copy_from_slice(from);
                }
                at = next;
            }
        }
    }
}
