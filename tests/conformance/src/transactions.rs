//! Transactions: all of their writes, or none.

use shared::cloud::Cloud;
use shared::error::CallFailure;
use shared::model::table::{Condition, Item, Key, Write};

use crate::World;
use crate::failures::kind;
use crate::items::{ENDPOINT, claim, endpoint, of_every_kind};
use crate::table::{get, put};

fn put_of((key, item): &(Key, Item), condition: Condition) -> Write {
    Write::Put(key.clone(), item.clone(), condition)
}

pub(crate) async fn a_transaction_writes_all<C: Cloud, W: World>(cloud: &C, _: &W) {
    let gone = claim("Z0123456789", "b.example.com", 3);
    put(cloud, &gone).await;
    let made = of_every_kind();
    let mut writes: Vec<_> = made.iter().map(|item| put_of(item, Condition::Absent)).collect();
    writes.push(Write::Delete(gone.0.clone(), Condition::Version(3)));
    cloud.transact_write_items("all", &writes).await.unwrap();
    for (key, item) in made {
        assert_eq!(get(cloud, &key).await, Some(item), "{key:?}");
    }
    assert_eq!(get(cloud, &gone.0).await, None);
}

pub(crate) async fn a_transaction_whose_condition_does_not_hold_writes_nothing<C: Cloud, W: World>(
    cloud: &C,
    _: &W,
) {
    let stands = claim("Z0123456789", "a.example.com", 3);
    put(cloud, &stands).await;
    let (stored, next) = (endpoint(ENDPOINT), claim("Z0123456789", "a.example.com", 4));
    // The write that fails is the last, the first, and one of which nothing would be left.
    for writes in [
        vec![put_of(&stored, Condition::None), put_of(&next, Condition::Version(2))],
        vec![put_of(&next, Condition::Absent), put_of(&stored, Condition::Absent)],
        vec![Write::Delete(stands.0.clone(), Condition::Version(4)), put_of(&stored, Condition::None)],
        vec![Write::Delete(stands.0.clone(), Condition::None), put_of(&stored, Condition::Present)],
    ] {
        let answer = cloud.transact_write_items("none", &writes).await;
        assert_eq!(kind(answer), CallFailure::ConditionFailed, "{writes:?}");
        assert_eq!(get(cloud, &stands.0).await.as_ref(), Some(&stands.1), "{writes:?}");
        assert_eq!(get(cloud, &stored.0).await, None, "{writes:?}");
    }
}
