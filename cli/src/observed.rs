//! What AWS shows of a client's way to the service: plain values, without the SDK.

use std::collections::BTreeSet;
use std::net::IpAddr;

use shared::error::Error;
use shared::model::dns::DnsName;
use shared::model::facts::{IpAddressType, VpcEndpointState};
use shared::model::ids::{AccountId, HostedZoneId, SubnetId, VpcId};
use shared::model::record::Addresses;

use crate::cidr::Range;

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

/// An availability zone: its name differs between accounts, its id does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
}

/// The service as EC2 shows it to its owner.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configuration {
    pub(crate) balancers: Vec<String>,
    /// The ids of the zones in which it serves; none where EC2 gives only names.
    pub(crate) zone_ids: Option<BTreeSet<String>>,
}

impl Configuration {
    /// Whether it is known to serve in a zone.
    pub(crate) fn serves(&self, zone: &str) -> bool {
        self.zone_ids.as_ref().is_some_and(|ids| ids.contains(zone))
    }
}

/// One listener of a network load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) protocol: String,
    pub(crate) port: u16,
    /// The ARN of the target group to which it leads; none where it leads to several, or was not read.
    pub(crate) group: Option<String>,
}

/// A target group behind a load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetGroup {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) targets: Vec<Target>,
}

/// One target of a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
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

/// What the DHCP options of a VPC tell its machines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dhcp {
    /// The set of options; none where the VPC has no set.
    pub(crate) id: Option<String>,
    /// The name servers, as they are written there.
    pub(crate) servers: Vec<String>,
    /// All other options, each with its values.
    pub(crate) others: Vec<(String, Vec<String>)>,
    /// The VPC's own resolver.
    pub(crate) resolver: Option<IpAddr>,
}

/// A network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acl {
    pub(crate) id: String,
    /// The subnets that it filters, among those that were asked for.
    pub(crate) subnets: BTreeSet<SubnetId>,
    pub(crate) entries: Vec<AclEntry>,
}

/// One rule of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AclEntry {
    pub(crate) number: i32,
    pub(crate) is_egress: bool,
    pub(crate) allows: bool,
    /// The protocol's number; `-1` for all.
    pub(crate) protocol: String,
    /// The ports; none for all.
    pub(crate) ports: Option<(i32, i32)>,
    /// The addresses; none where they cannot be read.
    pub(crate) range: Option<Range>,
}

/// A rule group of DNS Firewall that filters the VPC's questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleGroup {
    pub(crate) id: String,
    /// Its rules, in the order in which they are asked.
    pub(crate) rules: Read<Vec<FirewallRule>>,
}

/// A rule of DNS Firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FirewallRule {
    pub(crate) blocks: bool,
    /// The list of its domains; none for a rule that judges names otherwise.
    pub(crate) list: Option<String>,
    /// The domains as they are written there.
    pub(crate) domains: Read<Vec<String>>,
}

/// What was read of a zone, from a name on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// The names, each with its type, but for NS and SOA.
    pub(crate) records: Vec<(DnsName, String)>,
    /// The names with NS, the zone's own too.
    pub(crate) delegated: Vec<DnsName>,
    /// Whether these are all.
    pub(crate) is_all: bool,
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
