//! How calls fail, whatever they ask for: for want of permission, of patience, or of an answer.

use std::time::Duration;

use shared::cloud::Cloud;
use shared::error::{CallFailure, Error};
use shared::model::ids::{AccountId, HostedZoneId};
use shared::model::listed::{EndpointFilter, RecordSetsStart};
use shared::model::record::RecordType;

use crate::records::{TIME, change, create, key, set, standing, zone};
use crate::zones::new_zone;
use crate::{Refusal, World, id};

const CHANGE: &str = "route53:ChangeResourceRecordSets";

/// Why a call failed.
pub(crate) fn kind<T: std::fmt::Debug>(answer: Result<T, Error>) -> CallFailure {
    match answer {
        Err(Error::Call { kind, .. }) => kind,
        other => panic!("this is no failed call: {other:?}"),
    }
}

fn assert_denied<T: std::fmt::Debug>(answer: Result<T, Error>) {
    assert_eq!(kind(answer), CallFailure::Denied);
}

pub(crate) async fn an_account_that_nobody_may_enter_is_denied<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    cloud.assume_role(&setting.own).await.unwrap();
    cloud.assume_role(&setting.client).await.unwrap();
    assert_denied(cloud.assume_role(&setting.closed).await);
    let filter = EndpointFilter::Services(vec![setting.service.service_name(&setting.region)]);
    assert_denied(cloud.describe_vpc_endpoints(&setting.closed, &filter, None).await);
}

pub(crate) async fn a_role_that_was_assumed_is_used_until_it_is_forgotten<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let client = world.setting().client;
    cloud.assume_role(&client).await.unwrap();
    world.fail(&client, "sts:AssumeRole", Refusal::Denied);
    cloud.assume_role(&client).await.unwrap();
    assert_eq!(cloud.describe_vpc_endpoint(&client, &id("vpce-0fffffff")).await.unwrap(), None);
    cloud.forget_role(&client).await;
    assert_denied(cloud.assume_role(&client).await);
    assert_denied(cloud.describe_vpc_endpoint(&client, &id("vpce-0fffffff")).await);
    world.heal();
    cloud.assume_role(&client).await.unwrap();
}

pub(crate) async fn reads_of_ec2_that_are_denied_say_so<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    let (own, client, service) = (&setting.own, &setting.client, &setting.service);
    let interface = [id("eni-0fffffff")];
    world.fail(client, "ec2:DescribeVpcEndpoints", Refusal::Denied);
    let filter = EndpointFilter::Services(vec![service.service_name(&setting.region)]);
    assert_denied(cloud.describe_vpc_endpoints(client, &filter, None).await);
    assert_denied(cloud.describe_vpc_endpoint(client, &id("vpce-0fffffff")).await);
    // Another account, and another call, are not concerned.
    cloud.describe_vpc_endpoints(&setting.other, &filter, None).await.unwrap();
    cloud.describe_network_interfaces(client, &interface, None).await.unwrap();
    world.fail(client, "ec2:DescribeNetworkInterfaces", Refusal::Denied);
    assert_denied(cloud.describe_network_interfaces(client, &interface, None).await);
    world.fail(own, "ec2:DescribeVpcEndpointConnections", Refusal::Denied);
    assert_denied(cloud.describe_vpc_endpoint_connections(service, None, None).await);
    world.fail(own, "ec2:DescribeVpcEndpointServiceConfigurations", Refusal::Denied);
    assert_denied(cloud.describe_vpc_endpoint_service_configurations(service, None).await);
    world.fail(own, "ec2:DescribeVpcEndpointServicePermissions", Refusal::Denied);
    assert_denied(cloud.describe_vpc_endpoint_service_permissions(service, None).await);
}

pub(crate) async fn calls_of_route_53_that_are_denied_say_so<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    let client = &setting.client;
    let vpc = world.vpc(client);
    let zone = world.zone(client, "example.com", &vpc);
    let key = key(&zone, "a.example.com");
    world.fail(client, CHANGE, Refusal::Denied);
    assert_denied(change(cloud, world, &key, &[create(RecordType::A, set(60, &["10.0.0.1"]))]).await);
    assert_eq!(standing(cloud, world, &key).await, []);
    world.fail(client, "route53:ListHostedZonesByVPC", Refusal::Denied);
    assert_denied(cloud.list_hosted_zones_by_vpc(client, &vpc, &setting.region, None).await);
    world.fail(client, "route53:GetHostedZone", Refusal::Denied);
    assert_denied(cloud.get_hosted_zone(client, &zone, &vpc).await);
    assert_denied(cloud.caller_reference(client, &zone).await);
    assert_denied(cloud.zone_contents(client, &zone).await);
    world.fail(client, "route53:DeleteHostedZone", Refusal::Denied);
    assert_denied(cloud.delete_hosted_zone(client, &zone, TIME).await);
    world.fail(client, "route53:CreateHostedZone", Refusal::Denied);
    let new = new_zone(world, &vpc, "aws.example.com", &format!("zl-denied-{vpc}"));
    assert_denied(cloud.create_hosted_zone(client, &new, TIME).await);
    world.fail(client, "route53:ListResourceRecordSets", Refusal::Denied);
    assert_denied(cloud.list_resource_record_sets(client, &zone, &RecordSetsStart::at(&key)).await);
}

