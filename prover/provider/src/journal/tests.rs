use std::sync::Arc;

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use zera_abi::{Amount, Height, KeyId, Outcome};
use zera_host::{Action, SignedTx, Tx};
use zera_market::Answer;

use super::*;
use crate::job::{Job, Offered, Proved, Sent, Staked, Submitted, Terms, Way};

const ACCOUNT: AccountId = AccountId([1; 32]);
const CHAIN: ChainId = ChainId([2; 32]);

fn tx(nonce: u64) -> SignedTx {
    let key = SigningKey::from_bytes(&[5; 32]);
    let sender = AccountId(key.verifying_key().to_bytes());
    let action = Action::Lock { task: TaskId([3; 32]) };
    Tx { chain: CHAIN, sender, nonce, expiry: Height(9), fuel_limit: 1, action }.sign(&key).unwrap()
}

/// One job of every shape.
fn jobs() -> Vec<AnyJob> {
    let terms = |tag: u8| {
        Arc::new(Terms {
            chain: CHAIN,
            task: TaskId([tag; 32]),
            predicate: PredicateId([4; 32]),
            key: KeyId([5; 32]),
            input_root: [6; 32],
            not_after: Height(u64::MAX),
            public: vec![0, 1, 255],
            expected: (0..tag % 3).map(|at| [at; 32]).collect(),
            witness_only: tag % 2 == 1,
            delivers: tag % 3 == 2,
        })
    };
    let (price, stake) = (Amount::MAX, Amount::from_units(7));
    let answer =
        Answer { outcome: Outcome::BoundExceeded, declared: vec![[8; 32], [9; 32]], proof: Box::new([10; 256]) };
    let proved =
        |tag, sent| AnyJob::Proved(Job { terms: terms(tag), state: Proved { price, answer: answer.clone(), sent } });
    let offered = |tag, by, sent| AnyJob::Offered(Job { terms: terms(tag), state: Offered { by, price, stake, sent } });
    let staked = Staked { price, stake, locked: Height(3), lock_deadline: Height(15) };
    vec![
        offered(0, Way::Lock, None),
        offered(1, Way::Lock, Some(tx(0))),
        offered(2, Way::Rescue, None),
        AnyJob::Staked(Job { terms: terms(3), state: staked }),
        proved(4, None),
        proved(5, Some(Sent::Submit(tx(1)))),
        proved(6, Some(Sent::Commit { tx: tx(2), salt: [11; 32] })),
        proved(7, Some(Sent::Reveal { tx: tx(3), salt: [12; 32] })),
        AnyJob::Submitted(Job { terms: terms(8), state: Submitted { price, outcome: Outcome::True } }),
    ]
}

fn open(path: &Path) -> Result<Journal, JournalError> {
    Journal::open(path, &ACCOUNT, &CHAIN)
}

#[test]
fn every_job_reads_back_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jobs.redb");
    let journal = open(&path).unwrap();
    for job in jobs() {
        journal.put(&job).unwrap();
    }
    journal.count(Decline::Underpriced).unwrap();
    journal.count(Decline::Underpriced).unwrap();
    journal.set_calibration(&PredicateId([4; 32]), 2, 123).unwrap();
    drop(journal);
    let journal = open(&path).unwrap();
    assert_eq!(journal.jobs().unwrap(), jobs());
    assert_eq!(journal.declines().unwrap(), [(Decline::Underpriced, 2)].into());
    assert_eq!(journal.calibration(&PredicateId([4; 32]), 2).unwrap(), Some(123));
    assert_eq!(journal.calibration(&PredicateId([4; 32]), 3).unwrap(), None);
    journal.remove(&TaskId([0; 32])).unwrap();
    assert_eq!(journal.jobs().unwrap(), jobs()[1..]);
}

