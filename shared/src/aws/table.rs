//! The table: one item per thing, keyed so that each decision reads one partition.
//!
//! ```text
//! pk                sk                   what
//! service           vpce-svc-…           a service definition, in the attribute `definition`
//! service#vpce-svc… vpce-…               what is remembered of an endpoint
//! vpc#vpc-…         zone/name            a reference: the VPC adds to this claim
//! claim#zone        name                 a claim
//! claims            zone/name            the index of claims: service, account and VPC of each
//! run               moment-id            a run of backfill, until `expires_at`
//! run#moment-id     part                 what one message of a run came to, until `expires_at`
//! hold              subject              a hold
//! wait#vpce-…       wait                 a waiting chain
//! bucket#account    route53              when the account's share of Route 53 requests is whole again
//! journal#subject   time                 what was decided and done, until `expires_at`
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TransactWriteItem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::failed;
use super::clients::Aws;
use crate::claim::Claim;
use crate::error::Error;
use crate::facts::{Place, StoredEndpoint, Wait};
use crate::hold::{Hold, HoldReason, Subject};
use crate::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId, VpcId};
use crate::policy::ServiceDefinition;
use crate::record::RecordKey;

/// An item as the SDK knows it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// `BatchGetItem` takes at most this many keys.
pub(super) const BATCH_GET_KEYS: usize = 100;

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    pub(super) fn new(pk: impl Into<String>, sk: &(impl ToString + ?Sized)) -> Self {
        Self { pk: pk.into(), sk: sk.to_string() }
    }

    pub(super) fn endpoint(service: &ServiceId, vpc_endpoint: &VpcEndpointId) -> Self {
        Self::new(format!("service#{service}"), vpc_endpoint)
    }

    pub(super) fn claim(key: &RecordKey) -> Self {
        Self::new(format!("claim#{}", key.zone), &key.name)
    }

    pub(super) fn indexed_claim(key: &RecordKey) -> Self {
        Self::new("claims", key)
    }

    pub(super) fn reference(vpc: &VpcId, key: &RecordKey) -> Self {
        Self::new(format!("vpc#{vpc}"), key)
    }

    pub(super) fn hold(subject: &Subject) -> Self {
        Self::new("hold", subject)
    }

    pub(super) fn wait(vpc_endpoint: &VpcEndpointId) -> Self {
        Self::new(format!("wait#{vpc_endpoint}"), "wait")
    }

    pub(super) fn attributes(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// A value as the item with this key.
pub(super) fn item(key: &Key, value: &impl Serialize) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|error| unreadable(key, error))?;
    item.extend(key.attributes());
    Ok(item)
}

pub(super) fn read<T: DeserializeOwned>(mut item: Item) -> Result<T, Error> {
    let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let key = Key { pk: part("pk"), sk: part("sk") };
    item.remove("pk");
    item.remove("sk");
    serde_dynamo::from_item(item).map_err(|error| unreadable(&key, error))
}

pub(super) fn unreadable(key: &Key, error: serde_dynamo::Error) -> Error {
    Error::Unreadable { what: format!("table item {} / {}", key.pk, key.sk), source: Box::new(error) }
}

#[derive(serde::Deserialize)]
struct DefinitionItem {
    definition: ServiceDefinition,
}

/// The service definitions of the table, and those that cannot be accepted, each with the reason.
pub struct Definitions {
    /// By service.
    pub sound: Vec<ServiceDefinition>,
    /// By sort key.
    pub refused: BTreeMap<String, String>,
}

