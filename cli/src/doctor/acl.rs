//! Whether the network ACLs of the endpoint's subnets let clients in, and the answers out.
//!
//! An ACL keeps no state: answers need a rule of their own, for the ports that clients open. Rules are asked by their
//! number, the first that fits decides, and what fits none is denied:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>. Between machines of one subnet no ACL stands.
//!
//! | of the VPC's ranges, on a port | verdict |
//! |---|---|
//! | all pass, in and out | ok |
//! | a part passes, or answers to a part of the ports | warn |
//! | none passes in one of the two directions | fail |

use std::collections::BTreeSet;

use super::check::{Check, paste};
use super::facts::Facts;
use super::way_in::{of_clients, ports, transport};
use crate::cidr::Range;
use crate::observed::{Acl, AclEntry, Listener, NotRead};

pub(super) const ACL: &str = "network ACL";

/// The ports that clients open, whatever they run on:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>.
const OPENED: (i32, i32) = (1024, 65_535);
/// The number of the rule that denies what fits no other.
const LAST: i32 = 32_767;

/// Traffic in one direction, between the endpoint's subnets and a range of the VPC.
#[derive(Clone, Copy, PartialEq)]
struct Traffic<'a> {
    is_egress: bool,
    protocol: &'static str,
    ports: (i32, i32),
    range: &'a Range,
}

/// Traffic of which an ACL denies something.
struct Denied<'a> {
    acl: &'a Acl,
    traffic: Traffic<'a>,
    /// Whether nothing of it passes.
    whole: bool,
    /// The lowest number of a rule that denies.
    by: i32,
}

impl Denied<'_> {
    fn is_of(&self, other: &Denied) -> bool {
        self.acl.id == other.acl.id && self.traffic == other.traffic
    }
}

pub(super) fn acl(facts: &Facts) -> Check {
    let ports = match ports(facts) {
        Ok(ports) => ports,
        Err(why) => return Check::not_read(ACL, facts, &why),
    };
    let (acls, ranges) = match (&facts.acls, &facts.network.ranges) {
        (Ok(acls), Ok(ranges)) => (acls, of_clients(facts, ranges)),
        (Err(why), _) | (_, Err(why)) => return Check::not_read(ACL, facts, why),
    };
    if acls.is_empty() {
        let why = "EC2 shows no network ACL of the endpoint's subnets; of a shared VPC its owner sees them";
        return Check::not_read(ACL, facts, &NotRead::NotAsked(why));
    }
    let (denied, shut) = all_denied(acls, &ports, &ranges);
    if denied.is_empty() {
        let ids: Vec<_> = acls.iter().map(|acl| acl.id.as_str()).collect();
        let ports: Vec<_> =
            ports.iter().map(|listener| format!("{} {}", transport(listener), listener.port)).collect();
        let ranges: Vec<_> = ranges.iter().map(ToString::to_string).collect();
        return Check::ok(
            ACL,
            format!(
                "{} lets in {} from {}, and the answers out",
                ids.join(", "),
                ports.join(", "),
                ranges.join(", ")
            ),
        );
    }
    said(facts, &denied, shut)
}

/// What is denied of all that clients need, and whether that shuts them out.
fn all_denied<'a>(acls: &'a [Acl], ports: &[Listener], ranges: &[&'a Range]) -> (Vec<Denied<'a>>, bool) {
    let (mut denied, mut shut) = (Vec::new(), false);
    for listener in ports {
        let (protocol, port) = (transport(listener), i32::from(listener.port));
        for acl in acls {
            for (is_egress, ports) in [(false, (port, port)), (true, OPENED)] {
                let traffic = |range| Traffic { is_egress, protocol, ports, range };
                let of = ranges.iter().copied().filter_map(|range| denied_by(acl, traffic(range)));
                let of: Vec<_> = of.collect();
                shut |= !of.is_empty() && of.len() == ranges.len() && of.iter().all(|one| one.whole);
                // Answers to two ports are the same traffic.
                let is_new = |one: &Denied| !denied.iter().any(|known: &Denied| known.is_of(one));
                let of: Vec<_> = of.into_iter().filter(is_new).collect();
                denied.extend(of);
            }
        }
    }
    (denied, shut)
}

