//! What ends a hold, as commands that can be pasted.
//!
//! A reason that leaves a choice has a way for each side of it. A reason whose remedy is a sentence only, because its
//! commands would need what no hold knows, has none: `HoldReason::remedy` says what to decide.

pub mod commands;
mod place;
mod shell;

pub use place::{Place, Way};
use shell::At;

use crate::model::hold::{Hold, HoldReason, Subject};
use crate::model::ids::{AccountId, ServiceId};

impl Hold {
    /// The ways to end it.
    #[must_use]
    pub fn ways(&self, place: &Place) -> Vec<Way> {
        let at = At { place, subject: &self.subject, account: self.account.as_ref() };
        at.ways(&self.reason)
    }
}

impl At<'_> {
    fn ways(&self, reason: &HoldReason) -> Vec<Way> {
        match reason {
            HoldReason::NotAllowed { owner } | HoldReason::Revoked { owner, .. } => self.not_allowed(owner),
            HoldReason::OtherRegion { owner, .. } => self.reject(owner),
            HoldReason::AllowListUnreadable { .. } => self.unreadable_list(),
            HoldReason::AllowListEmpty => self.empty_list(),
            HoldReason::UncheckablePrincipals { principals } => self.uncheckable(principals),
            HoldReason::TooManyRejects { wanted, .. } => self.rejects(*wanted),
            HoldReason::ServiceNotFound => self.no_service(),
            HoldReason::InvalidDefinition { .. } => self.bad_definition(),
            HoldReason::NoAccess(denied) => self.no_access(&denied.account, denied.tried.is_some()),
            HoldReason::NoZone { .. } => self.zone_of_its_own("to give the VPC a zone"),
            HoldReason::ProfileZone { .. } => {
                self.zone_of_its_own("to give the VPC a zone of its own, which comes before the Profile's")
            }
            HoldReason::ProviderVpc | HoldReason::ZoneTakenAway { .. } => {
                self.zone_of_its_own("to make the zone by hand")
            }
            HoldReason::ZoneDisassociated { zone, .. } => self.associated_again(zone.as_ref()),
            HoldReason::TooManyZones { at_most } => self.more_zones(*at_most),
            HoldReason::ShadowedByPrivateDns { zone, .. } => self.private_dns(zone),
            HoldReason::CloudMapZone { .. } => self.zone_of_its_own(
                "where Cloud Map's zone is of a parent domain, to give the VPC a closer one",
            ),
            HoldReason::NoSubnet => self.no_subnet(),
            HoldReason::Stalled { .. } => self.stalled(),
            HoldReason::ForeignRecord { .. } => self.foreign(),
            HoldReason::ForeignController { controller, .. } => self.marked(controller),
            HoldReason::Contended { .. } => self.contended(),
            HoldReason::IncompatibleRecord { kinds } => self.incompatible(kinds),
            HoldReason::SharedZone { .. } => self.shared().into_iter().chain(self.merged()).collect(),
            HoldReason::RecordFull { .. } => self.shared(),
            HoldReason::ZoneOwnerConsent { zone_account, vpc_account } => {
                vec![self.consent(zone_account, vpc_account)]
            }
            HoldReason::Route53Refused { .. } => self.tried_again(),
            HoldReason::NotDefined { .. } => {
                vec![Way::new("to see what is defined", ["zonelink service list".to_owned()])]
            }
            HoldReason::TooManyDeletes { at_most, .. } => self.deletes(*at_most),
            HoldReason::Released { .. } => self.adopted(),
            HoldReason::NameTaken { service } => vec![Self::definitions(service)],
            // Nothing is held, only another version knows what ends it, or whoever owns the account decides.
            HoldReason::Shadowed { .. } | HoldReason::Unknown | HoldReason::ZoneQuota { .. } => Vec::new(),
        }
    }

    fn not_allowed(&self, owner: &AccountId) -> Vec<Way> {
        let mut ways = Vec::new();
        // A definition in the table stands in a file of its owner's; what else is in that is not known here.
        if self.service().is_some() && self.service() == self.place.own_service.as_ref() {
            let allow = self.add_to_parameter("AllowedPrincipals", owner.as_str());
            ways.push(Way::new(format!("to allow it, {}", self.provider()), [allow]));
        }
        ways.extend(self.reject(owner));
        ways
    }

    fn reject(&self, owner: &AccountId) -> Vec<Way> {
        let Subject::Connection(service, vpc_endpoint) = self.subject else { return Vec::new() };
        let region = &self.place.region;
        let reject = format!(
            "aws ec2 reject-vpc-endpoint-connections --region {region} --service-id {service} --vpc-endpoint-ids {vpc_endpoint}"
        );
        vec![Way::new(format!("to reject the connection of {owner}, {}", self.provider()), [reject])]
    }

    fn unreadable_list(&self) -> Vec<Way> {
        let grant = self.set_parameter("ReadOrganizations", "true");
        vec![Way::new(format!("where this account may read the organization, {}", self.provider()), [grant])]
    }

    fn empty_list(&self) -> Vec<Way> {
        if self.service() != self.place.own_service.as_ref() {
            return Vec::new();
        }
        let leave = self.set_parameter("Disallowed", "leave");
        vec![Way::new(format!("to reject nobody, {}", self.provider()), [leave])]
    }

    fn uncheckable(&self, principals: &[String]) -> Vec<Way> {
        let Some(service) = self.service() else { return Vec::new() };
        let remove: Vec<_> = principals.iter().map(|one| format!("'{}'", one.replace('\'', ""))).collect();
        let of_accounts = principals.iter().filter_map(|one| root_of(one));
        let add: Vec<_> = of_accounts.collect();
        let add = if add.is_empty() {
            String::new()
        } else {
            format!(" --add-allowed-principals {}", add.join(" "))
        };
        let says = if add.is_empty() {
            "to permit these no longer (then permit the accounts that are meant)"
        } else {
            "to permit the accounts of these in their place"
        };
        let change = format!(
            "aws ec2 modify-vpc-endpoint-service-permissions --region {} --service-id {service}{add} --remove-allowed-principals {}",
            self.place.region,
            remove.join(" ")
        );
        vec![Way::new(format!("{says}, {}", self.provider()), [change])]
    }

    fn rejects(&self, wanted: usize) -> Vec<Way> {
        let service = self.service().map(|service| format!(" --service {service}")).unwrap_or_default();
        let let_go = format!("zonelink backfill{service} --allow-rejects {wanted}");
        vec![Way::new("to reject them all", [let_go])]
    }

    fn no_service(&self) -> Vec<Way> {
        let Some(service) = self.service() else { return Vec::new() };
        let list = format!(
            "aws ec2 describe-vpc-endpoint-service-configurations --region {} --query 'ServiceConfigurations[].[ServiceId, ServiceName]' --output text",
            self.place.region
        );
        let mut ways =
            vec![Way::new(format!("to see which services there are, {}", self.provider()), [list])];
        if self.place.own_service.as_ref() != Some(service) {
            let end = format!("zonelink service remove {service} --keep-records --yes --wait");
            ways.push(Way::new("to drop its definition, and leave its records as they are", [end]));
        }
        ways
    }

    fn bad_definition(&self) -> Vec<Way> {
        let Subject::Definition(key) = self.subject else { return Vec::new() };
        let Ok(service) = key.parse::<ServiceId>() else { return Vec::new() };
        vec![Self::definitions(&service)]
    }

    /// What is defined is somebody's file; this shows it as `service apply` takes it.
    fn definitions(service: &ServiceId) -> Way {
        let show = format!("zonelink service show {service} --output json");
        Way::new("to see the definition; corrected, zonelink service apply takes it back", [show])
    }

    fn no_access(&self, account: &AccountId, is_write: bool) -> Vec<Way> {
        if *account == self.place.account {
            return Vec::new();
        }
        let says = format!(
            "to let zonelink in; in a copy of this project run what this prints with credentials of {account}, {}",
            self.provider()
        );
        let deploy = Way::new(says, [self.client_stack()]);
        let at_once = Way::new("then, to try at once", [format!("zonelink sweep --account {account}")]);
        if is_write { vec![deploy, at_once] } else { vec![deploy] }
    }

    fn no_subnet(&self) -> Vec<Way> {
        let Subject::VpcEndpoint(vpc, vpc_endpoint) = self.subject else { return Vec::new() };
        let add = commands::add_first_subnet(&self.place.region, vpc, vpc_endpoint);
        vec![Way::new(format!("to add the first subnet of the VPC, {}", self.client()), [add])]
    }

    fn stalled(&self) -> Vec<Way> {
        let (Subject::VpcEndpoint(_, vpc_endpoint) | Subject::UnknownEndpoint(_, vpc_endpoint)) =
            self.subject
        else {
            return Vec::new();
        };
        let region = &self.place.region;
        let ids = format!("--region {region} --vpc-endpoint-ids {vpc_endpoint}");
        vec![
            Way::new(
                format!("to see what it waits for, {}", self.client()),
                [format!("aws ec2 describe-vpc-endpoints {ids}")],
            ),
            Way::new(
                format!("to give it up, {}", self.client()),
                [format!("aws ec2 delete-vpc-endpoints {ids}")],
            ),
        ]
    }

    /// A hold does not say which service's record it is; the stack has at most one.
    fn merged(&self) -> Option<Way> {
        let service = self.place.own_service.as_ref()?;
        let says = format!(
            "where the VPCs are routed to each other, and it is a record of {service}, {}",
            self.provider()
        );
        Some(Way::new(says, [self.set_parameter("SharedZones", "merge")]))
    }

    fn tried_again(&self) -> Vec<Way> {
        let Some(account) = self.account else { return Vec::new() };
        vec![Way::new("once what Route 53 says is mended", [format!("zonelink sweep --account {account}")])]
    }

    fn deletes(&self, at_most: u32) -> Vec<Way> {
        let account = self.account.map(|account| format!(" --account {account}")).unwrap_or_default();
        let let_go = format!("zonelink backfill{account} --allow-deletes {}", at_most.max(1));
        vec![Way::new("where they are meant to be gone, to let as many again go", [let_go])]
    }
}

/// The account of a role or user, as a principal.
fn root_of(principal: &str) -> Option<String> {
    let mut parts = principal.split(':');
    let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let account: AccountId = parts.nth(1)?.parse().ok()?;
    (arn == "arn" && service == "iam").then(|| format!("arn:{partition}:iam::{account}:root"))
}

#[cfg(test)]
mod tests;
