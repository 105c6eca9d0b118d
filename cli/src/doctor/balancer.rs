//! What stands behind the service: the load balancer's listeners, their target groups, the targets.

use super::check::{Check, paste};
use super::facts::Facts;
use crate::observed::{Listener, Target, TargetGroup};

pub(super) const LISTENER: &str = "listener";
pub(super) const TARGETS: &str = "targets";

/// The load balancer listens on the port that clients use.
pub(super) fn listener(facts: &Facts) -> Check {
    let listeners = match &facts.service.listeners {
        Ok(listeners) => listeners,
        Err(why) => return Check::not_read(LISTENER, facts, why),
    };
    let said: Vec<_> = listeners.iter().map(|one| format!("{} {}", one.protocol, one.port)).collect();
    match (facts.port, listeners.first()) {
        (port, None) => Check::fail(
            LISTENER,
            "the service's load balancer listens on no port",
            listen(facts, "", port, None),
        ),
        (Some(port), first) if listeners.iter().all(|one| one.port != port) => Check::fail(
            LISTENER,
            format!("the load balancer listens on {}, and not on {port}", said.join(", ")),
            listen(facts, "if the client asks for the right port, ", Some(port), first),
        ),
        _ => Check::ok(LISTENER, format!("the load balancer listens on {}", said.join(", "))),
    }
}

/// How the load balancer comes to listen on a port. Where it listens on another one, what stands behind that is taken
/// to answer here too; else it is the reader's to say, as is a port that nobody has named.
fn listen(facts: &Facts, condition: &str, port: Option<u16>, like: Option<&Listener>) -> String {
    let region = &facts.installation.region;
    let group = like.and_then(|like| like.group.as_deref());
    let mut open = Vec::new();
    if port.is_none() {
        open.push("PORT, the port");
    }
    if group.is_none() {
        open.push("TARGET_GROUP, the ARN of the target group that answers");
    }
    let given = if open.is_empty() { String::new() } else { format!(", with {}", open.join(", and ")) };
    let says =
        format!("{condition}let the load balancer listen{given}, in account {}", facts.installation.account);
    let port = port.map_or("\"$PORT\"".into(), |port| port.to_string());
    let group =
        group.map_or("\"TargetGroupArn=$TARGET_GROUP\"".into(), |arn| format!("TargetGroupArn={arn}"));
    let protocol = like.map_or("TCP", |like| like.protocol.as_str());
    let create = |balancer: &String| {
        let group = group.replace("TargetGroupArn", "Type=forward,TargetGroupArn");
        format!(
            "aws elbv2 create-listener --region {region} --load-balancer-arn {balancer} --protocol {protocol} --port {port} \
             --default-actions {group}"
        )
    };
    let configuration = facts.service.configuration.as_ref().ok().and_then(Option::as_ref);
    let balancers = configuration.map(|found| found.balancers.as_slice()).unwrap_or_default();
    paste(says, &balancers.iter().map(create).collect::<Vec<_>>())
}

/// Something answers behind the load balancer.
pub(super) fn targets(facts: &Facts) -> Check {
    let groups = match &facts.service.target_groups {
        Ok(groups) => groups,
        Err(why) => return Check::not_read(TARGETS, facts, why),
    };
    let all = || groups.iter().flat_map(|group| group.targets.iter().map(move |target| (group, target)));
    if all().next().is_none() {
        return unregistered(facts, groups);
    }
    let said = |(group, target): (&TargetGroup, &Target)| {
        let reason = if target.reason.is_empty() { String::new() } else { format!(" ({})", target.reason) };
        format!("{} of {} {}{reason}", target.id, group.name, target.state)
    };
    let is_healthy = |target: &Target| target.state == "healthy";
    let healthy = all().filter(|(_, target)| is_healthy(target)).count();
    let others: Vec<_> = all().filter(|(_, target)| !is_healthy(target)).map(said).collect();
    if others.is_empty() {
        return Check::ok(TARGETS, format!("{healthy} healthy"));
    }
    let others = others.join(", ");
    let look = groups.iter().map(|TargetGroup { arn, .. }| {
        let region = &facts.installation.region;
        format!("aws elbv2 describe-target-health --region {region} --target-group-arn {arn}")
    });
    let says = format!(
        "mend the targets, their security group and the health check; to see them, in account {}",
        facts.installation.account
    );
    let remedy = paste(says, &look.collect::<Vec<_>>());
    match healthy {
        0 => Check::fail(TARGETS, format!("none is healthy: {others}"), remedy),
        healthy => Check::warn(TARGETS, format!("{healthy} healthy; {others}"), remedy),
    }
}

/// Nothing is registered: which target it is to be is the reader's to say.
fn unregistered(facts: &Facts, groups: &[TargetGroup]) -> Check {
    let account = &facts.installation.account;
    if groups.is_empty() {
        return Check::fail(
            TARGETS,
            "no listener of the load balancer leads to a target group",
            "see `listener`",
        );
    }
    let register = groups.iter().map(|TargetGroup { arn, .. }| {
        let region = &facts.installation.region;
        format!(
            "aws elbv2 register-targets --region {region} --target-group-arn {arn} --targets \"Id=$TARGET\""
        )
    });
    Check::fail(
        TARGETS,
        "no target is registered behind the load balancer",
        paste(
            format!("register what answers (TARGET, an instance's id or an address), in account {account}"),
            &register.collect::<Vec<_>>(),
        ),
    )
}
