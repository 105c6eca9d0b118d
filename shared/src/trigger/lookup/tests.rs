use std::collections::BTreeMap;

use super::*;
use crate::model::record::RecordKey;
use crate::trigger::event::InvalidEvent;

macro_rules! event {
    ($name:literal) => {
        parse(include_str!(concat!("../../../../tests/events/", $name, ".json")))
    };
}

const VPC: &str = "vpc-0123456789abcdef0";
const ZONE: &str = "Z0123456789ABCDEFGHIJ";

fn parse(json: &str) -> Result<Event, InvalidEvent> {
    Event::from_eventbridge(&serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}")))
}

fn policy() -> Policy {
    let json = r#"{"service":"vpce-svc-0a1b2c3d4e5f60718","names":["*.aws-us-west-2.byoc.example.com"]}"#;
    let definition: ServiceDefinition = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}"));
    Policy {
        region: "us-west-2".parse().unwrap_or_else(|error| panic!("{error}")),
        services: BTreeMap::from([(definition.service.clone(), definition)]),
    }
}

fn lookup(event: Result<Event, InvalidEvent>) -> Result<(String, String), String> {
    let lookup = event.unwrap_or_else(|error| panic!("{error}")).lookup(&policy(), &own());
    let shown = |lookup: Lookup| {
        (lookup.zone.map(String::from).unwrap_or_default(), lookup.vpc.map(String::from).unwrap_or_default())
    };
    lookup.map(shown).map_err(|Ignored(reason)| reason)
}

fn own() -> OwnCalls {
    OwnCalls {
        account: "111122223333".parse().ok(),
        stack: "zonelink".into(),
        client_role: "zonelink-client-us-west-2".into(),
        session: "zonelink-111122223333".into(),
    }
}

#[test]
fn a_call_that_names_a_vpc_leads_to_it_whatever_the_case_of_its_members() {
    for event in [
        event!("zone_associated"),
        event!("zone_associated_other_case"),
        event!("zone_disassociated"),
        event!("zone_created_private"),
        event!("zone_created_by_cloud_map"),
    ] {
        assert_eq!(lookup(event), Ok((String::new(), VPC.into())));
    }
}

#[test]
fn a_call_on_a_zone_or_its_records_leads_to_the_zone() {
    for event in [
        event!("zone_deleted"),
        event!("records_changed"),
        // CloudTrail cuts parameters of more than 100 KB.
        event!("records_changed_truncated"),
    ] {
        assert_eq!(lookup(event), Ok((ZONE.into(), String::new())));
    }
}

#[test]
fn lookup_of_a_change_says_who_wrote_which_of_the_defined_names_and_of_no_other() {
    let edit = |event: Result<Event, InvalidEvent>| {
        let lookup = event.unwrap_or_else(|error| panic!("{error}")).lookup(&policy(), &own());
        lookup.unwrap_or_else(|Ignored(reason)| panic!("{reason}")).edit
    };
    let key = |zone: &str, name: &str| RecordKey {
        zone: zone.parse().unwrap_or_else(|error| panic!("{error}")),
        name: name.parse().unwrap_or_else(|error| panic!("{error}")),
    };
    let (ours, other) = (key(ZONE, "*.aws-us-west-2.byoc.example.com"), key(ZONE, "www.byoc.example.com"));
    let written = edit(event!("records_changed")).unwrap_or_else(|| panic!("nobody"));
    let operator = Some("arn:aws:iam::444455556666:user/operator");
    assert_eq!((written.by(&ours), written.by(&other)), (operator, None));
    assert_eq!(written.by(&key("Z0", "*.aws-us-west-2.byoc.example.com")), None);
    let truncated = edit(event!("records_changed_truncated")).unwrap_or_else(|| panic!("nobody"));
    assert!(truncated.by(&ours).is_some(), "names that cannot be read may be any");
    assert_eq!(edit(event!("zone_deleted")), None, "a zone that goes is no edit of a record");
}

#[test]
fn what_is_none_of_ours_is_ignored_with_the_reason() {
    for (event, reason) in [
        (event!("records_changed_own_call"), "is our own call"),
        (event!("records_changed_other_name"), "changes none of the defined names"),
        (event!("records_changed_failed"), "failed with InvalidChangeBatch"),
        (event!("zone_associated_other_region"), "of a VPC in eu-west-1, not in us-west-2"),
        (event!("zone_created_public"), "a zone that serves no VPC"),
        (event!("zone_listed"), "not a call that concerns zones"),
        (event!("delete_one"), "not a call that concerns zones"),
    ] {
        let ignored = lookup(event).err().unwrap_or_default();
        assert!(ignored.contains(reason), "{ignored}");
    }
}

#[test]
fn a_change_that_names_no_zone_is_refused() {
    let error = event!("records_changed_without_zone").map_err(|error| error.why);
    assert!(error.is_err_and(|why| why.contains("names neither zone nor VPC")));
}

#[test]
fn vpcs_are_sent_for_by_account_and_not_too_many_at_once() {
    let lookup =
        Lookup { zone: ZONE.parse().ok(), vpc: None, edit: None, cause: "a test".into(), since: None };
    let account = |n: u8| format!("{n:012}").parse::<AccountId>().unwrap_or_else(|error| panic!("{error}"));
    let vpc = |n: usize| format!("vpc-{n:017x}").parse::<VpcId>().unwrap_or_else(|error| panic!("{error}"));
    let found = (0..=Intent::MOST).map(|n| (account(1), vpc(n))).chain([(account(2), vpc(99))]).collect();
    let intents = lookup.intents(found);
    let sizes: Vec<_> =
        intents.iter().map(|intent| (intent.account.to_string(), intent.vpcs.len())).collect();
    let first = "000000000001".to_owned();
    assert_eq!(sizes, [(first.clone(), Intent::MOST), (first, 1), ("000000000002".into(), 1)]);
    assert!(intents.iter().all(|intent| intent.vpc_endpoints.is_empty() && !intent.announced));
}
