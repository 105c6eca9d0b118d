//! Whether packets reach the load balancer: security groups, network ACLs, availability zones.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::ids::SubnetId;

use super::acl::acl;
use super::balancer::{listener, targets};
use super::check::{Check, Verdict, paste};
use super::facts::Facts;
use super::way_in::{of_clients, ports, transport};
use crate::cidr::Range;
use crate::observed::{Configuration, Inbound, Listener, NotRead, Zone};

pub(super) const GROUP: &str = "security group";
pub(super) const ZONES: &str = "availability zones";

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    vec![group(facts), acl(facts), zones(facts), listener(facts), targets(facts)]
}

/// The endpoint's security groups let the VPC's clients in, on each port.
fn group(facts: &Facts) -> Check {
    let ports = match ports(facts) {
        Ok(ports) => ports,
        Err(why) => return Check::not_read(GROUP, facts, &why),
    };
    let (inbound, ranges) = match (&facts.inbound, &facts.network.ranges) {
        (Ok(inbound), Ok(ranges)) => (inbound, ranges),
        (Err(why), _) | (_, Err(why)) => return Check::not_read(GROUP, facts, why),
    };
    let endpoint = facts.endpoint.as_ref().ok().and_then(Option::as_ref);
    let wanted = of_clients(facts, ranges);
    let groups = endpoint.map(|endpoint| endpoint.groups.join(", ")).unwrap_or_default();
    let checks = ports.iter().map(|port| {
        let open: Vec<_> = inbound.iter().filter(|rule| lets_in(rule, port)).collect();
        port_check(facts, port, &open, &wanted, &groups)
    });
    // One port that is closed is what a client meets.
    let checks: Vec<_> = checks.collect();
    let worst = checks.iter().max_by_key(|check| (check.verdict, std::cmp::Reverse(check.evidence.len())));
    match worst {
        Some(worst) if worst.verdict != Verdict::Ok => worst.clone(),
        _ => {
            let evidence: Vec<_> = checks.into_iter().map(|check| check.evidence).collect();
            Check::ok(GROUP, evidence.join("; "))
        }
    }
}

fn port_check(
    facts: &Facts,
    listener: &Listener,
    open: &[&Inbound],
    wanted: &[&Range],
    groups: &str,
) -> Check {
    let Listener { port, .. } = listener;
    let allowed: Vec<_> = open.iter().flat_map(|rule| &rule.ranges).collect();
    let others: BTreeSet<_> = open.iter().flat_map(|rule| &rule.others).map(String::as_str).collect();
    let (covered, open_to): (Vec<_>, Vec<_>) = wanted.iter().partition(|range| range.is_covered_by(&allowed));
    let said = |ranges: &[&Range]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let protocol = transport(listener);
    let closed: Vec<&Range> = open_to;
    let first = groups.split(", ").next().unwrap_or("GROUP");
    let range = closed.first().map_or_else(|| "RANGE".to_owned(), ToString::to_string);
    let remedy = |condition: &str| let_in(facts, listener, condition, first, &range);
    if closed.is_empty() {
        return Check::ok(GROUP, format!("{groups} lets in {protocol} {port} from {}", said(&covered)));
    }
    let some =
        !covered.is_empty() || !others.is_empty() || closed.iter().any(|range| range.is_touched_by(&allowed));
    if some {
        let mut from: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        from.extend(others.into_iter().map(ToOwned::to_owned));
        return Check::warn(
            GROUP,
            format!(
                "{groups} lets in {protocol} {port} only from {}, not from all of {}",
                from.join(", "),
                said(&closed)
            ),
            remedy("if the client is elsewhere, "),
        );
    }
    Check::fail(
        GROUP,
        format!("{groups} does not let in {protocol} {port} from {}", said(&closed)),
        remedy(""),
    )
}

/// How a security group lets the client in.
fn let_in(facts: &Facts, listener: &Listener, condition: &str, group: &str, range: &str) -> String {
    let (protocol, port) = (transport(listener), listener.port);
    let says = format!(
        "{condition}let the client's own group out on {protocol} {port}, and the endpoint's in, in account {}",
        facts.account
    );
    let let_in = format!(
        "aws ec2 authorize-security-group-ingress --region {} --group-id {group} --protocol {protocol} --port {port} --cidr {range}",
        facts.installation.region
    );
    paste(says, &[let_in])
}

