//! Intents: where to look.
//!
//! Each event becomes one of two: a review of a service's connections, or a reconciliation of the VPCs in
//! which some endpoints of one account stand. What it is not for says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::Limit;
use crate::model::dns::DnsName;
use crate::model::gone::Gone;
use crate::model::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId, VpcId};
use crate::model::policy::Policy;
use crate::model::rate::Priority;
use crate::model::record::RecordKey;
use crate::model::run::{RequestedBy, RunPart};
use crate::trigger::event::{Action, ApiCall, Event};
use crate::trigger::own_calls::OwnCalls;

/// An intent as it travels on the work queue: `{"intent":"reconcile",…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "snake_case")]
pub enum Message {
    /// The one kind that there is.
    Reconcile(Intent),
}

/// Look at endpoints of one account, and make the records of their VPCs right. One that names neither endpoints nor
/// VPCs is of all endpoints in that account that lead to a defined service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The account that owns endpoints and VPCs.
    pub account: AccountId,
    /// The endpoints whose VPCs are to be looked at; at most [`Intent::MOST`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub vpc_endpoints: BTreeSet<VpcEndpointId>,
    /// VPCs that are to be looked at whatever stands in them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub vpcs: BTreeSet<VpcId>,
    /// AWS has said that these endpoints of a service of ours exist. EC2's reads are eventually
    /// consistent, so one that is not found yet is waited for.
    #[serde(default)]
    pub announced: bool,
    /// Whether the account may connect, once AWS has connected it, by service: only reviews read what AWS alone can
    /// tell of an allow list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reviewed: BTreeMap<ServiceId, bool>,
    /// Endpoints that are over by the provider's own list, for where their account cannot be read. Only a whole review
    /// says so, of what it has read itself: no event does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
    /// How often in a row a change was put off, because Route 53 was not ready for it: the next delay follows from it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// Whether an event or a sweep led here.
    #[serde(default)]
    pub priority: Priority,
    /// What led here, for the journal.
    pub cause: String,
    /// Which records were written, and by whom, by the event that led here: for people to read, never to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Box<Edit>>,
    /// When that happened: the start of the time to DNS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The message that brought it, by its id in the queue; none where no message did.
    #[serde(skip)]
    pub message: Option<String>,
    /// The run of backfill that led here; none for an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunPart>,
}

/// Who has written records of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The ARN of the caller, as the event has it.
    pub by: String,
    /// The zone.
    pub zone: HostedZoneId,
    /// Those of the defined names that were written; any, when the event's names cannot be read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<DnsName>,
}

impl Edit {
    /// Who has written this record; none when it was not among those that were written.
    #[must_use]
    pub fn by(&self, key: &RecordKey) -> Option<&str> {
        let named = self.names.is_empty() || self.names.contains(&key.name);
        (self.zone == key.zone && named).then_some(self.by.as_str())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Intent {
    /// How many endpoints, or VPCs, one intent names at most, so that one Describe call serves them all.
    pub const MOST: usize = Limit::IntentSubjects.most();

    /// Who has written this record, by the event that led here.
    #[must_use]
    pub fn written_by(&self, key: &RecordKey) -> Option<&str> {
        self.edit.as_ref().and_then(|edit| edit.by(key))
    }

    /// Whether a person asked for it.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.requested_by == RequestedBy::Hand)
    }

    /// Whether an endpoint is over by what the provider's list has shown, as far as that is believed still.
    #[must_use]
    pub fn is_gone(&self, id: &VpcEndpointId, now: Timestamp) -> bool {
        self.evidence(now).is_some_and(|gone| gone.vpc_endpoints.contains(id))
    }

    /// What the provider's list has shown to be over, as far as that is believed still.
    #[must_use]
    pub fn evidence(&self, now: Timestamp) -> Option<&Gone> {
        self.gone.as_ref().filter(|gone| gone.is_believed(now))
    }

    /// Whether it is of all endpoints of defined services in its account.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.vpc_endpoints.is_empty() && self.vpcs.is_empty()
    }

    /// Whether it names more than one intent may, as the event of a call on many endpoints does.
    #[must_use]
    pub fn is_of_too_many(&self) -> bool {
        self.vpc_endpoints.len().max(self.vpcs.len()) > Self::MOST
    }

    /// The intents that it takes to name no more than one may.
    #[must_use]
    pub fn split(self) -> Vec<Intent> {
        if !self.is_of_too_many() {
            return vec![self];
        }
        let (vpc_endpoints, vpcs): (Vec<_>, Vec<_>) =
            (self.vpc_endpoints.iter().cloned().collect(), self.vpcs.iter().cloned().collect());
        let of_endpoints = Limit::IntentSubjects.split(&vpc_endpoints).map(|some| Intent {
            vpc_endpoints: some.iter().cloned().collect(),
            vpcs: BTreeSet::new(),
            ..self.clone()
        });
        let of_vpcs = Limit::IntentSubjects.split(&vpcs).map(|some| Intent {
            vpc_endpoints: BTreeSet::new(),
            vpcs: some.iter().cloned().collect(),
            ..self.clone()
        });
        of_endpoints.chain(of_vpcs).collect()
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = self.vpc_endpoints.iter().map(VpcEndpointId::as_str);
        let subjects: Vec<_> = endpoints.chain(self.vpcs.iter().map(VpcId::as_str)).collect();
        let subjects = if self.is_of_all() { vec!["all endpoints"] } else { subjects };
        write!(f, "reconcile {} of {} ({})", subjects.join(" "), self.account, self.cause)
    }
}

