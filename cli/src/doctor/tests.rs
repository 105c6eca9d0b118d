//! One healthy client on facts alone, and each check with that one thing broken.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::inspect::JournalEntry;
use shared::model::facts::{IpAddressType, VpcEndpointState};
use shared::model::hold::{Hold, HoldReason};
use shared::model::policy::{ServiceDefinition, SharedZones};
use shared::model::record::{Addresses, RecordSet, SeenRecords};

use super::check::{Check, Verdict};
use super::examine::{CHECKS, examine};
use super::facts::{
    EventFacts, Facts, InstallationFacts, NameFacts, Page, ServiceFacts, Unassociated, VpcFacts, ZoneRecord,
};
use crate::fleet::HoldView;
use crate::observed::{
    Configuration, Endpoint, ForwardingRule, HostedZone, Inbound, Listener, NamedZone, NotRead, ProfileZone,
    Refusal, Rule, Target, TargetGroup, Trail, Zone,
};

#[path = "tests/reach.rs"]
mod reach;

const DOMAIN: &str = "aws-us-west-2.byoc.example.com";
const CALLS: [&str; 3] = ["CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"];

fn of<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn addresses(values: &[&str]) -> Addresses {
    Addresses { a: values.iter().map(|value| of(value)).collect(), ..Addresses::default() }
}

fn seen(ttl: u32, values: &[&str]) -> SeenRecords {
    let values = values.iter().map(ToString::to_string).collect();
    SeenRecords { a: Some(RecordSet { ttl, values }), ..SeenRecords::default() }
}

fn rule(bus: &str, calls: &[&str]) -> Rule {
    Rule {
        name: format!("on-{bus}"),
        bus: bus.into(),
        is_enabled: true,
        calls: Some(calls.iter().map(ToString::to_string).collect()),
        accounts: Some(["222222222222".to_owned()].into()),
        targets: vec!["arn:aws:events:us-west-2:111111111111:event-bus/zonelink".into()],
    }
}

fn zone(id: &str, name: &str) -> HostedZone {
    HostedZone { id: of(id), name: of(name), account: Some(of("222222222222")), service: None }
}

fn entry(milliseconds: Option<i64>) -> JournalEntry {
    let words = String::new;
    let at = Timestamp::UNIX_EPOCH;
    JournalEntry {
        subject: words(),
        at,
        cause: words(),
        by: None,
        reason: words(),
        steps: vec![],
        outcome: words(),
        milliseconds,
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        vpc: of("vpc-0123456789abcdef0"),
        state: VpcEndpointState::Available,
        subnets: [of("subnet-0123456789abcdef0"), of("subnet-0123456789abcdef1")].into(),
        groups: vec!["sg-1".into()],
        ip_address_type: IpAddressType::Ipv4,
        has_private_dns: false,
        addresses: Ok((addresses(&["10.1.0.4", "10.1.1.4"]), 2)),
    }
}

fn service() -> ServiceFacts {
    let definition = serde_json::json!({
        "service": "vpce-svc-0123456789abcdef0", "names": [format!("*.{DOMAIN}")], "allowed_principals": ["222222222222"],
    });
    let zone_ids = Some(["usw2-az1".to_owned(), "usw2-az2".to_owned()].into());
    ServiceFacts {
        service: of("vpce-svc-0123456789abcdef0"),
        definition: serde_json::from_value(definition).ok(),
        configuration: Ok(Some(Configuration { balancers: vec!["nlb".into()], zone_ids })),
        listeners: Ok(vec![Listener { protocol: "TCP".into(), port: 19530, group: Some("tg-1".into()) }]),
        target_groups: Ok(vec![target_group(&["healthy"])]),
    }
}

fn target_group(states: &[&str]) -> TargetGroup {
    let target =
        |state: &&str| Target { id: "10.0.0.9".into(), state: (*state).into(), reason: String::new() };
    TargetGroup { arn: "tg-1".into(), name: "gateway".into(), targets: states.iter().map(target).collect() }
}

