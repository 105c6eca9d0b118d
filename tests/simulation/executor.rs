//! The workers: each invocation is one future, which goes on when the answer of one of its calls arrives.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use jiff::{SignedDuration, Timestamp};
use shared::error::Error;
use shared::model::ids::AccountId;
use shared::model::run::{BackfillRequest, RequestedBy};
use shared::reconcile::{QueueMessage, backfill, reconcile_batch, review_events};
use shared::worker::Worker;

use super::calls::{Calls, Stage};
use super::cloud::SimulatedCloud;
use super::errors::words;
use super::observations::Observations;
use super::queue::Job;
use super::setting;
use super::world::World;

/// How long an invocation may take, in milliseconds: the timeouts in the template.
const MAY_TAKE: i64 = 60_000;
const SWEEP_MAY_TAKE: i64 = 300_000;
/// What reconcile-records keeps of that to say what became of its messages.
const TIME_TO_ANSWER: i64 = 3_000;

/// Notes that a future can go on.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What an invocation comes to: the messages that failed.
type Outcome = Result<Vec<u64>, Error>;

/// An invocation.
pub(crate) struct Running {
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    woken: Arc<Woken>,
    messages: Vec<(u64, String)>,
    /// When Lambda ends it.
    pub(crate) ends_at: i64,
    /// Whether faults had stopped when it began.
    in_peace: bool,
}

/// One worker: what Lambda calls an execution environment.
pub(crate) struct Seat {
    number: usize,
    skew: i64,
    assumed: Rc<RefCell<BTreeMap<AccountId, i64>>>,
    worker: Option<Rc<Worker<SimulatedCloud>>>,
    pub(crate) running: Option<Running>,
}

/// All workers, and the calls that they have made.
pub(crate) struct Executor {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) calls: Rc<RefCell<Calls>>,
    pub(crate) seats: Vec<Seat>,
    invocations: u64,
}

impl Executor {
    pub(crate) fn new(world: Rc<RefCell<World>>, skews: Vec<i64>) -> Self {
        let seat =
            |(number, skew)| Seat { number, skew, assumed: Rc::default(), worker: None, running: None };
        let seats = skews.into_iter().enumerate().map(seat).collect();
        Self { world, calls: Rc::default(), seats, invocations: 0 }
    }

    /// A worker takes what is visible in the queue, if anything is.
    pub(crate) fn receive(&mut self, index: usize, in_peace: bool) {
        let mut world = self.world.borrow_mut();
        let World { queue, random, faults, now, .. } = &mut *world;
        let (taken, twice) = queue.receive(*now, faults.doubled, random);
        if taken.is_empty() {
            return;
        }
        (0..twice).for_each(|_| world.tally.count("messages doubled"));
        if taken.len() > 1 {
            world.tally.count("batches of several messages");
        }
        drop(world);
        self.begin(index, taken, in_peace);
    }

    /// A worker begins with what it has taken.
    pub(crate) fn begin(&mut self, index: usize, taken: Vec<(u64, Job)>, in_peace: bool) {
        let mut world = self.world.borrow_mut();
        for (number, job) in &taken {
            world.tally.count("messages");
            world.note(|| format!("w{index} takes message {number}: {job}"));
        }
        let time = if let Some((_, Job::Sweep { .. })) = taken.first() { SWEEP_MAY_TAKE } else { MAY_TAKE };
        let ends_at = world.now + time;
        drop(world);
        self.invocations += 1;
        let worker = self.worker(index, &taken);
        let messages = taken.iter().map(|(number, job)| (*number, job.to_string())).collect();
        let deadline = worker.now() + SignedDuration::from_millis(time - TIME_TO_ANSWER);
        let future = Box::pin(work(worker, taken, deadline, format!("{:08}", self.invocations)));
        let woken = Arc::default();
        self.seats[index].running = Some(Running { future, woken, messages, ends_at, in_peace });
        self.poll(index);
    }

    /// The environment in which an invocation on some messages runs: a warm one, if there is.
    fn worker(&mut self, index: usize, taken: &[(u64, Job)]) -> Rc<Worker<SimulatedCloud>> {
        let run = |job: &Job| if let Job::Message { run, .. } = job { run.clone() } else { None };
        let runs = taken.iter().map(|(_, job)| run(job)).collect();
        let observations = Rc::new(RefCell::new(Observations::of(runs)));
        let seat = &mut self.seats[index];
        let worker = seat.worker.get_or_insert_with(|| {
            let cloud = SimulatedCloud {
                world: Rc::clone(&self.world),
                calls: Rc::clone(&self.calls),
                worker: seat.number,
                skew: seat.skew,
                assumed: Rc::clone(&seat.assumed),
                observations: RefCell::default(),
            };
            Rc::new(Worker::new(cloud, setting::config(&self.world.borrow()), Arc::default()))
        });
        worker.cloud.observations.replace(observations);
        Rc::clone(worker)
    }

