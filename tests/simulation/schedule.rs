//! One schedule: workers, clients and people take turns as the seed decides, then all faults stop, and
//! sweeps must make everything right and leave nothing to do.

use std::cell::RefCell;
use std::rc::Rc;

use shared::model::record::SeenRecords;

use super::executor::Executor;
use super::faults::Faults;
use super::queue::Job;
use super::random::Random;
use super::unneeded::DELETE_ZONE;
use super::world::{Tally, World};

/// Within how many sweeps everything is right once nothing goes wrong any more: one, and one more for a name
/// or a shared zone that passes to another owner, which the first one can only free.
pub(crate) const SWEEPS: usize = 2;

/// One turn in so many, while a change is on its way, brings a person to the same record.
const INTERFERES: usize = 60;
/// One turn in so many, while a zone is on its way, brings a person who makes one.
const MAKES_ONE_TOO: usize = 6;
/// One turn in so many, while a zone is on its way out, brings somebody who uses it after all.
const USES_IT_AFTER_ALL: usize = 2;
const TURNS: usize = 20_000;
const TURNS_TO_REST: usize = 100_000;

/// What came of a schedule.
pub(crate) struct Report {
    pub(crate) violations: Vec<String>,
    pub(crate) history: Vec<String>,
    pub(crate) tally: Tally,
}

/// A schedule under way.
pub(crate) struct Schedule {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) executor: Executor,
    /// Whether faults have stopped.
    pub(crate) peace: bool,
}

/// Runs the schedule of a seed from start to end, or to its first violation.
pub(crate) fn run(seed: u64, with_history: bool) -> Report {
    run_with(seed, Random::new(seed), with_history).0
}

/// Runs the schedule of a seed with this chance; gives the choices, too, where they were kept.
pub(crate) fn run_with(seed: u64, random: Random, with_history: bool) -> (Report, Vec<usize>) {
    let mut world = World::new(seed, random, with_history);
    let workers = world.random.between(2, 4);
    let skews = (0..workers).map(|_| world.random.between(-150, 150)).collect();
    let world = Rc::new(RefCell::new(world));
    let executor = Executor::new(Rc::clone(&world), skews);
    let mut schedule = Schedule { world: Rc::clone(&world), executor, peace: false };
    let mut whole = || {
        schedule.trouble();
        schedule.contend();
        schedule.peace();
    };
    if with_history {
        let logs = world.borrow().logs.clone();
        tracing::subscriber::with_default(logs, whole);
    } else {
        whole();
    }
    drop(schedule);
    let mut world = world.borrow_mut();
    let history = world.history.take().unwrap_or_default();
    let report =
        Report { violations: std::mem::take(&mut world.violations), history, tally: world.tally.clone() };
    (report, world.random.choices())
}

impl Schedule {
    pub(crate) fn failed(&self) -> bool {
        !self.world.borrow().violations.is_empty()
    }

    /// Everything happens, and everything that can go wrong does.
    fn trouble(&mut self) {
        let mut left = self.world.borrow_mut().random.between(6, 26);
        let calm = self.world.borrow_mut().random.between(10, 120);
        for _ in 0..TURNS {
            self.world.borrow_mut().somebody_writes();
            if self.failed() || (left <= 0 && self.rests()) {
                break;
            }
            let calm = usize::try_from(calm).unwrap_or(8);
            let happens = left > 0 && (self.world.borrow_mut().random.one_in(calm) || self.rests());
            if happens {
                left -= 1;
                self.world.borrow_mut().somebody_begins_to_write();
                self.world.borrow_mut().happening();
                if self.world.borrow_mut().random.one_in(3) {
                    // Soon after one another.
                    self.world.borrow_mut().happening();
                }
            } else {
                self.turn();
                self.interfere();
            }
            if left <= 0 && self.world.borrow_mut().random.one_in(400) {
                break;
            }
        }
    }

    /// Somebody else writes a record again and again, and what can go wrong still does.
    fn contend(&mut self) {
        if !self.world.borrow().others_write || self.failed() {
            return;
        }
        {
            let mut world = self.world.borrow_mut();
            let now = world.now;
            world.define_again();
            world.queue.send(Job::Sweep { allow_deletes: Some(1000) }, now);
        }
        for _ in 0..TURNS {
            if self.failed() {
                return;
            }
            if !self.rests() {
                self.turn();
            } else if self.world.borrow().writer.is_none() {
                self.world.borrow_mut().somebody_begins_to_write();
                if self.world.borrow().writer.is_none() {
                    return;
                }
            } else {
                self.world.borrow_mut().waits_for_the_writer();
            }
            self.world.borrow_mut().somebody_writes();
        }
    }

