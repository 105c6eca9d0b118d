//! The calls that a worker makes. Each is one event of the schedule: between any two of them every other
//! worker, every person and time itself may have their turn.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use jiff::{SignedDuration, Timestamp};
use shared::facts::Denied;
use shared::ids::AccountId;

use super::faults::Broken;
use super::world::{InFlight, World};

/// Why a call came to nothing.
#[derive(Debug, Clone)]
pub(crate) enum Fail {
    /// For want of permission.
    Denied(Denied),
    /// Throttled, or no answer: the message goes back.
    Retry(String),
    /// A condition of ours did not hold.
    Condition,
    /// Route 53's words.
    Refused(String),
}

/// What may become of a write that was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// DynamoDB knows a transaction that is sent again, and does it once.
    Transaction,
    /// It may be done twice, and some time after its sender gave up.
    Plain,
    /// Like `Plain`, but it is sent with a timeout, so that it ends before this moment.
    Until(Timestamp),
}

/// Whether the SDK sends a change of records once at most (`aws/route53.rs`). When it sends one again, the
/// first may land after the second was answered and the claim confirmed.
const CHANGES_ARE_SENT_ONCE: bool = true;
/// A change is not sent with less than this left to it, and ends so long before its time is over.
const LEAST_TIME: i64 = 5_000;
const MARGIN: i64 = 2_000;
/// For how long an item may be on its way to DynamoDB after nobody waits for it any more.
const LATE_ITEM: i64 = 20_000;

/// One worker's way to the world.
pub(crate) struct Api {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) worker: usize,
    /// By how many milliseconds its clock is wrong.
    pub(crate) skew: i64,
    pub(crate) assumed: RefCell<BTreeSet<AccountId>>,
}

