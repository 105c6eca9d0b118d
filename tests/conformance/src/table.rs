//! The table: what is put is read back, by partitions and by keys.

use std::collections::BTreeSet;

use shared::cloud::{Cloud, Order, Row};
use shared::error::CallFailure;
use shared::model::table::{Condition, Item, Key, Partition};

use crate::failures::kind as failure;
use crate::items::{ENDPOINT, KINDS, claim, endpoint, kind, of_every_kind, service};
use crate::{World, all, id};

/// Puts an item, whatever stands there.
pub(crate) async fn put<C: Cloud>(cloud: &C, (key, item): &(Key, Item)) {
    cloud.put_item(key, item, Condition::None).await.unwrap();
}

/// The item of a key.
pub(crate) async fn get<C: Cloud>(cloud: &C, key: &Key) -> Option<Item> {
    let mut batch = cloud.batch_get_item(std::slice::from_ref(key)).await.unwrap();
    assert_eq!(batch.unprocessed, []);
    batch.rows.pop().map(|row| row.item.unwrap())
}

/// A condition of a write did not hold, and what stood there stands there.
pub(crate) async fn assert_put_fails<C: Cloud>(cloud: &C, (key, item): &(Key, Item), condition: Condition) {
    let before = get(cloud, key).await;
    let answer = cloud.put_item(key, item, condition).await;
    assert_eq!(failure(answer), CallFailure::ConditionFailed, "{condition:?}");
    assert_eq!(get(cloud, key).await, before, "{condition:?}");
}

async fn queried<C: Cloud>(cloud: &C, partition: &Partition, sk: &str, order: Order) -> (Vec<Row>, usize) {
    all(async |token| cloud.query(partition, sk, order, token).await.unwrap()).await
}

fn sort_keys(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.sk.as_str()).collect()
}

pub(crate) async fn an_item_of_every_kind_is_read_back_as_it_was_put<C: Cloud, W: World>(cloud: &C, _: &W) {
    let items = of_every_kind();
    assert_eq!(items.iter().map(|(_, item)| kind(item)).collect::<BTreeSet<_>>().len(), KINDS);
    for written in &items {
        put(cloud, written).await;
    }
    for (key, item) in items {
        assert_eq!(get(cloud, &key).await.as_ref(), Some(&item), "{key:?}");
        let (rows, _) = queried(cloud, &key.partition, &key.sk, Order::Ascending).await;
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((&row.sk, row.item.as_ref().ok()), (&key.sk, Some(&item)));
    }
}

pub(crate) async fn a_query_lists_what_begins_so_in_its_order<C: Cloud, W: World>(cloud: &C, _: &W) {
    const NAMES: [&str; 4] = ["a.example.com", "ab.example.com", "b.example.com", "in-1.example.com"];
    for name in [NAMES[3], NAMES[1], NAMES[0], NAMES[2]] {
        put(cloud, &claim("Z0123456789", name, 1)).await;
    }
    put(cloud, &claim("Z01234567890", "a.example.com", 1)).await;
    let zone = Partition::Claims(id("Z0123456789"));
    assert_eq!(sort_keys(&queried(cloud, &zone, "", Order::Ascending).await.0), NAMES);
    assert_eq!(sort_keys(&queried(cloud, &zone, "a", Order::Ascending).await.0), NAMES[..2]);
    assert_eq!(sort_keys(&queried(cloud, &zone, "a", Order::Descending).await.0), [NAMES[1], NAMES[0]]);
    assert_eq!(sort_keys(&queried(cloud, &zone, "x", Order::Ascending).await.0), [""; 0]);
    let none = Partition::Claims(id("Z0"));
    assert_eq!(sort_keys(&queried(cloud, &none, "", Order::Ascending).await.0), [""; 0]);
}

pub(crate) async fn a_query_goes_on_where_its_page_ended<C: Cloud, W: World>(cloud: &C, world: &W) {
    let mut made = BTreeSet::new();
    for number in 0..25 {
        let written = endpoint(&format!("vpce-0000000{number:02}"));
        made.insert(written.0.sk.clone());
        put(cloud, &written).await;
    }
    world.pages_of(10);
    let partition = Partition::Endpoints(service());
    let (rows, pages) = queried(cloud, &partition, "", Order::Descending).await;
    assert!(made.iter().rev().eq(sort_keys(&rows).iter()), "each of them once, from the last to the first");
    assert_eq!(pages, 3);
    let (rows, _) = queried(cloud, &partition, "", Order::Ascending).await;
    assert!(made.iter().eq(sort_keys(&rows).iter()), "each of them once, from the first to the last");
}

pub(crate) async fn a_batch_of_keys_brings_the_items_that_exist<C: Cloud, W: World>(cloud: &C, _: &W) {
    let (first, second) = (endpoint(ENDPOINT), claim("Z0123456789", "a.example.com", 1));
    let missing = [endpoint("vpce-0fffffff").0, claim("Z0123456789", "b.example.com", 1).0];
    put(cloud, &first).await;
    put(cloud, &second).await;
    let keys = [vec![first.0.clone(), second.0.clone()], missing.to_vec()].concat();
    let batch = cloud.batch_get_item(&keys).await.unwrap();
    assert_eq!(batch.unprocessed, []);
    assert_eq!(batch.rows.len(), 2);
    for (key, item) in [first, second] {
        let row = batch.rows.iter().find(|row| row.sk == key.sk).unwrap();
        assert_eq!(row.item.as_ref().ok(), Some(&item));
    }
}

pub(crate) async fn an_item_that_is_put_again_is_replaced<C: Cloud, W: World>(cloud: &C, _: &W) {
    let (first, second) =
        (claim("Z0123456789", "a.example.com", 1), claim("Z0123456789", "a.example.com", 2));
    put(cloud, &first).await;
    put(cloud, &second).await;
    assert_eq!(get(cloud, &first.0).await, Some(second.1));
}

pub(crate) async fn an_item_that_is_deleted_is_gone<C: Cloud, W: World>(cloud: &C, _: &W) {
    let (gone, stays) = (endpoint(ENDPOINT), endpoint("vpce-0fffffff"));
    put(cloud, &gone).await;
    put(cloud, &stays).await;
    cloud.delete_item(&gone.0, Condition::None).await.unwrap();
    assert_eq!((get(cloud, &gone.0).await, get(cloud, &stays.0).await), (None, Some(stays.1)));
    // What does not stand there can be deleted all the same.
    cloud.delete_item(&gone.0, Condition::None).await.unwrap();
}
