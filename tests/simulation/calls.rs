//! The calls that are open: made by a worker, and not answered yet. Each needs two grants, one to take effect and one
//! for its answer to arrive; between any two grants everything else may have its turn.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use shared::error::Error;
use shared::model::ids::{AccountId, HostedZoneId};
use shared::model::record::RecordKey;

use super::cloud::Seen;
use super::errors::words;
use super::unneeded::DELETE_ZONE;
use super::world::World;

/// What a worker asks of AWS.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) worker: usize,
    /// In which account, unless it is the worker's own.
    pub(crate) account: Option<AccountId>,
    pub(crate) operation: &'static str,
    pub(crate) subject: String,
    pub(crate) kind: Kind,
    /// What the invocation has seen that asks.
    pub(crate) seen: Seen,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w{} {} {}", self.worker, self.operation, self.subject)
    }
}

/// What may become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It changes nothing.
    Read,
    /// DynamoDB knows a transaction that is sent again, and does it once.
    Transaction,
    /// It may be done twice, and some time after its sender gave up.
    Write,
    /// The same, and a sweep over a world in order may make it.
    Upkeep,
    /// It is sent once: it may be done some time after its sender gave up, and never twice.
    Once,
    /// A change of records: it is sent once, and ends before this moment.
    Change { ends_at: i64 },
}

/// A request with a place for its answer.
pub(crate) trait Letter {
    /// Does what it asks for; gives why it came to nothing, if it did. The sender hears it only where `heard` says so.
    fn perform(&self, world: &mut World, heard: bool) -> Result<(), String>;
    /// Answers with a failure, whatever was done.
    fn fail(&self, error: Error);
}

struct Sealed<T, F> {
    effect: F,
    answer: RefCell<Option<Result<T, Error>>>,
}

impl<T, F: Fn(&mut World) -> Result<T, Error>> Letter for Sealed<T, F> {
    fn perform(&self, world: &mut World, heard: bool) -> Result<(), String> {
        let answer = (self.effect)(world);
        let said = answer.as_ref().map(drop).map_err(words);
        if heard {
            self.answer.replace(Some(answer));
        }
        said
    }

    fn fail(&self, error: Error) {
        self.answer.replace(Some(Err(error)));
    }
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is on its way to AWS.
    Sent,
    /// It has taken effect, or was refused, and its answer is on its way.
    Answered,
    /// Its answer has arrived.
    Delivered,
}

/// An open call.
pub(crate) struct Open {
    pub(crate) request: Rc<Request>,
    pub(crate) letter: Rc<dyn Letter>,
    pub(crate) stage: Stage,
    /// When it was made.
    pub(crate) made_at: i64,
    /// Its next grant is not before this moment.
    pub(crate) not_before: i64,
    /// Nobody waits for it any more.
    pub(crate) dropped: bool,
    pub(crate) waker: Waker,
}

/// A worker's wait for a moment.
pub(crate) struct Timer {
    pub(crate) worker: usize,
    pub(crate) at: i64,
    pub(crate) waker: Waker,
}

/// All open calls and timers.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) open: BTreeMap<u64, Open>,
    pub(crate) timers: BTreeMap<u64, Timer>,
    made: u64,
}

impl Calls {
    fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Whether a call of a worker may get a grant now.
    pub(crate) fn can_go_on(&self, worker: usize, now: i64) -> bool {
        self.open.values().any(|open| open.request.worker == worker && open.not_before <= now)
    }

    /// The calls of a worker that may get a grant now.
    pub(crate) fn grantable(&self, worker: usize, now: i64) -> Vec<u64> {
        let of_worker = self.open.iter().filter(|(_, open)| open.request.worker == worker);
        let ready = of_worker.filter(|(_, open)| open.stage != Stage::Delivered && open.not_before <= now);
        ready.map(|(number, _)| *number).collect()
    }

    /// Whether a worker waits for any call.
    pub(crate) fn waits(&self, worker: usize) -> bool {
        self.open.values().any(|open| open.request.worker == worker)
    }

    /// The record of a change that is on its way to Route 53.
    pub(crate) fn changed(&self) -> Option<RecordKey> {
        let is_change = |open: &&Open| matches!(open.request.kind, Kind::Change { .. });
        let sent = self.open.values().filter(is_change).find(|open| open.stage == Stage::Sent);
        sent.and_then(|open| open.request.subject.parse().ok())
    }

