//! What doctor has read: plain values, each read apart, so that one refusal hides nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::aws::JournalEntry;
use shared::claim::Claim;
use shared::dns::DnsName;
use shared::error::Error;
use shared::facts::{IpAddressType, VpcEndpointState};
use shared::ids::{AccountId, HostedZoneId, Region, ServiceId, SubnetId, VpcEndpointId, VpcId};
use shared::policy::ServiceDefinition;
use shared::record::{Addresses, SeenRecords};

use super::cidr::Range;
use crate::fleet::HoldView;

/// Something that was read, or why it was not.
pub(crate) type Read<T> = Result<T, NotRead>;

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotRead {
    /// AWS refused this action in this account.
    Denied { account: AccountId, action: String },
    /// The account itself cannot be entered.
    NoEntry { account: AccountId, refusal: Refusal },
    /// The call failed otherwise.
    Failed(String),
    /// It was not asked for, because this is not known.
    NotAsked(&'static str),
}

/// How AWS refused to let a role be assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The role.
    pub(crate) role: String,
    /// AWS's code.
    pub(crate) code: String,
    /// AWS's words.
    pub(crate) message: String,
}

impl NotRead {
    /// Why a read in an account failed.
    pub(crate) fn because(account: &AccountId, error: &Error) -> Self {
        match error {
            Error::Call { operation: "sts:AssumeRole", subject, code, message, .. } => {
                let (role, code) = (subject.clone(), code.clone());
                let refusal = Refusal { role, code, message: message.clone().unwrap_or_default() };
                NotRead::NoEntry { account: account.clone(), refusal }
            }
            Error::Call { operation, .. } if error.is_denied() => {
                NotRead::Denied { account: account.clone(), action: (*operation).to_owned() }
            }
            _ => NotRead::Failed(error.chain()),
        }
    }
}

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

/// An availability zone: its name differs between accounts, its id does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
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
    /// The targets behind them.
    pub(crate) targets: Read<Vec<Target>>,
}

/// The service as EC2 shows it to its owner.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configuration {
    pub(crate) balancers: Vec<String>,
    /// The ids of the zones in which it serves; none where EC2 gives only names.
    pub(crate) zone_ids: Option<BTreeSet<String>>,
}

/// One listener of a network load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) protocol: String,
    pub(crate) port: u16,
}

/// One target of a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) id: String,
    /// As ELB says it: `healthy`, `unhealthy`, `unused`….
    pub(crate) state: String,
    /// ELB's reason.
    pub(crate) reason: String,
}

/// The endpoint as its owner sees it.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) vpc: VpcId,
    pub(crate) state: VpcEndpointState,
    pub(crate) subnets: BTreeSet<SubnetId>,
    pub(crate) groups: Vec<String>,
    pub(crate) ip_address_type: IpAddressType,
    pub(crate) has_private_dns: bool,
    /// The addresses of its interfaces, and how many of these were found.
    pub(crate) addresses: Read<(Addresses, usize)>,
}

/// One permission of a security group for incoming traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inbound {
    pub(crate) group: String,
    /// `tcp`, `-1` for everything….
    pub(crate) protocol: String,
    /// The ports; none for all.
    pub(crate) ports: Option<(i32, i32)>,
    pub(crate) ranges: Vec<Range>,
    /// Security groups and prefix lists, whose members are not read.
    pub(crate) others: Vec<String>,
}

/// The VPC.
#[derive(Debug, Clone)]
pub(crate) struct VpcFacts {
    pub(crate) dns_support: Read<bool>,
    pub(crate) dns_hostnames: Read<bool>,
    /// Its address ranges.
    pub(crate) ranges: Read<Vec<Range>>,
    /// The hosted zones associated with it.
    pub(crate) zones: Read<Vec<HostedZone>>,
    /// The hosted zones that come by Route 53 Profiles, with the Profile's name.
    pub(crate) profiles: Read<Vec<ProfileZone>>,
    /// The rules by which the resolver forwards names elsewhere.
    pub(crate) forwarding: Read<Vec<ForwardingRule>>,
}

/// A hosted zone that is associated with the VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostedZone {
    pub(crate) id: HostedZoneId,
    pub(crate) name: DnsName,
    /// The account that owns it; none for one that an AWS service owns.
    pub(crate) account: Option<AccountId>,
    /// The AWS service that owns it.
    pub(crate) service: Option<String>,
}

/// A hosted zone of an account, whatever it is associated with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedZone {
    pub(crate) id: HostedZoneId,
    pub(crate) name: DnsName,
    pub(crate) is_private: bool,
}

/// A zone that a Route 53 Profile brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileZone {
    pub(crate) profile: String,
    pub(crate) zone: String,
    /// Its name; none where Route 53 does not tell us.
    pub(crate) name: Option<DnsName>,
}

/// A rule by which the resolver forwards a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForwardingRule {
    pub(crate) id: String,
    pub(crate) domain: DnsName,
    pub(crate) targets: Vec<String>,
}

/// One published name.
#[derive(Debug, Clone)]
pub(crate) struct NameFacts {
    pub(crate) name: DnsName,
    /// The zones of the VPC that can hold it, the most specific first.
    pub(crate) records: Vec<ZoneRecord>,
    /// Private zones of the account that can hold it, asked for when none of the VPC's can.
    pub(crate) unassociated: Read<Vec<NamedZone>>,
    /// What else stands in the most specific zone below the name's domain.
    pub(crate) beside: Read<Page>,
    /// What stands publicly in the domain of the most specific zone.
    pub(crate) public: Read<Page>,
}

/// Names, and whether there are more than were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) records: Vec<(DnsName, String)>,
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

/// A rule of EventBridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) bus: String,
    pub(crate) is_enabled: bool,
    /// The calls that its pattern lets through; all when it names none.
    pub(crate) calls: Option<BTreeSet<String>>,
    /// The accounts that its pattern lets through; all when it names none.
    pub(crate) accounts: Option<BTreeSet<String>>,
    pub(crate) targets: Vec<String>,
}

/// A trail of CloudTrail.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    pub(crate) name: String,
    pub(crate) is_logging: Read<bool>,
}
