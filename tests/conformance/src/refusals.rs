//! Batches that Route 53 refuses: nothing of them is done.

use shared::cloud::Cloud;
use shared::error::CallFailure;
use shared::model::listed::RecordSetContent;
use shared::model::record::{Change, RecordKey, RecordType};

use crate::failures::kind;
use crate::records::{change, create, delete, key, set, standing, zone};
use crate::zones::NO_ZONE;
use crate::{Kind, World, id};

/// A batch is refused, and what stood there stands there.
async fn assert_refused<C: Cloud, W: World>(cloud: &C, world: &W, key: &RecordKey, batch: &[Change]) {
    let before = standing(cloud, world, key).await;
    let answer = change(cloud, world, key, batch).await;
    let code = answer.as_ref().is_err_and(|error| error.has_code(&["InvalidChangeBatch"]));
    assert!(code, "{batch:?} {answer:?}");
    assert_eq!(kind(answer), CallFailure::Refused);
    assert_eq!(standing(cloud, world, key).await, before, "{batch:?}");
}

pub(crate) async fn a_batch_whose_delete_does_not_match_is_refused_and_nothing_is_done<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let key = key(&zone(world), "a.example.com");
    change(cloud, world, &key, &[create(RecordType::A, set(60, &["10.0.0.1"]))]).await.unwrap();
    // Other values, fewer or more of them, another TTL.
    for other in [set(60, &["10.0.0.9"]), set(60, &["10.0.0.1", "10.0.0.9"]), set(300, &["10.0.0.1"])] {
        let batch = [delete(RecordType::A, other), create(RecordType::A, set(60, &["10.0.0.2"]))];
        assert_refused(cloud, world, &key, &batch).await;
    }
    // The first change would do, the second does not match.
    let missing = delete(RecordType::Aaaa, set(60, &["2001:db8::1"]));
    assert_refused(cloud, world, &key, &[delete(RecordType::A, set(60, &["10.0.0.1"])), missing]).await;
    let still = [RecordSetContent::Simple(RecordType::A, set(60, &["10.0.0.1"]))];
    assert_eq!(standing(cloud, world, &key).await, still);
}

pub(crate) async fn a_batch_that_creates_what_exists_is_refused_and_nothing_is_done<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let key = key(&zone(world), "a.example.com");
    let made = create(RecordType::A, set(60, &["10.0.0.1"]));
    change(cloud, world, &key, std::slice::from_ref(&made)).await.unwrap();
    assert_refused(cloud, world, &key, &[create(RecordType::A, set(60, &["10.0.0.2"]))]).await;
    assert_refused(cloud, world, &key, &[create(RecordType::Aaaa, set(60, &["2001:db8::1"])), made]).await;
}

pub(crate) async fn addresses_beside_a_cname_are_refused<C: Cloud, W: World>(cloud: &C, world: &W) {
    let key = key(&zone(world), "a.example.com");
    world.write(&key, Kind::Cname);
    assert_refused(cloud, world, &key, &[create(RecordType::A, set(60, &["10.0.0.1"]))]).await;
}

pub(crate) async fn a_change_of_a_zone_that_does_not_exist_is_refused<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let key = key(&id(NO_ZONE), "a.example.com");
    let answer = change(cloud, world, &key, &[create(RecordType::A, set(60, &["10.0.0.1"]))]).await;
    assert!(answer.as_ref().is_err_and(|error| error.has_code(&["NoSuchHostedZone"])), "{answer:?}");
    assert_eq!(kind(answer), CallFailure::Refused);
}
