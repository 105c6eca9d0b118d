//! What the adapter makes of Route 53's answers.

use super::{Logged, Player, parsed, recorded};
use crate::model::facts::{Association, PrivateHostedZone, ZoneOwner};
use crate::model::ids::{HostedZoneId, Region, VpcId};
use crate::model::listed::{ListedRecordSet, Page, RecordSetContent, RecordSetsStart};
use crate::model::record::{RecordSet, RecordType};

const ZONE: &str = "Z0123456789ABCDEFGHIJ";
const VPC: &str = "vpc-0a1b2c3d4e5f60718";
const NAME: &str = "*.aws-us-west-2.byoc.example.com";

fn zone(number: usize) -> HostedZoneId {
    parsed(&format!("Z{number:020}"))
}

fn start() -> RecordSetsStart {
    RecordSetsStart { name: NAME.into(), record_type: None, identifier: None }
}

fn owner(zone: &PrivateHostedZone) -> String {
    match &zone.owner {
        ZoneOwner::Account(account) => account.to_string(),
        ZoneOwner::Service(service) => service.clone(),
    }
}

async fn listed(answers: Vec<(u16, &'static str)>) -> Page<ListedRecordSet, RecordSetsStart> {
    let player = Player::of(answers).await;
    let found = player.worker.cloud.own().list_resource_record_sets(&parsed(ZONE), &start()).await;
    found.expect("an answer").expect("a zone")
}

fn simple(kind: RecordType, ttl: u32, values: &[&str]) -> RecordSetContent {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    RecordSetContent::Simple(kind, RecordSet { ttl, values })
}

#[tokio::test]
async fn zones_of_accounts_and_of_services_are_read_with_their_owners() {
    let (logged, _guard) = Logged::here();
    let player = Player::of(recorded!["zones/of_every_owner"]).await;
    let (vpc, region): (VpcId, Region) = (parsed(VPC), parsed("us-west-2"));
    let found = player.worker.cloud.own().list_hosted_zones_by_vpc(&vpc, &region, None).await;
    let found: Vec<_> = found.expect("a page").items;
    let told: Vec<_> =
        found.iter().map(|(id, zone)| (id.clone(), zone.name.to_string(), owner(zone))).collect();
    let expected = [
        (zone(1), "byoc.example.com".to_owned(), "044444444444".to_owned()),
        (zone(2), "example.com".to_owned(), "222222222222".to_owned()),
        (zone(3), "a\\057b.example.com".to_owned(), "222222222222".to_owned()),
        (zone(4), "us-west-2.vpce.amazonaws.com".to_owned(), "vpce.amazonaws.com".to_owned()),
    ];
    assert_eq!(told, expected);
    assert_eq!(logged.lines(), [""; 0]);
}

#[tokio::test]
async fn zone_that_cannot_be_read_is_named_and_hides_no_other() {
    let (logged, _guard) = Logged::here();
    let player = Player::of(recorded!["zones/odd"]).await;
    let (vpc, region): (VpcId, Region) = (parsed(VPC), parsed("us-west-2"));
    let found = player.worker.cloud.own().list_hosted_zones_by_vpc(&vpc, &region, None).await;
    let ids: Vec<_> = found.expect("a page").items.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [zone(6)]);
    let lines = logged.lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for (line, number) in lines.iter().zip(1..5) {
        assert!(line.contains("a hosted zone is left out") && line.contains(VPC), "{line}");
        assert!(line.contains(zone(number).as_str()), "{line}");
    }
    assert!(lines[3].contains("anonymous"), "{lines:?}");
}

#[tokio::test]
async fn zones_are_paged_to_the_end_over_an_empty_page() {
    let player = Player::of(recorded!["zones/page_1", "zones/page_2", "zones/page_3", "zones/none"]).await;
    let (vpc, region): (VpcId, Region) = (parsed(VPC), parsed("us-west-2"));
    let (mut found, mut page) = (Vec::new(), None);
    loop {
        let answer = player.worker.cloud.own().list_hosted_zones_by_vpc(&vpc, &region, page).await;
        let answer = answer.expect("a page");
        found.extend(answer.items.into_iter().map(|(id, _)| id));
        page = answer.next;
        if page.is_none() {
            break;
        }
    }
    assert_eq!(found, [zone(1), zone(2)]);
    let asked = player.asked();
    assert!(asked[1].contains("nexttoken=second") && asked[2].contains("nexttoken=third"), "{asked:?}");
    let none = player.worker.cloud.own().list_hosted_zones_by_vpc(&vpc, &region, None).await;
    assert_eq!(none.expect("a page"), Page { items: Vec::new(), next: None });
}

