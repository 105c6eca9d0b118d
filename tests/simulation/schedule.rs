//! One schedule: workers, clients and people take turns as the seed decides, then all faults stop, and
//! sweeps must make everything right and leave nothing to do.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::api::{Api, Fail, words};
use super::faults::{Broken, Faults};
use super::orchestrate::work;
use super::queue::Job;
use super::world::{Tally, World};

/// Within how many sweeps everything is right once nothing goes wrong any more: one, and one more for a name
/// or a shared zone that passes to another owner, which the first one can only free.
pub(crate) const SWEEPS: usize = 2;

/// Lambda ends a function after this many milliseconds.
const FUNCTION_MAY_TAKE: i64 = 57_000;
const TURNS: usize = 6_000;
const TURNS_TO_REST: usize = 30_000;

/// What came of a schedule.
pub(crate) struct Report {
    pub(crate) violations: Vec<String>,
    pub(crate) history: Vec<String>,
    pub(crate) tally: Tally,
}

struct Running {
    future: Pin<Box<dyn Future<Output = Result<(), Fail>>>>,
    message: u64,
    began: i64,
    time: i64,
    /// Whether faults had stopped when it began.
    in_peace: bool,
}

struct Schedule {
    world: Rc<RefCell<World>>,
    workers: Vec<Option<Running>>,
    skews: Vec<i64>,
    peace: bool,
}

/// Runs the schedule of a seed from start to end, or to its first violation.
pub(crate) fn run(seed: u64, broken: Option<Broken>, with_history: bool) -> Report {
    let mut world = World::new(seed, broken, with_history);
    let workers = usize::try_from(world.random.between(2, 4)).unwrap_or(2);
    let skews = (0..workers).map(|_| world.random.between(-150, 150)).collect();
    let world = Rc::new(RefCell::new(world));
    let mut schedule = Schedule {
        world: Rc::clone(&world),
        workers: (0..workers).map(|_| None).collect(),
        skews,
        peace: false,
    };
    schedule.trouble();
    schedule.peace();
    drop(schedule);
    let mut world = world.borrow_mut();
    let history = world.history.take().unwrap_or_default();
    Report { violations: std::mem::take(&mut world.violations), history, tally: world.tally.clone() }
}

impl Schedule {
    fn failed(&self) -> bool {
        !self.world.borrow().violations.is_empty()
    }

    /// Everything happens, and everything that can go wrong does.
    fn trouble(&mut self) {
        let mut left = self.world.borrow_mut().random.between(6, 26);
        let calm = self.world.borrow_mut().random.between(8, 40);
        for _ in 0..TURNS {
            if self.failed() || (left <= 0 && self.rests()) {
                break;
            }
            let calm = usize::try_from(calm).unwrap_or(8);
            let happens = left > 0 && (self.world.borrow_mut().random.one_in(calm) || self.rests());
            if happens {
                left -= 1;
                self.world.borrow_mut().happening();
                if self.world.borrow_mut().random.one_in(3) {
                    // Soon after one another.
                    self.world.borrow_mut().happening();
                }
            } else {
                self.turn();
            }
            if left <= 0 && self.world.borrow_mut().random.one_in(400) {
                break;
            }
        }
    }

    /// Nothing goes wrong any more: what is on its way arrives, and sweeps put things right.
    fn peace(&mut self) {
        if self.failed() {
            return;
        }
        self.stop_faults();
        self.peace = true;
        self.rest();
        self.settle();
        if self.world.borrow_mut().random.one_in(2) {
            self.world.borrow_mut().note(|| "endpoints go and nobody hears of it".into());
            self.world.borrow_mut().delete_unheard();
            self.settle();
            self.sweep(None);
            self.settle();
        }
        self.put_right();
        if !self.failed() {
            self.leave_alone();
        }
    }

    /// Sweeps until nothing differs from what should be.
    fn put_right(&mut self) {
        let mut sweeps = 0;
        while sweeps < SWEEPS {
            let decided = self.decided();
            // What earlier sweeps have held is let go.
            self.sweep(Some(1000));
            sweeps += 1;
            if self.failed() {
                return;
            }
            if self.decided() > decided {
                // It has accepted or rejected a connection whose event was lost.
                self.settle();
                sweeps = 0;
            } else if self.world.borrow().differences().is_empty() {
                let counted = if sweeps == 1 { "right after 1 sweep" } else { "right after 2 sweeps" };
                return self.world.borrow_mut().tally.count(counted);
            }
        }
        let differences = self.world.borrow().differences().join("; ");
        self.world.borrow_mut().violation(format!("after {sweeps} sweeps: {differences}"));
    }

    /// One more sweep finds nothing to do.
    fn leave_alone(&mut self) {
        self.world.borrow_mut().writes.clear();
        self.sweep(None);
        let mut world = self.world.borrow_mut();
        let mut written = std::mem::take(&mut world.writes);
        // What is gone may be forgotten a sweep after its record went.
        let forgets = |write: &String| write.contains(" remember ") && write.ends_with(": gone, nothing");
        written.retain(|write| !write.starts_with("sqs:") && !forgets(write));
        // Whether a change is still denied can only be seen by trying it.
        let mut denied = world.denied.iter();
        let tries = denied.any(|(_, operation)| *operation == "route53:ChangeResourceRecordSets");
        if !written.is_empty() && !tries && world.broken.is_none() {
            world.violation(format!("a sweep over what is right writes: {}", written.join("; ")));
        }
    }

