//! Lookups: what a Route 53 call makes zonelink look for.
//!
//! Route 53's calls name zones and VPCs, and no endpoint. Which VPCs are concerned, and whose they are, the table
//! tells: by the claims on a zone, and by what is held. A zone or VPC that it does not know is none of ours, and
//! nobody's account is entered for it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::limits::Limit;
use crate::model::ids::{AccountId, HostedZoneId, VpcId};
use crate::model::policy::{Policy, RecordName, ServiceDefinition};
use crate::model::rate::Priority;
use crate::quoted::quoted;
use crate::trigger::event::{Event, ZoneAction, ZoneCall};
use crate::trigger::intent::{Edit, Ignored, Intent};
use crate::trigger::own_calls::OwnCalls;

/// Look at the VPCs that have to do with a zone, or at one VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The zone in which records changed, or which is gone.
    pub zone: Option<HostedZoneId>,
    /// The VPC whose zones changed.
    pub vpc: Option<VpcId>,
    /// Which records were written, and by whom.
    pub edit: Option<Edit>,
    /// What led here, for the journal.
    pub cause: String,
    /// When that happened.
    pub since: Option<Timestamp>,
}

impl Event {
    /// What this event makes reconcile-records look for in the table.
    ///
    /// # Errors
    /// The reason why nothing is to be done.
    pub fn lookup(&self, policy: &Policy, own: &OwnCalls) -> Result<Lookup, Ignored> {
        let Event::ZoneCall(call) = self else {
            return Err(Ignored("not a call that concerns zones".into()));
        };
        let action = call.action;
        if let Some(code) = &call.error_code {
            return Err(Ignored(format!("{action} failed with {code}")));
        }
        if call.caller.as_deref().is_some_and(|caller| own.changed_records(caller, &call.account)) {
            return Err(Ignored(format!("{action} is our own call")));
        }
        if let Some(region) = call.vpc_region.as_ref().filter(|region| **region != policy.region) {
            return Err(Ignored(format!("{action} is of a VPC in {region}, not in {}", policy.region)));
        }
        let (zone, vpc) = match action {
            ZoneAction::ChangeResourceRecordSets if !concerns_names(call, policy) => {
                return Err(Ignored(format!("{action} changes none of the defined names")));
            }
            ZoneAction::ChangeResourceRecordSets | ZoneAction::DeleteHostedZone => (call.zone.clone(), None),
            // The VPC says it all: its other zones tell what the call has changed for it.
            _ => (None, call.vpc.clone()),
        };
        if zone.is_none() && vpc.is_none() {
            return Err(Ignored(format!("{action} made a zone that serves no VPC")));
        }
        let (edit, cause) = (edit(call, policy), format!("{action} event {}", call.id));
        Ok(Lookup { zone, vpc, edit, cause, since: call.time })
    }
}

/// What a call says of who wrote which of the defined names. The caller's session has a name that anybody may choose.
fn edit(call: &ZoneCall, policy: &Policy) -> Option<Edit> {
    let zone = call.zone.clone().filter(|_| call.action == ZoneAction::ChangeResourceRecordSets)?;
    let defined = policy.services.values().flat_map(|definition| &definition.names);
    let defined = defined.map(RecordName::as_dns_name).filter(|name| call.names.contains(name));
    Some(Edit { by: quoted(call.caller.as_deref()?), zone, names: defined.cloned().collect() })
}

/// A call whose names cannot be read may concern any.
fn concerns_names(call: &ZoneCall, policy: &Policy) -> bool {
    let defines = |definition: &ServiceDefinition| {
        definition.names.iter().any(|name| call.names.contains(name.as_dns_name()))
    };
    call.names.is_empty() || policy.services.values().any(defines)
}

impl Lookup {
    /// The intents for the VPCs that were found, each with its account.
    #[must_use]
    pub fn intents(&self, found: BTreeSet<(AccountId, VpcId)>) -> Vec<Intent> {
        let mut accounts: BTreeMap<AccountId, Vec<VpcId>> = BTreeMap::new();
        for (account, vpc) in found {
            accounts.entry(account).or_default().push(vpc);
        }
        let intent = |account: &AccountId, vpcs: &[VpcId]| Intent {
            account: account.clone(),
            vpc_endpoints: BTreeSet::new(),
            vpcs: vpcs.iter().cloned().collect(),
            announced: false,
            reviewed: BTreeMap::new(),
            gone: None,
            message: None,
            attempt: 0,
            priority: Priority::Event,
            edit: self.edit.clone().map(Box::new),
            cause: self.cause.clone(),
            since: self.since,
            run: None,
        };
        let of_account = |(account, vpcs): (&AccountId, &Vec<VpcId>)| -> Vec<Intent> {
            Limit::IntentSubjects.split(vpcs).map(|vpcs| intent(account, vpcs)).collect()
        };
        accounts.iter().flat_map(of_account).collect()
    }
}

#[cfg(test)]
mod tests;
