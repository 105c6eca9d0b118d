//! What a hold says, in words.

use std::fmt;

use super::HoldReason;
use crate::model::denied::Denied;

impl fmt::Display for HoldReason {
    #[expect(clippy::too_many_lines, reason = "it is a table: an arm for each reason, and nothing else")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            HoldReason::NotAllowed { owner } => {
                write!(f, "no rule of the allow list matches account {owner}")
            }
            HoldReason::Revoked { owner, since } => {
                write!(f, "account {owner} is connected, and no rule of the allow list matches it")?;
                since.map_or(Ok(()), |since| write!(f, " since {since:.0}"))
            }
            HoldReason::OtherRegion { owner, region } => {
                write!(
                    f,
                    "account {owner} is connected from {region}, and only this stack's region is served"
                )
            }
            HoldReason::AllowListUnreadable { why } => {
                write!(f, "who may connect cannot be read: {why}")
            }
            HoldReason::AllowListEmpty => {
                f.write_str("no rule of the allow list can match anybody, so nobody is rejected")
            }
            HoldReason::UncheckablePrincipals { principals } => {
                let listed = principals.join(", ");
                write!(f, "the service's permissions name {listed}, which match nobody here")
            }
            HoldReason::TooManyRejects { wanted, allowed } => {
                write!(f, "{wanted} connections would be rejected, and {allowed} may be at once")
            }
            HoldReason::ServiceNotFound => f.write_str("no such endpoint service in this account and region"),
            HoldReason::InvalidDefinition { message } | HoldReason::Route53Refused { message } => {
                f.write_str(message)
            }
            HoldReason::ShadowedByPrivateDns { zone, service } => {
                write!(
                    f,
                    "zone {zone} of {service} is asked for the name, and only that service writes there"
                )
            }
            HoldReason::CloudMapZone { message } | HoldReason::ZoneQuota { message } => f.write_str(message),
            HoldReason::Shadowed { because } => {
                write!(f, "a closer zone is asked for the name; here {because}")
            }
            HoldReason::NoAccess(Denied { account, operation, message, .. }) => {
                write!(f, "{operation} in account {account}: {message}")
            }
            HoldReason::NoZone { .. } => f.write_str("no private hosted zone of the VPC can hold the name"),
            HoldReason::ProfileZone { profile, zone, .. } => write!(
                f,
                "zone {zone} of Route 53 Profile {profile} is asked for the name, and no zone of the VPC itself can hold it"
            ),
            HoldReason::NoSubnet => f.write_str("the endpoint has no subnet and so no address"),
            HoldReason::Stalled { state: Some(state) } => {
                write!(f, "the endpoint stayed {state} for 30 minutes")
            }
            HoldReason::Stalled { state: None } => {
                f.write_str("the endpoint was announced and not seen for 30 minutes")
            }
            HoldReason::ForeignRecord { seen } => {
                write!(f, "a record set that is not ours answers {seen}")
            }
            HoldReason::ForeignController { controller, owner } => {
                write!(f, "{controller} has marked the record as its own")?;
                owner.as_ref().map_or(Ok(()), |owner| write!(f, ", as owner {owner}"))
            }
            HoldReason::Contended { by, repairs, until } => {
                let by = by.as_deref().unwrap_or("somebody else");
                write!(f, "{by} has written it again after {repairs} repairs within an hour; ")?;
                write!(f, "left as it is until {until:.0}")
            }
            HoldReason::IncompatibleRecord { kinds } => {
                write!(f, "{} stands at the name", kinds.join(", "))
            }
            HoldReason::NameTaken { service } => write!(f, "the name belongs to {service}"),
            HoldReason::SharedZone { vpc } => write!(f, "the zone's record belongs to {vpc}"),
            HoldReason::ZoneOwnerConsent { zone_account, vpc_account } => write!(
                f,
                "account {zone_account} owns the zone, and has not said that it serves VPCs of account {vpc_account}"
            ),
            HoldReason::RecordFull { values, at_most } => {
                write!(f, "the record would have {values} values, and Route 53 takes {at_most}")
            }
            HoldReason::NotDefined { service } => write!(f, "{service} has no definition"),
            HoldReason::TooManyDeletes { run, at_most } => {
                write!(f, "run {run} may remove {at_most} record sets, and this is one more")
            }
            HoldReason::ProviderVpc => f.write_str(
                "no zone can hold the name, and none is made in a VPC of the account in which the services stand",
            ),
            HoldReason::TooManyZones { at_most } => {
                write!(f, "zonelink keeps {at_most} zones in the account, which is as many as it may")
            }
            HoldReason::ZoneTakenAway { domain, made } => {
                write!(f, "somebody has deleted zone {domain}, which zonelink made once more at {made:.0}")
            }
            HoldReason::ZoneDisassociated { domain, zone } => {
                write!(f, "somebody has taken the VPC from zone {domain}, which zonelink made for it")?;
                zone.as_ref().map_or(Ok(()), |zone| write!(f, " ({zone})"))
            }
            HoldReason::Released { by, at } => write!(f, "{by} took the record back at {at:.0}"),
            HoldReason::Unknown => f.write_str("held by another version"),
        }
    }
}
