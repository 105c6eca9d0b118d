//! The commands of remedies, as a POSIX shell and the AWS CLI read them.
//!
//! What AWS alone knows is asked for where the command runs: a record set's TTL, the other parameters of a stack, the
//! endpoint that brings a zone. So the commands are whole, and act on what stands there when they are run.

use super::commands;
use super::place::{Place, Way};
use crate::model::hold::Subject;
use crate::model::ids::{AccountId, HostedZoneId, ServiceId};
use crate::model::record::RecordKey;

/// A hold and the installation that it stands in.
pub(super) struct At<'a> {
    pub(super) place: &'a Place,
    pub(super) subject: &'a Subject,
    /// The client account whose VPC is held.
    pub(super) account: Option<&'a AccountId>,
}

impl At<'_> {
    pub(super) fn service(&self) -> Option<&ServiceId> {
        match self.subject {
            Subject::Service(service) | Subject::AllowList(service) | Subject::Connection(service, _) => {
                Some(service)
            }
            _ => None,
        }
    }

    pub(super) fn provider(&self) -> String {
        format!("in account {}", self.place.account)
    }

    pub(super) fn client(&self) -> String {
        let unknown = match self.subject {
            Subject::UnknownEndpoint(account, _) => Some(account),
            _ => None,
        };
        self.account
            .or(unknown)
            .map_or_else(|| "in the client's account".into(), |one| format!("in account {one}"))
    }

    /// A hold knows whose VPC it is, and not always whose zone.
    fn of_zone(&self) -> String {
        format!("{} or the one that owns the zone", self.client())
    }

    fn record(&self) -> Option<&RecordKey> {
        match self.subject {
            Subject::Record(_, key) => Some(key),
            _ => None,
        }
    }

    /// A parameter of the stack, the others as they are: neither sources nor a build are needed.
    pub(super) fn set_parameter(&self, name: &str, value: &str) -> String {
        let Place { stack, region, .. } = self.place;
        let others = format!(
            "aws cloudformation describe-stacks --region {region} --stack-name {stack} --output text --query \
             \"Stacks[0].Parameters[?ParameterKey!='{name}'].join('', ['ParameterKey=', ParameterKey, ',UsePreviousValue=true'])\""
        );
        format!(
            "aws cloudformation update-stack --region {region} --stack-name {stack} --use-previous-template --capabilities \
             CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --parameters \"ParameterKey={name},ParameterValue='{value}'\" $({others})"
        )
    }

    /// One value more in a list among the stack's parameters.
    pub(super) fn add_to_parameter(&self, name: &str, value: &str) -> String {
        self.set_parameter(name, &self.added(&self.place.stack, name, value))
    }

    /// What a stack's list has now, and one value more.
    fn added(&self, stack: &str, name: &str, value: &str) -> String {
        format!(
            "$(echo \"$(aws cloudformation describe-stacks --region {} --stack-name {stack} --output text --query \
             \"Stacks[0].Parameters[?ParameterKey=='{name}'].ParameterValue\"),{value}\" | sed 's/^,//')",
            self.place.region
        )
    }

    /// Prints the command that deploys the client stack.
    pub(super) fn client_stack(&self) -> String {
        let Place { stack, region, .. } = self.place;
        format!(
            "aws cloudformation describe-stacks --region {region} --stack-name {stack} --output text --query \
             \"Stacks[0].Outputs[?OutputKey=='ClientStackCommand'].OutputValue\""
        )
    }

    /// The zone's owner serves one account more.
    pub(super) fn consent(&self, zone_account: &AccountId, vpc_account: &AccountId) -> Way {
        let says = format!("to serve the VPCs of {vpc_account}, in account {zone_account}");
        if *zone_account == self.place.account {
            return Way::new(says, [self.add_to_parameter("ServesVpcsOf", vpc_account.as_str())]);
        }
        let Place { stack, region, .. } = self.place;
        let stack = format!("{stack}-client");
        let served = self.added(&stack, "ServesVpcsOf", vpc_account.as_str());
        let deploy = format!(
            "aws cloudformation deploy --region {region} --stack-name {stack} --template-file infra/client.yaml \
             --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset --parameter-overrides \
             \"ServesVpcsOf={served}\""
        );
        Way::new(format!("{says}, in a copy of this project"), [deploy])
    }

    /// A zone of the name's own domain: no other of the VPC's zones is closer.
    pub(super) fn zone_of_its_own(&self, says: &str) -> Vec<Way> {
        let (vpc, name) = match self.subject {
            Subject::Name(vpc, name) => (vpc, name),
            Subject::Record(vpc, key) => (vpc, &key.name),
            _ => return Vec::new(),
        };
        let create = commands::create_zone(name, &self.place.region, vpc);
        vec![Way::new(format!("{says}, {}", self.client()), [create])]
    }

    /// The zone that zonelink made, given back by whoever took the VPC from it.
    pub(super) fn associated_again(&self, zone: Option<&HostedZoneId>) -> Vec<Way> {
        let (Subject::Name(vpc, _), Some(zone)) = (self.subject, zone) else { return Vec::new() };
        let associate = commands::associate(zone, &self.place.region, vpc);
        vec![Way::new(format!("to give the VPC that zone again, {}", self.client()), [associate])]
    }

    /// As many zones more as a person can follow.
    pub(super) fn more_zones(&self, at_most: u32) -> Vec<Way> {
        let more = self.set_parameter("MaxZones", &(at_most + 10).to_string());
        vec![Way::new(format!("to let ten more be made, {}", self.provider()), [more])]
    }

    /// A zone that VPCs share: no VPC is served by two zones of one name.
    pub(super) fn shared(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        if let Subject::Record(vpc, key) = self.subject {
            let leave = commands::disassociate(&key.zone, &self.place.region, vpc);
            let says = format!(
                "first, where the shared zone is named {} itself: it leaves the VPC with all its names, {}",
                key.name.own_domain(),
                self.client()
            );
            ways.push(Way::new(says, [leave]));
        }
        ways.extend(self.zone_of_its_own("to give the VPC a zone of its own"));
        ways
    }

    pub(super) fn private_dns(&self, zone: &HostedZoneId) -> Vec<Way> {
        let Subject::Name(vpc, _) = self.subject else { return Vec::new() };
        let region = &self.place.region;
        let off = commands::private_dns_off(region, &commands::bringing(zone, region, vpc));
        vec![Way::new(format!("to turn off the private DNS that brings the zone, {}", self.client()), [off])]
    }

    pub(super) fn adopted(&self) -> Vec<Way> {
        self.by_hand("adopt", "to hand it over to zonelink").into_iter().collect()
    }

    pub(super) fn foreign(&self) -> Vec<Way> {
        let mut ways = self.adopted();
        ways.extend(self.removed("to remove it", "Type=='A' || Type=='AAAA'"));
        ways
    }

    pub(super) fn incompatible(&self, kinds: &[String]) -> Vec<Way> {
        // "A weighted" is a kind of A.
        let types =
            kinds.iter().filter_map(|kind| kind.split(' ').next()).map(|one| format!("Type=='{one}'"));
        let types: Vec<_> = types.collect();
        self.removed("to remove it", &types.join(" || ")).into_iter().collect()
    }

    /// The controller's texts go, its record stays.
    pub(super) fn marked(&self, controller: &str) -> Vec<Way> {
        let Some(key) = self.record() else { return Vec::new() };
        let wire = commands::wire(&key.name);
        let names =
            ["", "a-", "aaaa-", "cname-"].map(|before| format!("Name=='{before}{wire}'")).join(" || ");
        // A set with other texts beside the mark is not deleted for it.
        let texts = format!(
            "({names}) && Type=='TXT' && !ResourceRecords[1] && ResourceRecords[?contains(Value, 'heritage={controller}')]"
        );
        let says = format!("once {controller} writes it no longer, to remove its mark, {}", self.of_zone());
        vec![Way::new(says, [commands::delete(&key.zone, &texts)])]
    }

    pub(super) fn contended(&self) -> Vec<Way> {
        let Some(key) = self.record() else { return Vec::new() };
        let mut ways = vec![Way::new("to see who writes it", [format!("zonelink explain '{key}'")])];
        ways.extend(self.by_hand("release", "to leave it to them"));
        ways
    }

    fn by_hand(&self, verb: &str, says: &str) -> Option<Way> {
        let key = self.record()?;
        Some(Way::new(says, [format!("zonelink {verb} '{key}' --yes")]))
    }

    fn removed(&self, says: &str, types: &str) -> Option<Way> {
        let key = self.record()?;
        let which = format!("Name=='{}' && ({types})", commands::wire(&key.name));
        Some(Way::new(format!("{says}, {}", self.of_zone()), [commands::delete(&key.zone, &which)]))
    }
}