    /// Somebody touches a record, of all times, while a change of it is on its way to Route 53.
    fn interfere(&mut self) {
        if self.executor.calls.borrow().makes_a_zone() && self.world.borrow_mut().random.one_in(MAKES_ONE_TOO)
        {
            return self.world.borrow_mut().person_makes_a_zone();
        }
        let deleted = self.executor.calls.borrow().deletes_a_zone();
        if let Some(zone) = deleted
            && self.world.borrow_mut().random.one_in(USES_IT_AFTER_ALL)
        {
            return self.world.borrow_mut().somebody_at_a_zone_that_goes(&zone);
        }
        let Some(key) = self.executor.calls.borrow().changed() else { return };
        let mut world = self.world.borrow_mut();
        if !world.takes_back && world.random.one_in(INTERFERES) {
            world.person_at(key);
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
            self.outlast();
        }
        if !self.failed() {
            self.leave_alone();
        }
        if !self.failed() {
            self.hear();
        }
        if !self.failed() {
            self.told_once();
        }
        if !self.failed() && self.world.borrow().owners_consent {
            self.lose_a_guest();
        }
        if !self.failed() {
            self.closer_zones_come();
        }
    }

    /// Where nothing goes wrong, events alone make all records right. What else is held waits for the next sweep.
    fn hear(&mut self) {
        self.world.borrow_mut().note(|| "clients go on, and all is heard of".into());
        // Workers may be in each other's way: a message may come back.
        self.peace = false;
        let happenings = self.world.borrow_mut().random.between(1, 4);
        for _ in 0..happenings {
            self.world.borrow_mut().client();
            let turns = self.world.borrow_mut().random.below(40);
            for _ in 0..turns {
                self.turn();
            }
        }
        self.rest();
        self.settle();
        let differences = self.world.borrow().wrong_answers().join("; ");
        if !self.failed() && !differences.is_empty() {
            self.world.borrow_mut().violation(format!("after events alone: {differences}"));
        }
    }

    /// An account closes its role while its addresses stand in a zone of another one.
    fn lose_a_guest(&mut self) {
        if !self.world.borrow_mut().guest_closes() {
            return;
        }
        // A role takes its sessions with it.
        self.executor.end_sessions();
        self.peace = true;
        if self.world.borrow_mut().random.one_in(2) {
            // Lists show the endpoints as they go, and later no more.
            self.rest();
            self.sweep(Some(1000));
        }
        self.settle();
        self.put_right();
        if !self.failed() {
            // The hold on an account of which nothing is left ends a sweep later.
            self.sweep(None);
            self.leave_alone();
        }
    }

    /// Sweeps until nothing differs from what should be.
    fn put_right(&mut self) {
        let mut sweeps = 0;
        // A consent that is taken back is believed after two looks, a quarter of an hour apart.
        let most = if self.world.borrow().owners_consent { 2 * SWEEPS } else { SWEEPS };
        while sweeps < most {
            let decided = self.decided();
            if sweeps > 0 {
                // What is not found any more may be remembered for ten minutes.
                self.world.borrow_mut().pass(11 * 60_000);
            }
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

    /// Nobody else writes any more: an hour after its last repair what was left as contended is made right by a sweep.
    fn outlast(&mut self) {
        let held = self.world.borrow().contended();
        if held.is_empty() {
            return;
        }
        self.world.borrow_mut().tally.count("rests that ended");
        self.world.borrow_mut().pass(60 * 60_000);
        self.settle();
        self.put_right();
        let still = self.world.borrow().contended();
        if !still.is_empty() {
            self.world.borrow_mut().violation(format!("an hour later still contended: {still:?}"));
        }
    }

    /// One more sweep finds nothing to do.
    fn leave_alone(&mut self) {
        // The hold says when Profiles were read last, each hour anew.
        let reads_profiles = self.world.borrow().is_time_for_profiles();
        self.world.borrow_mut().writes.clear();
        self.sweep(None);
        let mut world = self.world.borrow_mut();
        let written = std::mem::take(&mut world.writes);
        // Whether a change is still denied can only be seen by trying it.
        let mut denied = world.denied.iter();
        let writes = ["route53:ChangeResourceRecordSets", "route53:CreateHostedZone", DELETE_ZONE];
        let tries = denied.any(|(_, operation)| writes.contains(operation));
        if !written.is_empty() && !tries && !reads_profiles {
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
        world.writer_stops();
        world.note(|| "from here on nothing goes wrong any more".into());
        world.faults = Faults::none();
        world.define_again();
        if !world.random.one_in(8) {
            world.grant_again();
        }
        if world.random.one_in(2) {
            world.note(|| "people remove what is not ours".into());
            let claimed: Vec<_> = world.table.claims().map(|claim| claim.key.clone()).collect();
            let now = world.now;
            for (key, slot) in &mut world.route53.slots {
                let stays = claimed.contains(key) && slot.seen.incompatible.is_empty();
                if slot.by_a_person && !stays {
                    // What lands afterwards finds a name that a person has touched.
                    (slot.seen, slot.touched) = (SeenRecords::default(), Some(now));
                }
            }
        }
        if world.random.one_in(2) {
            world.note(|| "the queue loses all its messages, and all workers die".into());
            world.queue.lose_all();
            drop(world);
            (0..self.executor.seats.len()).for_each(|index| self.executor.kill(index, "dies"));
        }
        self.executor.end_sessions();
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
    pub(crate) fn rest(&mut self) {
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
}
