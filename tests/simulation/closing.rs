//! Accounts that close their role for good and delete their endpoints; what the provider's lists show of these, and
//! what may be withdrawn by it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use shared::model::claim::{Claim, Contribution};
use shared::model::facts::{Connection, VpcEndpointState as State};
use shared::model::hold::Subject;
use shared::model::ids::{AccountId, ServiceId, VpcEndpointId};
use shared::model::listed::Page;

use super::observations::Observations;
use super::world::World;

const ROLE: &str = "sts:AssumeRole";
const MINUTE: i64 = 60_000;
/// For how long what a list has shown may be gone by, its reading and its way to the worker included.
const COUNTS_FOR: i64 = 75 * MINUTE;

/// One list of a service's connections, as far as it was given out.
struct List {
    service: ServiceId,
    began: i64,
    shown: BTreeMap<VpcEndpointId, State>,
    /// What leads to its next page; none once it is whole.
    next: Option<String>,
}

#[derive(Default)]
pub(crate) struct Closing {
    /// The accounts that have closed their role.
    pub(crate) accounts: BTreeSet<AccountId>,
    lists: Vec<List>,
    /// Whether something was just judged by a list alone.
    pub(crate) judged_by_a_list: Cell<bool>,
}

/// Whether this state never becomes another living one.
fn is_over(state: &State) -> bool {
    [State::Deleting, State::Deleted, State::Rejected, State::Failed, State::Expired].contains(state)
}

impl World {
    /// An account closes its role for good, and its endpoints go.
    pub(crate) fn account_closes(&mut self) {
        let owners: BTreeSet<_> = self.vpcs.values().cloned().collect();
        let has_record = |account: &AccountId| {
            let mut given = self.table.claims().flat_map(|claim| claim.contributions.values());
            given.any(|given| given.account == *account)
        };
        let accounts: Vec<_> = owners.into_iter().filter(|account| has_record(account)).collect();
        if accounts.is_empty() {
            return;
        }
        let account = self.random.pick(&accounts).clone();
        self.closes(&account, &BTreeSet::new());
    }

    /// An account whose addresses stand in a zone of another one closes its role, where there is one. Some of its
    /// endpoints that stand there may stay: what is connected is not gone. Says whether any does.
    pub(crate) fn guest_closes(&mut self) -> bool {
        let mut guests: BTreeMap<AccountId, BTreeSet<VpcEndpointId>> = BTreeMap::new();
        for claim in self.table.claims() {
            for (id, given) in &claim.contributions {
                if given.account != claim.zone_account && !self.is_closed(&given.account) {
                    guests.entry(given.account.clone()).or_default().insert(id.clone());
                }
            }
        }
        if guests.is_empty() {
            return false;
        }
        let guests: Vec<_> = guests.into_iter().collect();
        let (account, mut stay) = self.random.pick(&guests).clone();
        stay.retain(|_| self.random.one_in(4));
        self.tally.count("guests that closed");
        self.closes(&account, &stay);
        true
    }

    /// An account closes its role, and its endpoints go but for these.
    fn closes(&mut self, account: &AccountId, stay: &BTreeSet<VpcEndpointId>) {
        self.tally.count("accounts that closed");
        self.note(|| format!("{account} closes its role for good"));
        self.denied.insert((account.clone(), ROLE));
        let of_account = self.ec2.endpoints.iter().filter(|(_, endpoint)| endpoint.account == *account);
        let living =
            of_account.filter_map(|(name, endpoint)| Some((name.clone(), endpoint.shape()?.clone())));
        for (name, shape) in living.filter(|(name, _)| !stay.contains(name)).collect::<Vec<_>>() {
            self.delete_it(&name, shape);
        }
        self.closing.accounts.insert(account.clone());
    }

    /// What stays denied when all that was denied is granted again.
    pub(crate) fn grant_again(&mut self) {
        let closed = &self.closing.accounts;
        self.denied.retain(|(account, operation)| closed.contains(account) && *operation == ROLE);
    }

    /// What is denied in accounts that may grant it again.
    pub(crate) fn denied_for_now(&self) -> impl Iterator<Item = &AccountId> {
        let for_now = self.denied.iter().filter(|(of, operation)| !self.is_closed(of) || *operation != ROLE);
        for_now.map(|(account, _)| account)
    }

    pub(crate) fn is_closed(&self, account: &AccountId) -> bool {
        self.closing.accounts.contains(account)
    }

    /// A page of connections was given out.
    pub(crate) fn note_list(&mut self, service: &ServiceId, page: Option<&str>, given: &Page<Connection>) {
        let shown = given.items.iter().map(|one| (one.vpc_endpoint.clone(), one.state.clone()));
        match page {
            None => {
                let (service, began, next) = (service.clone(), self.now, given.next.clone());
                self.closing.lists.retain(|list| began - list.began <= COUNTS_FOR);
                self.closing.lists.push(List { service, began, shown: shown.collect(), next });
            }
            Some(token) => {
                let of = self.closing.lists.iter_mut().find(|list| list.next.as_deref() == Some(token));
                if let Some(list) = of {
                    list.shown.extend(shown);
                    list.next.clone_from(&given.next);
                }
            }
        }
    }

