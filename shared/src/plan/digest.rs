//! What a plan comes to, without what changes by itself, and one short word for that.
//!
//! Two plans of the same situation differ in their clock and in what is made from it: the time until which a
//! change may take, the version of a claim that is made anew, since when something is held. A person who has
//! read the one agrees to the other as long as the digest is the same. What a waiting chain does next, and
//! which room is reserved when, are no part of it: they follow the clock alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::steps::{Accepted, Group, Plan, Step};
use crate::model::claim::{Claim, Contribution, Origin};
use crate::model::dns::DnsName;
use crate::model::facts::{Denied, Tried, VpcEndpointState};
use crate::model::hexadecimal::hexadecimal;
use crate::model::hold::HoldReason;
use crate::model::ids::{AccountId, HostedZoneId, InvalidId, ServiceId, VpcEndpointId, VpcId};
use crate::model::record::{Addresses, Change, RecordKey};

/// How many letters of the hash are said.
const LETTERS: usize = 16;

/// What a plan comes to, in a word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// What a plan does and holds, by the subject, in an order that is always the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanContent(BTreeMap<String, Vec<String>>);

/// What differs between two plans, by the subject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Nothing is done to it or held of it any more.
    pub gone: BTreeSet<String>,
    /// Nothing was to be done to it or held of it.
    pub new: BTreeSet<String>,
    /// Something else is done to it or held of it.
    pub changed: BTreeSet<String>,
}

impl PlanContent {
    /// What some plans come to together.
    pub fn of<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let mut content = PlanContent::default();
        for plan in plans {
            for group in &plan.groups {
                let mut announced = None;
                for step in &group.steps {
                    if let Some(action) = action(group, step, &mut announced) {
                        content.add(group.subject.to_string(), &action);
                    }
                }
            }
            for (subject, reason) in &plan.holds {
                content.add(subject.to_string(), &Action::Held { reason: timeless(reason) });
            }
            for vpc in plan.look_again.keys() {
                content.add(format!("{vpc}/"), &Action::Busy);
            }
        }
        content.0.values_mut().for_each(|actions| actions.sort());
        content
    }

    fn add(&mut self, subject: String, action: &Action) {
        // Plain values with text keys: serde_json writes all of them.
        let text = serde_json::to_string(action).unwrap_or_else(|error| error.to_string());
        self.0.entry(subject).or_default().push(text);
    }

    /// One word for it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        // Bound to the form: another one gives other digests, not by chance the same.
        hash.update(b"zonelink plan 1\n");
        for (subject, actions) in &self.0 {
            // No text has a line feed in it: serde_json escapes it, and no id or name has one.
            hash.update(format!("{subject}\n"));
            for action in actions {
                hash.update(format!("\t{action}\n"));
            }
        }
        let mut letters = hexadecimal(&hash.finalize());
        letters.truncate(LETTERS);
        Digest(letters)
    }

    /// What differs from here to `after`.
    #[must_use]
    pub fn difference_to(&self, after: &PlanContent) -> Difference {
        let names = |content: &PlanContent| content.0.keys().cloned().collect::<BTreeSet<_>>();
        let (here, there) = (names(self), names(after));
        let differs = |subject: &&String| self.0.get(*subject) != after.0.get(*subject);
        Difference {
            gone: here.difference(&there).cloned().collect(),
            new: there.difference(&here).cloned().collect(),
            changed: here.intersection(&there).filter(differs).cloned().collect(),
        }
    }
}

/// A step or a hold without what changes by itself.
#[derive(Serialize)]
enum Action<'a> {
    Accept {
        service: &'a ServiceId,
        vpc_endpoints: &'a BTreeMap<VpcEndpointId, Accepted>,
    },
    Reject {
        service: &'a ServiceId,
        owners: BTreeMap<&'a VpcEndpointId, &'a AccountId>,
    },
    Claim(Box<Claimed<'a>>),
    Change {
        account: &'a AccountId,
        key: &'a RecordKey,
        changes: &'a [Change],
    },
    Release {
        key: &'a RecordKey,
        expects: Expected,
        leaves: &'a BTreeSet<VpcId>,
    },
    ClaimZone {
        domain: &'a DnsName,
        zone: Option<&'a HostedZoneId>,
    },
    CreateZone {
        account: &'a AccountId,
        domain: &'a DnsName,
    },
    DeleteZone {
        account: &'a AccountId,
        zone: &'a HostedZoneId,
    },
    ReleaseZone {
        domain: &'a DnsName,
    },
    Remember {
        service: &'a ServiceId,
        state: Option<&'a VpcEndpointState>,
        addresses: &'a Addresses,
        is_gone: bool,
    },
    PutHold {
        reason: HoldReason,
    },
    EndHold,
    EndWait,
    Send {
        account: &'a AccountId,
        vpc_endpoints: &'a BTreeSet<VpcEndpointId>,
        vpcs: &'a BTreeSet<VpcId>,
    },
    Held {
        reason: HoldReason,
    },
    Busy,
}

#[derive(Serialize)]
struct Claimed<'a> {
    key: &'a RecordKey,
    zone_account: &'a AccountId,
    service: &'a ServiceId,
    contributions: Cow<'a, BTreeMap<VpcEndpointId, Contribution>>,
    origin: Origin,
    confirmed: &'a Addresses,
    pending: Option<(&'a Addresses, &'a Addresses)>,
    released_by: Option<&'a str>,
    expects: Expected,
    joins: &'a BTreeSet<VpcId>,
    leaves: &'a BTreeSet<VpcId>,
}