    /// Whether a zone is asked for, which is on its way to Route 53.
    pub(crate) fn makes_a_zone(&self) -> bool {
        let makes = |open: &Open| open.request.operation == "route53:CreateHostedZone";
        self.open.values().any(|open| makes(open) && open.stage == Stage::Sent)
    }

    /// The zone that is to be deleted by a request which is on its way to Route 53.
    pub(crate) fn deletes_a_zone(&self) -> Option<HostedZoneId> {
        let deletes = |open: &&Open| open.request.operation == DELETE_ZONE && open.stage == Stage::Sent;
        self.open.values().find(deletes).and_then(|open| open.request.subject.parse().ok())
    }

    /// When the next call or timer of a worker is due.
    pub(crate) fn next(&self) -> Option<i64> {
        let calls = self.open.values().map(|open| open.not_before);
        calls.chain(self.timers.values().map(|timer| timer.at)).min()
    }

    /// The calls that nobody waits for any more; they are open no longer.
    pub(crate) fn take_dropped(&mut self) -> Vec<Open> {
        let dropped: Vec<u64> =
            self.open.iter().filter(|(_, open)| open.dropped).map(|(number, _)| *number).collect();
        dropped.into_iter().filter_map(|number| self.open.remove(&number)).collect()
    }
}

/// The answer to a call, which is made when it is first waited for.
pub(crate) struct Answer<T, F> {
    calls: Rc<RefCell<Calls>>,
    sealed: Rc<Sealed<T, F>>,
    request: Rc<Request>,
    made_at: i64,
    not_before: i64,
    number: Option<u64>,
}

impl<T, F> Answer<T, F> {
    /// A call that is made now, and reaches AWS at `not_before`.
    pub(crate) fn new(
        calls: Rc<RefCell<Calls>>,
        request: Request,
        (made_at, not_before): (i64, i64),
        effect: F,
    ) -> Self {
        let sealed = Rc::new(Sealed { effect, answer: RefCell::new(None) });
        Self { calls, sealed, request: Rc::new(request), made_at, not_before, number: None }
    }
}

impl<T: 'static, F: Fn(&mut World) -> Result<T, Error> + 'static> Future for Answer<T, F> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let calls = Rc::clone(&self.calls);
        let mut calls = calls.borrow_mut();
        let Some(number) = self.number else {
            let number = calls.number();
            self.number = Some(number);
            let open = Open {
                request: Rc::clone(&self.request),
                letter: Rc::clone(&self.sealed) as Rc<dyn Letter>,
                stage: Stage::Sent,
                made_at: self.made_at,
                not_before: self.not_before,
                dropped: false,
                waker: context.waker().clone(),
            };
            calls.open.insert(number, open);
            return Poll::Pending;
        };
        if calls.open.get(&number).is_some_and(|open| open.stage == Stage::Delivered)
            && let Some(answer) = self.sealed.answer.take()
        {
            calls.open.remove(&number);
            return Poll::Ready(answer);
        }
        // All calls of a task are looked at when one of them goes on.
        calls.open.entry(number).and_modify(|open| open.waker.clone_from(context.waker()));
        Poll::Pending
    }
}

impl<T, F> Drop for Answer<T, F> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.calls.borrow_mut().open.entry(number).and_modify(|open| open.dropped = true);
        }
    }
}

/// Comes back when a worker's clock has reached a moment.
pub(crate) struct Reached {
    calls: Rc<RefCell<Calls>>,
    worker: usize,
    at: i64,
    number: Option<u64>,
}

impl Reached {
    /// `at` is a moment of the world's clock.
    pub(crate) fn new(calls: Rc<RefCell<Calls>>, worker: usize, at: i64) -> Self {
        Self { calls, worker, at, number: None }
    }
}

impl Future for Reached {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let calls = Rc::clone(&self.calls);
        let mut calls = calls.borrow_mut();
        let waker = context.waker().clone();
        match self.number {
            None => {
                let (worker, at, number) = (self.worker, self.at, calls.number());
                self.number = Some(number);
                calls.timers.insert(number, Timer { worker, at, waker });
                Poll::Pending
            }
            // The executor takes it away when it is due.
            Some(number) => match calls.timers.get_mut(&number) {
                None => Poll::Ready(()),
                Some(timer) => {
                    timer.waker = waker;
                    Poll::Pending
                }
            },
        }
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.calls.borrow_mut().timers.remove(&number);
        }
    }
}
