//! Route 53: the zones of the VPC, those beside them, and what leads around them.

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{RrType, VpcRegion};
use shared::aws::{Session, failed};
use shared::error::Error;
use shared::model::dns::DnsName;
use shared::model::ids::{AccountId, HostedZoneId, Region, VpcId};

use super::unreadable::unreadable;
use crate::observed::{ForwardingRule, HostedZone, NamedZone, Names, ProfileZone};

/// How many record sets are read of a zone; more would cost a client's requests.
const RECORD_SETS: i32 = 100;

/// All private hosted zones of the VPC, those of AWS's services too.
pub(crate) async fn zones_of_vpc(
    session: &Session,
    caller: &AccountId,
    vpc: &VpcId,
    region: &Region,
) -> Result<Vec<HostedZone>, Error> {
    const OPERATION: &str = "route53:ListHostedZonesByVPC";
    let client = Client::new(session.sdk());
    let mut zones = Vec::new();
    let mut next_token: Option<String> = None;
    loop {
        let call = client.list_hosted_zones_by_vpc().vpc_id(vpc.as_str());
        let call = call.vpc_region(VpcRegion::from(region.as_str())).set_next_token(next_token.clone());
        let page = call.send().await.map_err(failed(OPERATION, vpc))?;
        for zone in page.hosted_zone_summaries {
            let what = format!("hosted zone {} of {vpc}", zone.hosted_zone_id);
            let service = zone.owner.as_ref().and_then(|owner| owner.owning_service.clone());
            let account = zone.owner.and_then(|owner| owner.owning_account);
            let account = account.map(|account| account.parse().map_err(unreadable(&what))).transpose()?;
            zones.push(HostedZone {
                id: zone.hosted_zone_id.parse().map_err(unreadable(&what))?,
                name: zone.name.parse().map_err(unreadable(&what))?,
                account: if service.is_some() { None } else { account.or_else(|| Some(caller.clone())) },
                service,
            });
        }
        let token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() || token == next_token {
            return Ok(zones);
        }
        next_token = token;
    }
}

/// The zones of an account with exactly this name, private or not.
pub(crate) async fn zones_named(session: &Session, name: &DnsName) -> Result<Vec<NamedZone>, Error> {
    let call = Client::new(session.sdk()).list_hosted_zones_by_name().dns_name(name.to_string());
    let answer = call.send().await.map_err(failed("route53:ListHostedZonesByName", name))?;
    let mut zones = Vec::new();
    for zone in answer.hosted_zones {
        let what = format!("hosted zone {}", zone.id);
        let found: DnsName = zone.name.parse().map_err(unreadable(&what))?;
        // The list begins at the name and goes on to others.
        if found != *name {
            break;
        }
        let id: HostedZoneId = zone.id.parse().map_err(unreadable(&what))?;
        zones.push(NamedZone {
            id,
            name: found,
            is_private: zone.config.is_some_and(|config| config.private_zone),
        });
    }
    Ok(zones)
}

/// The names in a zone from `start` on.
pub(crate) async fn names_in_zone(
    session: &Session,
    zone: &HostedZoneId,
    start: &DnsName,
) -> Result<Names, Error> {
    let call = Client::new(session.sdk()).list_resource_record_sets().hosted_zone_id(zone.as_str());
    let call = call.start_record_name(start.to_string()).max_items(RECORD_SETS);
    let page = call.send().await.map_err(failed("route53:ListResourceRecordSets", zone))?;
    let mut names = Names { is_all: !page.is_truncated, ..Names::default() };
    for set in page.resource_record_sets {
        let name = set.name.parse().map_err(unreadable(&format!("a record set in zone {zone}")))?;
        match set.r#type {
            RrType::Soa => {}
            RrType::Ns => names.delegated.push(name),
            kind => names.records.push((name, kind.as_str().to_owned())),
        }
    }
    Ok(names)
}

/// The hosted zones that Route 53 Profiles bring into the VPC.
pub(crate) async fn profile_zones(session: &Session, vpc: &VpcId) -> Result<Vec<ProfileZone>, Error> {
    let client = aws_sdk_route53profiles::Client::new(session.sdk());
    let mut zones = Vec::new();
    let mut pages = client.list_profile_associations().resource_id(vpc.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("route53profiles:ListProfileAssociations", vpc))?;
        for association in page.profile_associations() {
            let profile = association.profile_id().unwrap_or_default();
            let call = client.list_profile_resource_associations().profile_id(profile);
            let mut pages = call.into_paginator().send();
            while let Some(page) = pages.next().await {
                let page =
                    page.map_err(failed("route53profiles:ListProfileResourceAssociations", profile))?;
                let arns = page.profile_resource_associations().iter().filter_map(|one| one.resource_arn());
                for arn in arns.filter(|arn| arn.contains(":hostedzone/")) {
                    let zone = arn.rsplit('/').next().unwrap_or(arn).to_owned();
                    let name = zone_name(session, &zone).await;
                    zones.push(ProfileZone { profile: profile.to_owned(), zone, name });
                }
            }
        }
    }
    Ok(zones)
}

/// The name of a zone; none when it is another account's, which Route 53 does not tell.
async fn zone_name(session: &Session, zone: &str) -> Option<DnsName> {
    let answer = Client::new(session.sdk()).get_hosted_zone().id(zone).send().await;
    match answer.map_err(failed("route53:GetHostedZone", zone)) {
        Ok(answer) => answer.hosted_zone.and_then(|zone| zone.name.parse().ok()),
        Err(error) => {
            tracing::info!(error = error.chain(), "the name of a Profile's zone is not known");
            None
        }
    }
}

/// The rules by which the VPC's resolver forwards names to other resolvers.
pub(crate) async fn forwarding_rules(session: &Session, vpc: &VpcId) -> Result<Vec<ForwardingRule>, Error> {
    use aws_sdk_route53resolver::types::Filter;
    let client = aws_sdk_route53resolver::Client::new(session.sdk());
    let filter = Filter::builder().name("VPCId").values(vpc.as_str()).build();
    let mut of_vpc = std::collections::BTreeSet::new();
    let mut pages = client.list_resolver_rule_associations().filters(filter).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("route53resolver:ListResolverRuleAssociations", vpc))?;
        let ids = page.resolver_rule_associations().iter().filter_map(|one| one.resolver_rule_id());
        of_vpc.extend(ids.map(ToOwned::to_owned));
    }
    let mut rules = Vec::new();
    if of_vpc.is_empty() {
        return Ok(rules);
    }
    let mut pages = client.list_resolver_rules().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("route53resolver:ListResolverRules", vpc))?;
        for rule in page.resolver_rules() {
            let is_of_vpc = rule.id().is_some_and(|id| of_vpc.contains(id));
            // A rule of type SYSTEM leads back to the VPC's own zones.
            let forwards = rule.rule_type().is_some_and(|kind| kind.as_str() == "FORWARD");
            // The rule of the root is AWS's own default, and loses against any zone.
            let domain = rule.domain_name().and_then(|domain| domain.parse().ok());
            if let (true, true, Some(domain)) = (is_of_vpc, forwards, domain) {
                let targets = rule.target_ips().iter().filter_map(|target| target.ip().or(target.ipv6()));
                let targets = targets.map(ToOwned::to_owned).collect();
                rules.push(ForwardingRule { id: rule.id().unwrap_or_default().to_owned(), domain, targets });
            }
        }
    }
    Ok(rules)
}