fn inbound(protocol: &str, ports: Option<(i32, i32)>, ranges: &[&str], others: &[&str]) -> Inbound {
    Inbound {
        group: "sg-1".into(),
        protocol: protocol.into(),
        ports,
        ranges: ranges.iter().map(|range| of(range)).collect(),
        others: others.iter().map(ToString::to_string).collect(),
    }
}

fn name() -> NameFacts {
    let claim = serde_json::json!({
        "key": {"zone": "Z1", "name": format!("*.{DOMAIN}")}, "zone_account": "222222222222",
        "service": "vpce-svc-0123456789abcdef0", "contributions": {}, "origin": "created", "confirmed": {}, "version": 1,
    });
    let claim = serde_json::from_value(claim).unwrap_or_else(|error| panic!("{error}"));
    let record = ZoneRecord {
        zone: zone("Z1", DOMAIN),
        seen: Ok(Some(seen(60, &["10.1.0.4", "10.1.1.4"]))),
        claim: Ok(Some(claim)),
    };
    let all = Page { is_all: true, ..Page::default() };
    let name = of(&format!("*.{DOMAIN}"));
    NameFacts {
        name,
        records: vec![record],
        unassociated: Ok(vec![]),
        beside: Ok(all.clone()),
        above: Ok(vec![]),
        public: Ok(all),
    }
}

fn healthy() -> Facts {
    let zone_of = |name: &str, id: &str| Zone { name: name.into(), id: Some(id.into()) };
    Facts {
        now: Timestamp::UNIX_EPOCH,
        installation: InstallationFacts {
            stack: "zonelink".into(),
            account: of("111111111111"),
            region: of("us-west-2"),
            client_role: "zonelink-client".into(),
            has_external_id: true,
            caller: "arn:aws:sts::111111111111:assumed-role/zonelink-OperatorRole-1/me".into(),
            held_account: None,
        },
        vpc_endpoint: of("vpce-0123456789abcdef0"),
        account: of("222222222222"),
        vpc: Some(of("vpc-0123456789abcdef0")),
        state: Some(VpcEndpointState::Available),
        holds: vec![],
        service: service(),
        endpoint: Ok(Some(endpoint())),
        subnets: Ok(BTreeMap::from([
            (of("subnet-0123456789abcdef0"), zone_of("us-west-2a", "usw2-az1")),
            (of("subnet-0123456789abcdef1"), zone_of("us-west-2b", "usw2-az2")),
        ])),
        inbound: Ok(vec![inbound("tcp", Some((19530, 19530)), &["10.1.0.0/16"], &[])]),
        acls: Ok(vec![reach::acl(vec![])]),
        network: VpcFacts {
            dns_support: Ok(true),
            dns_hostnames: Ok(true),
            dhcp: Ok(reach::dhcp(&["AmazonProvidedDNS"])),
            ranges: Ok(vec![of("10.1.0.0/16")]),
            zones: Ok(vec![zone("Z1", DOMAIN)]),
            profiles: Ok(vec![]),
            forwarding: Ok(vec![]),
            firewall: Ok(vec![]),
        },
        names: vec![name()],
        events: EventFacts {
            rules: Ok(vec![rule("zonelink", &CALLS)]),
            client_rule: Ok(Some(rule("default", &CALLS))),
            trails: Ok(vec![Trail { name: "all".into(), is_logging: Ok(true) }]),
        },
        journal: vec![entry(Some(2_000))],
        port: None,
    }
}

fn not_ok(facts: &Facts) -> Vec<Check> {
    examine(facts).into_iter().filter(|check| check.verdict != Verdict::Ok).collect()
}

/// Breaks one thing, and says what the one check of that name then says; the remedy must be there.
fn after(check: &str, break_it: impl FnOnce(&mut Facts)) -> (Verdict, String) {
    let mut facts = healthy();
    break_it(&mut facts);
    let found = examine(&facts).into_iter().find(|one| one.check == check);
    let found = found.unwrap_or_else(|| panic!("no check {check}"));
    assert!(found.verdict == Verdict::Ok || found.remedy.is_some(), "{found:?}");
    (found.verdict, format!("{}; {}", found.evidence, found.remedy.unwrap_or_default()))
}