fn said(facts: &Facts, denied: &[Denied], shut: bool) -> Check {
    let mut found: Vec<_> = denied.iter().map(evidence).collect();
    found.dedup();
    let (mut taken, mut commands) = (BTreeSet::new(), Vec::new());
    for one in denied {
        let command = allow(facts, one, &mut taken);
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    let condition = if shut { "" } else { "if clients are there, " };
    let says = format!("{condition}allow it before the rule that denies, in account {}", facts.account);
    let (found, remedy) = (found.join("; "), paste(says, &commands));
    if shut { Check::fail(ACL, found, remedy) } else { Check::warn(ACL, found, remedy) }
}

fn evidence(denied: &Denied) -> String {
    let Denied { acl, traffic, whole, by } = denied;
    let subnets: Vec<_> = acl.subnets.iter().map(ToString::to_string).collect();
    let what = match (traffic.is_egress, whole) {
        (false, true) => format!("does not let in {} {} from", traffic.protocol, traffic.ports.0),
        (false, false) => format!("lets in {} {} not from all of", traffic.protocol, traffic.ports.0),
        (true, true) => {
            format!("does not let out the answers ({} {}) to", traffic.protocol, between(traffic.ports))
        }
        (true, false) => {
            format!("lets out not all answers ({} {}) to", traffic.protocol, between(traffic.ports))
        }
    };
    let by = if *by == LAST { "no rule allows it".to_owned() } else { format!("rule {by} denies it") };
    format!("{} of {} {what} {}: {by}", acl.id, subnets.join(", "), traffic.range)
}

fn between((from, to): (i32, i32)) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

/// What an ACL denies of traffic. It is cut where a rule begins or ends, and each piece has one answer.
fn denied_by<'a>(acl: &'a Acl, traffic: Traffic<'a>) -> Option<Denied<'a>> {
    let mut rules: Vec<_> = acl.entries.iter().filter(|entry| concerns(entry, traffic)).collect();
    rules.sort_by_key(|entry| entry.number);
    let (first, last) = traffic.range.bounds();
    let (mut addresses, mut ports) = (BTreeSet::from([first]), BTreeSet::from([traffic.ports.0]));
    for entry in &rules {
        let (from, to) = entry.range.as_ref().map_or((first, last), Range::bounds);
        addresses.extend([Some(from), to.checked_add(1)].into_iter().flatten());
        let (from, to) = entry.ports.unwrap_or(traffic.ports);
        ports.extend([from, to + 1]);
    }
    let (mut passes, mut by) = (false, None);
    for address in addresses.range(first..=last) {
        for port in ports.range(traffic.ports.0..=traffic.ports.1) {
            let first = rules.iter().find(|entry| fits(entry, *address, *port));
            if first.is_some_and(|entry| entry.allows) {
                passes = true;
            } else {
                let number = first.map_or(LAST, |entry| entry.number);
                by = Some(by.map_or(number, |by: i32| by.min(number)));
            }
        }
    }
    by.map(|by| Denied { acl, traffic, whole: !passes, by })
}

fn concerns(entry: &AclEntry, traffic: Traffic) -> bool {
    let number = if traffic.protocol == "udp" { "17" } else { "6" };
    let is_protocol = entry.protocol == "-1" || entry.protocol == number;
    let is_family = entry.range.as_ref().is_some_and(|range| range.is_v4() == traffic.range.is_v4());
    entry.is_egress == traffic.is_egress && is_protocol && is_family
}

fn fits(entry: &AclEntry, address: u128, port: i32) -> bool {
    let (from, to) = entry.range.as_ref().map_or((1, 0), Range::bounds);
    (from..=to).contains(&address) && entry.ports.is_none_or(|(from, to)| (from..=to).contains(&port))
}

/// The command that allows it, under a number before that of the rule that denies.
fn allow(facts: &Facts, denied: &Denied, taken: &mut BTreeSet<(String, bool, i32)>) -> String {
    let Denied { acl, traffic, by, .. } = denied;
    let used = acl.entries.iter().filter(|entry| entry.is_egress == traffic.is_egress);
    let used: BTreeSet<_> = used.map(|entry| entry.number).filter(|number| *number < LAST).collect();
    let is_free = |number: i32, taken: &BTreeSet<(String, bool, i32)>| {
        !used.contains(&number) && !taken.contains(&(acl.id.clone(), traffic.is_egress, number))
    };
    // After all others, where no rule denies it; else before the one that does.
    let after = used.last().map_or(100, |last| last / 10 * 10 + 10);
    let mut candidates: Vec<_> = (1..*by).rev().collect();
    if *by == LAST {
        candidates = (after..LAST).chain(candidates).collect();
    }
    let number = candidates.into_iter().find(|number| is_free(*number, taken));
    let direction = if traffic.is_egress { "egress" } else { "ingress" };
    let region = &facts.installation.region;
    let Some(number) = number else {
        // The rule that denies has the first number: there is none before it.
        return format!(
            "aws ec2 delete-network-acl-entry --region {region} --network-acl-id {} --{direction} --rule-number {by}",
            acl.id
        );
    };
    taken.insert((acl.id.clone(), traffic.is_egress, number));
    let block = if traffic.range.is_v4() { "cidr-block" } else { "ipv6-cidr-block" };
    format!(
        "aws ec2 create-network-acl-entry --region {region} --network-acl-id {} --{direction} --rule-number {number} \
         --protocol {} --port-range From={},To={} --{block} {} --rule-action allow",
        acl.id, traffic.protocol, traffic.ports.0, traffic.ports.1, traffic.range
    )
}
