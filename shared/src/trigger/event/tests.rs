use std::collections::BTreeMap;

use super::*;
use crate::model::policy::{Policy, ServiceDefinition};
use crate::trigger::intent::{Ignored, Intent, Review};
use crate::trigger::own_calls::OwnCalls;

const SERVICE: &str = "vpce-svc-0a1b2c3d4e5f60718";
const FIRST: &str = "vpce-01234567890abcdef";
const SECOND: &str = "vpce-0fedcba9876543210";

macro_rules! event {
    ($name:literal) => {
        parse(include_str!(concat!("../../../../tests/events/", $name, ".json")))
    };
}

fn parse(json: &str) -> Result<Event, InvalidEvent> {
    Event::from_eventbridge(&serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}")))
}

fn policy() -> Policy {
    let json = format!(
        r#"{{"service":"{SERVICE}","names":["*.aws-us-west-2.byoc.example.com"],
             "allowed_principals":["444455556666","044444444444"]}}"#
    );
    let definition: ServiceDefinition = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}"));
    Policy {
        region: "us-west-2".parse().unwrap_or_else(|error| panic!("{error}")),
        services: BTreeMap::from([(definition.service.clone(), definition)]),
    }
}

fn intent(event: Result<Event, InvalidEvent>) -> Result<Intent, Ignored> {
    event.unwrap_or_else(|error| panic!("{error}")).intent(&policy())
}

fn review(event: Result<Event, InvalidEvent>) -> Result<Review, Ignored> {
    event.unwrap_or_else(|error| panic!("{error}")).review(&policy(), &own("zonelink"))
}

fn own(stack: &str) -> OwnCalls {
    let account = "111122223333".parse().ok();
    OwnCalls { account, stack: stack.into(), client_role: "c".into(), session: "s".into() }
}

fn subjects(intent: Result<Intent, Ignored>) -> Vec<String> {
    let intent = intent.unwrap_or_else(|Ignored(reason)| panic!("{reason}"));
    intent.vpc_endpoints.into_iter().map(String::from).collect()
}

fn ignored<T>(outcome: Result<T, Ignored>) -> String {
    outcome.err().map(|Ignored(reason)| reason).unwrap_or_default()
}

#[test]
fn a_creation_is_read_whatever_the_number_of_subnets_and_with_or_without_wrapper() {
    for event in [
        event!("create_two_subnets"),
        event!("create_one_subnet"),
        event!("create_no_subnet"),
        event!("create_unwrapped"),
    ] {
        let intent = intent(event);
        assert!(intent.as_ref().is_ok_and(|intent| intent.announced));
        assert_eq!(subjects(intent), [FIRST]);
    }
}

#[test]
fn the_account_is_the_envelopes_even_when_the_owner_id_lost_its_zeros() {
    let intent = intent(event!("create_leading_zero_owner"));
    assert_eq!(intent.map(|intent| intent.account.to_string()), Ok("044444444444".into()));
}

#[test]
fn lists_of_one_of_many_and_unwrapped_are_read() {
    assert_eq!(subjects(intent(event!("modify_add_subnet"))), [FIRST]);
    assert_eq!(subjects(intent(event!("delete_one"))), [FIRST]);
    assert_eq!(subjects(intent(event!("delete_two"))), [FIRST, SECOND]);
    assert_eq!(subjects(intent(event!("delete_unwrapped"))), [FIRST, SECOND]);
}

#[test]
fn endpoints_listed_as_unsuccessful_are_left_out() {
    assert_eq!(subjects(intent(event!("delete_one_unsuccessful"))), [FIRST]);
    assert!(ignored(intent(event!("delete_all_unsuccessful"))).contains("unsuccessful for all"));
    let review = review(event!("accept_one_unsuccessful"));
    assert_eq!(review.map(|review| review.vpc_endpoints.len()), Ok(1));
}

#[test]
fn failed_calls_other_services_other_regions_and_other_events_are_ignored_with_the_reason() {
    for (event, reason) in [
        (event!("create_failed"), "CreateVpcEndpoint failed with Client.UnauthorizedOperation"),
        (event!("create_other_service"), "CreateVpcEndpoint names no endpoint service"),
        (event!("create_undefined_service"), "vpce-svc-0ffffffffffffffff, which is not defined here"),
        (event!("delete_other_region"), "made in eu-west-1, not in us-west-2"),
        (event!("other_source"), "EC2 Instance State-change Notification from aws.ec2"),
        (event!("describe_call"), "EC2 API call \"DescribeVpcEndpoints\""),
    ] {
        let shown = ignored(intent(event));
        assert!(shown.contains(reason), "{shown}");
    }
}