fn verdict(check: &str, break_it: impl FnOnce(&mut Facts)) -> Verdict {
    after(check, break_it).0
}

fn found(facts: &mut Facts) -> &mut Endpoint {
    facts.endpoint.as_mut().ok().and_then(Option::as_mut).unwrap_or_else(|| panic!("there is an endpoint"))
}

fn record(facts: &mut Facts) -> &mut ZoneRecord {
    &mut facts.names[0].records[0]
}

#[test]
fn healthy_client_is_ok_in_every_check() {
    let facts = healthy();
    assert_eq!(not_ok(&facts), []);
    assert_eq!(examine(&facts).iter().map(|check| check.check).collect::<Vec<_>>(), CHECKS);
}

#[test]
fn every_state_of_an_endpoint_has_its_verdict() {
    use VpcEndpointState as State;
    for (state, expected) in [
        (State::Available, Verdict::Ok),
        (State::Pending, Verdict::Warn),
        (State::Partial, Verdict::Warn),
        (State::Other("resting".into()), Verdict::Warn),
        (State::PendingAcceptance, Verdict::Fail),
        (State::Deleting, Verdict::Fail),
        (State::Rejected, Verdict::Fail),
        (State::Failed, Verdict::Fail),
        (State::Expired, Verdict::Fail),
    ] {
        assert_eq!(
            verdict("endpoint state", |facts| found(facts).state = state.clone()),
            expected,
            "{state}"
        );
    }
    assert_eq!(verdict("endpoint state", |facts| facts.endpoint = Ok(None)), Verdict::Fail);
    assert_eq!(verdict("endpoint state", |facts| found(facts).subnets.clear()), Verdict::Fail);
    let partial = Ok((addresses(&["10.1.0.4"]), 1));
    assert_eq!(verdict("endpoint state", |facts| found(facts).addresses = partial), Verdict::Warn);
}

#[test]
fn connection_says_by_which_rule_it_is_accepted_and_why_not() {
    use VpcEndpointState as State;
    let nobody = |facts: &mut Facts| {
        facts.service.definition.iter_mut().for_each(|definition| definition.allowed_principals.clear());
    };
    assert_eq!(verdict("connection accepted", nobody), Verdict::Warn);
    let waits = |facts: &mut Facts| facts.state = Some(State::PendingAcceptance);
    assert_eq!(verdict("connection accepted", waits), Verdict::Fail);
    let (verdict, words) = after("connection accepted", |facts| {
        nobody(facts);
        waits(facts);
    });
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.contains("no rule allows 222222222222") && words.contains("AllowedPrincipals"), "{words}");
    for (what, break_it) in [
        ("rejected", (|facts| facts.state = Some(State::Rejected)) as fn(&mut Facts)),
        ("no connection", |facts| facts.state = None),
        ("no definition", |facts| facts.service.definition = None),
        ("there is no vpce-svc-", |facts| facts.service.configuration = Ok(None)),
    ] {
        let (verdict, words) = after("connection accepted", break_it);
        assert_eq!(verdict, Verdict::Fail, "{what}");
        assert!(words.contains(what), "{words}");
    }
}