    /// Lets time pass until endpoints are what they will be, announced changes are over, and what is not found
    /// is believed to be gone.
    fn settle(&mut self) {
        loop {
            let next = self.world.borrow().next_by_itself();
            let mut world = self.world.borrow_mut();
            let time = next.map_or(11 * 60_000, |at| at - world.now);
            world.pass(time);
            if next.is_none() {
                break;
            }
        }
        self.rest();
    }

    fn stop_faults(&mut self) {
        let mut world = self.world.borrow_mut();
        world.note(|| "from here on nothing goes wrong any more".into());
        world.faults = Faults::none();
        world.define_again();
        if !world.random.one_in(8) {
            world.denied.clear();
        }
        if world.random.one_in(2) {
            world.note(|| "people remove what is not ours".into());
            let claimed: Vec<_> = world.table.claims.keys().cloned().collect();
            world.route53.slots.retain(|key, slot| {
                !slot.by_a_person || (claimed.contains(key) && slot.seen.incompatible.is_empty())
            });
        }
        if world.random.one_in(2) {
            world.note(|| "the queue loses all its messages, and all workers die".into());
            world.queue.lose_all();
            self.workers.iter_mut().for_each(|worker| *worker = None);
        }
    }

    fn decided(&self) -> u64 {
        let counted = |what| self.world.borrow().tally.0.get(what).copied().unwrap_or_default();
        counted("connections accepted") + counted("connections rejected")
    }

    fn sweep(&mut self, allow_deletes: Option<u32>) {
        {
            let mut world = self.world.borrow_mut();
            world.note(|| "a sweep".into());
            let now = world.now;
            world.queue.send(Job::Sweep { allow_deletes }, now);
        }
        self.rest();
    }

    /// Lets workers work until no message is left.
    fn rest(&mut self) {
        for _ in 0..TURNS_TO_REST {
            if self.failed() {
                return;
            }
            if self.rests() && self.world.borrow().queue.len() == 0 {
                return;
            }
            self.turn();
        }
        self.world.borrow_mut().violation("messages never end");
    }

    /// Whether no worker works and no message can be seen.
    fn rests(&self) -> bool {
        let world = self.world.borrow();
        self.workers.iter().all(Option::is_none) && world.queue.next().is_none_or(|at| at > world.now)
    }

    /// One worker's turn, or time's where there is nothing to do.
    fn turn(&mut self) {
        if self.rests() {
            let mut world = self.world.borrow_mut();
            let next = world.queue.next().into_iter().chain(world.next_by_itself()).min();
            let until = next.unwrap_or(world.now + 30_000).max(world.now + 1);
            let time = until - world.now;
            return world.pass(time);
        }
        let index = self.world.borrow_mut().random.below(self.workers.len());
        match self.workers[index].take() {
            None => self.receive(index),
            Some(running) => self.go_on(index, running),
        }
    }

    fn receive(&mut self, index: usize) {
        let mut world = self.world.borrow_mut();
        let World { queue, random, faults, now, .. } = &mut *world;
        let doubled = random.one_in(faults.doubled);
        let Some((message, job)) = queue.receive(*now, doubled, random) else { return };
        world.tally.count("messages");
        world.note(|| format!("w{index} takes message {message}: {job}"));
        let time = if let Job::Sweep { .. } = job { 5 * FUNCTION_MAY_TAKE } else { FUNCTION_MAY_TAKE };
        let began = world.now;
        let (world, assumed) = (Rc::clone(&self.world), RefCell::default());
        let api = Api { world, worker: index, skew: self.skews[index], assumed };
        let future = Box::pin(work(Rc::new(api), job));
        self.workers[index] = Some(Running { future, message, began, time, in_peace: self.peace });
    }

    fn go_on(&mut self, index: usize, mut running: Running) {
        {
            let mut world = self.world.borrow_mut();
            let crash = world.faults.crash;
            let late = world.now - running.began > running.time;
            if late || world.random.one_in(crash) {
                world.tally.count(if late { "workers out of time" } else { "crashes" });
                let how = if late { "is out of time" } else { "crashes" };
                return world.note(|| format!("w{index} {how}"));
            }
            world.tally.count("calls");
        }
        let outcome = running.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.world.borrow_mut().check_references();
        match outcome {
            Poll::Pending => self.workers[index] = Some(running),
            Poll::Ready(Ok(())) => self.world.borrow_mut().queue.delete(running.message),
            Poll::Ready(Err(fail)) => {
                let mut world = self.world.borrow_mut();
                world.note(|| format!("w{index} gives its message back: {}", words(&fail)));
                if running.in_peace {
                    world.violation(format!("a message fails though nothing is wrong: {}", words(&fail)));
                }
            }
        }
    }
}