/// What a kill leaves behind is the file as it is at any moment between two writes, without a clean close.
#[test]
fn a_copy_taken_while_it_is_open_has_everything_that_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let (path, image) = (dir.path().join("jobs.redb"), dir.path().join("image.redb"));
    let journal = open(&path).unwrap();
    for (count, job) in jobs().iter().enumerate() {
        journal.put(job).unwrap();
        std::fs::copy(&path, &image).unwrap();
        assert_eq!(open(&image).unwrap().jobs().unwrap(), jobs()[..=count]);
    }
}

#[test]
fn another_s_book_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jobs.redb");
    drop(open(&path).unwrap());
    let other = Journal::open(&path, &AccountId([9; 32]), &CHAIN);
    assert!(matches!(other, Err(JournalError::Foreign { what, .. }) if what.contains("belongs to account")));
    let other = Journal::open(&path, &ACCOUNT, &ChainId([9; 32]));
    assert!(matches!(other, Err(JournalError::Foreign { what, .. }) if what.contains("belongs to chain")));
    assert!(open(&path).is_ok());
}

#[test]
fn another_program_s_database_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.redb");
    let db = Database::create(&path).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(TableDefinition::<'_, u64, u64>::new("ledger")).unwrap().insert(1, 2).unwrap();
    txn.commit().unwrap();
    drop(db);
    assert!(matches!(open(&path), Err(JournalError::Foreign { .. })));
}

#[test]
fn a_file_that_is_no_database_is_an_error_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("text", b"not a database at all".to_vec()), ("zeros", vec![0; 1 << 16])] {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. } | JournalError::Foreign { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains(name));
    }
    let missing = dir.path().join("no/such/folder");
    assert!(matches!(open(&missing), Err(JournalError::Disk { .. })));
}

#[test]
fn a_row_that_was_changed_is_damage_and_not_another_job() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jobs.redb");
    let journal = open(&path).unwrap();
    let (key, good) = {
        journal.put(&jobs()[1]).unwrap();
        journal.rows().unwrap().remove(0)
    };
    let write = |key: &[u8], row: &[u8]| {
        journal
            .write(|txn| {
                txn.open_table(JOBS)?.insert(key, row)?;
                Ok(())
            })
            .unwrap();
    };
    for at in [0, 31, 32, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        write(&key, &bad);
        assert!(matches!(journal.jobs(), Err(JournalError::Damaged { .. })), "byte {at}");
    }
    write(&key, &good[..20]);
    assert!(matches!(journal.jobs(), Err(JournalError::Damaged { .. })));
    write(&key, &good);
    assert!(journal.jobs().is_ok());
    // A whole row under another task's name.
    write(&[0xee; 32], &good);
    assert!(matches!(journal.jobs(), Err(JournalError::Damaged { what, .. }) if what.contains("another task")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any damage of the file is an error or leaves every job as it was; it never panics and never changes one.
    #[test]
    fn a_damaged_file_never_tells_another_story(at in 0.0f64..1.0, xor in 1u8.., len in 1usize..64) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jobs.redb");
        let journal = open(&path).unwrap();
        for job in jobs() {
            journal.put(&job).unwrap();
        }
        drop(journal);
        let mut bytes = std::fs::read(&path).unwrap();
        let start = (bytes.len() as f64 * at) as usize;
        for byte in bytes.iter_mut().skip(start).take(len) {
            *byte ^= xor;
        }
        std::fs::write(&path, bytes).unwrap();
        if let Ok(found) = open(&path).and_then(|journal| journal.jobs()) {
            for job in found {
                prop_assert!(jobs().contains(&job));
            }
        }
    }

    #[test]
    fn a_truncated_file_is_refused_or_whole(keep in 0.0f64..1.0) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jobs.redb");
        let journal = open(&path).unwrap();
        journal.put(&jobs()[1]).unwrap();
        drop(journal);
        let bytes = std::fs::read(&path).unwrap();
        // An empty file is a new book: a first start may have been interrupted right there.
        let len = ((bytes.len() as f64 * keep) as usize).max(1);
        std::fs::write(&path, &bytes[..len]).unwrap();
        if let Ok(found) = open(&path).and_then(|journal| journal.jobs()) {
            prop_assert!(found.iter().all(|job| jobs().contains(job)));
        }
    }
}