#[tokio::test]
async fn simple_sets_are_read_as_they_stand_and_their_name_unescaped() {
    let found = listed(recorded!["record_sets/simple"]).await;
    assert!(found.items.iter().all(|one| one.name == parsed(NAME)));
    let content: Vec<_> = found.items.into_iter().map(|one| one.content).collect();
    let longest = i32::MAX.unsigned_abs();
    let expected = [
        simple(RecordType::A, 60, &["10.1.0.4", "10.1.1.4"]),
        simple(RecordType::Aaaa, longest, &["FD00:0::4"]),
    ];
    assert_eq!(content, expected);
    assert_eq!(listed(recorded!["record_sets/none"]).await.items, []);
}

#[tokio::test]
async fn alias_and_every_routing_policy_exclude_ours() {
    let found = listed(recorded!["record_sets/of_every_routing"]).await;
    let content: Vec<_> = found.items.into_iter().map(|one| one.content).collect();
    let words = |words: &str| RecordSetContent::Incompatible(words.into());
    let mut expected = vec![words("A alias"), words("AAAA alias")];
    expected.extend(vec![words("A with a routing policy"); 9]);
    expected.push(words("A of a traffic policy"));
    assert_eq!(content, expected);
}

#[tokio::test]
async fn routing_policy_that_the_sdk_does_not_know_excludes_ours() {
    let found = listed(recorded!["record_sets/by_zone_affinity"]).await;
    assert_eq!(found.items.len(), 2);
    let expected = RecordSetContent::Incompatible("A with a routing policy".into());
    assert!(found.items.iter().all(|one| one.content == expected));
}

#[tokio::test]
async fn types_are_addresses_or_cname_or_none_of_our_business() {
    let found = listed(recorded!["record_sets/of_every_type"]).await;
    let of =
        |wanted: fn(&RecordSetContent) -> bool| found.items.iter().filter(|one| wanted(&one.content)).count();
    assert_eq!(of(|content| matches!(content, RecordSetContent::Simple(RecordType::A, _))), 1);
    assert_eq!(of(|content| matches!(content, RecordSetContent::Simple(RecordType::Aaaa, _))), 1);
    assert_eq!(of(|content| *content == RecordSetContent::Incompatible("CNAME".into())), 1);
    assert_eq!(of(|content| *content == RecordSetContent::Other), found.items.len() - 3);
}

#[tokio::test]
async fn list_of_record_sets_goes_on_where_the_answer_says() {
    let player =
        Player::of(recorded!["record_sets/page_1", "record_sets/page_2", "record_sets/page_3"]).await;
    let (mut names, mut next) = (Vec::new(), Some(start()));
    while let Some(from) = next {
        let page = player.worker.cloud.own().list_resource_record_sets(&parsed(ZONE), &from).await;
        let page = page.expect("an answer").expect("a zone");
        names.extend(page.items.into_iter().map(|one| one.name.to_string()));
        next = page.next;
    }
    assert_eq!(names, [NAME, "z.example.com"]);
    let asked = player.asked();
    assert!(asked[1].contains("identifier=one%20%26%20only") && asked[1].contains("type=A"), "{asked:?}");
    assert!(asked[2].contains("name=%5C052.z.example.com.") && asked[2].contains("type=TXT"), "{asked:?}");
}

#[tokio::test]
async fn record_set_that_cannot_be_read_is_named_and_hides_no_other() {
    let (logged, _guard) = Logged::here();
    let found = listed(recorded!["record_sets/odd"]).await;
    assert_eq!(found.items.iter().map(|one| one.name.to_string()).collect::<Vec<_>>(), [NAME]);
    let lines = logged.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("a..b.example.com.") && lines[0].contains(ZONE), "{lines:?}");
}

#[tokio::test]
async fn zone_tells_which_vpcs_it_serves() {
    let player = Player::of(recorded!["zone/of_two_vpcs", "zone/of_no_vpc"]).await;
    let own = player.worker.cloud.own();
    let (zone, vpc): (HostedZoneId, VpcId) = (parsed(ZONE), parsed(VPC));
    assert_eq!(own.get_hosted_zone(&zone, &vpc).await.expect("an answer"), Association::Associated);
    assert_eq!(own.get_hosted_zone(&zone, &vpc).await.expect("an answer"), Association::Left);
}