fn lets_in(rule: &Inbound, listener: &Listener) -> bool {
    let port = i32::from(listener.port);
    let protocol = transport(listener);
    let number = if protocol == "udp" { "17" } else { "6" };
    let is_protocol =
        rule.protocol == "-1" || rule.protocol == number || rule.protocol.eq_ignore_ascii_case(protocol);
    is_protocol && rule.ports.is_none_or(|(from, to)| from == -1 || (from..=to).contains(&port))
}

/// A zone of the endpoint in which the service has no load balancer leads nowhere, unless that crosses zones.
fn zones(facts: &Facts) -> Check {
    let configuration = match &facts.service.configuration {
        Ok(Some(configuration)) => configuration,
        Ok(None) => return Check::not_read(ZONES, facts, &NotRead::NotAsked("there is no such service")),
        Err(why) => return Check::not_read(ZONES, facts, why),
    };
    let subnets = match &facts.subnets {
        Ok(subnets) => subnets,
        Err(why) => return Check::not_read(ZONES, facts, why),
    };
    // Names of zones are each account's own: us-west-2a here is not us-west-2a there.
    let Some(served) = &configuration.zone_ids else {
        return Check::unknown(
            ZONES,
            "EC2 gives no zone ids for the service, and zone names differ between accounts",
            "compare by hand: aws ec2 describe-vpc-endpoint-services in the client account names the service's zones as that account does",
        );
    };
    let unserved: Vec<_> = subnets
        .iter()
        .filter(|(_, zone)| zone.id.as_ref().is_none_or(|id| !served.contains(id)))
        .map(|(subnet, zone)| {
            format!("{subnet} in {} ({})", zone.name, zone.id.as_deref().unwrap_or("no id"))
        })
        .collect();
    let ids: Vec<_> = served.iter().map(String::as_str).collect();
    let served = ids.join(", ");
    if subnets.is_empty() {
        return Check::not_read(ZONES, facts, &NotRead::NotAsked("the endpoint has no subnet"));
    }
    if unserved.is_empty() {
        return Check::ok(
            ZONES,
            format!("each of {} subnets is in a zone of the service ({served})", subnets.len()),
        );
    }
    let evidence = format!("the service is in {served}, and not with {}", unserved.join(", "));
    not_served(facts, configuration, subnets, unserved.len(), evidence)
}

/// All subnets, or some, are in zones in which the service has no load balancer.
fn not_served(
    facts: &Facts,
    configuration: &Configuration,
    subnets: &BTreeMap<SubnetId, Zone>,
    unserved: usize,
    evidence: String,
) -> Check {
    let says = format!(
        "give the load balancer a subnet in that zone (SUBNET), in account {}",
        facts.installation.account
    );
    let give = configuration.balancers.iter().map(|balancer| serve_in_subnet(facts, balancer));
    let give = paste(says, &give.collect::<Vec<_>>());
    if unserved == subnets.len() {
        return Check::fail(ZONES, evidence, give);
    }
    let is_unserved = |zone: &Zone| zone.id.as_ref().is_none_or(|id| !configuration.serves(id));
    let ids = subnets.iter().filter(|(_, zone)| is_unserved(zone)).map(|(subnet, _)| subnet.to_string());
    let remove = format!(
        "aws ec2 modify-vpc-endpoint --region {} --vpc-endpoint-id {} --remove-subnet-ids {}",
        facts.installation.region,
        facts.vpc_endpoint,
        ids.collect::<Vec<_>>().join(" ")
    );
    let take =
        paste(format!("or take the subnet from the endpoint, in account {}", facts.account), &[remove]);
    Check::warn(ZONES, evidence, format!("{give}\n  {take}"))
}

/// The command that gives a load balancer one subnet more. ELB replaces the subnets by those that it is given, so that
/// those of now are named too.
fn serve_in_subnet(facts: &Facts, balancer: &str) -> String {
    let region = &facts.installation.region;
    format!(
        "aws elbv2 set-subnets --region {region} --load-balancer-arn {balancer} --subnets $(aws elbv2 describe-load-balancers --region \
         {region} --load-balancer-arns {balancer} --query 'LoadBalancers[0].AvailabilityZones[].SubnetId' --output text) \"$SUBNET\""
    )
}
