//! Runs the jobs of a scripted schedule, by one worker, each from its start to its end.

use std::cell::RefCell;
use std::rc::Rc;

use shared::model::ids::VpcId;
use shared::trigger::intent::Intent;

use super::events::{intent, look, told};
use super::executor::Executor;
use super::queue::Job;
use super::setting::{CLIENTS, id};
use super::world::World;

/// The one worker.
const WORKER: usize = 0;
/// The number of a job that the script hands to the worker itself; messages of the queue count from one.
const UNSENT: u64 = 0;
const CAUSE: &str = "a script";

/// A world, and the way to make jobs run in it.
pub(crate) struct Drive {
    pub(crate) world: Rc<RefCell<World>>,
    executor: RefCell<Executor>,
}

impl Drive {
    pub(crate) fn new(world: World) -> Self {
        let world = Rc::new(RefCell::new(world));
        Drive { world: Rc::clone(&world), executor: RefCell::new(Executor::new(world, vec![0])) }
    }

    /// Looks at one VPC.
    pub(crate) fn look_at(&self, vpc: &str) {
        assert!(self.run(self.look(vpc), |_| false), "the look at {vpc} ends");
    }

    /// Looks at endpoints of the first client, as the event of a call on them leads to.
    pub(crate) fn look_at_endpoints(&self, vpc_endpoints: &[&str]) {
        let vpc_endpoints = vpc_endpoints.iter().map(|name| id(name)).collect();
        let message = told(Intent { vpc_endpoints, ..intent(id(CLIENTS[0]), CAUSE) });
        assert!(self.run((UNSENT, message), |_| false), "the look at the endpoints ends");
    }

    /// Looks at one VPC, and dies as soon as the world is so. What it has sent and AWS has not seen is lost.
    pub(crate) fn look_at_and_die_when(&self, vpc: &str, dies: impl Fn(&World) -> bool) {
        assert!(!self.run(self.look(vpc), dies), "the worker dies");
        self.executor.borrow_mut().kill(WORKER, "dies");
        self.world.borrow_mut().in_flight.clear();
    }

    /// A sweep, and all messages that can be seen when it is over. What is sent to look again later stays.
    pub(crate) fn sweep(&self) {
        self.world.borrow_mut().note(|| "a sweep".into());
        assert!(self.run((UNSENT, Job::Sweep { allow_deletes: Some(1000) }), |_| false), "the sweep ends");
        let over = self.world.borrow().now;
        loop {
            let message = self.world.borrow_mut().queue.first(over);
            let Some(message) = message else { break };
            assert!(self.run(message, |_| false), "what the sweep has sent ends");
        }
    }

    /// What a sweep writes; nothing when nothing is left to do.
    pub(crate) fn writes_of_a_sweep(&self) -> Vec<String> {
        self.world.borrow_mut().writes.clear();
        self.sweep();
        std::mem::take(&mut self.world.borrow_mut().writes)
    }

    fn look(&self, vpc: &str) -> (u64, Job) {
        let vpc: VpcId = id(vpc);
        let account = self.world.borrow().vpcs[&vpc].clone();
        (UNSENT, look(&vpc, account, CAUSE))
    }

    /// Whether the job came to its end before its worker had to die. Each call takes effect and is answered in the
    /// order in which calls were made.
    fn run(&self, job: (u64, Job), dies: impl Fn(&World) -> bool) -> bool {
        let mut executor = self.executor.borrow_mut();
        executor.begin(WORKER, vec![job], true);
        while executor.seats[WORKER].running.is_some() {
            if dies(&self.world.borrow()) {
                return false;
            }
            self.step(&mut executor);
        }
        true
    }

    /// One grant, or time until there is one: a job always waits for something.
    fn step(&self, executor: &mut Executor) {
        executor.ring();
        let now = self.world.borrow().now;
        let calls = executor.calls.borrow().grantable(WORKER, now);
        if let Some(first) = calls.first() {
            return executor.grant(WORKER, *first);
        }
        let next = executor.calls.borrow().next().filter(|at| *at > now);
        if executor.seats[WORKER].running.is_some() {
            self.world.borrow_mut().pass(next.unwrap() - now);
        }
    }
}
