//! A plan: groups of steps, what is held, and when to look again.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::claim::Claim;
use crate::model::dns::DnsName;
use crate::model::facts::{StoredEndpoint, Wait};
use crate::model::hold::{Hold, HoldReason, Subject};
use crate::model::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId, VpcId};
use crate::model::record::{Change, RecordKey};
use crate::model::run::RunPart;
use crate::model::zone_claim::{NewZone, ZoneClaim};
use crate::trigger::intent::Intent;

/// What is to be done, in groups that do not depend on one another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In the order in which they are applied.
    pub groups: Vec<Group>,
    /// All that is held, whether it was before or not.
    pub holds: BTreeMap<Subject, HoldReason>,
    /// What is kept like a hold and holds nothing: see [`HoldReason::is_note`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<Subject, HoldReason>,
    /// When to look again because another worker's change is on its way, and at which VPC.
    pub look_again: BTreeMap<VpcId, Timestamp>,
}

/// Steps on one subject, in order. The first that fails ends the group, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What it is about.
    pub subject: Subject,
    /// Why: the row of the decision table.
    pub reason: String,
    /// What is done.
    pub steps: Vec<Step>,
}

/// One AWS API action, and one statement in the functions' IAM policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step")]
pub enum Step {
    /// `ec2:AcceptVpcEndpointConnections`.
    AcceptConnections {
        /// The service.
        service: ServiceId,
        /// The endpoints to accept, each with its owner and the rule that allows it.
        vpc_endpoints: BTreeMap<VpcEndpointId, Accepted>,
    },
    /// `ec2:RejectVpcEndpointConnections`.
    RejectConnections {
        /// The service.
        service: ServiceId,
        /// The endpoints to reject, each with its owner.
        vpc_endpoints: BTreeMap<VpcEndpointId, Rejected>,
    },
    /// `dynamodb:TransactWriteItems`: the claim, on condition of its version, and the references by which
    /// VPCs find it.
    PutClaim {
        /// The claim as it is to be.
        claim: Box<Claim>,
        /// The version that must stand there; none when no claim may stand there.
        expects: Option<u64>,
        /// VPCs that get a reference.
        joins: BTreeSet<VpcId>,
        /// VPCs that lose theirs.
        leaves: BTreeSet<VpcId>,
        /// The claim on the zone, where a first claim on a record comes into a zone that was made: it must stand there
        /// as it was seen, so that no zone is deleted into which a record comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<Box<ZoneClaim>>,
    },
    /// `dynamodb:UpdateItem`: room for Route 53 requests in an account's bucket, before anything is announced.
    /// It comes first, so that nothing is announced that cannot be done.
    Reserve {
        /// The account.
        account: AccountId,
        /// How many.
        requests: u32,
    },
    /// `dynamodb:UpdateItem`: one of the removals that a run may make, on condition that it has one left.
    ReserveDeletion {
        /// The run.
        run: String,
        /// How many it may make.
        at_most: u32,
    },
    /// `dynamodb:UpdateItem`: gives a reserved removal back to its run.
    ReturnDeletion {
        /// The run.
        run: String,
    },
    /// `route53:ChangeResourceRecordSets`, one atomic batch.
    ChangeRecords {
        /// The account that owns the zone.
        account: AccountId,
        /// Zone and name.
        key: RecordKey,
        /// The batch.
        changes: Vec<Change>,
        /// The request must end before this moment.
        until: Timestamp,
        /// What is done instead of the steps after it when it is certain that AWS did not make the change: the claim
        /// becomes what it was before it was announced, and a removal that was reserved is given back.
        put_back: Vec<Step>,
    },
    /// `dynamodb:TransactWriteItems`: deletes the claim, on condition of its version, and the references.
    ReleaseClaim {
        /// Zone and name.
        key: RecordKey,
        /// The version that must stand there.
        expects: u64,
        /// VPCs that lose their reference.
        leaves: BTreeSet<VpcId>,
    },
    /// `dynamodb:TransactWriteItems`: a claim on a zone, on condition of its version, and what the index says of it. A
    /// new one is counted in the same transaction.
    PutZoneClaim {
        /// The claim as it is to be.
        claim: Box<ZoneClaim>,
        /// The version that must stand there; none when no claim may stand there.
        expects: Option<u64>,
        /// How many may live in the account, this one included.
        at_most: u32,
        /// The records on which no claim may stand, of whichever VPC: those of a zone that is to be deleted.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        unclaimed: BTreeSet<RecordKey>,
    },
    /// `route53:CreateHostedZone`.
    CreateZone {
        /// The account that owns the VPC.
        account: AccountId,
        /// The zone.
        zone: Box<NewZone>,
        /// The request must end before this moment.
        until: Timestamp,
        /// What is done instead of the steps after it when it is certain that AWS did not make the zone.
        put_back: Vec<Step>,
    },
    /// `route53:DeleteHostedZone`. Route 53 refuses one that holds anything but SOA and NS.
    DeleteZone {
        /// The account that owns it.
        account: AccountId,
        /// The zone.
        zone: HostedZoneId,
        /// Its name.
        domain: DnsName,
        /// The request must end before this moment.
        until: Timestamp,
        /// What is done instead of the steps after it when it is certain that AWS did not delete the zone: the claim says
        /// again that it is made, and a removal that was counted is given back.
        put_back: Vec<Step>,
    },
    /// `dynamodb:TransactWriteItems`: deletes a claim on a zone, on condition of its version. The zone stays as it is.
    ReleaseZoneClaim {
        /// The VPC.
        vpc: VpcId,
        /// The account that owns it.
        account: AccountId,
        /// The zone's name.
        domain: DnsName,
        /// The version that must stand there.
        expects: u64,
    },
    /// `dynamodb:PutItem`: what the table remembers of an endpoint.
    PutEndpoint {
        /// The item.
        endpoint: Box<StoredEndpoint>,
    },
    /// `dynamodb:PutItem`: a hold that is new or has another reason.
    PutHold {
        /// The item.
        hold: Box<Hold>,
    },
    /// `dynamodb:DeleteItem`: a hold whose reason is gone.
    DeleteHold {
        /// What is no longer held.
        subject: Subject,
    },
    /// `dynamodb:PutItem` on condition that nobody else keeps the chain: takes the next turn of an
    /// endpoint's waiting chain.
    PutWait {
        /// The endpoint.
        vpc_endpoint: VpcEndpointId,
        /// The turn.
        wait: Wait,
        /// A chain that is due later than this is somebody else's.
        not_due_after: Timestamp,
    },
    /// `dynamodb:DeleteItem`: the endpoint has not to be waited for any more.
    DeleteWait {
        /// The endpoint.
        vpc_endpoint: VpcEndpointId,
    },
    /// `sqs:SendMessage`.
    SendIntent {
        /// The message.
        intent: Intent,
        /// How long the queue keeps it back.
        delay_seconds: i32,
    },
}

