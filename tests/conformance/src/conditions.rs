//! Writes on a condition: where it does not hold, the call says so and nothing is written.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::cloud::Cloud;
use shared::error::CallFailure;
use shared::model::table::Condition;

use crate::failures::kind;
use crate::items::{ENDPOINT, claim, endpoint, hold, part, wait};
use crate::table::{assert_put_fails, get, put};
use crate::{World, id};

pub(crate) async fn an_item_is_put_where_none_stands_and_nowhere_else<C: Cloud, W: World>(cloud: &C, _: &W) {
    let first = claim("Z0123456789", "a.example.com", 1);
    cloud.put_item(&first.0, &first.1, Condition::Absent).await.unwrap();
    assert_eq!(get(cloud, &first.0).await.as_ref(), Some(&first.1));
    assert_put_fails(cloud, &claim("Z0123456789", "a.example.com", 2), Condition::Absent).await;
}

pub(crate) async fn an_item_is_put_where_one_stands_and_nowhere_else<C: Cloud, W: World>(cloud: &C, _: &W) {
    let first = claim("Z0123456789", "a.example.com", 1);
    assert_put_fails(cloud, &first, Condition::Present).await;
    put(cloud, &first).await;
    let second = claim("Z0123456789", "a.example.com", 2);
    cloud.put_item(&second.0, &second.1, Condition::Present).await.unwrap();
    assert_eq!(get(cloud, &second.0).await, Some(second.1));
}

pub(crate) async fn a_claim_is_put_over_its_version_and_no_other<C: Cloud, W: World>(cloud: &C, _: &W) {
    let (first, second) =
        (claim("Z0123456789", "a.example.com", 1), claim("Z0123456789", "a.example.com", 2));
    assert_put_fails(cloud, &second, Condition::Version(1)).await;
    put(cloud, &first).await;
    for other in [0, 2, 10] {
        assert_put_fails(cloud, &second, Condition::Version(other)).await;
    }
    cloud.put_item(&second.0, &second.1, Condition::Version(1)).await.unwrap();
    assert_put_fails(cloud, &claim("Z0123456789", "a.example.com", 3), Condition::Version(1)).await;
}

pub(crate) async fn a_hold_is_put_for_another_reason_and_not_for_the_same<C: Cloud, W: World>(
    cloud: &C,
    _: &W,
) {
    let reason = |owner: &str| json!({"reason": "NotAllowed", "owner": owner});
    let first = hold(&reason("044455556666"));
    cloud.put_item(&first.0, &first.1, Condition::OtherReason).await.unwrap();
    assert_put_fails(cloud, &hold(&reason("044455556666")), Condition::OtherReason).await;
    // The same reason in other words is another one.
    let second = hold(&reason("111122223333"));
    cloud.put_item(&second.0, &second.1, Condition::OtherReason).await.unwrap();
    let third = hold(&json!({"reason": "ServiceNotFound"}));
    cloud.put_item(&third.0, &third.1, Condition::OtherReason).await.unwrap();
    assert_eq!(get(cloud, &first.0).await, Some(third.1));
}

pub(crate) async fn a_turn_is_taken_when_it_is_due_or_ones_own<C: Cloud, W: World>(cloud: &C, _: &W) {
    let due: Timestamp = id("2099-03-02T09:15:00Z");
    let seconds = |seconds| due + SignedDuration::from_secs(seconds);
    let mine = wait(due, "mine");
    cloud.put_item(&mine.0, &mine.1, Condition::TurnIsFree(seconds(-100))).await.unwrap();
    let other = wait(seconds(60), "another");
    assert_put_fails(cloud, &other, Condition::TurnIsFree(seconds(-1))).await;
    // A try that the SDK repeats finds its own turn.
    cloud.put_item(&mine.0, &mine.1, Condition::TurnIsFree(seconds(-1))).await.unwrap();
    cloud.put_item(&other.0, &other.1, Condition::TurnIsFree(due)).await.unwrap();
    assert_eq!(get(cloud, &other.0).await, Some(other.1));
}

pub(crate) async fn a_part_is_put_unless_one_is_done<C: Cloud, W: World>(cloud: &C, _: &W) {
    let (failed, done) = (part("1", Some("it was late")), part("1", None));
    cloud.put_item(&failed.0, &failed.1, Condition::NotDone).await.unwrap();
    cloud.put_item(&done.0, &done.1, Condition::NotDone).await.unwrap();
    assert_put_fails(cloud, &failed, Condition::NotDone).await;
    assert_put_fails(cloud, &done, Condition::NotDone).await;
}

pub(crate) async fn an_item_is_deleted_on_its_condition_and_stays_without<C: Cloud, W: World>(
    cloud: &C,
    _: &W,
) {
    let (stored, first) = (endpoint(ENDPOINT), claim("Z0123456789", "a.example.com", 7));
    let failed = async |key, condition| kind(cloud.delete_item(key, condition).await);
    assert_eq!(failed(&stored.0, Condition::Present).await, CallFailure::ConditionFailed);
    assert_eq!(failed(&first.0, Condition::Version(7)).await, CallFailure::ConditionFailed);
    put(cloud, &stored).await;
    put(cloud, &first).await;
    assert_eq!(failed(&first.0, Condition::Version(6)).await, CallFailure::ConditionFailed);
    assert_eq!(get(cloud, &first.0).await, Some(first.1));
    cloud.delete_item(&first.0, Condition::Version(7)).await.unwrap();
    cloud.delete_item(&stored.0, Condition::Present).await.unwrap();
    assert_eq!((get(cloud, &first.0).await, get(cloud, &stored.0).await), (None, None));
}
