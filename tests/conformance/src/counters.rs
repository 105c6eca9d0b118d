//! What is moved on in place: the buckets of accounts, and the items of runs.

use jiff::{SignedDuration, Timestamp};
use shared::cloud::Cloud;
use shared::error::CallFailure;
use shared::model::ids::AccountId;
use shared::model::run::{Run, RunEnd};
use shared::model::table::{Bucket, BucketUpdate, Condition, Key, RunUpdate, Write, ZoneStep};
use shared::model::zone_claim::ZoneCount;

use crate::failures::kind;
use crate::items::{EXPIRES_AT, run, zone_claim};
use crate::table::{get, put};
use crate::{World, id};

fn at(milliseconds: i64) -> Timestamp {
    id::<Timestamp>("2099-03-02T09:15:00Z") + SignedDuration::from_millis(milliseconds)
}

async fn bucket<C: Cloud>(cloud: &C, account: &AccountId) -> Bucket {
    get(cloud, &Key::bucket(account)).await.unwrap().try_into().unwrap()
}

pub(crate) async fn a_bucket_is_full_at_a_moment_that_only_an_earlier_one_allows<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let account = world.setting().client;
    let update = async |update| cloud.update_bucket(&account, update, EXPIRES_AT).await.unwrap();
    let full_at = |full_at, at_most| BucketUpdate::FullAt { full_at: at(full_at), at_most: at(at_most) };
    assert_eq!(update(full_at(1_500, 0)).await, None, "one that does not exist is full");
    assert_eq!(update(full_at(9_000, 1_499)).await, Some(at(1_500)), "it tells what stands there");
    assert_eq!(update(full_at(2_000, 1_500)).await, None);
    let later = |cost, at_most| BucketUpdate::FullLater {
        cost: SignedDuration::from_millis(cost),
        at_most: at(at_most),
    };
    assert_eq!(update(later(250, 1_999)).await, Some(at(2_000)));
    assert_eq!(update(later(250, 2_000)).await, None);
    let wanted = Bucket { full_at: Some(at(2_250).as_millisecond()), turn_at: None, expires_at: EXPIRES_AT };
    assert_eq!(bucket(cloud, &account).await, wanted);
}

pub(crate) async fn a_bucket_that_does_not_exist_is_not_full_later<C: Cloud, W: World>(cloud: &C, world: &W) {
    let account = world.setting().client;
    let (cost, at_most) = (SignedDuration::from_secs(1), at(0));
    let later = BucketUpdate::FullLater { cost, at_most };
    let answer = cloud.update_bucket(&account, later, EXPIRES_AT).await;
    assert_eq!(kind(answer), CallFailure::ConditionFailed);
    assert_eq!(get(cloud, &Key::bucket(&account)).await, None);
    let turn_at = BucketUpdate::TurnAt { turn_at: at(0), at_most };
    assert_eq!(cloud.update_bucket(&account, turn_at, EXPIRES_AT).await.unwrap(), None);
    // The item exists now, and its share does not.
    let answer = cloud.update_bucket(&account, later, EXPIRES_AT).await;
    assert_eq!(kind(answer), CallFailure::ConditionFailed);
}

pub(crate) async fn a_turn_and_a_bucket_leave_each_other_alone<C: Cloud, W: World>(cloud: &C, world: &W) {
    let account = world.setting().client;
    let update = async |update, expires| cloud.update_bucket(&account, update, expires).await.unwrap();
    let full_at = BucketUpdate::FullAt { full_at: at(9_000), at_most: at(0) };
    let turn_at = |turn, at_most| BucketUpdate::TurnAt { turn_at: at(turn), at_most: at(at_most) };
    let later =
        |at_most| BucketUpdate::TurnLater { turn: SignedDuration::from_millis(40), at_most: at(at_most) };
    assert_eq!(update(full_at, EXPIRES_AT).await, None);
    assert_eq!(update(turn_at(100, 0), EXPIRES_AT).await, None, "there was no turn yet");
    assert_eq!(update(turn_at(900, 99), EXPIRES_AT).await, Some(at(100)));
    assert_eq!(update(later(99), EXPIRES_AT).await, Some(at(100)));
    assert_eq!(update(later(100), EXPIRES_AT + 5).await, None);
    let (full_at, turn_at) = (Some(at(9_000).as_millisecond()), Some(at(140).as_millisecond()));
    assert_eq!(bucket(cloud, &account).await, Bucket { full_at, turn_at, expires_at: EXPIRES_AT + 5 });
}

