//! A worker's way to the world: each call is open until the executor has let it take effect and its answer arrive.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use shared::error::Error;
use shared::model::consent::Consent;
use shared::model::ids::AccountId;
use shared::model::table::Write;

use super::calls::{Answer, Calls, Kind, Request};
use super::errors::condition_failed;
use super::observations::Observations;
use super::setting::OWN;
use super::world::World;

/// For how long an assumed role's credentials are used, in milliseconds.
const ROLE_LASTS: i64 = 50 * 60_000;

/// One worker's way to the world.
pub(crate) struct SimulatedCloud {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) calls: Rc<RefCell<Calls>>,
    pub(crate) worker: usize,
    /// By how many milliseconds its clock is wrong.
    pub(crate) skew: i64,
    /// Until when the roles that it has assumed may be used.
    pub(crate) assumed: Rc<RefCell<BTreeMap<AccountId, i64>>>,
    /// What the invocation that it works on has seen.
    pub(crate) observations: RefCell<Rc<RefCell<Observations>>>,
}

/// What an invocation has seen.
pub(crate) type Seen = Rc<RefCell<Observations>>;

impl SimulatedCloud {
    /// How often a message was received.
    pub(crate) fn receives(&self, number: u64) -> u32 {
        self.world.borrow().queue.receives(number)
    }

    pub(crate) fn seen(&self) -> Seen {
        Rc::clone(&self.observations.borrow())
    }

    /// A call in an account, or in the worker's own.
    pub(crate) async fn call<T: 'static>(
        &self,
        account: Option<&AccountId>,
        operation: &'static str,
        subject: String,
        kind: Kind,
        effect: impl Fn(&mut World) -> Result<T, Error> + 'static,
    ) -> Result<T, Error> {
        let account = account.filter(|account| account.as_str() != OWN);
        if let Some(account) = account {
            self.assume(account).await?;
        }
        self.send(account.cloned(), operation, subject, kind, effect).await
    }

    pub(crate) async fn assume(&self, account: &AccountId) -> Result<(), Error> {
        let now = self.world.borrow().now;
        if self.assumed.borrow().get(account).is_some_and(|until| now < *until) {
            return Ok(());
        }
        let of = Some(account.clone());
        self.send(of, "sts:AssumeRole", account.to_string(), Kind::Read, |_| Ok(())).await?;
        self.assumed.borrow_mut().insert(account.clone(), self.world.borrow().now + ROLE_LASTS);
        Ok(())
    }

    /// Whether the owner of a zone consents to VPCs of another account.
    pub(crate) async fn consent(&self, owner: &AccountId, guest: &AccountId) -> Result<Consent, Error> {
        let (seen, pair) = (self.seen(), (owner.clone(), guest.clone()));
        let effect = move |world: &mut World| {
            let serves = world.serves(&pair.0, &pair.1);
            if serves {
                seen.borrow_mut().consents.insert(pair.clone());
            } else {
                seen.borrow_mut().refusals.insert(pair.clone());
                world.tally.count("consents refused");
            }
            Ok(if serves { Consent::Given } else { Consent::NotGiven })
        };
        let (of, subject) = (Some(owner.clone()), format!("guests of {owner} for {guest}"));
        match self.send(of, "sts:AssumeRole", subject, Kind::Read, effect).await {
            Err(error) if error.is_denied() => Ok(Consent::NotGiven),
            answer => answer,
        }
    }

    async fn send<T: 'static>(
        &self,
        account: Option<AccountId>,
        operation: &'static str,
        subject: String,
        kind: Kind,
        effect: impl Fn(&mut World) -> Result<T, Error> + 'static,
    ) -> Result<T, Error> {
        let times = {
            let mut world = self.world.borrow_mut();
            (world.now, world.reaches_aws())
        };
        let request = Request { worker: self.worker, account, operation, subject, kind, seen: self.seen() };
        Answer::new(Rc::clone(&self.calls), request, times, effect).await
    }

    /// A write to the table.
    pub(crate) async fn write<T: 'static>(
        &self,
        operation: &'static str,
        subject: String,
        kind: Kind,
        effect: impl Fn(&mut World) -> Result<T, Error> + 'static,
    ) -> Result<T, Error> {
        self.call(None, operation, subject, kind, effect).await
    }

    /// A transaction, or a single write as one.
    pub(crate) async fn put(
        &self,
        operation: &'static str,
        subject: String,
        kind: Kind,
        writes: Vec<Write>,
    ) -> Result<(), Error> {
        let seen = self.seen();
        let failed = subject.clone();
        let effect = move |world: &mut World| {
            let written = world.write(&writes, &mut seen.borrow_mut());
            written.map_err(|_| condition_failed(operation, failed.clone()))
        };
        self.write(operation, subject, kind, effect).await
    }
}
