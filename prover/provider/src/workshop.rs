//! Where proofs are made: threads of their own, earliest deadline first, never more at once than allowed.
//!
//! The async loop hands over an order and awaits its result; nothing here runs on its threads. All proofs share one rayon
//! pool.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::oneshot;
use zera_abi::Height;
use zera_market::Answer;

use crate::prove::{Order, ProveFault, Prover, Step};

/// Called with each step, on the proving thread.
pub(crate) type Tell = Box<dyn FnMut(Step) + Send>;

/// Place in the queue: deadline, then arrival.
type Place = (Height, u64);

struct Entry {
    order: Order,
    tell: Tell,
    done: oneshot::Sender<Result<Answer, ProveFault>>,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Place, Entry>,
    arrivals: u64,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Every change of the queue is one step: it is whole whatever panicked.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The proving threads. Dropping it lets running proofs end and forgets the waiting ones.
pub(crate) struct Workshop {
    shared: Arc<Shared>,
}

/// An order that was handed over.
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    place: Place,
    /// The result; an error where the workshop closed.
    pub(crate) result: oneshot::Receiver<Result<Answer, ProveFault>>,
}

impl Ticket {
    /// Takes the order back; `false` where it was started already.
    pub(crate) fn withdraw(&self) -> bool {
        self.shared.lock().waiting.remove(&self.place).is_some()
    }
}

impl Workshop {
    /// `at_once` proving threads over a pool of `threads`.
    ///
    /// # Errors
    /// The system's, where threads can not be started.
    pub(crate) fn open(prover: Arc<dyn Prover>, threads: usize, at_once: usize) -> Result<Workshop, String> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|at| format!("prove-{at}"))
            .build()
            .map_err(|error| error.to_string())?;
        let pool = Arc::new(pool);
        let shared = Arc::new(Shared { queue: Mutex::new(Queue::default()), changed: Condvar::new() });
        let workshop = Workshop { shared };
        for at in 0..at_once.max(1) {
            let (shared, pool, prover) = (Arc::clone(&workshop.shared), Arc::clone(&pool), Arc::clone(&prover));
            thread::Builder::new()
                .name(format!("bench-{at}"))
                .spawn(move || work(&shared, &pool, prover.as_ref()))
                .map_err(|error| error.to_string())?;
        }
        Ok(workshop)
    }

    /// Hands an order over, to be answered before `deadline`.
    pub(crate) fn hand_over(&self, order: Order, deadline: Height, tell: Tell) -> Ticket {
        let (done, result) = oneshot::channel();
        let mut queue = self.shared.lock();
        let place = (deadline, queue.arrivals);
        queue.arrivals += 1;
        queue.waiting.insert(place, Entry { order, tell, done });
        drop(queue);
        self.shared.changed.notify_one();
        Ticket { shared: Arc::clone(&self.shared), place, result }
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.waiting.clear();
        drop(queue);
        self.shared.changed.notify_all();
    }
}

fn work(shared: &Shared, pool: &rayon::ThreadPool, prover: &dyn Prover) {
    loop {
        let mut queue = shared.lock();
        let Entry { order, mut tell, done } = loop {
            if queue.closed {
                return;
            }
            // Nobody waits for the answer of a job that was given up.
            match queue.waiting.pop_first() {
                Some((_, entry)) if entry.done.is_closed() => {}
                Some((_, entry)) => break entry,
                None => queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(queue);
        let proved = catch_unwind(AssertUnwindSafe(|| pool.install(|| prover.prove(&order, &mut *tell))));
        let result = proved.unwrap_or_else(|panic| Err(ProveFault::Panicked(message(panic.as_ref()))));
        // Whoever waited may have gone meanwhile.
        let _ = done.send(result);
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::Preview;
    use crate::prove::Offer;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use zera_abi::{AccountId, ChainId, KeyId, PredicateId, TaskId};
    use zera_statement::Binding;

    /// Notes the order in which it is asked; panics where the first byte says so.
    #[derive(Default)]
    struct Slow {
        log: Mutex<Vec<u8>>,
        running: AtomicUsize,
        most: AtomicUsize,
    }

    impl Prover for Slow {
        fn offer(&self, _: &PredicateId) -> Option<Offer> {
            None
        }
        fn predicates(&self) -> Vec<PredicateId> {
            vec![]
        }
        fn sample(&self, _: &PredicateId) -> Vec<u8> {
            vec![]
        }
        fn preview(&self, predicate: &PredicateId, _: &[u8], _: &[u8]) -> Result<Preview, ProveFault> {
            Err(ProveFault::NotServed(*predicate))
        }
        fn prove(&self, order: &Order, _: &mut dyn FnMut(Step)) -> Result<Answer, ProveFault> {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
            self.log.lock().unwrap().push(order.public[0]);
            thread::sleep(Duration::from_millis(30));
            self.running.fetch_sub(1, Ordering::SeqCst);
            assert_ne!(order.public[0], 13, "unlucky");
            Err(ProveFault::Root)
        }
    }

    fn order(tag: u8) -> Order {
        let binding = Binding {
            chain: ChainId([0; 32]),
            task: TaskId([tag; 32]),
            key: KeyId([0; 32]),
            predicate: PredicateId([0; 32]),
            provider: AccountId([0; 32]),
            not_after: Height(0),
        };
        Order { binding, public: vec![tag], private: vec![].into(), input_root: [0; 32] }
    }

    fn hand_over(workshop: &Workshop, tag: u8, deadline: u64) -> Ticket {
        workshop.hand_over(order(tag), Height(deadline), Box::new(|_| ()))
    }

    #[tokio::test]
    async fn the_nearest_deadline_goes_first_one_at_a_time() {
        let prover = Arc::new(Slow::default());
        let workshop = Workshop::open(prover.clone(), 1, 1).unwrap();
        let first = hand_over(&workshop, 0, 99);
        while prover.log.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let rest = [(1, 50), (2, 40), (3, 60), (4, 40)].map(|(tag, deadline)| hand_over(&workshop, tag, deadline));
        assert!(!first.withdraw());
        assert!(rest[2].withdraw());
        let [a, b, _, d] = rest;
        for ticket in [first, a, b, d] {
            assert!(matches!(ticket.result.await, Ok(Err(ProveFault::Root))));
        }
        assert_eq!(*prover.log.lock().unwrap(), [0, 2, 4, 1]);
        assert_eq!(prover.most.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_panic_is_a_fault_and_the_thread_goes_on() {
        let workshop = Workshop::open(Arc::new(Slow::default()), 1, 1).unwrap();
        let bad = hand_over(&workshop, 13, 1);
        let good = hand_over(&workshop, 14, 2);
        assert!(matches!(bad.result.await, Ok(Err(ProveFault::Panicked(what))) if what.contains("unlucky")));
        assert!(matches!(good.result.await, Ok(Err(ProveFault::Root))));
    }

    #[tokio::test]
    async fn closing_forgets_what_waits() {
        let workshop = Workshop::open(Arc::new(Slow::default()), 1, 2).unwrap();
        let tickets: Vec<Ticket> = (0..5).map(|tag| hand_over(&workshop, tag, 9)).collect();
        drop(workshop);
        let mut lost = 0;
        for ticket in tickets {
            lost += usize::from(ticket.result.await.is_err());
        }
        assert!(lost >= 3, "{lost} orders were forgotten");
    }
}
