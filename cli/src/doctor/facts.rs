//! What doctor has read: plain values, each read apart, so that one refusal hides nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::inspect::JournalEntry;
use shared::model::claim::Claim;
use shared::model::dns::DnsName;
use shared::model::facts::VpcEndpointState;
use shared::model::ids::{AccountId, Region, ServiceId, SubnetId, VpcEndpointId, VpcId};
use shared::model::policy::{ServiceDefinition, SharedZones};
use shared::model::record::SeenRecords;

use crate::cidr::Range;
use crate::fleet::HoldView;
use crate::observed::{
    Acl, Configuration, Dhcp, Endpoint, ForwardingRule, HostedZone, Inbound, Listener, NamedZone, NotRead,
    ProfileZone, Read, Rule, RuleGroup, TargetGroup, Trail, Zone,
};

const NO_ZONE: NotRead = NotRead::NotAsked("no zone of the VPC can hold the name");

/// Everything about one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// When it was read.
    pub(crate) now: Timestamp,
    pub(crate) installation: InstallationFacts,
    pub(crate) vpc_endpoint: VpcEndpointId,
    pub(crate) account: AccountId,
    /// The endpoint's VPC; none when neither EC2 nor the table says.
    pub(crate) vpc: Option<VpcId>,
    /// The state of its connection as the provider sees it; none when EC2 lists no such connection.
    pub(crate) state: Option<VpcEndpointState>,
    /// What is held of it.
    pub(crate) holds: Vec<HoldView>,
    /// Its service, as the provider sees it.
    pub(crate) service: ServiceFacts,
    /// The endpoint as its owner sees it; none when EC2 knows no such endpoint.
    pub(crate) endpoint: Read<Option<Endpoint>>,
    /// Its subnets, with their zones.
    pub(crate) subnets: Read<BTreeMap<SubnetId, Zone>>,
    /// What its security groups let in.
    pub(crate) inbound: Read<Vec<Inbound>>,
    /// The network ACLs of its subnets.
    pub(crate) acls: Read<Vec<Acl>>,
    pub(crate) network: VpcFacts,
    /// The published names.
    pub(crate) names: Vec<NameFacts>,
    pub(crate) events: EventFacts,
    /// What the journal has of the endpoint and its records, oldest first.
    pub(crate) journal: Vec<JournalEntry>,
    /// The port that the operator names.
    pub(crate) port: Option<u16>,
}

/// Which installation, and who asks.
#[derive(Debug, Clone)]
pub(crate) struct InstallationFacts {
    pub(crate) stack: String,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) client_role: String,
    pub(crate) has_external_id: bool,
    /// Who is signed in.
    pub(crate) caller: String,
    /// The function's own hold on the client account, if it cannot enter either.
    pub(crate) held_account: Option<String>,
}

/// The service.
#[derive(Debug, Clone)]
pub(crate) struct ServiceFacts {
    pub(crate) service: ServiceId,
    /// What is defined for it.
    pub(crate) definition: Option<ServiceDefinition>,
    /// As EC2 shows it; none when there is no such service here.
    pub(crate) configuration: Read<Option<Configuration>>,
    /// The listeners of its load balancers.
    pub(crate) listeners: Read<Vec<Listener>>,
    /// The target groups behind them.
    pub(crate) target_groups: Read<Vec<TargetGroup>>,
}

/// The VPC.
#[derive(Debug, Clone)]
pub(crate) struct VpcFacts {
    pub(crate) dns_support: Read<bool>,
    pub(crate) dns_hostnames: Read<bool>,
    /// Whom its machines ask for names.
    pub(crate) dhcp: Read<Dhcp>,
    /// Its address ranges.
    pub(crate) ranges: Read<Vec<Range>>,
    /// The hosted zones associated with it.
    pub(crate) zones: Read<Vec<HostedZone>>,
    /// The hosted zones that come by Route 53 Profiles, with the Profile's name.
    pub(crate) profiles: Read<Vec<ProfileZone>>,
    /// The rules by which the resolver forwards names elsewhere.
    pub(crate) forwarding: Read<Vec<ForwardingRule>>,
    /// The rule groups of DNS Firewall that filter its questions, in the order in which they are asked.
    pub(crate) firewall: Read<Vec<RuleGroup>>,
}

impl VpcFacts {
    /// Why no zone is known to answer: the VPC has none, or its zones could not be read.
    pub(super) fn no_zone(&self) -> NotRead {
        self.zones.as_ref().err().cloned().unwrap_or(NO_ZONE)
    }
}

/// One published name.
#[derive(Debug, Clone)]
pub(crate) struct NameFacts {
    pub(crate) name: DnsName,
    /// The zones of the VPC that can hold it, the most specific first.
    pub(crate) records: Vec<ZoneRecord>,
    /// Private zones of the account that can hold it, asked for when none of the VPC's can.
    pub(crate) unassociated: Read<Vec<Unassociated>>,
    /// What else stands in the most specific zone below the name's domain.
    pub(crate) beside: Read<Page>,
    /// The names between that zone and the name's domain that it delegates elsewhere.
    pub(crate) above: Read<Vec<DnsName>>,
    /// What stands publicly in the domain of the most specific zone.
    pub(crate) public: Read<Page>,
}

/// A private zone of the account that could hold a name, and does not serve the VPC.
#[derive(Debug, Clone)]
pub(crate) struct Unassociated {
    pub(crate) zone: NamedZone,
    /// The VPCs whose addresses zonelink keeps at the name there.
    pub(crate) vpcs: BTreeSet<VpcId>,
}

impl Unassociated {
    /// Whether the VPC may join it and no other VPC's record comes of that: it was this VPC's, or the definition
    /// merges.
    pub(super) fn is_for(&self, facts: &Facts) -> bool {
        let was_ours = !self.vpcs.is_empty() && self.vpcs.iter().all(|vpc| Some(vpc) == facts.vpc.as_ref());
        let definition = facts.service.definition.as_ref();
        was_ours || definition.is_some_and(|definition| definition.shared_zones == SharedZones::Merge)
    }
}

/// Names, and whether there are more than were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) records: Vec<(DnsName, String)>,
    /// The names with NS.
    pub(crate) delegated: Vec<DnsName>,
    pub(crate) is_all: bool,
    /// The zones that were read.
    pub(crate) zones: Vec<String>,
}

/// The name in one zone.
#[derive(Debug, Clone)]
pub(crate) struct ZoneRecord {
    pub(crate) zone: HostedZone,
    /// What stands there; none when the zone is gone.
    pub(crate) seen: Read<Option<SeenRecords>>,
    /// Whose it is.
    pub(crate) claim: Read<Option<Claim>>,
}

/// How events travel.
#[derive(Debug, Clone)]
pub(crate) struct EventFacts {
    /// The provider's rules that lead to the functions.
    pub(crate) rules: Read<Vec<Rule>>,
    /// The client account's rule; none when there is no rule of that name.
    pub(crate) client_rule: Read<Option<Rule>>,
    /// The trails of the client account.
    pub(crate) trails: Read<Vec<Trail>>,
}
