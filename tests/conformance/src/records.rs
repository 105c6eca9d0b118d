//! Record sets: lists and batches that are done.

use std::time::Duration;

use shared::cloud::Cloud;
use shared::error::Error;
use shared::model::ids::HostedZoneId;
use shared::model::listed::{ListedRecordSet, RecordSetContent, RecordSetsStart};
use shared::model::mark::Mark;
use shared::model::record::{Change, ChangeAction, RecordKey, RecordSet, RecordType};

use crate::zones::NO_ZONE;
use crate::{Kind, World, all, id};

/// Time enough for one request.
pub(crate) const TIME: Duration = Duration::from_secs(20);

/// A new zone `example.com` of the client.
pub(crate) fn zone<W: World>(world: &W) -> HostedZoneId {
    let client = world.setting().client;
    world.zone(&client, "example.com", &world.vpc(&client))
}

pub(crate) fn key(zone: &HostedZoneId, name: &str) -> RecordKey {
    RecordKey { zone: zone.clone(), name: id(name) }
}

pub(crate) fn set(ttl: u32, values: &[&str]) -> RecordSet {
    RecordSet { ttl, values: values.iter().map(|value| (*value).to_owned()).collect() }
}

pub(crate) fn create(record_type: RecordType, set: RecordSet) -> Change {
    Change { action: ChangeAction::Create, record_type, set }
}

pub(crate) fn delete(record_type: RecordType, set: RecordSet) -> Change {
    Change { action: ChangeAction::Delete, record_type, set }
}

/// Sends a batch in the client's account.
pub(crate) async fn change<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
    key: &RecordKey,
    changes: &[Change],
) -> Result<(), Error> {
    cloud.change_resource_record_sets(&world.setting().client, key, changes, TIME).await
}

/// All record sets from a name on, and how many pages they came on.
pub(crate) async fn listed<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
    from: &RecordKey,
) -> (Vec<ListedRecordSet>, usize) {
    let client = world.setting().client;
    let page = async |start: Option<RecordSetsStart>| {
        let start = start.unwrap_or_else(|| RecordSetsStart::at(from));
        cloud.list_resource_record_sets(&client, &from.zone, &start).await.unwrap().unwrap()
    };
    all(page).await
}

/// What stands at one name.
pub(crate) async fn standing<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
    key: &RecordKey,
) -> Vec<RecordSetContent> {
    let (found, _) = listed(cloud, world, key).await;
    found.into_iter().filter(|found| found.name == key.name).map(|found| found.content).collect()
}

fn names(found: &[ListedRecordSet]) -> Vec<String> {
    found.iter().map(|found| found.name.to_string()).collect()
}

/// One A record set at each of these names.
async fn with_names<C: Cloud, W: World>(cloud: &C, world: &W, names: &[&str]) -> HostedZoneId {
    let zone = zone(world);
    for name in names {
        let made = create(RecordType::A, set(60, &["10.0.0.1"]));
        change(cloud, world, &key(&zone, name), &[made]).await.unwrap();
    }
    zone
}

pub(crate) async fn record_sets_of_a_zone_that_does_not_exist_are_none<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let (client, start) = (world.setting().client, RecordSetsStart::at(&key(&id(NO_ZONE), "a.example.com")));
    assert_eq!(cloud.list_resource_record_sets(&client, &id(NO_ZONE), &start).await.unwrap(), None);
}

pub(crate) async fn record_sets_that_are_created_are_listed<C: Cloud, W: World>(cloud: &C, world: &W) {
    let key = key(&zone(world), "*.in01.example.com");
    assert_eq!(standing(cloud, world, &key).await, []);
    let (a, aaaa) = (set(60, &["10.0.0.1", "10.0.0.2"]), set(300, &["2001:db8::1"]));
    let batch = [create(RecordType::A, a.clone()), create(RecordType::Aaaa, aaaa.clone())];
    change(cloud, world, &key, &batch).await.unwrap();
    let wanted =
        [RecordSetContent::Simple(RecordType::A, a), RecordSetContent::Simple(RecordType::Aaaa, aaaa)];
    assert_eq!(standing(cloud, world, &key).await, wanted);
}