async fn the_run<C: Cloud>(cloud: &C, key: &Key) -> Run {
    get(cloud, key).await.unwrap().try_into().unwrap()
}

pub(crate) async fn removals_of_a_run_are_counted_up_to_their_limit<C: Cloud, W: World>(cloud: &C, _: &W) {
    let (key, item, name) = run();
    put(cloud, &(key.clone(), item)).await;
    let count = RunUpdate::CountRemoval { at_most: 2, expires_at: EXPIRES_AT + 9 };
    for counted in [1, 2] {
        cloud.update_run(&name, &count).await.unwrap();
        assert_eq!(the_run(cloud, &key).await.deletes, counted);
    }
    assert_eq!(kind(cloud.update_run(&name, &count).await), CallFailure::ConditionFailed);
    let stands = the_run(cloud, &key).await;
    assert_eq!((stands.deletes, stands.expires_at), (2, EXPIRES_AT), "a run that has an item keeps its end");
    // What is taken back may be counted again.
    cloud.update_run(&name, &RunUpdate::UncountRemoval).await.unwrap();
    assert_eq!(the_run(cloud, &key).await.deletes, 1);
    cloud.update_run(&name, &count).await.unwrap();
    let unknown = cloud.update_run("a run that counted nothing", &RunUpdate::UncountRemoval).await;
    assert_eq!(kind(unknown), CallFailure::ConditionFailed);
    // One without an item is counted too.
    cloud.update_run("another", &count).await.unwrap();
    cloud.update_run("another", &count).await.unwrap();
    assert_eq!(kind(cloud.update_run("another", &count).await), CallFailure::ConditionFailed);
    let none = RunUpdate::CountRemoval { at_most: 0, expires_at: EXPIRES_AT };
    assert_eq!(kind(cloud.update_run(&name, &none).await), CallFailure::ConditionFailed);
    assert_eq!(kind(cloud.update_run("a third", &none).await), CallFailure::ConditionFailed);
}

pub(crate) async fn the_end_of_a_run_leaves_its_count<C: Cloud, W: World>(cloud: &C, _: &W) {
    let (key, item, name) = run();
    put(cloud, &(key.clone(), item)).await;
    let began = the_run(cloud, &key).await;
    let count = RunUpdate::CountRemoval { at_most: 2, expires_at: EXPIRES_AT };
    cloud.update_run(&name, &count).await.unwrap();
    let end = RunEnd { ended: at(1), endpoints: 1, vpcs: 2, messages: 3, accepted: 4, held: 5, failed: 6 };
    cloud.update_run(&name, &RunUpdate::End(end.clone())).await.unwrap();
    assert_eq!(the_run(cloud, &key).await, Run { deletes: 1, end: Some(end), ..began });
}

pub(crate) async fn zones_of_an_account_are_counted_up_to_their_limit<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let account = world.setting().client;
    let step =
        async |step| cloud.transact_write_items("zones", &[Write::CountZone(account.clone(), step)]).await;
    let count = async || -> i64 {
        let item = get(cloud, &Key::zone_count(&account)).await;
        item.map_or(0, |item| ZoneCount::try_from(item).unwrap().zones)
    };
    assert_eq!(kind(step(ZoneStep::Up { at_most: 0 }).await), CallFailure::ConditionFailed);
    for counted in [1, 2] {
        step(ZoneStep::Up { at_most: 2 }).await.unwrap();
        assert_eq!(count().await, counted);
    }
    assert_eq!(kind(step(ZoneStep::Up { at_most: 2 }).await), CallFailure::ConditionFailed);
    step(ZoneStep::Down).await.unwrap();
    assert_eq!(count().await, 1);
    // All or none: a claim that is refused is not counted.
    let (key, item) = zone_claim(7);
    let put = Write::Put(key.clone(), item, Condition::Version(6));
    let up = Write::CountZone(account.clone(), ZoneStep::Up { at_most: 9 });
    let answer = cloud.transact_write_items("none", &[put, up]).await;
    assert_eq!(kind(answer), CallFailure::ConditionFailed);
    assert_eq!((count().await, get(cloud, &key).await), (1, None));
    // A number that was lost keeps nothing from being released.
    cloud.delete_item(&Key::zone_count(&account), Condition::None).await.unwrap();
    step(ZoneStep::Down).await.unwrap();
    assert_eq!(count().await, -1);
}
