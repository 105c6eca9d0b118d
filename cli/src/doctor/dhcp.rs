//! Whom the VPC's machines ask for names: only the VPC's own resolver answers from private hosted zones.
//!
//! | name servers of the DHCP options | verdict |
//! |---|---|
//! | `AmazonProvidedDNS`, or the addresses of the VPC's resolver | ok |
//! | none, or no options at all | warn: machines on Nitro ask the resolver, others nobody |
//! | public addresses alone | fail: none of them sees a private zone |
//! | others, also beside the resolver | warn: they answer only what they forward to the resolver |
//!
//! Sources: <https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html> and
//! <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>.

use std::net::IpAddr;

use super::check::{Check, paste};
use super::facts::Facts;
use crate::observed::Dhcp;

pub(super) const DHCP: &str = "DHCP options";

const AMAZON: &str = "AmazonProvidedDNS";
/// The resolver's addresses that are the same in each VPC.
const EVERYWHERE: [&str; 2] = ["169.254.169.253", "fd00:ec2::253"];

pub(super) fn dhcp(facts: &Facts) -> Check {
    let dhcp = match &facts.network.dhcp {
        Ok(dhcp) => dhcp,
        Err(why) => return Check::not_read(DHCP, facts, why),
    };
    let vpc = facts.vpc.as_ref().map_or("VPC", |vpc| vpc.as_str());
    let set = dhcp.id.as_deref().unwrap_or("no DHCP options");
    let (own, others): (Vec<_>, Vec<_>) = dhcp.servers.iter().partition(|server| is_resolver(dhcp, server));
    let (own, others) = (said(&own), said(&others));
    if dhcp.servers.is_empty() {
        let found = format!(
            "{vpc} has {set} and with it no name server: machines on Nitro ask its resolver, others ask nobody"
        );
        return Check::warn(DHCP, found, paste(in_account(facts), &[options(facts, dhcp)]));
    }
    if others.is_empty() {
        return Check::ok(DHCP, format!("the machines of {vpc} ask {own} ({set})"));
    }
    if own.is_empty() && dhcp.servers.iter().all(|server| is_public(facts, server)) {
        let found = format!(
            "the machines of {vpc} ask {others} ({set}), and no public name server sees a private hosted zone"
        );
        return Check::fail(DHCP, found, paste(in_account(facts), &[options(facts, dhcp)]));
    }
    let resolver = dhcp.resolver.map_or("the VPC's resolver".to_owned(), |address| address.to_string());
    let domains: Vec<_> = facts.names.iter().map(|name| name.name.own_domain().to_string()).collect();
    let domains = if domains.is_empty() { "the names".to_owned() } else { domains.join(", ") };
    let found = format!(
        "the machines of {vpc} ask {others} ({set}), where no private zone answers unless {domains} is forwarded to {resolver}"
    );
    let says = format!(
        "let these servers forward {domains} to {resolver} or to an inbound endpoint; or let the machines ask the VPC's \
         resolver from their next lease on, {}",
        in_account(facts)
    );
    Check::warn(DHCP, found, paste(says, &[options(facts, dhcp)]))
}

fn in_account(facts: &Facts) -> String {
    format!("in account {}", facts.account)
}

fn said(servers: &[&String]) -> String {
    servers.iter().map(|server| server.as_str()).collect::<Vec<_>>().join(", ")
}

fn is_resolver(dhcp: &Dhcp, server: &str) -> bool {
    let is_own = |address: IpAddr| dhcp.resolver == Some(address);
    server.eq_ignore_ascii_case(AMAZON) || EVERYWHERE.contains(&server) || server.parse().is_ok_and(is_own)
}

/// Whether an address is nobody's private one, and not the VPC's either.
fn is_public(facts: &Facts, server: &str) -> bool {
    let Ok(address) = server.parse::<IpAddr>() else { return false };
    let ranges = facts.network.ranges.as_deref().unwrap_or_default();
    let is_own = ranges.iter().any(|range| range.holds(address));
    let is_public = match address {
        IpAddr::V4(address) => {
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xC0 == 64;
            !address.is_private() && !address.is_link_local() && !address.is_loopback() && !is_shared
        }
        IpAddr::V6(address) => {
            !address.is_unique_local() && !address.is_unicast_link_local() && !address.is_loopback()
        }
    };
    is_public && !is_own
}

/// Gives the VPC a set that names its resolver, with all other options as they are.
fn options(facts: &Facts, dhcp: &Dhcp) -> String {
    let region = &facts.installation.region;
    let vpc = facts.vpc.as_ref().map_or("VPC", |vpc| vpc.as_str());
    let kept = dhcp.others.iter().filter(|(_, values)| values.iter().all(|value| is_plain(value)));
    let kept = kept.map(|(key, values)| format!(" 'Key={key},Values={}'", values.join(",")));
    format!(
        "aws ec2 associate-dhcp-options --region {region} --vpc-id {vpc} --dhcp-options-id \"$(aws ec2 create-dhcp-options \
         --region {region} --query DhcpOptions.DhcpOptionsId --output text --dhcp-configurations \
         Key=domain-name-servers,Values={AMAZON}{})\"",
        kept.collect::<String>()
    )
}

/// Whether a value is one word of a shell and of the CLI's shorthand.
fn is_plain(value: &str) -> bool {
    value.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._: ".contains(letter))
}
