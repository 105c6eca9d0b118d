//! Whom the VPC asks, what filters on the way, and which names nothing answers.

use super::*;
use crate::observed::{Acl, AclEntry, Dhcp, FirewallRule, RuleGroup};

/// DHCP options with these name servers.
pub(super) fn dhcp(servers: &[&str]) -> Dhcp {
    Dhcp {
        id: Some("dopt-1".into()),
        servers: servers.iter().map(ToString::to_string).collect(),
        others: vec![
            ("domain-name".into(), vec!["corp.example.com".into()]),
            ("ntp-servers".into(), vec!["10.1.0.9".into(), "10.1.0.10".into()]),
        ],
        resolver: Some(of("10.1.0.2")),
    }
}

/// A rule of a network ACL.
fn entry(number: i32, is_egress: bool, allows: bool, ports: Option<(i32, i32)>, range: &str) -> AclEntry {
    let protocol = if ports.is_some() { "6" } else { "-1" }.to_owned();
    AclEntry { number, is_egress, allows, protocol, ports, range: Some(of(range)) }
}

/// The ACL of the endpoint's subnets: these rules, and those that each VPC begins with.
pub(super) fn acl(mut entries: Vec<AclEntry>) -> Acl {
    for is_egress in [false, true] {
        entries.push(entry(100, is_egress, true, None, "0.0.0.0/0"));
        entries.push(entry(32_767, is_egress, false, None, "0.0.0.0/0"));
    }
    let subnets = [of("subnet-0123456789abcdef0"), of("subnet-0123456789abcdef1")].into();
    Acl { id: "acl-1".into(), subnets, entries }
}

#[test]
fn machines_that_ask_another_server_than_the_vpcs_resolver_are_told() {
    for (servers, expected, says) in [
        (&["AmazonProvidedDNS"][..], Verdict::Ok, "ask AmazonProvidedDNS (dopt-1)"),
        (&["10.1.0.2"], Verdict::Ok, "10.1.0.2"),
        (&["169.254.169.253", "fd00:ec2::253"], Verdict::Ok, "169.254.169.253"),
        (&[], Verdict::Warn, "no name server"),
        (&["10.99.0.2"], Verdict::Warn, "is forwarded to 10.1.0.2"),
        (&["AmazonProvidedDNS", "10.99.0.2"], Verdict::Warn, "ask 10.99.0.2"),
        (&["8.8.8.8", "10.99.0.2"], Verdict::Warn, "8.8.8.8, 10.99.0.2"),
        (&["100.64.0.2"], Verdict::Warn, "100.64.0.2"),
        (&["8.8.8.8", "2001:4860:4860::8888"], Verdict::Fail, "no public name server"),
    ] {
        let (found, words) = after("DHCP options", |facts| facts.network.dhcp = Ok(dhcp(servers)));
        assert_eq!(found, expected, "{words}");
        assert!(words.contains(says), "{words}");
    }
    let none = |facts: &mut Facts| facts.network.dhcp = Ok(Dhcp::default());
    assert_eq!(verdict("DHCP options", none), Verdict::Warn);
    // Whoever uses public addresses in a VPC may have a server there.
    let own = |facts: &mut Facts| {
        facts.network.dhcp = Ok(dhcp(&["11.0.0.2"]));
        facts.network.ranges = Ok(vec![of("11.0.0.0/16")]);
    };
    assert_eq!(verdict("DHCP options", own), Verdict::Warn);
}

#[test]
fn what_gives_the_vpc_its_resolver_keeps_all_other_options_but_no_word_of_a_shell() {
    let (_, words) = after("DHCP options", |facts| facts.network.dhcp = Ok(dhcp(&["8.8.8.8"])));
    let kept = "Key=domain-name-servers,Values=AmazonProvidedDNS 'Key=domain-name,Values=corp.example.com' \
                'Key=ntp-servers,Values=10.1.0.9,10.1.0.10')\"";
    assert!(words.ends_with(kept), "{words}");
    let (_, words) = after("DHCP options", |facts| {
        let others = vec![("domain-name".into(), vec!["'; rm".into()])];
        facts.network.dhcp = Ok(Dhcp { others, ..dhcp(&["8.8.8.8"]) });
    });
    assert!(!words.contains("rm"), "{words}");
}