    /// Whether an endpoint of an account that was seen to be closed may leave a record: the list of the provider has
    /// shown it as over, or has shown others and not this one, which was known for ten minutes.
    pub(crate) fn is_over_by_a_list(
        &self,
        service: &ServiceId,
        id: &VpcEndpointId,
        given: &Contribution,
        seen: &Observations,
    ) -> bool {
        let whole = self.closing.lists.iter().filter(|list| list.next.is_none() && list.service == *service);
        let mut lists = whole.filter(|list| self.now - list.began <= COUNTS_FOR);
        let known = seen.first_seen(id);
        seen.closed.contains(&given.account)
            && lists.any(|list| {
                let old = known.is_some_and(|known| list.began / 1_000 - known >= 10 * 60 - 5);
                list.shown.get(id).map_or(old && !list.shown.is_empty(), is_over)
            })
    }

    /// Whether an endpoint of a closed account is gone, and a sweep can tell: its service has other connections to
    /// show, and the table remembers it.
    fn is_told_of(&self, service: &ServiceId, id: &VpcEndpointId) -> bool {
        let Some(endpoint) = self.ec2.endpoints.get(id) else { return false };
        let mut of_service = self.ec2.endpoints.values().filter(|endpoint| endpoint.service == *service);
        let is_listed = of_service.any(|endpoint| endpoint.shape().is_some());
        let is_gone = endpoint.shape().is_none_or(|shape| is_over(&shape.state));
        is_gone && is_listed && !self.forgotten.contains(id.as_str())
    }

    /// The endpoints of closed accounts in a claim, each with whether a sweep can tell that it is gone.
    fn of_closed<'a>(&'a self, claim: &'a Claim) -> impl Iterator<Item = (&'a VpcEndpointId, bool)> {
        let of_closed = claim.contributions.iter().filter(|(_, given)| self.is_closed(&given.account));
        of_closed.map(|(id, _)| (id, self.is_told_of(&claim.service, id)))
    }

    /// Whether a record can be judged, as far as accounts are closed: its zone's account is not, and what of them is in
    /// it a sweep can tell to be gone.
    pub(crate) fn is_judged_beside_closed(&self, claim: Option<&Claim>) -> bool {
        claim.is_none_or(|claim| {
            !self.is_closed(&claim.zone_account) && self.of_closed(claim).all(|(_, is_told)| is_told)
        })
    }

    /// Whether somebody else is in the way at a record of ours: then it stays as it is, whoever leaves it.
    fn is_kept_from_us(&self, claim: &Claim) -> bool {
        let seen = self.route53.slots.get(&claim.key).map(|slot| &slot.seen);
        seen.is_some_and(|seen| seen.mark.is_some() || !seen.incompatible.is_empty())
            || claim.repairs.rest(self.timestamp()).is_some()
    }

    /// Dead addresses of closed accounts in records of others, of which a sweep can tell.
    pub(crate) fn dead_addresses(&self) -> Vec<String> {
        let denied: BTreeSet<_> = self.denied_for_now().collect();
        let claims = self.table.claims().filter(|claim| {
            claim.released.is_none()
                && !self.is_kept_from_us(claim)
                && !self.is_closed(&claim.zone_account)
                && !denied.contains(&claim.zone_account)
        });
        let mut dead = Vec::new();
        for claim in claims {
            for (id, _) in self.of_closed(claim).filter(|(_, is_told)| *is_told) {
                dead.push(format!("{} still has {id}, whose account is closed and which is gone", claim.key));
            }
        }
        dead
    }

    /// Accounts that are held though nothing of them is left, whatever else is denied: sweeps end that.
    pub(crate) fn held_for_nothing(&self) -> Vec<String> {
        let mut accounts = Vec::new();
        for hold in self.table.holds() {
            match &hold.subject {
                Subject::Account(account) if !self.is_something_left(account) => {
                    accounts.push(format!("{account} is held, and nothing of it is left: {}", hold.reason));
                }
                _ => {}
            }
        }
        accounts
    }

    /// Whether something of an account is left, for which it is held. A zone that we made there is: nobody can see what
    /// stands in it.
    pub(crate) fn is_something_left(&self, account: &AccountId) -> bool {
        let mut given = self.table.claims().flat_map(|claim| claim.contributions.values());
        let mut endpoints = self.ec2.endpoints.iter().filter(|(_, endpoint)| endpoint.account == *account);
        given.any(|given| given.account == *account)
            || self.table.zone_claims().any(|claim| claim.account == *account)
            || endpoints.any(|(id, endpoint)| !self.is_told_of(&endpoint.service, id))
    }

    /// Whether a hold is on what a closed account keeps from being looked at.
    pub(crate) fn is_out_of_sight(&self, subject: &Subject) -> bool {
        let of_vpc = subject.vpc().is_some_and(|vpc| self.vpcs.get(vpc).is_some_and(|of| self.is_closed(of)));
        let of_zone = match subject {
            Subject::Record(_, key) => {
                let owner = self.route53.zones.get(&key.zone).and_then(super::route53::Zone::account);
                owner.is_some_and(|owner| self.is_closed(owner))
            }
            _ => false,
        };
        of_vpc || of_zone
    }
}