/// Gives the others their turn once.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Api {
    /// The worker's own clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.borrow().timestamp() + SignedDuration::from_millis(self.skew)
    }

    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        let worker = self.worker;
        self.world.borrow_mut().note(|| format!("w{worker} {}", line()));
    }

    /// A read. With an account it is made with that account's rights.
    pub(crate) async fn read<T>(
        &self,
        account: Option<&AccountId>,
        operation: &'static str,
        subject: &impl Display,
        answer: impl FnOnce(&mut World) -> T,
    ) -> Result<T, Fail> {
        Turn(false).await;
        let mut world = self.world.borrow_mut();
        world.take_time();
        world.allowed(account, operation, subject)?;
        let rate = world.faults.throttle;
        if world.random.one_in(rate) {
            world.tally.count("reads that failed");
            return Err(self.throttled(&mut world, operation, subject));
        }
        Ok(answer(&mut world))
    }

    /// A write. What `effect` does is done at once, later, twice, or not at all.
    pub(crate) async fn write<T: 'static>(
        &self,
        account: Option<&AccountId>,
        operation: &'static str,
        subject: String,
        kind: Kind,
        effect: impl Fn(&mut World) -> Result<T, Fail> + 'static,
    ) -> Result<T, Fail> {
        Turn(false).await;
        let effect = Rc::new(effect);
        let longest = {
            let mut world = self.world.borrow_mut();
            world.take_time();
            let longest = self.longest(&world, kind)?;
            world.allowed(account, operation, &subject)?;
            world.writes.push(format!("{operation} {subject}"));
            let rate = world.faults.throttle;
            if world.random.one_in(rate) {
                world.tally.count("writes that failed");
                return Err(self.throttled(&mut world, operation, &subject));
            }
            longest
        };
        if let Some(answer) = self.send(operation, &subject, kind, longest, &effect) {
            return answer;
        }
        // It waits for the answer, and may die of it.
        Turn(false).await;
        Err(Fail::Retry(format!("{operation}: no answer")))
    }

    /// What becomes of a request on its way there and back; none when nobody hears of it in time.
    fn send<T: 'static>(
        &self,
        operation: &'static str,
        subject: &str,
        kind: Kind,
        longest: i64,
        effect: &Rc<impl Fn(&mut World) -> Result<T, Fail> + 'static>,
    ) -> Option<Result<T, Fail>> {
        let world = &mut *self.world.borrow_mut();
        let rates = world.faults.clone();
        let again = !(CHANGES_ARE_SENT_ONCE && matches!(kind, Kind::Until(_)));
        if world.random.one_in(rates.lost_answer) {
            world.tally.count("answers lost");
            let answer = effect(world);
            self.said(world, operation, subject, &answer, "the answer is lost");
            return Some(Err(Fail::Retry(format!("{operation}: the answer is lost"))));
        }
        if again && world.random.one_in(rates.sent_twice) {
            world.tally.count("writes sent twice");
            let first = effect(world);
            self.said(world, operation, subject, &first, "the answer is lost, the SDK tries again");
            let second = if let Kind::Transaction = kind { first } else { effect(world) };
            self.said(world, operation, subject, &second, "");
            return Some(second);
        }
        let copied = again && !matches!(kind, Kind::Transaction) && world.random.one_in(rates.late_copy);
        let late = !copied && world.random.one_in(rates.late);
        if copied || late {
            world.tally.count(if copied { "late copies" } else { "late landings" });
            self.lands_late(world, operation, subject, longest, effect);
        }
        if late {
            return None;
        }
        let answer = effect(world);
        self.said(world, operation, subject, &answer, if copied { "the second try" } else { "" });
        Some(answer)
    }

    /// For how long a request may still be on its way, in milliseconds.
    fn longest(&self, world: &World, kind: Kind) -> Result<i64, Fail> {
        let Kind::Until(until) = kind else { return Ok(LATE_ITEM) };
        let left = until.as_millisecond() - (world.now + self.skew) - MARGIN;
        if left < LEAST_TIME {
            return Err(Fail::Retry("out of time".into()));
        }
        Ok(if world.broken == Some(Broken::OutlivesUntil) { left * 4 } else { left })
    }

    fn lands_late<T: 'static>(
        &self,
        world: &mut World,
        operation: &'static str,
        subject: &str,
        longest: i64,
        effect: &Rc<impl Fn(&mut World) -> Result<T, Fail> + 'static>,
    ) {
        let lands_at = world.now + world.random.between(1, longest.max(1));
        let at = world.clock(lands_at);
        world.note(|| format!("w{} {operation} {subject}: on its way until {at}", self.worker));
        let what = format!("{operation} {subject} of w{}", self.worker);
        let effect = Rc::clone(effect);
        let effect = Box::new(move |world: &mut World| {
            if let Err(fail) = effect(world) {
                world.note(|| format!("which comes to nothing: {}", words(&fail)));
            }
        });
        world.in_flight.push(InFlight { lands_at, what, effect });
    }

    fn throttled(&self, world: &mut World, operation: &str, subject: &impl Display) -> Fail {
        world.note(|| format!("w{} {operation} {subject}: throttled", self.worker));
        Fail::Retry(format!("{operation}: throttled"))
    }

    fn said<T>(
        &self,
        world: &mut World,
        operation: &str,
        subject: &str,
        answer: &Result<T, Fail>,
        more: &str,
    ) {
        let answer = answer.as_ref().map_or_else(words, |_| "done".into());
        let comma = if more.is_empty() { "" } else { ", " };
        world.note(|| format!("w{} {operation} {subject}: {answer}{comma}{more}", self.worker));
    }
}

pub(crate) fn words(fail: &Fail) -> String {
    match fail {
        Fail::Denied(denied) => format!("denied: {}", denied.message),
        Fail::Retry(why) => why.clone(),
        Fail::Condition => "a condition did not hold".into(),
        Fail::Refused(why) => format!("refused: {why}"),
    }
}

impl World {
    /// What one call takes.
    fn take_time(&mut self) {
        let slow = self.faults.slow;
        let most = if self.random.one_in(slow) { 15_000 } else { 200 };
        let time = self.random.between(1, most);
        self.pass(time);
    }

    fn allowed(
        &mut self,
        account: Option<&AccountId>,
        operation: &'static str,
        subject: &impl Display,
    ) -> Result<(), Fail> {
        let Some(account) = account else { return Ok(()) };
        if !self.denied.contains(&(account.clone(), operation)) {
            return Ok(());
        }
        self.tally.count("calls denied");
        let message = format!("AccessDenied for {subject}");
        self.note(|| format!("{operation} in {account}: {message}"));
        Err(Fail::Denied(Denied { account: account.clone(), operation: operation.to_owned(), message }))
    }
}