pub(crate) async fn reads_of_profiles_that_are_denied_say_so<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = &world.setting().client;
    let (vpc, elsewhere) = (world.vpc(client), world.vpc(client));
    let zone = world.zone(client, "example.com", &elsewhere);
    let profile = world.profile(&vpc, std::slice::from_ref(&zone));
    world.fail(client, "route53profiles:ListProfileAssociations", Refusal::Denied);
    assert_denied(cloud.list_profile_associations(client, &vpc, None).await);
    world.fail(client, "route53profiles:ListProfileResourceAssociations", Refusal::Denied);
    assert_denied(cloud.list_profile_resource_associations(client, &profile, None).await);
    world.fail(client, "route53:GetHostedZone", Refusal::Denied);
    assert_denied(cloud.hosted_zone_name(client, &zone).await);
}

pub(crate) async fn decisions_on_connections_that_are_denied_say_so<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let setting = world.setting();
    let endpoint = [world.endpoint(&world.vpc(&setting.client), 1)];
    world.fail(&setting.own, "ec2:AcceptVpcEndpointConnections", Refusal::Denied);
    assert_denied(cloud.accept_vpc_endpoint_connections(&setting.service, &endpoint).await);
    world.fail(&setting.own, "ec2:RejectVpcEndpointConnections", Refusal::Denied);
    assert_denied(cloud.reject_vpc_endpoint_connections(&setting.service, &endpoint).await);
}

pub(crate) async fn an_organization_that_may_not_be_read_is_denied<C: Cloud, W: World>(cloud: &C, world: &W) {
    let (own, organization) = (world.setting().own, world.organization());
    world.fail(&own, "organizations:DescribeOrganization", Refusal::Denied);
    assert_denied(cloud.describe_organization().await);
    world.fail(&own, "organizations:ListParents", Refusal::Denied);
    assert_denied(cloud.list_parents(organization.member.as_str(), None).await);
}

pub(crate) async fn route_53_throttles_an_account<C: Cloud, W: World>(cloud: &C, world: &W) {
    fn assert_throttled<T: std::fmt::Debug>(answer: &Result<T, Error>, of: &AccountId) {
        assert!(matches!(answer, Err(Error::Throttled { account }) if account == of), "{answer:?}");
    }
    let setting = world.setting();
    let client = &setting.client;
    let vpc = world.vpc(client);
    let zone = world.zone(client, "example.com", &vpc);
    let key = key(&zone, "a.example.com");
    cloud.assume_role(client).await.unwrap();
    world.fail(client, "route53:ListHostedZonesByVPC", Refusal::Throttled);
    let zones = cloud.list_hosted_zones_by_vpc(client, &vpc, &setting.region, None).await;
    assert_throttled(&zones, client);
    world.fail(client, "route53:GetHostedZone", Refusal::Throttled);
    assert_throttled(&cloud.get_hosted_zone(client, &zone, &vpc).await, client);
    world.fail(client, "route53:ListResourceRecordSets", Refusal::Throttled);
    let start = RecordSetsStart::at(&key);
    assert_throttled(&cloud.list_resource_record_sets(client, &zone, &start).await, client);
    world.fail(client, CHANGE, Refusal::Throttled);
    let batch = [create(RecordType::A, set(60, &["10.0.0.1"]))];
    assert_throttled(&change(cloud, world, &key, &batch).await, client);
    world.heal();
    assert_eq!(standing(cloud, world, &key).await, []);
}

pub(crate) async fn ec2_asks_for_patience<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    cloud.assume_role(&client).await.unwrap();
    world.fail(&client, "ec2:DescribeVpcEndpoints", Refusal::Throttled);
    let answer = cloud.describe_vpc_endpoint(&client, &id("vpce-0fffffff")).await;
    assert_eq!(kind(answer), CallFailure::Throttled);
}

/// A change is made whose answer nobody hears, within `time`; it is done whole, or not at all.
async fn is_not_answered<C: Cloud, W: World>(cloud: &C, world: &W, zone: &HostedZoneId, time: Duration) {
    let (client, key) = (world.setting().client, key(zone, "a.example.com"));
    let batch =
        [create(RecordType::A, set(60, &["10.0.0.1"])), create(RecordType::Aaaa, set(60, &["2001:db8::1"]))];
    let answer = cloud.change_resource_record_sets(&client, &key, &batch, time).await;
    assert_eq!(kind(answer), CallFailure::Unavailable);
    world.heal();
    let done = standing(cloud, world, &key).await.len();
    assert!(done == 0 || done == 2, "half of it is done");
}

pub(crate) async fn a_change_whose_answer_is_lost_is_no_answer_and_whole_or_not_done<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let zone = zone(world);
    cloud.assume_role(&world.setting().client).await.unwrap();
    world.fail(&world.setting().client, CHANGE, Refusal::Lost);
    is_not_answered(cloud, world, &zone, TIME).await;
}

pub(crate) async fn a_change_that_takes_longer_than_its_time_is_no_answer<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let zone = zone(world);
    cloud.assume_role(&world.setting().client).await.unwrap();
    world.fail(&world.setting().client, CHANGE, Refusal::Slow);
    let before = cloud.now();
    is_not_answered(cloud, world, &zone, Duration::from_millis(300)).await;
    assert!(cloud.now() > before);
}