#[test]
fn network_acl_must_let_clients_in_and_the_answers_out() {
    let (all, port) = ("0.0.0.0/0", Some((19530, 19530)));
    for (rules, expected, says) in [
        (vec![], Verdict::Ok, "acl-1 lets in tcp 19530 from 10.1.0.0/16, and the answers out"),
        (vec![entry(90, false, false, None, all)], Verdict::Fail, "rule 90 denies it"),
        (vec![entry(90, false, false, port, all)], Verdict::Fail, "--ingress --rule-number 89 "),
        (vec![entry(90, false, false, Some((443, 443)), all)], Verdict::Ok, ""),
        // The first that fits decides.
        (vec![entry(90, false, false, None, all), entry(80, false, true, port, all)], Verdict::Ok, ""),
        (vec![entry(90, false, false, None, "10.1.128.0/17")], Verdict::Warn, "not from all of 10.1.0.0/16"),
        (vec![entry(90, false, false, None, "10.2.0.0/16")], Verdict::Ok, ""),
        (
            vec![entry(90, true, false, None, "10.0.0.0/8")],
            Verdict::Fail,
            "let out the answers (tcp 1024-65535)",
        ),
        (
            vec![entry(90, true, false, Some((1024, 32_767)), all)],
            Verdict::Warn,
            "--egress --rule-number 89 ",
        ),
        (vec![entry(90, true, false, port, all)], Verdict::Warn, "lets out not all answers"),
        (vec![entry(90, true, false, None, "::/0")], Verdict::Ok, ""),
        // No number is left before the first.
        (vec![entry(1, false, false, None, all)], Verdict::Fail, "delete-network-acl-entry"),
    ] {
        let said = format!("{rules:?}");
        let (found, words) = after("network ACL", |facts| facts.acls = Ok(vec![acl(rules)]));
        assert_eq!(found, expected, "{said}: {words}");
        assert!(words.contains(says), "{words}");
    }
}

#[test]
fn what_no_rule_allows_gets_one_for_each_range_behind_all_others() {
    let (found, words) = after("network ACL", |facts| {
        let own = entry(220, false, true, Some((443, 443)), "0.0.0.0/0");
        let out = entry(100, true, true, None, "0.0.0.0/0");
        facts.acls = Ok(vec![Acl { entries: vec![own, out], ..acl(vec![]) }]);
        facts.network.ranges = Ok(vec![of("10.1.0.0/16"), of("100.64.0.0/16")]);
    });
    assert_eq!(found, Verdict::Fail);
    assert!(words.contains("no rule allows it"), "{words}");
    for (number, range) in [(230, "10.1.0.0/16"), (231, "100.64.0.0/16")] {
        let rule = format!(
            "--rule-number {number} --protocol tcp --port-range From=19530,To=19530 --cidr-block {range}"
        );
        assert!(words.contains(&rule), "{words}");
    }
    // Two listeners' answers go the same way, and need one rule.
    let (_, words) = after("network ACL", |facts| {
        let listener = |port| Listener { protocol: "TCP".into(), port, group: None };
        facts.service.listeners = Ok(vec![listener(443), listener(19530)]);
        facts.acls = Ok(vec![acl(vec![entry(90, true, false, None, "0.0.0.0/0")])]);
    });
    assert_eq!(words.matches("create-network-acl-entry").count(), 1, "{words}");
    // Of two ranges one that passes is a part.
    let (found, _) = after("network ACL", |facts| {
        facts.acls = Ok(vec![acl(vec![entry(90, false, false, None, "100.64.0.0/16")])]);
        facts.network.ranges = Ok(vec![of("10.1.0.0/16"), of("100.64.0.0/16")]);
    });
    assert_eq!(found, Verdict::Warn);
    assert_eq!(verdict("network ACL", |facts| facts.acls = Ok(vec![])), Verdict::Unknown);
}

fn group(rules: &[(bool, Option<&[&str]>)]) -> RuleGroup {
    let rule = |(blocks, domains): &(bool, Option<&[&str]>)| FirewallRule {
        blocks: *blocks,
        list: Some("rslvr-fdl-1".into()),
        domains: domains
            .map(|domains| domains.iter().map(ToString::to_string).collect())
            .ok_or_else(|| NotRead::Failed("AWS keeps it".into())),
    };
    RuleGroup { id: "rslvr-frg-1".into(), rules: Ok(rules.iter().map(rule).collect()) }
}

