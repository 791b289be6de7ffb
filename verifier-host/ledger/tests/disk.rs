//! Failing disks: invariants 1, 2 and 3 of docs/format.md.

#[path = "support/disk.rs"]
#[allow(dead_code, reason = "shared by several test binaries")]
mod disk;
#[path = "support/history.rs"]
mod history;

use std::fs;

use disk::{Disk, Fault};
use history::{committed, height, history};
use zera_ledger::Ledger;
use zera_market::ports::Store;

const COMMITS: u32 = 4;

/// What a run over a disk that fails at operation `k` came to.
struct Run {
    acknowledged: u32,
    /// Whether the ledger was made before the disk failed.
    made: bool,
    disk: Disk,
}

/// Makes a ledger and commits until the disk fails; afterwards the ledger refuses everything that needs the disk.
fn run(k: u64, fault: Fault) -> Run {
    let disk = Disk::default();
    disk.fail(k, fault);
    let mut acknowledged = 0;
    let opened = Ledger::with_backend(disk.clone());
    let made = opened.is_ok();
    if let Ok(ledger) = &opened {
        for number in 0..COMMITS {
            match ledger.commit(&history(number)) {
                Ok(()) => acknowledged += 1,
                Err(error) => {
                    assert!(error.to_string().contains("ledger <backend>: committing"), "{error}");
                    // Invariant 3: as if it had not been tried, or an error; never the new rows.
                    if let Ok(height) = height(ledger) {
                        assert_eq!(height, acknowledged, "k {k} {fault:?}");
                    }
                    // Nothing more is taken, even where the disk would: what the first failure lost is unknown.
                    let again = ledger.commit(&history(number));
                    assert!(again.is_err(), "k {k} {fault:?}: a commit after a failed one");
                    break;
                }
            }
        }
    }
    drop(opened);
    Run { acknowledged, made, disk }
}

/// Opens what is left on a sound disk, and gives how many commits are there.
fn after(k: u64, run: &Run, image: Vec<u8>) -> Option<u32> {
    match Ledger::with_backend(Disk::holding(image)) {
        Ok(ledger) => {
            let count = committed(&ledger);
            let expected = run.acknowledged..=run.acknowledged + 1;
            assert!(expected.contains(&count), "k {k}: {count}, acknowledged {}", run.acknowledged);
            // And it goes on.
            ledger.commit(&history(count)).expect("a sound disk");
            assert_eq!(committed(&ledger), count + 1);
            Some(count)
        }
        // A ledger whose making was cut short is no ledger; nothing was acknowledged.
        Err(error) => {
            assert!(!run.made, "k {k}: {error}");
            None
        }
    }
}

/// Tries every operation as the one that fails.
fn whichever_fails(fault: Fault) {
    let (mut total, mut stopped, mut unacknowledged) = (0, 0, 0);
    for k in 0.. {
        let run = run(k, fault);
        // The machine stopped, too: what was not synced may be there or not.
        for image in [run.disk.written(), run.disk.synced()] {
            unacknowledged += u32::from(after(k, &run, image).is_some_and(|count| count > run.acknowledged));
        }
        stopped += u32::from(run.acknowledged < COMMITS);
        if !run.disk.struck() {
            assert_eq!(run.acknowledged, COMMITS);
            break;
        }
        total = k + 1;
    }
    assert!(total > 50 && stopped > 40, "only {total} operations were tried, {stopped} stopped the ledger");
    println!("{fault:?}: {total} failing operations, {unacknowledged} images with an unacknowledged commit");
}

#[test]
fn a_commit_is_whole_or_absent_where_the_disk_dies() {
    whichever_fails(Fault::Dies);
}

/// Also fsyncgate: the sync after a failed one succeeds, and what the failed one lost is lost.
#[test]
fn a_commit_is_whole_or_absent_where_one_operation_fails() {
    whichever_fails(Fault::Once);
}

#[test]
fn a_commit_is_whole_or_absent_where_the_disk_is_full() {
    whichever_fails(Fault::Full);
}

/// Reads that fail or come up short while a ledger is opened: an error or the rows, never other rows.
#[test]
fn a_ledger_opens_whole_or_not_at_all() {
    let disk = Disk::default();
    {
        let ledger = Ledger::with_backend(disk.clone()).expect("made");
        for number in 0..COMMITS {
            ledger.commit(&history(number)).expect("committed");
        }
    }
    let image = disk.written();
    for fault in [Fault::Dies, Fault::Once] {
        let mut refused = 0;
        for k in 0.. {
            let disk = Disk::holding(image.clone());
            disk.fail(k, fault);
            match Ledger::with_backend(disk.clone()) {
                Ok(ledger) => {
                    if !disk.struck() {
                        assert_eq!(committed(&ledger), COMMITS);
                        break;
                    }
                }
                Err(error) => {
                    assert!(!error.to_string().contains('\n'), "{error}");
                    refused += 1;
                }
            }
            assert_eq!(committed(&Ledger::with_backend(Disk::holding(disk.synced())).expect("sound")), COMMITS);
        }
        assert!(refused > 3, "{refused}");
    }
}

/// K3 on a file: every length that a copy cut short, or a disk that gives less than was asked, can leave.
#[test]
fn a_file_of_any_shorter_length_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.redb");
    let ledger = Ledger::open(&path).expect("made");
    ledger.commit(&history(0)).expect("committed");
    drop(ledger);
    let whole = fs::read(&path).expect("read");
    for step in 0..64 {
        let cut = whole.len() * step / 64;
        fs::write(&path, &whole[..cut]).expect("written");
        let error = Ledger::open(&path).map(|_| ()).expect_err("refused");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert_eq!(fs::read(&path).expect("read"), whole[..cut], "{error}");
    }
}
