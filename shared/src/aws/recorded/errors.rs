//! What the adapters make of refusals, in the words in which AWS gives them.

use std::time::Duration;

use super::{Player, id, parsed};
use crate::error::{CallFailure, Error};
use crate::model::facts::Association;
use crate::model::ids::{HostedZoneId, VpcId};
use crate::model::record::{Change, ChangeAction, RecordKey, RecordSet, RecordType};

const ZONE: &str = "Z0123456789ABCDEFGHIJ";

/// Route 53's refusal, as its XML stands.
fn refusal(code: &str, words: &str) -> &'static str {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>");
    let space = "https://route53.amazonaws.com/doc/2013-04-01/";
    let text = format!(r#"<ErrorResponse xmlns="{space}">{error}<RequestId>1</RequestId></ErrorResponse>"#);
    Box::leak(text.into_boxed_str())
}

/// EC2's.
fn ec2_refusal(code: &str) -> &'static str {
    let error = format!("<Errors><Error><Code>{code}</Code><Message>No</Message></Error></Errors>");
    Box::leak(format!("<Response>{error}<RequestID>1</RequestID></Response>").into_boxed_str())
}

async fn changed(status: u16, body: &'static str) -> Result<(), Error> {
    let player = Player::of(vec![(status, body)]).await;
    let name = parsed("*.aws-us-west-2.byoc.example.com");
    let key = RecordKey { zone: parsed(ZONE), name };
    let set = RecordSet { ttl: 60, values: ["10.1.0.4".to_owned()].into() };
    let change = Change { action: ChangeAction::Create, record_type: RecordType::A, set };
    player.worker.cloud.own().change_resource_record_sets(&key, &[change], Duration::from_secs(5)).await
}

async fn failure(status: u16, body: &'static str) -> (String, CallFailure, Option<String>) {
    match changed(status, body).await {
        Err(Error::Call { code, kind, message, .. }) => (code, kind, message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn refused_change_comes_with_its_code_its_kind_and_the_words() {
    for (status, code, kind) in [
        (400, "PriorRequestNotComplete", CallFailure::Throttled),
        (400, "InvalidChangeBatch", CallFailure::Refused),
        (400, "InvalidInput", CallFailure::Refused),
        (403, "AccessDenied", CallFailure::Denied),
        (500, "InternalFailure", CallFailure::Refused),
    ] {
        let words = "[Tried to create resource record set but it already exists]";
        let found = failure(status, refusal(code, words)).await;
        let kind = if status == 500 { CallFailure::Unavailable } else { kind };
        assert_eq!(found, (code.to_owned(), kind, Some(words.to_owned())));
    }
}

#[tokio::test]
async fn cloud_maps_refusal_is_a_denial_in_awss_own_words() {
    let words =
        "The resource hostedzone/Z1 can only be managed through AWS Cloud Map (arn:aws:servicediscovery:…)";
    let found = failure(403, refusal("AccessDenied", words)).await;
    assert_eq!(found, ("AccessDenied".to_owned(), CallFailure::Denied, Some(words.to_owned())));
}

#[tokio::test]
async fn throttled_change_concerns_the_account() {
    assert!(matches!(
        changed(400, refusal("Throttling", "Rate exceeded")).await,
        Err(Error::Throttled { .. })
    ));
}

#[tokio::test]
async fn answer_without_a_code_says_nothing_of_what_was_done() {
    for (status, body) in [(400, ""), (400, "<html>"), (408, ""), (502, "Bad Gateway"), (200, "<cut")] {
        let found = changed(status, body).await;
        let unclear = |kind: &CallFailure| matches!(kind, CallFailure::Unavailable);
        assert!(
            matches!(&found, Err(Error::Call { kind, .. }) if unclear(kind)),
            "{status} {body}: {found:?}"
        );
    }
}

#[tokio::test]
async fn status_of_a_change_that_the_sdk_does_not_know_is_success() {
    let body = include_str!("../../../../tests/answers/zone/changed.xml");
    changed(200, body).await.expect("a change");
}

// Route 53 wrote so until 2024, and the SDK finds no code in it. Nobody may take it for certain, then.
#[tokio::test]
async fn refusal_in_the_form_of_former_years_says_nothing_of_what_was_done() {
    let space = "https://route53.amazonaws.com/doc/2013-04-01/";
    let messages = "<Messages><Message>it already exists</Message></Messages>";
    let body = format!(r#"<InvalidChangeBatch xmlns="{space}">{messages}</InvalidChangeBatch>"#);
    let (code, kind, _) = failure(400, Box::leak(body.into_boxed_str())).await;
    assert_eq!((code.as_str(), kind), ("HTTP 400", CallFailure::Unavailable));
}

#[tokio::test]
async fn zone_that_is_gone_is_an_answer() {
    let player = Player::of(vec![(404, refusal("NoSuchHostedZone", "No hosted zone found"))]).await;
    let (zone, vpc): (HostedZoneId, VpcId) = (parsed(ZONE), parsed("vpc-0a1b2c3d4e5f60718"));
    let found = player.worker.cloud.own().get_hosted_zone(&zone, &vpc).await;
    assert_eq!(found.expect("an answer"), Association::ZoneGone);
}

#[tokio::test]
async fn endpoint_is_gone_in_either_of_ec2s_words_and_in_no_other() {
    for (code, gone) in [
        ("InvalidVpcEndpointId.NotFound", true),
        ("InvalidVpcEndpoint.NotFound", true),
        ("InvalidVpcEndpointId.Malformed", false),
        ("UnauthorizedOperation", false),
    ] {
        let player = Player::of(vec![(400, ec2_refusal(code))]).await;
        let found = player.worker.cloud.own().describe_vpc_endpoint(&id("vpce", 1)).await;
        assert_eq!(matches!(found, Ok(None)), gone, "{code}: {found:?}");
        assert_eq!(found.is_err(), !gone, "{code}");
    }
}

#[tokio::test]
async fn vpc_that_route_53_calls_invalid_is_one_that_may_not_be_read() {
    let body = refusal("InvalidVPCId", "The VPC ID is not valid or the account may not use it");
    let player = Player::of(vec![(400, body)]).await;
    let own = player.worker.cloud.own();
    let vpc: VpcId = parsed("vpc-0a1b2c3d4e5f60718");
    let found = own.list_hosted_zones_by_vpc(&vpc, &parsed("us-west-2"), None).await;
    assert!(matches!(&found, Err(Error::Call { kind: CallFailure::Denied, .. })), "{found:?}");
}
