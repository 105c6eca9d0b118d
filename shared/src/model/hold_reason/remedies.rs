//! What an operator can do about a hold, in a sentence.

use std::borrow::Cow;

use super::HoldReason;

impl HoldReason {
    /// What an operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> Cow<'static, str> {
        match self {
            HoldReason::ZoneOwnerConsent { zone_account, vpc_account } => format!(
                "let account {zone_account} say that it serves VPCs of {vpc_account}: ServesVpcsOf={vpc_account} in its \
                 client stack, infra/client.yaml (with commas between several, * for all; in template.yaml, where it is \
                 the provider's own), or give the VPC a zone of its own"
            )
            .into(),
            HoldReason::TooManyRejects { wanted, .. } => {
                format!("correct the allow list, or zonelink backfill --allow-rejects {wanted}").into()
            }
            other => other.fixed_remedy().into(),
        }
    }

    fn fixed_remedy(&self) -> &'static str {
        match self {
            HoldReason::NotAllowed { .. } | HoldReason::Revoked { .. } => {
                "add the account to the service's allowed principals, or reject the connection"
            }
            HoldReason::OtherRegion { .. } => {
                "write the records of that VPC by hand, or make an endpoint in this stack's region instead"
            }
            HoldReason::AllowListUnreadable { .. } => {
                "grant the call that failed (for Organizations: ReadOrganizations or OrganizationsRoleArn), or list account ids"
            }
            HoldReason::AllowListEmpty => "say who may connect, or reject the connections by hand",
            HoldReason::UncheckablePrincipals { .. } => "permit the accounts themselves, by their root ARNs",
            HoldReason::InvalidDefinition { .. } => "correct the definition",
            HoldReason::ServiceNotFound => {
                "correct the service id, or deploy in the account and region of the service; as a client of somebody \
                 else's service, list your accounts and make an endpoint"
            }
            HoldReason::NoAccess(denied) if denied.is_of_a_new_zone() => {
                "let the client role make zones (infra/client.yaml, MayCreateZones=true), then zonelink backfill: by itself \
                 it is tried again within an hour, after a day within a day; or make the zone by hand"
            }
            HoldReason::NoAccess(denied) if denied.tried.is_some() => {
                "let the client role write there (infra/client.yaml), then zonelink backfill: by itself it is tried again \
                 within an hour, after a day within a day"
            }
            HoldReason::NoAccess(_) => {
                "deploy infra/client.yaml in that account, with this stack's role name and external id"
            }
            HoldReason::NoZone { .. } => {
                "associate a private hosted zone of this name's domain or a parent of it with the VPC"
            }
            HoldReason::ProfileZone { .. } => {
                "associate a private hosted zone of this name's domain with the VPC itself, which comes before the Profile's; \
                 or keep the record in the Profile's zone yourself"
            }
            HoldReason::ShadowedByPrivateDns { .. } => {
                "turn off the private DNS of the endpoint that brings the zone, or publish another name"
            }
            HoldReason::CloudMapZone { .. } => {
                "publish another name, or give the VPC a closer zone of its own for this one"
            }
            HoldReason::Shadowed { .. } => "none is needed: a closer zone answers",
            HoldReason::NoSubnet => "add a subnet to the endpoint",
            HoldReason::Stalled { .. } => "see why EC2 does not make it available; any change of it is seen",
            HoldReason::ForeignRecord { .. } => {
                "remove the record set, or let the definition adopt it (adopt: any)"
            }
            HoldReason::ForeignController { .. } => {
                "exclude the name from external-dns (--exclude-domains, or no source with that hostname), then remove \
                 its TXT record set"
            }
            HoldReason::Contended { .. } => {
                "stop who else writes the record, or take the name from this definition; it is tried again by itself"
            }
            HoldReason::IncompatibleRecord { .. } => "remove the record set, or publish another name",
            HoldReason::NameTaken { .. } => "give the services names of their own",
            HoldReason::SharedZone { .. } => {
                "give the VPC a zone of its own, or set shared_zones: merge where the VPCs are routed to each other"
            }
            HoldReason::Route53Refused { .. } => "see Route 53's words",
            HoldReason::RecordFull { .. } => {
                "give the VPC a zone of its own: fewer VPCs then share one record"
            }
            HoldReason::NotDefined { .. } => {
                "define the service again; with `removed`, its records are released or deleted"
            }
            HoldReason::TooManyDeletes { .. } => {
                "see whether these endpoints are meant to be gone; if so, zonelink backfill --allow-deletes with the number wanted"
            }
            HoldReason::ProviderVpc => {
                "make a private hosted zone of this name's domain for the VPC by hand, unless the service's load balancers \
                 stand in it and clients there use their own names below that domain"
            }
            HoldReason::TooManyZones { .. } => {
                "see whether these VPCs are meant to have endpoints; if so, raise the stack's MaxZones"
            }
            HoldReason::ZoneQuota { .. } => {
                "delete hosted zones that nothing needs, or raise the account's quota of hosted zones"
            }
            HoldReason::ZoneTakenAway { .. } => {
                "make a private hosted zone of this name's domain for the VPC by hand, or set zones: existing; a day after \
                 it was made, zonelink makes another"
            }
            HoldReason::ZoneDisassociated { .. } => {
                "associate the zone with the VPC again, or one of your own that can hold the name"
            }
            HoldReason::Released { .. } => "hand the record over to zonelink again: zonelink adopt",
            HoldReason::ZoneOwnerConsent { .. } | HoldReason::TooManyRejects { .. } | HoldReason::Unknown => {
                "wait for the next sweep"
            }
        }
    }
}
