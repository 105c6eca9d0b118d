//! DNS Firewall: what filters the questions of a VPC.
//!
//! Route 53 asks the groups by their priority, and in each the rules by theirs, the lowest number first:
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-overview.html>.

use aws_sdk_route53resolver::Client;
use shared::aws::{Session, failed};
use shared::error::Error;
use shared::model::ids::{AccountId, VpcId};

use crate::observed::{FirewallRule, NotRead, Read, RuleGroup};

/// The rule groups that are associated with the VPC, in the order in which they are asked.
pub(crate) async fn firewall(
    session: &Session,
    account: &AccountId,
    vpc: &VpcId,
) -> Result<Vec<RuleGroup>, Error> {
    let client = Client::new(session.sdk());
    let mut found = Vec::new();
    let mut pages =
        client.list_firewall_rule_group_associations().vpc_id(vpc.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("route53resolver:ListFirewallRuleGroupAssociations", vpc))?;
        found.extend(page.firewall_rule_group_associations().iter().filter_map(|association| {
            Some((association.priority(), association.firewall_rule_group_id()?.to_owned()))
        }));
    }
    found.sort();
    let mut groups = Vec::new();
    for (_, id) in found {
        let rules = rules(&client, account, &id).await.map_err(|error| NotRead::because(account, &error));
        groups.push(RuleGroup { id, rules });
    }
    Ok(groups)
}

/// The rules of a group that judge questions for addresses, in the order in which they are asked.
async fn rules(client: &Client, account: &AccountId, group: &str) -> Result<Vec<FirewallRule>, Error> {
    let mut found = Vec::new();
    let mut pages = client.list_firewall_rules().firewall_rule_group_id(group).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("route53resolver:ListFirewallRules", group))?;
        found.extend(page.firewall_rules().iter().cloned());
    }
    found.sort_by_key(aws_sdk_route53resolver::types::FirewallRule::priority);
    let mut rules = Vec::new();
    for rule in found {
        // A rule may judge questions of one type alone, by its name or as TYPE and its number.
        if rule.qtype().is_some_and(|kind| !matches!(kind, "A" | "AAAA" | "TYPE1" | "TYPE28")) {
            continue;
        }
        let list = rule.firewall_domain_list_id().map(ToOwned::to_owned);
        let domains = match &list {
            Some(list) => domains(client, account, list).await,
            None => Err(NotRead::NotAsked("the rule has no list of domains")),
        };
        let blocks = rule.action().is_some_and(|action| action.as_str() == "BLOCK");
        rules.push(FirewallRule { blocks, list, domains });
    }
    Ok(rules)
}

/// The domains of a list. Of the lists that AWS keeps nobody may read them.
async fn domains(client: &Client, account: &AccountId, list: &str) -> Read<Vec<String>> {
    let mut domains = Vec::new();
    let mut pages = client.list_firewall_domains().firewall_domain_list_id(list).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("route53resolver:ListFirewallDomains", list));
        let page = page.map_err(|error| NotRead::because(account, &error))?;
        domains.extend_from_slice(page.domains());
    }
    Ok(domains)
}