#[test]
fn refused_role_is_told_apart_by_who_asks_and_what_the_function_meets() {
    let refused = |code: &str, change: fn(&mut InstallationFacts)| {
        after("client account", |facts| {
            let refusal =
                Refusal { role: "role/zonelink-client".into(), code: code.into(), message: "no".into() };
            facts.endpoint = Err(NotRead::NoEntry { account: facts.account.clone(), refusal });
            change(&mut facts.installation);
        })
    };
    let held = |installation: &mut InstallationFacts| installation.held_account = Some("NoAccess".into());
    for (code, change, verdict, remedy) in [
        (
            "AccessDenied",
            (|it: &mut InstallationFacts| it.caller = "arn:aws:iam::1:root".into())
                as fn(&mut InstallationFacts),
            Verdict::Fail,
            "--role-arn",
        ),
        ("AccessDenied", |_| {}, Verdict::Fail, "ClientStackCommand"),
        ("AccessDenied", held, Verdict::Fail, "there is no role zonelink-client"),
        ("RegionDisabledException", |_| {}, Verdict::Fail, "enable the region"),
        ("ValidationError", |_| {}, Verdict::Fail, "ExternalId"),
        ("timeout", |_| {}, Verdict::Unknown, "ask again"),
    ] {
        let (found, words) = refused(code, change);
        assert_eq!(found, verdict, "{words}");
        assert!(words.contains(remedy), "{words}");
    }
    let (_, words) = refused("AccessDenied", |it| {
        it.held_account = Some("NoAccess".into());
        it.has_external_id = false;
    });
    assert!(words.contains("parameter ExternalId"), "{words}");
    assert_eq!(verdict("client account", |facts| held(&mut facts.installation)), Verdict::Warn);
}

#[test]
fn vpc_that_does_not_ask_private_zones_fails() {
    assert_eq!(verdict("enableDnsSupport", |facts| facts.network.dns_support = Ok(false)), Verdict::Fail);
    assert_eq!(verdict("enableDnsHostnames", |facts| facts.network.dns_hostnames = Ok(false)), Verdict::Fail);
}

#[test]
fn zone_that_is_missing_or_not_associated_fails() {
    let (verdict, words) = after("hosted zone", |facts| facts.names[0].records.clear());
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.contains("create-hosted-zone --name aws-us-west-2.byoc.example.com "), "{words}");
}

#[test]
fn another_vpcs_zone_is_named_and_not_advised_unless_the_definition_merges() {
    const JOIN: &str = "aws route53 associate-vpc-with-hosted-zone --hosted-zone-id Z9";
    let (own, other) = ("vpc-0123456789abcdef0", "vpc-0fedcba9876543210");
    for (vpcs, merges, joins) in [
        (&[own][..], false, true),
        (&[], false, false),
        (&[other], false, false),
        (&[own, other], false, false),
        (&[other], true, true),
    ] {
        let (_, words) = after("hosted zone", |facts| {
            let zone = NamedZone { id: of("Z9"), name: of(DOMAIN), is_private: true };
            let vpcs = vpcs.iter().map(|vpc| of(vpc)).collect();
            facts.names[0].records.clear();
            facts.names[0].unassociated = Ok(vec![Unassociated { zone, vpcs }]);
            let merge = |definition: &mut ServiceDefinition| definition.shared_zones = SharedZones::Merge;
            facts.service.definition.iter_mut().filter(|_| merges).for_each(merge);
        });
        assert_eq!(words.contains(JOIN), joins, "{words}");
        assert_eq!(words.contains("create-hosted-zone"), !joins, "{words}");
        assert!(words.contains("(Z9) could"), "{words}");
    }
}

