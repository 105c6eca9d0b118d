//! DynamoDB: keys, items, and the two kinds of read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::de::DeserializeOwned;

use super::call::failed;
use super::clients::Aws;
use crate::cloud::{Batch, Order, Row};
use crate::error::Error;
use crate::model::claim::{Claim, IndexedClaim};
use crate::model::facts::StoredEndpoint;
use crate::model::hold::Hold;
use crate::model::journal::JournalEntry;
use crate::model::listed::Page;
use crate::model::record::RecordKey;
use crate::model::run::{Part, Run};
use crate::model::table::{Bucket, DefinitionItem, Expiring, Item, Key, Partition, WaitItem};
use crate::model::zone_claim::{ZoneClaim, ZoneCount};
use crate::model::zone_guest::ZoneGuest;

/// An item as the SDK knows it.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// How many items a list from the end back brings in one page: whoever reads so looks for something recent.
const FROM_THE_END: i32 = 10;

/// The primary key of an item.
pub(super) fn attributes(key: &Key) -> Attributes {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.partition.pk())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// An item with its key.
pub(super) fn item(key: &Key, item: &Item) -> Result<Attributes, Error> {
    let mut item: Attributes = serde_dynamo::to_item(item).map_err(|error| unreadable(key, error))?;
    item.extend(attributes(key));
    Ok(item)
}

/// An item that cannot be read or written.
pub(super) fn unreadable(key: &Key, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let what = format!("table item {} / {}", key.partition.pk(), key.sk);
    Error::Unreadable { what, source: Box::new(error) }
}

/// The sort key of an item.
pub(super) fn sort_key(item: &Attributes) -> String {
    item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default()
}

fn row(partition: &Partition, mut item: Attributes) -> Row {
    let key = Key { partition: partition.clone(), sk: sort_key(&item) };
    item.remove("pk");
    item.remove("sk");
    let item = match partition {
        Partition::Definitions => read::<DefinitionItem>(item),
        Partition::Endpoints(_) => read::<StoredEndpoint>(item),
        Partition::References(_) if key.is_of_zone_claim() => read::<ZoneClaim>(item),
        Partition::References(_) => read::<RecordKey>(item),
        Partition::ZoneCounts(_) => read::<ZoneCount>(item),
        Partition::ZoneGuests => read::<ZoneGuest>(item),
        Partition::Claims(_) => read::<Claim>(item),
        Partition::ClaimIndex => read::<IndexedClaim>(item),
        Partition::Runs => read::<Run>(item),
        Partition::Parts(_) => read::<Expiring<Part>>(item),
        Partition::Holds => read::<Hold>(item),
        Partition::Waits(_) => read::<WaitItem>(item),
        Partition::Buckets(_) => read::<Bucket>(item),
        Partition::Journal(_) => read::<Expiring<JournalEntry>>(item),
    };
    Row { item: item.map_err(|error| unreadable(&key, error)), sk: key.sk }
}

fn read<T: DeserializeOwned + Into<Item>>(item: Attributes) -> Result<Item, serde_dynamo::Error> {
    serde_dynamo::from_item::<_, T>(item).map(Into::into)
}

impl Aws {
    pub(super) async fn query_items(
        &self,
        partition: &Partition,
        sk: &str,
        order: Order,
        page: Option<String>,
    ) -> Result<Page<Row>, Error> {
        let answer = self.query_attributes(&partition.pk(), sk, order, page).await?;
        let items = answer.items.into_iter().map(|item| row(partition, item)).collect();
        Ok(Page { items, next: answer.next })
    }

    /// One page of the items of a partition, as DynamoDB holds them.
    pub(super) async fn query_attributes(
        &self,
        pk: &str,
        sk: &str,
        order: Order,
        page: Option<String>,
    ) -> Result<Page<Attributes>, Error> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let call = self.dynamodb.query().table_name(&self.config.table_name);
        let call = call.consistent_read(true).expression_attribute_values(":pk", text(pk));
        let call = if sk.is_empty() {
            call.key_condition_expression("pk = :pk")
        } else {
            call.key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", text(sk))
        };
        let call = match order {
            Order::Ascending => call,
            Order::Descending => call.scan_index_forward(false).limit(FROM_THE_END),
        };
        let start = page.map(|sk| HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(&sk))]));
        let answer = call.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(failed("dynamodb:Query", pk))?;
        let next = answer.last_evaluated_key.as_ref().map(sort_key);
        Ok(Page { items: answer.items.unwrap_or_default(), next })
    }

    pub(super) async fn batch_get_items(&self, keys: &[Key]) -> Result<Batch, Error> {
        let table = &self.config.table_name;
        let built = |error| Error::Unreadable {
            what: "a BatchGetItem request".into(),
            source: Box::<dyn std::error::Error + Send + Sync>::from(error),
        };
        let asked = keys.iter().map(attributes).collect();
        let asked = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(asked)).build();
        let asked = asked.map_err(|error| built(error.to_string()))?;
        let call = self.dynamodb.batch_get_item().request_items(table.clone(), asked);
        let answer = call.send().await.map_err(failed("dynamodb:BatchGetItem", table))?;
        let found = answer.responses.unwrap_or_default().remove(table).unwrap_or_default();
        let left = answer.unprocessed_keys.unwrap_or_default().remove(table);
        let is =
            |key: &Key, item: &Attributes| attributes(key).iter().all(|(name, v)| item.get(name) == Some(v));
        let key_of = |item: &Attributes| keys.iter().find(|key| is(key, item));
        let rows =
            found.into_iter().filter_map(|item| key_of(&item).cloned().map(|key| row(&key.partition, item)));
        let unprocessed = left.iter().flat_map(KeysAndAttributes::keys).filter_map(key_of).cloned();
        Ok(Batch { rows: rows.collect(), unprocessed: unprocessed.collect() })
    }
}