impl Aws {
    /// Reads all service definitions of the table. One that cannot be accepted does not stand in the way
    /// of the others.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn definitions(&self) -> Result<Definitions, Error> {
        let mut definitions = Definitions { sound: Vec::new(), refused: BTreeMap::new() };
        for item in self.query("service", "").await? {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
            match read::<DefinitionItem>(item) {
                Ok(DefinitionItem { definition }) if definition.service.as_str() == sk => {
                    let own = self.config.own_service.as_ref().map(|own| &own.service);
                    match definition.check() {
                        Err(error) => _ = definitions.refused.insert(sk, error.to_string()),
                        // Removing it is all that the table may say of it.
                        Ok(()) if own == Some(&definition.service) && definition.removed.is_none() => {
                            let reason = "the stack's own parameters define this service, and they count";
                            definitions.refused.insert(sk, reason.to_owned());
                        }
                        Ok(()) => definitions.sound.push(definition),
                    }
                }
                Ok(_) => {
                    let reason = "its sort key is not the id of its service".to_owned();
                    definitions.refused.insert(sk, reason);
                }
                Err(error) => {
                    definitions.refused.insert(sk, error.chain());
                }
            }
        }
        Ok(definitions)
    }

    /// What is remembered of some endpoints, whichever of these services they belong to.
    pub(super) async fn stored_endpoints<'a>(
        &self,
        services: impl Iterator<Item = &'a ServiceId> + Clone,
        vpc_endpoints: impl Iterator<Item = &'a VpcEndpointId>,
    ) -> Result<BTreeMap<VpcEndpointId, StoredEndpoint>, Error> {
        let keys = vpc_endpoints.flat_map(|id| services.clone().map(|service| Key::endpoint(service, id)));
        let stored: Vec<StoredEndpoint> = self.get_all(keys.collect()).await?;
        Ok(stored.into_iter().map(|stored| (stored.vpc_endpoint.clone(), stored)).collect())
    }

    /// What is remembered of all endpoints of a service.
    pub(super) async fn stored_endpoints_of(
        &self,
        service: &ServiceId,
    ) -> Result<BTreeMap<VpcEndpointId, StoredEndpoint>, Error> {
        let items = self.query(&format!("service#{service}"), "").await?;
        let mut endpoints = BTreeMap::new();
        for item in items {
            // A sweep looks at what else there is; the endpoint's own intents fail until it is mended.
            match read::<StoredEndpoint>(item) {
                Ok(stored) => _ = endpoints.insert(stored.vpc_endpoint.clone(), stored),
                Err(error) => tracing::error!(error = error.chain(), "an endpoint is left out of the sweep"),
            }
        }
        Ok(endpoints)
    }

    /// The waiting chains of some endpoints.
    pub(super) async fn waits<'a>(
        &self,
        vpc_endpoints: impl Iterator<Item = &'a VpcEndpointId>,
    ) -> Result<BTreeMap<VpcEndpointId, Wait>, Error> {
        let items: Vec<WaitItem> = self.get_all(vpc_endpoints.map(Key::wait).collect()).await?;
        Ok(items.into_iter().map(|item| (item.vpc_endpoint, item.wait)).collect())
    }

    /// The names on which a VPC has claims.
    pub(super) async fn references(&self, vpc: &VpcId) -> Result<Vec<RecordKey>, Error> {
        self.query(&format!("vpc#{vpc}"), "").await?.into_iter().map(read).collect()
    }

    /// Claims by their keys, strongly consistent.
    pub(super) async fn claims<'a>(
        &self,
        keys: impl Iterator<Item = &'a RecordKey>,
    ) -> Result<BTreeMap<RecordKey, Claim>, Error> {
        let claims: Vec<Claim> = self.get_all(keys.map(Key::claim).collect()).await?;
        Ok(claims.into_iter().map(|claim| (claim.key.clone(), claim)).collect())
    }

    /// All claims in a zone.
    pub(super) async fn claims_in(&self, zone: &HostedZoneId) -> Result<Vec<Claim>, Error> {
        self.query(&format!("claim#{zone}"), "").await?.into_iter().map(read).collect()
    }

    /// The holds whose subject begins with `scope`: an id and a slash.
    pub(super) async fn holds(&self, scope: &str) -> Result<BTreeMap<Subject, HoldReason>, Error> {
        let items = self.query("hold", scope).await?;
        let holds: Result<Vec<Hold>, _> = items.into_iter().map(read).collect();
        Ok(holds?.into_iter().map(|hold| (hold.subject, hold.reason)).collect())
    }

    /// All holds.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn all_holds(&self) -> Result<BTreeMap<Subject, HoldReason>, Error> {
        self.holds("").await
    }

    /// The VPCs of which something is held, each with its account.
    pub(super) async fn held_places(&self) -> Result<BTreeSet<Place>, Error> {
        let mut places = BTreeSet::new();
        for item in self.query("hold", "vpc-").await? {
            let hold: Hold = read(item)?;
            places.extend(hold.account.zip(hold.subject.vpc().cloned()));
        }
        Ok(places)
    }

    /// The VPCs that are held because a record belongs to another VPC or service.
    pub(super) async fn waiting(&self) -> Result<BTreeMap<RecordKey, BTreeMap<VpcId, AccountId>>, Error> {
        let mut waiting: BTreeMap<RecordKey, BTreeMap<VpcId, AccountId>> = BTreeMap::new();
        for item in self.query("hold", "vpc-").await? {
            let hold: Hold = read(item)?;
            let taken = matches!(hold.reason, HoldReason::SharedZone { .. } | HoldReason::NameTaken { .. });
            if let (Subject::Record(vpc, key), Some(account), true) = (hold.subject, hold.account, taken) {
                waiting.entry(key).or_default().insert(vpc, account);
            }
        }
        Ok(waiting)
    }

    /// What is held in VPCs, each with the account of its VPC.
    pub(super) async fn held_in_vpcs(&self) -> Result<Vec<(Subject, AccountId)>, Error> {
        let holds: Result<Vec<Hold>, _> = self.query("hold", "vpc-").await?.into_iter().map(read).collect();
        Ok(holds?
            .into_iter()
            .filter_map(|hold| hold.account.map(|account| (hold.subject, account)))
            .collect())
    }

    /// The holds on definitions, and on services and their connections, whether they are defined or not.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn definition_holds(&self) -> Result<BTreeMap<Subject, HoldReason>, Error> {
        let mut holds = self.holds("definition/").await?;
        holds.extend(self.holds("vpce-svc-").await?);
        Ok(holds)
    }

    /// The holds on a service and its connections.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn service_holds(&self, service: &ServiceId) -> Result<BTreeMap<Subject, HoldReason>, Error> {
        self.holds(&format!("{service}/")).await
    }

    /// The items of one partition whose sort key begins so, strongly consistent.
    pub(super) async fn query(&self, pk: &str, sk_prefix: &str) -> Result<Vec<Item>, Error> {
        let call = self.dynamodb.query().table_name(&self.config.table_name).consistent_read(true);
        let call = call.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        let call = if sk_prefix.is_empty() {
            call.key_condition_expression("pk = :pk")
        } else {
            call.key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", AttributeValue::S(sk_prefix.to_owned()))
        };
        let mut pages = call.into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            items.extend(page.map_err(failed("dynamodb:Query", pk))?.items.unwrap_or_default());
        }
        Ok(items)
    }

    async fn get_all<T: DeserializeOwned>(&self, keys: BTreeSet<Key>) -> Result<Vec<T>, Error> {
        self.get_items(keys).await?.into_iter().map(read).collect()
    }

    /// DynamoDB refuses a batch in which a key stands twice.
    pub(super) async fn get_items(&self, keys: BTreeSet<Key>) -> Result<Vec<Item>, Error> {
        let table = &self.config.table_name;
        let keys: Vec<Key> = keys.into_iter().collect();
        let mut found = Vec::new();
        for keys in keys.chunks(BATCH_GET_KEYS) {
            let asked = keys.iter().map(Key::attributes).collect();
            let asked = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(asked)).build();
            let asked = asked.map_err(|error| Error::Unreadable {
                what: "a BatchGetItem request".into(),
                source: Box::new(error),
            })?;
            let mut rest = Some(HashMap::from([(table.clone(), asked)]));
            // What DynamoDB did not get to is asked for again, as long as each answer brings something.
            while let Some(asked) = rest.filter(|rest| !rest.is_empty()) {
                let left = keys_in(&asked);
                let call = self.dynamodb.batch_get_item().set_request_items(Some(asked));
                let answer = call.send().await.map_err(failed("dynamodb:BatchGetItem", table))?;
                let items = answer.responses.unwrap_or_default().remove(table).unwrap_or_default();
                found.extend(items);
                rest = answer.unprocessed_keys;
                if rest.as_ref().is_some_and(|rest| keys_in(rest) >= left) {
                    return Err(Error::Unsuccessful {
                        operation: "dynamodb:BatchGetItem",
                        items: format!("{left} keys, throttled"),
                    });
                }
            }
        }
        Ok(found)
    }

    /// Puts an item, on `condition` if one is given.
    pub(super) async fn put(
        &self,
        key: &Key,
        value: &impl Serialize,
        condition: Option<(&str, Option<Item>)>,
    ) -> Result<(), Error> {
        let call = self.dynamodb.put_item().table_name(&self.config.table_name);
        let call = call.set_item(Some(item(key, value)?));
        let call = match condition {
            None => call,
            Some((expression, values)) => {
                call.condition_expression(expression).set_expression_attribute_values(values)
            }
        };
        call.send().await.map(drop).map_err(failed("dynamodb:PutItem", &key.sk))
    }

    /// Puts a hold, unless it stands there for the same reason.
    pub(super) async fn put_hold(&self, hold: &Hold) -> Result<(), Error> {
        let key = Key::hold(&hold.subject);
        let reason =
            serde_dynamo::to_attribute_value(&hold.reason).map_err(|error| unreadable(&key, error))?;
        let values = HashMap::from([(":reason".to_owned(), reason)]);
        self.put(&key, hold, Some(("attribute_not_exists(pk) OR reason <> :reason", Some(values)))).await
    }

    /// Deletes an item, on condition that it is there.
    pub(super) async fn delete_existing(&self, key: &Key) -> Result<(), Error> {
        let call = self.dynamodb.delete_item().table_name(&self.config.table_name);
        let call = call.set_key(Some(key.attributes())).condition_expression("attribute_exists(pk)");
        call.send().await.map(drop).map_err(failed("dynamodb:DeleteItem", &key.sk))
    }

    /// Deletes an item if it is there.
    pub(super) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let call = self.dynamodb.delete_item().table_name(&self.config.table_name);
        let call = call.set_key(Some(key.attributes()));
        call.send().await.map(drop).map_err(failed("dynamodb:DeleteItem", &key.sk))
    }

    /// Writes several items, all or none.
    pub(super) async fn transact(
        &self,
        subject: &impl ToString,
        writes: Vec<TransactWriteItem>,
    ) -> Result<(), Error> {
        let call = self.dynamodb.transact_write_items().set_transact_items(Some(writes));
        call.send().await.map(drop).map_err(failed("dynamodb:TransactWriteItems", subject))
    }
}

fn keys_in(asked: &HashMap<String, KeysAndAttributes>) -> usize {
    asked.values().map(|keys| keys.keys().len()).sum()
}

/// A waiting chain as it stands in the table: moments in seconds, so that conditions can compare them.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct WaitItem {
    pub(super) vpc_endpoint: VpcEndpointId,
    #[serde(flatten)]
    pub(super) wait: Wait,
    /// Which worker's turn it is.
    pub(super) turn: String,
    /// DynamoDB's TTL, for a chain that nobody ends.
    pub(super) expires_at: i64,
}