#[test]
fn endpoint_of_another_type_is_none_of_ours_when_it_is_made_and_only_named_afterwards() {
    for (event, reason) in [
        (event!("create_gateway"), "CreateVpcEndpoint names no endpoint service"),
        (event!("create_gateway_load_balancer"), "vpce-svc-0ffffffffffffffff, which is not defined here"),
        (event!("create_resource"), "CreateVpcEndpoint names no endpoint service"),
        (event!("create_service_network"), "CreateVpcEndpoint names no endpoint service"),
    ] {
        let shown = ignored(intent(event));
        assert!(shown.contains(reason), "{shown}");
    }
    // Neither call says of which type an endpoint is: EC2 is asked.
    let gateway = "vpce-0eeeeeeeeeeeeeee1";
    assert_eq!(subjects(intent(event!("modify_gateway"))), [gateway]);
    assert_eq!(subjects(intent(event!("delete_ours_and_gateway"))), [FIRST, gateway]);
}

#[test]
fn call_on_an_endpoint_in_china_is_read_by_the_names_that_services_have_there() {
    let event = event!("create_china").unwrap_or_else(|error| panic!("{error}"));
    let policy =
        Policy { region: "cn-northwest-1".parse().unwrap_or_else(|error| panic!("{error}")), ..policy() };
    assert_eq!(subjects(event.intent(&policy)), [FIRST]);
    assert!(event.review(&policy, &own("zonelink")).is_ok());
    let names = policy.service_names();
    assert!(names.contains_key(&format!("cn.com.amazonaws.vpce.cn-northwest-1.{SERVICE}")), "{names:?}");
}

#[test]
fn event_that_is_no_api_call_is_ignored_whatever_it_lacks() {
    for event in [event!("network_activity"), event!("zone_network_activity")] {
        let shown = ignored(intent(event));
        assert!(shown.contains("of the event type \"AwsVpceEvent\""), "{shown}");
    }
}

#[test]
fn what_an_event_says_is_quoted_short_and_on_one_line() {
    let mut event: Value = serde_json::from_str(include_str!("../../../../tests/events/create_failed.json"))
        .unwrap_or_else(|error| panic!("{error}"));
    event["detail"]["errorCode"] = format!("Client.\n{}", "x".repeat(100_000)).into();
    event["detail"]["eventID"] = "e\u{1b}".repeat(100_000).into();
    let shown = ignored(intent(parse(&event.to_string())));
    assert!(shown.len() < 400 && shown.contains(r"failed with Client.\nxxx"), "{shown}");
    event["detail"]["errorCode"] = Value::Null;
    event["detail"]["responseElements"] =
        serde_json::json!({"CreateVpcEndpointResponse": {"vpcEndpoint": {"vpcEndpointId": FIRST}}});
    let cause = intent(parse(&event.to_string())).map(|intent| intent.cause).unwrap_or_default();
    assert!(cause.chars().count() < 350 && !cause.contains('\u{1b}'), "{cause}");
}

#[test]
fn call_on_more_endpoints_than_one_intent_names_is_split() {
    let ids: Vec<_> =
        (0..250).map(|n| serde_json::json!({"tag": n, "content": format!("vpce-{n:017x}")})).collect();
    let mut event: Value = serde_json::from_str(include_str!("../../../../tests/events/delete_two.json"))
        .unwrap_or_else(|error| panic!("{error}"));
    event["detail"]["requestParameters"]["DeleteVpcEndpointsRequest"]["VpcEndpointId"] = ids.into();
    let whole = intent(parse(&event.to_string())).unwrap_or_else(|Ignored(reason)| panic!("{reason}"));
    assert!(whole.is_of_too_many());
    let parts = whole.clone().split();
    assert_eq!(parts.iter().map(|part| part.vpc_endpoints.len()).collect::<Vec<_>>(), [100, 100, 50]);
    assert!(parts.iter().all(|part| !part.is_of_too_many() && part.cause == whole.cause));
    let again: std::collections::BTreeSet<_> =
        parts.into_iter().flat_map(|part| part.vpc_endpoints).collect();
    assert_eq!(again, whole.vpc_endpoints);
}

