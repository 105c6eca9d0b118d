//! The verdict on each connection of a service: accept, reject, or hold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::allowance::{Allowance, allowance, is_empty, uncheckable};
use super::question::Question;
use crate::model::facts::{Connection, ServiceFacts, VpcEndpointState};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{AccountId, VpcEndpointId};
use crate::model::policy::{Disallowed, ServiceDefinition};
use crate::plan::steps::{Accepted, Rejected};

/// How many connections one review accepts: ten calls, and as many messages. Each event and each sweep is a review.
pub(super) const MAX_ACCEPTS: usize = 1_000;

/// What becomes of the connections of one service: the rows of the table in `review`.
pub(super) struct Verdicts<'a> {
    facts: &'a ServiceFacts,
    definition: &'a ServiceDefinition,
    question: &'a Question<'a>,
    pub(super) accepted: BTreeMap<VpcEndpointId, Accepted>,
    /// How many more may connect than one review accepts: the next one goes on.
    pub(super) left: usize,
    pub(super) rejected: BTreeMap<VpcEndpointId, Rejected>,
    pub(super) holds: BTreeMap<Subject, HoldReason>,
    /// What holds each of those that are rejected, should they be too many.
    instead: BTreeMap<Subject, HoldReason>,
    empty: bool,
    /// Why somebody's allowance is not known.
    unreadable: Option<String>,
    /// Whether somebody would be rejected, were the list not empty.
    withheld: bool,
}

impl<'a> Verdicts<'a> {
    pub(super) fn of(
        facts: &'a ServiceFacts,
        definition: &'a ServiceDefinition,
        question: &'a Question<'a>,
    ) -> Self {
        let permissions = facts.allow_list.permissions.as_ref();
        let mut verdicts = Self {
            facts,
            definition,
            question,
            accepted: BTreeMap::new(),
            left: 0,
            rejected: BTreeMap::new(),
            holds: BTreeMap::new(),
            instead: BTreeMap::new(),
            empty: is_empty(definition, &facts.allow_list),
            unreadable: permissions.and_then(|read| read.as_ref().err().cloned()),
            withheld: false,
        };
        for connection in facts.connections.iter().filter(|connection| question.concerns(&connection.owner)) {
            verdicts.judge(connection);
        }
        verdicts.limit_accepts();
        verdicts.limit_rejects();
        verdicts.hold_list();
        verdicts
    }

    fn judge(&mut self, connection: &Connection) {
        use VpcEndpointState as State;
        let owner = connection.owner.clone();
        let subject = Subject::Connection(self.facts.service.clone(), connection.vpc_endpoint.clone());
        let waits = connection.state == State::PendingAcceptance;
        if !waits && !matches!(connection.state, State::Pending | State::Available) {
            return;
        }
        match (allowance(self.definition, &self.facts.allow_list, &owner, !waits), waits) {
            (Allowance::Allowed(rule), waits) => {
                // It is let in, and only its records are not kept.
                let elsewhere = self.question.elsewhere(connection).cloned();
                let held = elsewhere.map(|region| HoldReason::OtherRegion { owner: owner.clone(), region });
                self.holds.extend(held.map(|held| (subject, held)));
                if waits {
                    self.accepted.insert(connection.vpc_endpoint.clone(), Accepted { owner, rule });
                }
            }
            (Allowance::NotAllowed, true) => {
                let held = HoldReason::NotAllowed { owner: owner.clone() };
                self.refuse(connection, subject, held, None);
            }
            (Allowance::NotAllowed, false) => {
                // From an empty list nothing is concluded, so that no grace runs out meanwhile.
                let since = (!self.empty).then(|| self.revoked_since(&subject));
                let held = HoldReason::Revoked { owner: owner.clone(), since };
                self.refuse(connection, subject, held, since);
            }
            (Allowance::Unknown(why), _) => {
                let stored = self.facts.holds.get(&subject).cloned();
                let held = if waits {
                    Some(HoldReason::AllowListUnreadable { why: why.clone() })
                } else {
                    stored.filter(|stored| matches!(stored, HoldReason::Revoked { .. }))
                };
                self.holds.extend(held.map(|held| (subject, held)));
                self.unreadable.get_or_insert(why);
            }
        }
    }

    fn revoked_since(&self, subject: &Subject) -> Timestamp {
        match self.facts.holds.get(subject) {
            Some(HoldReason::Revoked { since: Some(since), .. }) => *since,
            _ => self.question.now,
        }
    }

    /// Holds a connection, or rejects it where the definition says so and its grace, if it has one, is over.
    fn refuse(
        &mut self,
        connection: &Connection,
        subject: Subject,
        held: HoldReason,
        since: Option<Timestamp>,
    ) {
        let grace = i64::from(self.definition.revocation_grace);
        let is_over = since.is_none_or(|since| self.question.now.as_second() - since.as_second() >= grace);
        let rejects = self.definition.disallowed == Disallowed::Reject && is_over;
        self.withheld |= rejects && self.empty;
        if rejects && !self.empty {
            let rejected = Rejected { owner: connection.owner.clone(), since };
            self.rejected.insert(connection.vpc_endpoint.clone(), rejected);
            self.instead.insert(subject, held);
        } else {
            self.holds.insert(subject, held);
        }
    }

    /// Accepts no more than one review may, owner by owner in turns: one with many endpoints keeps nobody waiting.
    fn limit_accepts(&mut self) {
        let mut turns: BTreeMap<&AccountId, usize> = BTreeMap::new();
        let mut order = Vec::new();
        for (id, accepted) in &self.accepted {
            let turn = turns.entry(&accepted.owner).or_default();
            order.push((*turn, &accepted.owner, id));
            *turn += 1;
        }
        order.sort_unstable();
        let over: BTreeSet<_> = order.into_iter().skip(MAX_ACCEPTS).map(|(_, _, id)| id.clone()).collect();
        self.left = over.len();
        self.accepted.retain(|id, _| !over.contains(id));
    }

    /// Rejects nobody where too many would be rejected.
    fn limit_rejects(&mut self) {
        let wanted = self.rejected.len();
        let allowed = self.question.allow_rejects.unwrap_or(self.question.max_rejects);
        let subject = Subject::Service(self.facts.service.clone());
        let stored = self.facts.holds.get(&subject);
        let standing = stored.filter(|stored| matches!(stored, HoldReason::TooManyRejects { .. }));
        let reason = match standing {
            // A part of too many is not few.
            Some(standing)
                if !self.question.sees_all(self.facts) && self.question.allow_rejects.is_none() =>
            {
                standing.clone()
            }
            _ if usize::try_from(allowed).is_ok_and(|allowed| wanted > allowed) => {
                HoldReason::TooManyRejects { wanted, allowed }
            }
            _ => return,
        };
        self.holds.insert(subject, reason);
        self.holds.append(&mut self.instead);
        self.rejected.clear();
    }

    /// Holds the list itself for what is the matter with it.
    fn hold_list(&mut self) {
        let subject = Subject::AllowList(self.facts.service.clone());
        let principals = uncheckable(&self.facts.allow_list);
        let reason = match self.unreadable.take() {
            Some(why) => HoldReason::AllowListUnreadable { why },
            None if self.withheld => HoldReason::AllowListEmpty,
            None if !principals.is_empty() => HoldReason::UncheckablePrincipals { principals },
            None => return,
        };
        // What a review of all has found is not overwritten by one of a part.
        let stored = self.facts.holds.get(&subject).filter(|_| !self.question.sees_all(self.facts));
        let reason = stored.cloned().unwrap_or(reason);
        self.holds.insert(subject, reason);
    }
}
