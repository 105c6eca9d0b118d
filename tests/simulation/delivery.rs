//! What becomes of a request on its way to AWS, and of the answer on its way back.

use std::rc::Rc;

use shared::error::{CallFailure, Error};
use shared::model::ids::AccountId;

use super::calls::{Kind, Letter, Open, Request};
use super::errors::failed;
use super::setting::{OWN, id};
use super::world::{InFlight, World};

/// For how long an item may be on its way to DynamoDB after nobody waits for it any more.
const LATE_ITEM: i64 = 20_000;
/// For how long a slow call is on its way, or a late answer, at most.
const SLOW: i64 = 15_000;
/// The same for a change of records, which ends with its time.
const SLOW_CHANGE: i64 = 70_000;

impl World {
    /// What one step of a call takes.
    pub(crate) fn take_time(&mut self) {
        let time = self.random.between(1, self.faults.pace);
        self.pass(time);
    }

    /// When a request that is sent now reaches AWS.
    pub(crate) fn reaches_aws(&mut self) -> i64 {
        let slow = self.faults.slow;
        if self.random.one_in(slow) { self.now + self.random.between(500, SLOW) } else { self.now }
    }

    /// A request reaches AWS. Gives when its answer arrives.
    pub(crate) fn deliver(&mut self, request: &Rc<Request>, letter: &Rc<dyn Letter>) -> i64 {
        if request.kind != Kind::Read {
            self.tally.count("writes");
        }
        if !matches!(request.kind, Kind::Read | Kind::Upkeep) {
            self.writes.push(format!("{} {}", request.operation, request.subject));
        }
        match self.refusal(request) {
            Some(error) => letter.fail(error),
            None if request.kind == Kind::Read => {
                let said = self.perform(request, letter, true);
                self.note(|| format!("{request}: {said}"));
            }
            None => self.send(request, letter),
        }
        let rate = self.faults.late_answer;
        if self.random.one_in(rate) {
            self.tally.count("answers that are late");
            let longest = if let Kind::Change { .. } = request.kind { SLOW_CHANGE } else { SLOW };
            return self.now + self.random.between(500, longest);
        }
        self.now
    }

    /// Lets a request take effect; gives the answer in words.
    fn perform(&mut self, request: &Request, letter: &Rc<dyn Letter>, heard: bool) -> String {
        let said = letter.perform(self, heard);
        if said.is_err() || !heard {
            request.seen.borrow_mut().disturbed = true;
        }
        said.map_or_else(|why| why, |()| "done".into())
    }

    /// Why AWS does not even begin with a request.
    fn refusal(&mut self, request: &Request) -> Option<Error> {
        let (error, counted) = self.why_refused(request)?;
        request.seen.borrow_mut().disturbed = true;
        let certain = matches!(request.kind, Kind::Change { .. }) && !error.may_have_been_made();
        if let (true, Ok(key)) = (certain, request.subject.parse()) {
            request.seen.borrow_mut().may_be_made(&key, false);
        }
        self.tally.count(counted);
        self.note(|| format!("{request}: {error}"));
        Some(error)
    }

    fn why_refused(&mut self, request: &Request) -> Option<(Error, &'static str)> {
        if self.is_denied(request) {
            if matches!(request.operation, "sts:AssumeRole" | "ec2:DescribeVpcEndpoints") {
                request.seen.borrow_mut().closed.insert(account_of(request));
            }
            return Some((failed(request, "AccessDenied", CallFailure::Denied), "calls denied"));
        }
        if matches!(request.kind, Kind::Change { ends_at } if self.now > ends_at) {
            return Some((failed(request, "timeout", CallFailure::Unavailable), "changes out of time"));
        }
        let rate = self.faults.throttle;
        if self.random.one_in(rate) {
            return Some(throttled(request));
        }
        let rate = self.faults.prior_request;
        if matches!(request.kind, Kind::Change { .. }) && self.random.one_in(rate) {
            let error = failed(request, "PriorRequestNotComplete", CallFailure::Throttled);
            return Some((error, "changes after one that is not done"));
        }
        None
    }