/// Look at the connections of a service, and accept those that are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The services; all defined ones when the event named none.
    pub services: BTreeSet<ServiceId>,
    /// Endpoints that the event named: they are reconciled even when nothing is accepted.
    pub vpc_endpoints: BTreeSet<VpcEndpointId>,
    /// What led here, for the journal.
    pub cause: String,
    /// When that happened.
    pub since: Option<Timestamp>,
}

/// An event that leads to nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored(pub String);

impl Event {
    /// What this event means to reconcile-records.
    ///
    /// # Errors
    /// The reason why nothing is to be done.
    pub fn intent(&self, policy: &Policy) -> Result<Intent, Ignored> {
        let call = self.watched_call(policy)?;
        match (call.action, &call.service) {
            (Action::CreateVpcEndpoint, service) => {
                let definition = service.as_ref().and_then(|service| policy.services.get(service));
                let definition = definition.filter(|definition| definition.removed.is_none());
                let definition = definition.ok_or_else(|| not_ours(call))?;
                // Nobody assumes a role in the account of a stranger. Should a person accept the connection
                // all the same, that raises an event of its own.
                if definition.allows(&call.account).is_none() {
                    let (action, account) = (call.action, &call.account);
                    return Err(Ignored(if definition.has_dynamic_principals() {
                        format!(
                            "{action} was made by {account}: whether it is allowed, a review tells, and sends an intent"
                        )
                    } else {
                        format!("{action} was made by {account}, which is not allowed")
                    }));
                }
            }
            (Action::ModifyVpcEndpoint | Action::DeleteVpcEndpoints, _) => {}
            (Action::AcceptVpcEndpointConnections | Action::RejectVpcEndpointConnections, _) => {
                return Err(Ignored(format!("{} concerns connections, not records", call.action)));
            }
        }
        Ok(Intent {
            account: call.account.clone(),
            vpc_endpoints: call.vpc_endpoints.clone(),
            vpcs: BTreeSet::new(),
            announced: call.action == Action::CreateVpcEndpoint,
            reviewed: BTreeMap::new(),
            gone: None,
            message: None,
            attempt: 0,
            priority: Priority::Event,
            edit: None,
            cause: call.cause(),
            since: call.time,
            run: None,
        })
    }

    /// What this event means to accept-connections.
    ///
    /// # Errors
    /// The reason why nothing is to be done.
    pub fn review(&self, policy: &Policy, own: &OwnCalls) -> Result<Review, Ignored> {
        if let Event::Notification(notification) = self {
            let services = defined(&notification.services, policy);
            if services.is_empty() && !notification.services.is_empty() {
                return Err(Ignored("the notification is of a service that is not defined here".into()));
            }
            return Ok(Review {
                services,
                vpc_endpoints: notification.vpc_endpoints.clone(),
                cause: format!("SNS notification {}", notification.id),
                since: notification.time,
            });
        }
        let call = self.watched_call(policy)?;
        let services = defined(&call.service.iter().cloned().collect(), policy);
        if services.is_empty() {
            return Err(not_ours(call));
        }
        if call.caller.as_deref().is_some_and(|caller| own.reviewed(caller)) {
            return Err(Ignored(format!("{} is our own call", call.action)));
        }
        Ok(Review {
            services,
            vpc_endpoints: call.vpc_endpoints.clone(),
            cause: call.cause(),
            since: call.time,
        })
    }

    fn watched_call(&self, policy: &Policy) -> Result<&ApiCall, Ignored> {
        match self {
            Event::Other(what) => Err(Ignored(format!("not an event that is watched: {what}"))),
            Event::ZoneCall(call) => Err(Ignored(format!("{} concerns zones, not endpoints", call.action))),
            Event::Notification(_) => Err(Ignored("a notification concerns connections".into())),
            Event::ApiCall(call) if call.region != policy.region => {
                Err(Ignored(format!("{} was made in {}, not in {}", call.action, call.region, policy.region)))
            }
            Event::ApiCall(ApiCall { error_code: Some(code), action, .. }) => {
                Err(Ignored(format!("{action} failed with {code}")))
            }
            Event::ApiCall(call) if call.vpc_endpoints.is_empty() => {
                Err(Ignored(format!("{} was unsuccessful for all its endpoints", call.action)))
            }
            Event::ApiCall(call) => Ok(call),
        }
    }
}

impl ApiCall {
    fn cause(&self) -> String {
        format!("{} event {}", self.action, self.id)
    }
}

fn defined(named: &BTreeSet<ServiceId>, policy: &Policy) -> BTreeSet<ServiceId> {
    named.iter().filter(|service| policy.services.contains_key(service)).cloned().collect()
}

fn not_ours(call: &ApiCall) -> Ignored {
    Ignored(match &call.service {
        Some(service) => format!("{} is of {service}, which is not defined here", call.action),
        None => format!("{} names no endpoint service", call.action),
    })
}