#[test]
fn a_sweep_is_advised_for_zonelinks_own_record_alone() {
    let edited = |facts: &mut Facts| record(facts).seen = Ok(Some(seen(60, &["10.9.9.9"])));
    let (_, words) = after("addresses", edited);
    assert!(words.contains("zonelink sweep --account 222222222222"), "{words}");
    let (_, words) = after("addresses", |facts| {
        edited(facts);
        record(facts).claim = Ok(None);
    });
    assert!(words.contains("zonelink adopt 'Z1/*.") && !words.contains("sweep"), "{words}");
    let (_, words) = after("addresses", |facts| {
        edited(facts);
        let hold = Hold {
            subject: of(&format!("vpc-0123456789abcdef0/Z1/*.{DOMAIN}")),
            reason: HoldReason::ForeignController { controller: "external-dns".into(), owner: None },
            account: None,
            since: Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        facts.holds = vec![HoldView::somewhere(hold)];
    });
    assert!(words.contains("heritage=external-dns") && !words.contains("sweep"), "{words}");
}

#[test]
fn record_must_stand_in_the_zone_that_answers() {
    let cnames = SeenRecords { incompatible: ["CNAME".to_owned()].into(), ..SeenRecords::default() };
    for (what, seen) in [("has no *.", SeenRecords::default()), ("CNAME", cnames)] {
        let (verdict, words) = after("record", |facts| record(facts).seen = Ok(Some(seen)));
        assert_eq!(verdict, Verdict::Fail);
        assert!(words.contains(what), "{words}");
    }
    assert_eq!(verdict("record", |facts| record(facts).claim = Ok(None)), Verdict::Warn);
    let theirs = |facts: &mut Facts| record(facts).zone.service = Some("vpce.amazonaws.com".into());
    assert_eq!(verdict("record", theirs), Verdict::Fail);
}

#[test]
fn record_must_answer_the_interfaces_addresses() {
    for (values, expected) in [
        (&["10.1.0.4", "10.1.1.4"][..], Verdict::Ok),
        (&["10.1.0.4"], Verdict::Fail),
        (&["10.1.0.4", "10.1.1.4", "10.9.9.9"], Verdict::Fail),
    ] {
        let answer = |facts: &mut Facts| record(facts).seen = Ok(Some(seen(60, values)));
        assert_eq!(verdict("addresses", answer), expected, "{values:?}");
    }
    assert_eq!(
        verdict("addresses", |facts| found(facts).state = VpcEndpointState::Pending),
        Verdict::Unknown
    );
}

#[test]
fn other_or_long_ttl_is_a_warning() {
    let answer = |ttl| move |facts: &mut Facts| record(facts).seen = Ok(Some(seen(ttl, &["10.1.0.4"])));
    assert_eq!(verdict("TTL", answer(600)), Verdict::Warn);
    let long = |facts: &mut Facts| {
        answer(3_600)(facts);
        let ttl = 3_600.try_into().unwrap_or_else(|error| panic!("{error}"));
        facts.service.definition.iter_mut().for_each(|definition| definition.ttl = ttl);
    };
    assert_eq!(verdict("TTL", long), Verdict::Warn);
}

#[test]
fn what_answers_in_the_records_place_is_named() {
    let below = format!("in01.{DOMAIN}");
    let zones = Ok(vec![zone("Z1", DOMAIN), zone("Z2", &below)]);
    assert_eq!(verdict("names beside the record", |facts| facts.network.zones = zones), Verdict::Warn);
    let records = vec![(of(&below), "A".into())];
    let beside = Page { records, is_all: true, ..Page::default() };
    let (verdict_of, words) = after("names beside the record", |facts| facts.names[0].beside = Ok(beside));
    assert!(verdict_of == Verdict::Warn && words.contains("in01"), "{words}");

    let of_aws =
        HostedZone { account: None, service: Some("vpce.amazonaws.com".into()), ..zone("Z2", &below) };
    assert_eq!(
        verdict("endpoint private DNS", |facts| facts.network.zones = Ok(vec![of_aws])),
        Verdict::Fail
    );
    let wide =
        HostedZone { account: None, service: Some("vpce.amazonaws.com".into()), ..zone("Z2", "example.com") };
    let behind = Ok(vec![zone("Z1", DOMAIN), wide]);
    assert_eq!(verdict("endpoint private DNS", |facts| facts.network.zones = behind), Verdict::Ok);
    assert_eq!(verdict("endpoint private DNS", |facts| found(facts).has_private_dns = true), Verdict::Warn);

    for (name, expected) in
        [(Some(DOMAIN), Verdict::Warn), (Some("example.org"), Verdict::Ok), (None, Verdict::Unknown)]
    {
        let zone = ProfileZone { profile: "rp-1".into(), zone: "Z3".into(), name: name.map(of) };
        assert_eq!(verdict("Route 53 Profile", |facts| facts.network.profiles = Ok(vec![zone])), expected);
    }
    for (domain, expected) in [
        (DOMAIN, Verdict::Fail),
        (below.as_str(), Verdict::Fail),
        // Of overlapping names the most specific counts, and here that is the zone.
        ("example.com", Verdict::Ok),
        ("example.org", Verdict::Ok),
    ] {
        let rule = ForwardingRule { id: "rslvr-rr-1".into(), domain: of(domain), targets: vec![] };
        let forwards = |facts: &mut Facts| facts.network.forwarding = Ok(vec![rule]);
        assert_eq!(verdict("resolver forwarding", forwards), expected, "{domain}");
    }
}

#[test]
fn public_names_that_the_zone_hides_are_named() {
    let hides = |zone_name: &str, public: &[&str], zones: &[&str]| {
        let page = Page {
            records: public.iter().map(|name| (of(name), "A".into())).collect(),
            is_all: true,
            delegated: vec![],
            zones: zones.iter().map(ToString::to_string).collect(),
        };
        after("public names", |facts| {
            record(facts).zone.name = of(zone_name);
            facts.names[0].public = Ok(page);
        })
    };
    let published = format!("*.{DOMAIN}");
    let (verdict, words) = hides(DOMAIN, &[&published], &["Z5"]);
    assert_eq!(verdict, Verdict::Ok, "{words}");
    let (verdict, words) = hides(DOMAIN, &[&format!("console.{DOMAIN}")], &["Z5"]);
    assert!(verdict == Verdict::Warn && words.contains("now lead to the endpoint: console"), "{words}");
    let (verdict, words) = hides("byoc.example.com", &["docs.byoc.example.com"], &["Z5"]);
    assert!(verdict == Verdict::Warn && words.contains("do not resolve"), "{words}");
    assert_eq!(hides("byoc.example.com", &[], &[]).0, Verdict::Warn);
}

#[test]
fn security_group_must_let_in_the_port_from_the_vpcs_ranges() {
    for (rules, expected) in [
        (vec![], Verdict::Fail),
        (vec![inbound("-1", None, &["0.0.0.0/0"], &[])], Verdict::Ok),
        (vec![inbound("6", Some((1, 65_535)), &["10.0.0.0/8"], &[])], Verdict::Ok),
        (vec![inbound("udp", Some((19530, 19530)), &["10.0.0.0/8"], &[])], Verdict::Fail),
        (vec![inbound("tcp", Some((443, 443)), &["10.0.0.0/8"], &[])], Verdict::Fail),
        (vec![inbound("tcp", Some((19530, 19530)), &["10.1.0.0/24"], &[])], Verdict::Warn),
        (vec![inbound("tcp", Some((19530, 19530)), &[], &["sg-2"])], Verdict::Warn),
    ] {
        let said = format!("{rules:?}");
        assert_eq!(verdict("security group", |facts| facts.inbound = Ok(rules)), expected, "{said}");
    }
    assert_eq!(verdict("security group", |facts| facts.port = Some(443)), Verdict::Fail);
    let deaf = |facts: &mut Facts| facts.service.listeners = Ok(vec![]);
    assert_eq!(verdict("security group", deaf), Verdict::Unknown);
}

#[test]
fn zones_are_compared_by_their_ids() {
    for (ids, expected) in [
        (Some(vec!["usw2-az1"]), Verdict::Warn),
        (Some(vec!["usw2-az3"]), Verdict::Fail),
        (None, Verdict::Unknown),
    ] {
        let zone_ids = ids.map(|ids| ids.into_iter().map(ToOwned::to_owned).collect());
        let configuration = Configuration { balancers: vec![], zone_ids };
        let serve = |facts: &mut Facts| facts.service.configuration = Ok(Some(configuration));
        assert_eq!(verdict("availability zones", serve), expected);
    }
}

#[test]
fn load_balancer_must_listen_and_have_a_healthy_target() {
    assert_eq!(verdict("listener", |facts| facts.service.listeners = Ok(vec![])), Verdict::Fail);
    assert_eq!(verdict("listener", |facts| facts.port = Some(443)), Verdict::Fail);
    for (states, expected) in [
        (&[][..], Verdict::Fail),
        (&["unhealthy"], Verdict::Fail),
        (&["healthy", "unhealthy"], Verdict::Warn),
        (&["healthy", "healthy"], Verdict::Ok),
    ] {
        let groups = Ok(vec![target_group(states)]);
        assert_eq!(verdict("targets", |facts| facts.service.target_groups = groups), expected, "{states:?}");
    }
    assert_eq!(verdict("targets", |facts| facts.service.target_groups = Ok(vec![])), Verdict::Fail);
}

#[test]
fn what_is_known_of_a_new_listener_is_not_left_to_the_reader() {
    let (_, words) = after("listener", |facts| facts.port = Some(443));
    assert!(words.contains("--port 443 --default-actions Type=forward,TargetGroupArn=tg-1"), "{words}");
    let deaf = |facts: &mut Facts| facts.service.listeners = Ok(vec![]);
    let (_, words) = after("listener", deaf);
    assert!(
        words.contains("--port \"$PORT\" --default-actions \"Type=forward,TargetGroupArn=$TARGET_GROUP\""),
        "{words}"
    );
}

#[test]
fn broken_way_of_events_is_a_warning_because_the_sweep_remains() {
    for (what, break_it) in [
        ("no rule sends", (|rules| rules.clear()) as fn(&mut Vec<Rule>)),
        ("DeleteVpcEndpoints", |rules| rules[0].calls = Some(["CreateVpcEndpoint".to_owned()].into())),
        ("ClientAccounts", |rules| rules[0].accounts = Some(["333333333333".to_owned()].into())),
        ("enable-rule", |rules| rules[0].is_enabled = false),
        ("no rule sends", |rules| rules[0].bus = "default".into()),
    ] {
        let (verdict, words) = after("event rules", |facts| facts.events.rules.iter_mut().for_each(break_it));
        assert!(verdict == Verdict::Warn && words.contains(what), "{words}");
    }
    for break_it in [
        (|rule| *rule = None) as fn(&mut Option<Rule>),
        |rule| *rule = rule.take().map(|rule| Rule { is_enabled: false, ..rule }),
        |rule| *rule = rule.take().map(|rule| Rule { targets: vec![], ..rule }),
    ] {
        let broken = |facts: &mut Facts| facts.events.client_rule.iter_mut().for_each(break_it);
        assert_eq!(verdict("client event rule", broken), Verdict::Warn);
    }
    assert_eq!(verdict("CloudTrail trail", |facts| facts.events.trails = Ok(vec![])), Verdict::Warn);
    let stopped = Trail { name: "all".into(), is_logging: Ok(false) };
    assert_eq!(verdict("CloudTrail trail", |facts| facts.events.trails = Ok(vec![stopped])), Verdict::Warn);
    assert_eq!(verdict("last event", |facts| facts.journal = vec![entry(None)]), Verdict::Warn);
    assert_eq!(verdict("last event", |facts| facts.journal.clear()), Verdict::Unknown);
}

#[test]
fn what_cannot_be_read_is_unknown_and_names_the_statement() {
    let denied =
        |account: &str| NotRead::Denied { account: of(account), action: "ec2:DescribeSubnets".into() };
    let (verdict, words) = after("availability zones", |facts| facts.subnets = Err(denied("222222222222")));
    assert_eq!(verdict, Verdict::Unknown);
    assert!(
        words.contains("\"Action\": \"ec2:DescribeSubnets\"") && words.contains("client.yaml"),
        "{words}"
    );
    let (_, words) = after("targets", |facts| facts.service.target_groups = Err(denied("111111111111")));
    assert!(words.contains("OperatorRole"), "{words}");

    // Zones that could not be read are not zones that are not there.
    for check in ["hosted zone", "record", "addresses", "TTL", "public names"] {
        let (verdict, words) = after(check, |facts| {
            facts.names[0].records.clear();
            facts.network.zones = Err(denied("222222222222"));
        });
        assert!(verdict == Verdict::Unknown && words.contains("AWS refuses"), "{check}: {words}");
    }
}