    /// A write: it is done at once, later, or twice, and its sender hears of it or does not.
    fn send(&mut self, request: &Rc<Request>, letter: &Rc<dyn Letter>) {
        let rates = self.faults.clone();
        let again = !matches!(request.kind, Kind::Change { .. } | Kind::Once);
        let no_answer = || failed(request, "no answer", CallFailure::Unavailable);
        if self.random.one_in(rates.lost_answer) {
            self.tally.count("answers lost");
            let said = self.perform(request, letter, false);
            self.note(|| format!("{request}: {said}, the answer is lost"));
            return letter.fail(no_answer());
        }
        if again && self.random.one_in(rates.sent_twice) {
            self.tally.count("writes sent twice");
            let said = self.perform(request, letter, true);
            self.note(|| format!("{request}: {said}, the answer is lost, the SDK tries again"));
            if request.kind != Kind::Transaction {
                let said = self.perform(request, letter, true);
                self.note(|| format!("{request}: {said}"));
            }
            return;
        }
        let copied = again && request.kind != Kind::Transaction && self.random.one_in(rates.late_copy);
        let late = !copied && self.random.one_in(rates.late);
        if copied || late {
            self.tally.count(if copied { "late copies" } else { "late landings" });
            self.lands_late(request, letter);
        }
        if late {
            request.seen.borrow_mut().disturbed = true;
            return letter.fail(no_answer());
        }
        let said = self.perform(request, letter, true);
        self.note(|| format!("{request}: {said}{}", if copied { ", the second try" } else { "" }));
    }

    fn lands_late(&mut self, request: &Rc<Request>, letter: &Rc<dyn Letter>) {
        let longest = match request.kind {
            Kind::Change { ends_at } => ends_at - self.now,
            _ => LATE_ITEM,
        };
        let lands_at = self.now + self.random.between(1, longest.max(1));
        let at = self.clock(lands_at);
        self.note(|| format!("{request}: on its way until {at}"));
        let (request, letter) = (Rc::clone(request), Rc::clone(letter));
        self.in_flight.push(InFlight { lands_at, request, letter });
    }

    /// Nobody waits for a call any more: what was sent may be done all the same.
    pub(crate) fn abandon(&mut self, open: &Open) {
        let request = &open.request;
        let over = match request.kind {
            Kind::Change { ends_at } => self.now >= ends_at,
            // Time may have made a leap.
            _ => self.now >= open.made_at + SLOW + LATE_ITEM,
        };
        let was_sent = open.stage == super::calls::Stage::Sent && request.kind != Kind::Read;
        if !was_sent || over || self.is_denied(request) || self.random.one_in(2) {
            return;
        }
        self.tally.count("dropped calls that land");
        self.lands_late(request, &open.letter);
    }

    fn is_denied(&self, request: &Request) -> bool {
        // Hardly anything is ever denied, and this is asked for each call.
        !self.denied.is_empty() && self.denied.contains(&(account_of(request), request.operation))
    }

    /// An answer reaches its worker: that of a change only within its time.
    pub(crate) fn answer(&mut self, request: &Request, letter: &dyn Letter) {
        if matches!(request.kind, Kind::Change { ends_at } if self.now > ends_at) {
            self.tally.count("changes whose answer is too late");
            self.note(|| format!("{request}: the answer is too late"));
            letter.fail(failed(request, "timeout", CallFailure::Unavailable));
        }
    }
}

/// In which account a request is made.
fn account_of(request: &Request) -> AccountId {
    request.account.clone().unwrap_or_else(|| id(OWN))
}

/// Route 53 counts the requests of an account, and says so.
fn throttled(request: &Request) -> (Error, &'static str) {
    if request.operation.starts_with("route53:") {
        (Error::Throttled { account: account_of(request) }, "Route 53 throttles")
    } else if request.kind == Kind::Read {
        (failed(request, "Throttling", CallFailure::Throttled), "reads throttled")
    } else {
        (failed(request, "Throttling", CallFailure::Throttled), "writes throttled")
    }
}
