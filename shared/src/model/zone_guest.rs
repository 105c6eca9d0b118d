//! Zone guests: the further VPCs that people had zonelink associate with a private hosted zone.
//!
//! An item is written before the first call, and moved on after each, so that a crash leaves an item that says what may
//! have been asked for. An association without an item is somebody else's. Only `zonelink zone` reads and writes these
//! items; no function does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dns::DnsName;
use super::ids::{AccountId, HostedZoneId, VpcId};

/// One VPC that is to be associated with one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneGuest {
    /// The zone.
    pub zone: HostedZoneId,
    /// The account that owns it.
    pub zone_account: AccountId,
    /// Its name.
    pub domain: DnsName,
    /// The VPC.
    pub vpc: VpcId,
    /// The account that owns the VPC.
    pub vpc_account: AccountId,
    /// The ARN of who asked for it.
    pub by: String,
    /// How far it is.
    #[serde(flatten)]
    pub state: GuestState,
    /// Why AWS refused the last call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Grows by one with each write; each write is conditional on it.
    pub version: u64,
}

/// How far an association is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum GuestState {
    /// The zone's owner may have been asked to authorise the association.
    Authorizing,
    /// The VPC's owner may have been asked to associate.
    Associating {
        /// The one request ends before this moment.
        until: Timestamp,
    },
    /// They are associated, and the authorisation may stand still.
    Revoking,
    /// They are associated.
    Shared,
    /// The VPC's owner may have been asked to end the association.
    Removing,
}

/// A refusal of AWS, which stands until the command is run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What it means.
    pub reason: RefusedReason,
    /// The call and AWS's code: `route53:AssociateVPCWithHostedZone: ConflictingDomainExists`.
    pub code: String,
    /// AWS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a refusal means. The errors are those of [AssociateVPCWithHostedZone](
/// https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html) and
/// [CreateVPCAssociationAuthorization](
/// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateVPCAssociationAuthorization.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusedReason {
    /// `ConflictingDomainExists`: the VPC has a zone of this name already.
    ZoneConflict,
    /// `LimitsExceeded`: no more VPCs fit. `TooManyVPCAssociationAuthorizations`: no more authorisations do.
    ZoneFull,
    /// `LastVPCAssociation`: a private zone keeps its last VPC.
    LastVpc,
    /// For want of permission.
    NoAccess,
    /// Anything else.
    Route53Refused,
}

impl RefusedReason {
    /// What a refusal with this code means.
    #[must_use]
    pub fn of(code: &str, is_denied: bool) -> Self {
        match code {
            "ConflictingDomainExists" => Self::ZoneConflict,
            "LimitsExceeded" | "TooManyVPCAssociationAuthorizations" => Self::ZoneFull,
            "LastVPCAssociation" => Self::LastVpc,
            _ if is_denied => Self::NoAccess,
            _ => Self::Route53Refused,
        }
    }

    /// The word by which it is known.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ZoneConflict => "ZoneConflict",
            Self::ZoneFull => "ZoneFull",
            Self::LastVpc => "LastVpc",
            Self::NoAccess => "NoAccess",
            Self::Route53Refused => "Route53Refused",
        }
    }
}

impl ZoneGuest {
    /// The same after AWS has refused what it announces.
    #[must_use]
    pub fn refused(&self, refused: Refused) -> Self {
        Self { refused: Some(refused), version: self.version + 1, ..self.clone() }
    }

    /// Whether the zone is another account's than the VPC.
    #[must_use]
    pub fn crosses_accounts(&self) -> bool {
        self.zone_account != self.vpc_account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_refuses_is_told_apart_by_its_code() {
        for (code, is_denied, reason) in [
            ("ConflictingDomainExists", false, RefusedReason::ZoneConflict),
            ("LimitsExceeded", false, RefusedReason::ZoneFull),
            ("TooManyVPCAssociationAuthorizations", false, RefusedReason::ZoneFull),
            ("LastVPCAssociation", false, RefusedReason::LastVpc),
            ("AccessDenied", true, RefusedReason::NoAccess),
            ("InvalidInput", false, RefusedReason::Route53Refused),
        ] {
            assert_eq!(RefusedReason::of(code, is_denied), reason, "{code}");
        }
    }

    #[test]
    fn guest_is_stored_with_its_state_beside_the_rest() {
        let stored = serde_json::json!({
            "zone": "Z0123456789", "zone_account": "444455556666", "domain": "aws.byoc.example.com",
            "vpc": "vpc-00000001", "vpc_account": "777788889999", "by": "arn", "version": 2,
            "state": "associating", "until": "2026-03-02T09:15:00Z",
        });
        let guest: ZoneGuest = serde_json::from_value(stored.clone()).unwrap();
        assert!(guest.crosses_accounts());
        assert_eq!(serde_json::to_value(guest).unwrap(), stored);
    }
}