    /// One of a worker's open calls takes effect, or its answer arrives.
    pub(crate) fn grant(&mut self, index: usize, number: u64) {
        {
            let mut world = self.world.borrow_mut();
            world.take_time();
            let Some((request, letter, stage)) = self
                .calls
                .borrow()
                .open
                .get(&number)
                .map(|open| (Rc::clone(&open.request), Rc::clone(&open.letter), open.stage))
            else {
                return;
            };
            if stage == Stage::Sent {
                world.tally.count("calls");
                let not_before = world.deliver(&request, &letter);
                if let Some(open) = self.calls.borrow_mut().open.get_mut(&number) {
                    (open.stage, open.not_before) = (Stage::Answered, not_before);
                }
                return;
            }
            world.answer(&request, &*letter);
            if let Some(open) = self.calls.borrow_mut().open.get_mut(&number) {
                open.stage = Stage::Delivered;
                open.waker.wake_by_ref();
            }
        }
        self.poll(index);
    }

    /// Lets those go on whose moment has come.
    pub(crate) fn ring(&mut self) {
        let now = self.world.borrow().now;
        let due: Vec<(u64, usize)> = {
            let calls = self.calls.borrow();
            let due = calls.timers.iter().filter(|(_, timer)| timer.at <= now);
            due.map(|(number, timer)| (*number, timer.worker)).collect()
        };
        for (number, worker) in due {
            let timer = self.calls.borrow_mut().timers.remove(&number);
            if let Some(timer) = timer {
                self.world.borrow_mut().tally.count("deadlines reached");
                timer.waker.wake();
                self.poll(worker);
            }
        }
    }

    /// Lets a worker go on as far as it comes.
    fn poll(&mut self, index: usize) {
        loop {
            let Some(running) = &mut self.seats[index].running else { return };
            let waker = Waker::from(Arc::clone(&running.woken));
            running.woken.0.store(false, Ordering::Relaxed);
            let polled = running.future.as_mut().poll(&mut Context::from_waker(&waker));
            let goes_on = running.woken.0.load(Ordering::Relaxed);
            self.note_logs(index);
            if let Poll::Ready(outcome) = polled {
                return self.finish(index, &outcome);
            }
            if !goes_on {
                break;
            }
        }
        self.bury();
        if !self.calls.borrow().waits(index) {
            self.world.borrow_mut().violation(format!("w{index} waits for nothing"));
        }
    }

    /// Shows what a worker has logged.
    fn note_logs(&self, index: usize) {
        let mut world = self.world.borrow_mut();
        for line in world.logs.take() {
            world.note(|| format!("w{index} logs {line}"));
        }
    }

    fn finish(&mut self, index: usize, outcome: &Outcome) {
        let Some(running) = self.seats[index].running.take() else { return };
        let mut world = self.world.borrow_mut();
        let said = outcome.as_ref().map_or_else(words, |failed| format!("done, but for {failed:?}"));
        world.note(|| format!("w{index} ends: {said}"));
        let failed = |number: &u64| outcome.as_ref().map_or(true, |failed| failed.contains(number));
        for (number, what) in &running.messages {
            if !failed(number) {
                world.queue.delete(*number);
            } else if running.in_peace {
                world.violation(format!("a message fails though nothing is wrong: {what}: {said}"));
            } else {
                world.tally.count("messages that come back");
            }
        }
        drop(world);
        drop(running);
        self.bury();
    }

    /// A worker dies: what it has sent may be done all the same. What comes next begins anew.
    pub(crate) fn kill(&mut self, index: usize, how: &str) {
        self.world.borrow_mut().note(|| format!("w{index} {how}"));
        let seat = &mut self.seats[index];
        seat.running = None;
        seat.worker = None;
        seat.assumed = Rc::default();
        self.bury();
    }

    /// Sees to the calls that nobody waits for any more.
    fn bury(&mut self) {
        let dropped = self.calls.borrow_mut().take_dropped();
        for open in dropped {
            self.world.borrow_mut().abandon(&open);
        }
    }

    /// All sessions in client accounts end.
    pub(crate) fn end_sessions(&mut self) {
        self.seats.iter_mut().for_each(|seat| seat.assumed.borrow_mut().clear());
    }
}

async fn work(
    worker: Rc<Worker<SimulatedCloud>>,
    taken: Vec<(u64, Job)>,
    deadline: Timestamp,
    invocation: String,
) -> Outcome {
    let mut messages = Vec::new();
    for (number, job) in taken {
        match job {
            Job::Message { body, .. } => messages.push((number, body)),
            Job::Review { event, .. } => {
                return review_events(&worker, vec![*event]).await.map(|()| Vec::new());
            }
            Job::Sweep { allow_deletes } => {
                let by = if allow_deletes.is_some() { RequestedBy::Hand } else { RequestedBy::Schedule };
                let request =
                    BackfillRequest { allow_deletes, requested_by: by, ..BackfillRequest::default() };
                return backfill(&worker, &request, &invocation).await.map(|_| Vec::new());
            }
        }
    }
    let message = |(number, body): (u64, String)| QueueMessage {
        id: number.to_string(),
        body,
        receipt_handle: number.to_string(),
        receives: worker.cloud.receives(number),
    };
    let messages = messages.into_iter().map(message).collect();
    let failed = reconcile_batch(&worker, messages, deadline).await?;
    Ok(failed.iter().filter_map(|id| id.parse().ok()).collect())
}