#[test]
fn creation_by_an_account_of_which_only_aws_can_tell_is_left_to_the_review() {
    let mut policy = policy();
    let allow = |policy: &mut Policy, rule: &str| {
        let rule: crate::model::policy::Principal = rule.parse().unwrap_or_else(|error| panic!("{error}"));
        policy
            .services
            .values_mut()
            .for_each(|definition| definition.allowed_principals = [rule.clone()].into());
    };
    let event = event!("create_two_subnets").unwrap_or_else(|error| panic!("{error}"));
    allow(&mut policy, "o-exampleorgid");
    let reason = ignored(event.intent(&policy));
    assert!(reason.contains("whether it is allowed, a review tells, and sends an intent"), "{reason}");
    assert!(event.review(&policy, &own("zonelink")).is_ok());
    allow(&mut policy, "444455556666");
    assert!(event.intent(&policy).is_ok(), "one that is listed by id does not wait for the review");
}

#[test]
fn creation_by_a_stranger_leads_to_a_review_and_no_role_is_assumed_for_it() {
    let mut policy = policy();
    policy.services.values_mut().for_each(|definition| definition.allowed_principals.clear());
    let event = event!("create_two_subnets").unwrap_or_else(|error| panic!("{error}"));
    assert!(ignored(event.intent(&policy)).contains("made by 444455556666, which is not allowed"));
    assert!(event.review(&policy, &own("f")).is_ok());
}

#[test]
fn accept_and_reject_lead_to_a_review_that_names_the_endpoints() {
    for event in [event!("accept_one"), event!("reject_one"), event!("create_two_subnets")] {
        let review = review(event).unwrap_or_else(|Ignored(reason)| panic!("{reason}"));
        assert_eq!(review.services.into_iter().map(String::from).collect::<Vec<_>>(), [SERVICE]);
        assert_eq!(review.vpc_endpoints.into_iter().map(String::from).collect::<Vec<_>>(), [FIRST]);
    }
}

#[test]
fn our_own_accept_call_is_ignored() {
    assert!(ignored(review(event!("accept_own_call"))).contains("our own call"));
}

#[test]
fn a_record_that_names_another_recipient_than_the_envelope_is_refused() {
    let error = event!("forged_account").map_err(|error| error.why);
    assert!(error.is_err_and(|why| why.contains("came from account 777788889999")));
}

#[test]
fn what_is_no_event_or_names_no_endpoint_is_refused() {
    assert!(parse("{}").is_err());
    assert!(parse("[1]").is_err());
    let error = event!("modify_without_id").map_err(|error| error.why);
    assert!(error.is_err_and(|why| why.contains("names no VPC endpoint")));
}

#[test]
fn a_notification_is_a_hint_by_the_ids_in_it() {
    let records: Value = serde_json::from_str(include_str!("../../../../tests/events/sns_connect.json"))
        .unwrap_or_else(|error| panic!("{error}"));
    let text = records["Records"][0]["Sns"]["Message"].as_str().unwrap_or_default();
    let review = review(Ok(Event::from_notification("m1", None, text)));
    let review = review.unwrap_or_else(|Ignored(reason)| panic!("{reason}"));
    assert_eq!((review.services.len(), review.vpc_endpoints.len()), (1, 1));

    let structured = format!(r#"{{"vpcEndpointId":"{FIRST}"}}"#);
    for vague in [structured.as_str(), "a test message that names nothing"] {
        let review = Event::from_notification("m2", None, vague).review(&policy(), &own("f"));
        assert!(review.is_ok_and(|review| review.services.is_empty()), "all services are looked at");
    }
}

#[test]
fn event_that_says_itself_what_is_gone_is_not_believed() {
    let said = r#""gone":{"seen":"2026-03-02T09:15:00Z","vpc_endpoints":["vpce-01234567890abcdef"]},"#;
    let json = include_str!("../../../../tests/events/create_two_subnets.json");
    // In each object of it.
    let json = json.replace('{', &format!("{{{said}")).replace(&format!("{{{said}}}"), "{}");
    let intent = intent(parse(&json)).unwrap_or_else(|Ignored(reason)| panic!("{reason}"));
    assert_eq!(intent.gone, None);
}