/// Why a connection is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The account that owns the endpoint.
    pub owner: AccountId,
    /// The allowed principal that matched.
    pub rule: String,
}

/// Why a connection is rejected: no rule matches its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The account that owns the endpoint.
    pub owner: AccountId,
    /// Since when no rule matches an owner who is connected already; none for one who waits.
    pub since: Option<Timestamp>,
}

/// For how long a hold is kept that nothing may be left to end, in seconds: on an endpoint that nobody has ever
/// shown, or for a call that only available endpoints lead to. A sweep that meets its reason writes it again.
const REMEMBER_UNKNOWN: i64 = 24 * 60 * 60;

impl Plan {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.steps.is_empty())
    }

    /// All steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.groups.iter().flat_map(|group| &group.steps)
    }

    /// Adds what is planned for further VPCs.
    pub fn extend(&mut self, other: Plan) {
        self.groups.extend(other.groups);
        self.holds.extend(other.holds);
        self.notes.extend(other.notes);
        self.look_again.extend(other.look_again);
    }

    /// Names the messages that are sent on as further parts of `run`, if there is one, `sent` of which there are
    /// already. Those of a waiting chain are not counted.
    pub fn send_for(&mut self, run: Option<&RunPart>, sent: &mut usize) {
        let Some(run) = run else { return };
        for step in self.groups.iter_mut().flat_map(|group| &mut group.steps) {
            if let Step::SendIntent { intent, .. } = step
                && intent.run.as_ref().is_none_or(|run| run.part.is_some())
            {
                *sent += 1;
                intent.run = Some(run.sent_on(*sent));
            }
        }
    }

    pub(super) fn push(&mut self, subject: Subject, reason: impl Into<String>, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.groups.push(Group { subject, reason: reason.into(), steps });
        }
    }

    /// Holds a subject, or notes what is no hold.
    pub(super) fn hold(&mut self, subject: Subject, reason: HoldReason) {
        let kept = if reason.is_note() { &mut self.notes } else { &mut self.holds };
        kept.insert(subject, reason);
    }

    /// Writes holds that are new or have changed, and deletes those in `stored` that are no more. `account` is
    /// the one whose VPCs they are about.
    pub(super) fn settle_holds(
        &mut self,
        stored: &BTreeMap<Subject, HoldReason>,
        account: Option<&AccountId>,
        now: Timestamp,
    ) {
        let kept: BTreeMap<_, _> = self.holds.clone().into_iter().chain(self.notes.clone()).collect();
        for (subject, reason) in kept.clone() {
            if stored.get(&subject) != Some(&reason) {
                let forgotten = match (&subject, &reason) {
                    (Subject::Account(_), HoldReason::NoAccess(denied)) => denied.is_rarely_met(),
                    _ => matches!(subject, Subject::UnknownEndpoint(..)),
                };
                let hold = Box::new(Hold {
                    subject: subject.clone(),
                    reason: reason.clone(),
                    account: account.cloned(),
                    since: reason.since().unwrap_or(now),
                    expires_at: forgotten.then(|| now.as_second() + REMEMBER_UNKNOWN),
                });
                let verb = if reason.is_note() { "noted" } else { "held" };
                self.push(subject, format!("{verb}: {reason}"), vec![Step::PutHold { hold }]);
            }
        }
        let ended: BTreeSet<Subject> = self
            .steps()
            .filter_map(|step| match step {
                Step::DeleteHold { subject } => Some(subject.clone()),
                _ => None,
            })
            .collect();
        for (subject, reason) in stored {
            if !kept.contains_key(subject) && !ended.contains(subject) {
                let step = Step::DeleteHold { subject: subject.clone() };
                let verb = if reason.is_note() { "noted" } else { "held" };
                self.push(subject.clone(), format!("no longer {verb}: {reason}"), vec![step]);
            }
        }
    }
}

impl Group {
    /// Whether the journal keeps it: decisions and changes, not the turns of a waiting chain.
    #[must_use]
    pub fn is_journalled(&self) -> bool {
        self.steps.iter().any(|step| {
            !matches!(
                step,
                Step::PutWait { .. }
                    | Step::DeleteWait { .. }
                    | Step::SendIntent { .. }
                    | Step::PutEndpoint { .. }
            )
        })
    }
}