pub(crate) async fn record_sets_begin_where_the_list_starts<C: Cloud, W: World>(cloud: &C, world: &W) {
    let zone = with_names(cloud, world, &["a.example.com", "c.example.com"]).await;
    let (both, name) = (key(&zone, "b.example.com"), "b.example.com".to_owned());
    let batch = [RecordType::A, RecordType::Aaaa].map(|record_type| {
        let value = if record_type == RecordType::A { "10.0.0.1" } else { "2001:db8::1" };
        create(record_type, set(60, &[value]))
    });
    change(cloud, world, &both, &batch).await.unwrap();
    let (found, _) = listed(cloud, world, &both).await;
    assert_eq!(names(&found), ["b.example.com", "b.example.com", "c.example.com"]);
    let client = world.setting().client;
    let start = RecordSetsStart { name, record_type: Some("AAAA".into()), identifier: None };
    let page = cloud.list_resource_record_sets(&client, &zone, &start).await.unwrap().unwrap();
    assert_eq!(names(&page.items), ["b.example.com", "c.example.com"]);
    assert!(matches!(page.items[0].content, RecordSetContent::Simple(RecordType::Aaaa, _)), "{page:?}");
    // A name at which nothing stands is a place in the order all the same.
    assert_eq!(names(&listed(cloud, world, &key(&zone, "bb.example.com")).await.0), ["c.example.com"]);
}

/// By their labels from the last to the first, each name with its last dot, so that `-` comes before `.`
/// ([ListResourceRecordSets](https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html)).
pub(crate) async fn record_sets_come_in_route_53s_order<C: Cloud, W: World>(cloud: &C, world: &W) {
    const ORDER: [&str; 5] =
        ["*.example.com", "a-b.example.com", "a.example.com", "z.a.example.com", "b.example.com"];
    let mut made = ORDER;
    made.sort_unstable();
    let zone = with_names(cloud, world, &made).await;
    assert_eq!(names(&listed(cloud, world, &key(&zone, ORDER[0])).await.0), ORDER);
    assert_eq!(names(&listed(cloud, world, &key(&zone, ORDER[2])).await.0), ORDER[2..]);
}

pub(crate) async fn record_sets_come_in_pages_from_start<C: Cloud, W: World>(cloud: &C, world: &W) {
    const NAMES: [&str; 5] =
        ["a.example.com", "b.example.com", "c.example.com", "d.example.com", "e.example.com"];
    let zone = with_names(cloud, world, &NAMES).await;
    world.pages_of(2);
    let (found, pages) = listed(cloud, world, &key(&zone, NAMES[0])).await;
    assert_eq!((names(&found), pages), (NAMES.map(ToOwned::to_owned).to_vec(), 3), "each of them once");
    world.pages_of(1);
    let beside = create(RecordType::Aaaa, set(60, &["2001:db8::1"]));
    change(cloud, world, &key(&zone, NAMES[4]), &[beside]).await.unwrap();
    // A page ends between two types of one name.
    let (found, pages) = listed(cloud, world, &key(&zone, NAMES[4])).await;
    assert_eq!((found.len(), pages), (2, 2));
}

pub(crate) async fn record_sets_of_other_kinds_are_told_apart<C: Cloud, W: World>(cloud: &C, world: &W) {
    let zone = zone(world);
    let (cname, txt) = (key(&zone, "c.example.com"), key(&zone, "t.example.com"));
    world.write(&cname, Kind::Cname);
    world.write(&txt, Kind::Txt);
    assert_eq!(standing(cloud, world, &cname).await, [RecordSetContent::Incompatible("CNAME".into())]);
    assert_eq!(standing(cloud, world, &txt).await, [RecordSetContent::Other]);
    let marked = key(&zone, "m.example.com");
    world.write(&marked, Kind::Mark);
    let mark = Mark { controller: "external-dns".into(), owner: Some("blue".into()) };
    assert!(standing(cloud, world, &marked).await.contains(&RecordSetContent::Marked(mark)));
    let beside = create(RecordType::A, set(60, &["10.0.0.1"]));
    change(cloud, world, &txt, &[beside]).await.unwrap();
    assert_eq!(standing(cloud, world, &txt).await.len(), 2, "TXT stands beside addresses");
}

pub(crate) async fn a_record_set_is_replaced_in_one_batch<C: Cloud, W: World>(cloud: &C, world: &W) {
    let key = key(&zone(world), "a.example.com");
    let (before, after) = (set(300, &["10.0.0.1", "10.0.0.2"]), set(60, &["10.0.0.2"]));
    change(cloud, world, &key, &[create(RecordType::A, before.clone())]).await.unwrap();
    let batch = [delete(RecordType::A, before), create(RecordType::A, after.clone())];
    change(cloud, world, &key, &batch).await.unwrap();
    assert_eq!(standing(cloud, world, &key).await, [RecordSetContent::Simple(RecordType::A, after.clone())]);
    change(cloud, world, &key, &[delete(RecordType::A, after)]).await.unwrap();
    assert_eq!(standing(cloud, world, &key).await, []);
}