#[test]
fn first_rule_of_dns_firewall_whose_list_has_the_name_decides() {
    let (domain, below) = (format!("*.{DOMAIN}."), format!("in01.{DOMAIN}"));
    let (domain, below) = (&[domain.as_str()][..], &[below.as_str()][..]);
    for (rules, expected, says) in [
        (&[][..], Verdict::Ok, "no list of it that can be read blocks the name"),
        (&[(true, Some(&["*.example.org", "example.com", DOMAIN][..]))], Verdict::Ok, "rslvr-frg-1 filters"),
        (&[(true, Some(domain))], Verdict::Fail, "--operation REMOVE --domains '*."),
        (&[(true, Some(&["*.example.com."][..]))], Verdict::Fail, "*.example.com. in rslvr-fdl-1"),
        (&[(true, Some(&["*"][..]))], Verdict::Fail, "blocks *."),
        (&[(true, Some(below))], Verdict::Warn, "blocks a part of"),
        (&[(false, Some(domain)), (true, Some(&["*"][..]))], Verdict::Ok, ""),
        (&[(false, Some(below)), (true, Some(&["*"][..]))], Verdict::Fail, ""),
        (&[(true, Some(below)), (false, Some(domain))], Verdict::Warn, ""),
        (&[(true, None)], Verdict::Ok, "what rslvr-fdl-1 blocks cannot be read"),
    ] {
        let (found, words) = after("DNS Firewall", |facts| facts.network.firewall = Ok(vec![group(rules)]));
        assert_eq!(found, expected, "{rules:?}: {words}");
        assert!(words.contains(says), "{words}");
    }
    // Of a name that is no wildcard, only itself counts.
    for (entry, expected) in
        [("a.example.com", Verdict::Fail), ("*.example.com", Verdict::Fail), ("*.a.example.com", Verdict::Ok)]
    {
        let found = verdict("DNS Firewall", |facts| {
            facts.names[0].name = of("a.example.com");
            facts.network.firewall = Ok(vec![group(&[(true, Some(&[entry][..]))])]);
        });
        assert_eq!(found, expected, "{entry}");
    }
}

#[test]
fn names_that_exist_without_an_address_are_silent_below_a_wildcard() {
    let name = |below: &str| format!("{below}.{DOMAIN}");
    for (records, delegated, expected, says) in [
        (&[("in01", "A")][..], &[][..], Verdict::Ok, "each name below"),
        (&[("x.in01", "A")], &[], Verdict::Warn, "in01.aws-us-west-2.byoc.example.com (x.in01."),
        (&[("x.in01", "A"), ("in01", "CNAME")], &[], Verdict::Ok, ""),
        (&[("in01", "TXT")], &[], Verdict::Warn, "Type=='TXT'"),
        (&[("_acme-challenge", "TXT")], &[], Verdict::Ok, ""),
        (&[("_acme-challenge.in01", "TXT")], &[], Verdict::Warn, "(_acme-challenge.in01."),
        (&[("*.in01", "A")], &[], Verdict::Warn, "\\052.in01."),
        (&[], &["in01"], Verdict::Warn, "Type=='NS'"),
    ] {
        let page = Page {
            records: records.iter().map(|(below, kind)| (of(&name(below)), (*kind).into())).collect(),
            delegated: delegated.iter().map(|below| of(&name(below))).collect(),
            is_all: true,
            zones: vec![],
        };
        let (found, words) = after("silenced names", |facts| facts.names[0].beside = Ok(page));
        assert_eq!(found, expected, "{records:?} {delegated:?}: {words}");
        assert!(words.contains(says), "{words}");
    }
}

#[test]
fn zone_that_delegates_the_domain_itself_answers_nobody() {
    for (zone, above, beside, expected) in [
        // The NS record sets of the zone itself delegate nothing.
        (DOMAIN, &[][..], &[DOMAIN][..], Verdict::Ok),
        ("example.com", &[], &[DOMAIN], Verdict::Fail),
        ("example.com", &["byoc.example.com"], &[], Verdict::Fail),
        ("example.com", &[], &[], Verdict::Ok),
    ] {
        let (found, words) = after("silenced names", |facts| {
            record(facts).zone.name = of(zone);
            facts.names[0].above = Ok(above.iter().map(|name| of(name)).collect());
            let delegated = beside.iter().map(|name| of(name)).collect();
            facts.names[0].beside = Ok(Page { delegated, is_all: true, ..Page::default() });
        });
        assert_eq!(found, expected, "{zone} {above:?} {beside:?}: {words}");
    }
}

#[test]
fn names_that_the_definition_publishes_are_never_advised_to_be_deleted() {
    let deep = format!("a.in01.{DOMAIN}");
    let (found, words) = after("silenced names", |facts| {
        let second = NameFacts { name: of(&deep), ..name() };
        facts.names.push(second);
        let records = vec![(of(&deep), "A".to_owned())];
        facts.names[0].beside = Ok(Page { records, is_all: true, ..Page::default() });
    });
    assert!(found == Verdict::Warn && words.contains("publish the names"), "{words}");
    let wildcard = format!("*.in01.{DOMAIN}");
    let (found, words) = after("silenced names", |facts| {
        facts.names.push(NameFacts { name: of(&wildcard), ..name() });
        let records = vec![(of(&wildcard), "A".to_owned())];
        facts.names[0].beside = Ok(Page { records, is_all: true, ..Page::default() });
    });
    assert_eq!(found, Verdict::Ok, "{words}");
}
