//! Route 53's records of CloudTrail.
//!
//! They keep the structure of the API. Of a member's name the first letter alone is lower, hence `tTL` and, to
//! all appearance, `vPC`; AWS shows no record with a VPC in it, so members are found whatever their case.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::cloudtrail::check_account;
use super::envelope::{Envelope, InvalidEvent};
use crate::model::dns::DnsName;
use crate::model::ids::{AccountId, HostedZoneId, Region, VpcId};
use crate::quoted::quoted;

/// A Route 53 API call as CloudTrail recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneCall {
    /// CloudTrail's `eventID`; doubled deliveries share it.
    pub id: String,
    /// The account that made the call: the zone's, or that of the VPC.
    pub account: AccountId,
    /// When it was made.
    pub time: Option<Timestamp>,
    /// Which call.
    pub action: ZoneAction,
    /// The zone that the call names.
    pub zone: Option<HostedZoneId>,
    /// The VPC that the call names.
    pub vpc: Option<VpcId>,
    /// The region of that VPC.
    pub vpc_region: Option<Region>,
    /// The names of the records that it changes, as far as they can be read.
    pub names: BTreeSet<DnsName>,
    /// Why the call failed, when it did.
    pub error_code: Option<String>,
    /// The ARN of the caller.
    pub caller: Option<String>,
}

/// The calls that change which zones a VPC has, or what stands in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ZoneAction {
    /// A zone begins to serve a VPC.
    AssociateVPCWithHostedZone,
    /// It ends to.
    DisassociateVPCFromHostedZone,
    /// A zone is made, for a VPC if it is private.
    CreateHostedZone,
    /// AWS Cloud Map makes one for a VPC, and manages it.
    CreateServiceLinkedPrivateHostedZone,
    /// A zone goes.
    DeleteHostedZone,
    /// Records change.
    ChangeResourceRecordSets,
}

impl fmt::Display for ZoneAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

pub(super) fn zone_call(envelope: &Envelope, action: ZoneAction) -> Result<ZoneCall, InvalidEvent> {
    let record = &envelope.detail;
    let request = &record["requestParameters"];
    check_account(envelope)?;
    let vpc = member(request, "vpc");
    let call = ZoneCall {
        id: envelope.event_id(),
        account: envelope.account.clone(),
        time: record["eventTime"].as_str().and_then(|time| time.parse().ok()).or(envelope.time),
        action,
        zone: text(member(request, "hostedZoneId")).or_else(|| text(member(request, "id"))),
        vpc: text(member(vpc, "vpcId")),
        vpc_region: text(member(vpc, "vpcRegion")),
        names: names(member(member(request, "changeBatch"), "changes")),
        error_code: record["errorCode"].as_str().map(quoted),
        caller: record["userIdentity"]["arn"].as_str().map(ToOwned::to_owned),
    };
    // A public zone is made without a VPC; everything else names what it is about.
    let named = match action {
        ZoneAction::CreateHostedZone | ZoneAction::CreateServiceLinkedPrivateHostedZone => true,
        ZoneAction::AssociateVPCWithHostedZone | ZoneAction::DisassociateVPCFromHostedZone => {
            call.vpc.is_some()
        }
        ZoneAction::DeleteHostedZone | ZoneAction::ChangeResourceRecordSets => call.zone.is_some(),
    };
    if named || call.error_code.is_some() {
        return Ok(call);
    }
    let why = format!("the record of {action} ({}) names neither zone nor VPC", record["eventID"]);
    Err(InvalidEvent::new(why))
}

/// A member by name, whatever its case.
fn member<'a>(object: &'a Value, name: &str) -> &'a Value {
    let found = object.as_object().and_then(|members| {
        members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    });
    found.unwrap_or(&Value::Null)
}

fn text<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str().and_then(|text| text.parse().ok())
}

/// What is no name of a record that zonelink could write is left out.
fn names(changes: &Value) -> BTreeSet<DnsName> {
    let name = |change| text(member(member(change, "resourceRecordSet"), "name"));
    changes.as_array().into_iter().flatten().filter_map(name).collect()
}