/// The version on which a step is conditional.
#[derive(Serialize)]
enum Expected {
    /// No claim stands there.
    Nothing,
    /// One that was seen.
    Seen(u64),
    /// The one that a step before has written; it may be made from the clock.
    Own,
}

fn action<'a>(group: &'a Group, step: &'a Step, announced: &mut Option<u64>) -> Option<Action<'a>> {
    let expected = |expects: Option<u64>, announced: Option<u64>| match expects {
        None => Expected::Nothing,
        expects if expects == announced => Expected::Own,
        Some(version) => Expected::Seen(version),
    };
    Some(match step {
        Step::AcceptConnections { service, vpc_endpoints } => Action::Accept { service, vpc_endpoints },
        Step::RejectConnections { service, vpc_endpoints } => {
            let owners = vpc_endpoints.iter().map(|(id, rejected)| (id, &rejected.owner));
            Action::Reject { service, owners: owners.collect() }
        }
        Step::PutClaim { claim, expects, joins, leaves, .. } => {
            let expects = expected(*expects, announced.replace(claim.version));
            Action::Claim(Box::new(claimed(claim, expects, joins, leaves)))
        }
        Step::ChangeRecords { account, key, changes, .. } => Action::Change { account, key, changes },
        Step::ReleaseClaim { key, expects, leaves } => {
            Action::Release { key, expects: expected(Some(*expects), *announced), leaves }
        }
        Step::PutZoneClaim { claim, .. } => Action::ClaimZone { domain: &claim.domain, zone: claim.zone() },
        Step::CreateZone { account, zone, .. } => Action::CreateZone { account, domain: &zone.domain },
        Step::DeleteZone { account, zone, .. } => Action::DeleteZone { account, zone },
        Step::ReleaseZoneClaim { domain, .. } => Action::ReleaseZone { domain },
        Step::PutEndpoint { endpoint } => Action::Remember {
            service: &endpoint.service,
            state: endpoint.state.as_ref(),
            addresses: &endpoint.addresses,
            is_gone: endpoint.expires_at.is_some(),
        },
        Step::PutHold { hold } => Action::PutHold { reason: timeless(&hold.reason) },
        Step::DeleteHold { .. } => Action::EndHold,
        Step::DeleteWait { .. } => Action::EndWait,
        Step::SendIntent { intent, .. } if !is_turn(group) => Action::Send {
            account: &intent.account,
            vpc_endpoints: &intent.vpc_endpoints,
            vpcs: &intent.vpcs,
        },
        Step::Reserve { .. }
        | Step::ReserveDeletion { .. }
        | Step::ReturnDeletion { .. }
        | Step::PutWait { .. }
        | Step::SendIntent { .. } => return None,
    })
}

/// A reason without the moments at which it was met.
fn timeless(reason: &HoldReason) -> HoldReason {
    match reason {
        HoldReason::Revoked { owner, .. } => HoldReason::Revoked { owner: owner.clone(), since: None },
        HoldReason::NoAccess(denied) => HoldReason::NoAccess(Denied { tried: None, ..denied.clone() }),
        HoldReason::NoZone { .. } => HoldReason::NoZone { tried: None },
        HoldReason::ProfileZone { profile, zone, .. } => HoldReason::ProfileZone {
            profile: profile.clone(),
            zone: zone.clone(),
            tried: Tried { first: Timestamp::UNIX_EPOCH, last: Timestamp::UNIX_EPOCH },
        },
        HoldReason::Shadowed { because } => HoldReason::Shadowed { because: Box::new(timeless(because)) },
        other => other.clone(),
    }
}

/// Contributions without the moment since when an owner denies its consent.
fn undated(
    contributions: &BTreeMap<VpcEndpointId, Contribution>,
) -> Cow<'_, BTreeMap<VpcEndpointId, Contribution>> {
    let mut undated = Cow::Borrowed(contributions);
    if contributions
        .values()
        .any(|given| given.consent.as_ref().is_some_and(|had| had.denied_since.is_some()))
    {
        let denials =
            undated.to_mut().values_mut().filter_map(|given| given.consent.as_mut()?.denied_since.as_mut());
        denials.for_each(|since| *since = Timestamp::UNIX_EPOCH);
    }
    undated
}

/// Whether a group takes the turn of a waiting chain.
fn is_turn(group: &Group) -> bool {
    group.steps.iter().any(|step| matches!(step, Step::PutWait { .. }))
}

fn claimed<'a>(
    claim: &'a Claim,
    expects: Expected,
    joins: &'a BTreeSet<VpcId>,
    leaves: &'a BTreeSet<VpcId>,
) -> Claimed<'a> {
    Claimed {
        key: &claim.key,
        zone_account: &claim.zone_account,
        service: &claim.service,
        contributions: undated(&claim.contributions),
        origin: claim.origin,
        confirmed: &claim.confirmed,
        pending: claim.pending.as_ref().map(|pending| (&pending.from, &pending.to)),
        released_by: claim.released.as_ref().map(|released| released.by.as_str()),
        expects,
        joins,
        leaves,
    }
}

impl Difference {
    /// Whether nothing has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty() && self.changed.is_empty()
    }
}

impl FromStr for Digest {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let is_letter = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == LETTERS && text.bytes().all(is_letter) {
            return Ok(Digest(text.to_owned()));
        }
        let expected = "sixteen letters 0-9 and a-f, as zonelink plan prints them";
        Err(InvalidId { kind: "the digest of a plan", value: text.to_owned(), expected })
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
