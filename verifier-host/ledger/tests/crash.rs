//! K1: the machine stops behind any operation, with what was not synced kept, dropped, reordered or torn. Invariants 1 and 2
//! of docs/format.md. `verifier-host/host/tests/crash.rs` does the same with real blocks.

#[path = "support/crash.rs"]
mod crash;
#[path = "support/disk.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod disk;
#[path = "support/history.rs"]
mod history;

use std::fs;

use disk::Disk;
use history::{committed, history};
use zera_ledger::Ledger;
use zera_market::ports::Store;

const COMMITS: u32 = 6;
const SEED: u64 = 0x2e4a;

#[test]
fn behind_every_operation_a_commit_is_whole_or_absent() {
    let disk = Disk::default();
    let ledger = Ledger::with_backend(disk.clone()).expect("made");
    // A point in the log behind which so many commits were acknowledged.
    let mut acknowledged = vec![disk.changes()];
    for number in 0..COMMITS {
        ledger.commit(&history(number)).expect("committed");
        acknowledged.push(disk.changes());
    }
    drop(ledger);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let (mut images, mut early, mut unmade) = (0u32, 0u32, 0u32);
    let log = disk.log();
    crash::explore(
        &log,
        SEED,
        |_, _| true,
        |done, fate, image| {
            images += 1;
            // How many points lie at or before this one: none while the ledger was made.
            let points = acknowledged.iter().filter(|&&at| at <= done).count() as u32;
            let opened = Ledger::with_backend(Disk::holding(image.clone()));
            let Some(least) = points.checked_sub(1) else {
                unmade += u32::from(opened.is_err());
                return;
            };
            let opened =
                opened.unwrap_or_else(|error| panic!("seed {SEED} operation {done} {fate:?} does not open: {error}"));
            let count = committed(&opened);
            assert!(
                (least..=least + 1).contains(&count),
                "seed {SEED} operation {done} {fate:?}: {count} commits, {least} were acknowledged"
            );
            early += u32::from(count > least);
            opened.commit(&history(count)).expect("it goes on");
            drop(opened);
            // As a file, through the check that every start makes.
            if done % 8 == 0 {
                fs::write(&path, &image).expect("written");
                let opened = Ledger::open(&path)
                    .unwrap_or_else(|error| panic!("seed {SEED} operation {done} {fate:?} does not open: {error}"));
                assert_eq!(committed(&opened), count);
            }
        },
    );
    println!(
        "{} operations, {images} images, {unmade} of a ledger being made, {early} with an unacknowledged commit",
        log.len()
    );
    assert!(images > 200, "{images}");
}
