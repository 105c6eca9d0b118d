//! What people look at: reads that show all there is, where decisions read only what they need.
//!
//! An item that this version cannot read does not hide the others: it is named, and left out.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clients::Aws;
use super::journal::place;
use super::table::{BATCH_GET_KEYS, Item, Key, WaitItem, read};
use crate::claim::{Claim, IndexedClaim};
use crate::error::Error;
use crate::facts::{Connection, StoredEndpoint};
use crate::hold::{Hold, Subject};
use crate::ids::{AccountId, ServiceId, VpcEndpointId};
use crate::record::{RecordKey, SeenRecords};

/// How many batches are asked for at once.
const BATCHES_AT_ONCE: usize = 8;

/// What was read, and what could not be.
#[derive(Debug, Clone)]
pub struct Inspected<T> {
    /// The items.
    pub items: Vec<T>,
    /// The items that this version cannot read, each with its key and the reason.
    pub unreadable: Vec<String>,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// What it is about.
    pub subject: String,
    /// When it was written.
    pub at: Timestamp,
    /// What led there.
    pub cause: String,
    /// The row of the decision table.
    pub reason: String,
    /// What was to be done.
    #[serde(default)]
    pub steps: Vec<String>,
    /// How it ended.
    pub outcome: String,
    /// Milliseconds from the event to the entry; none for a sweep.
    #[serde(default)]
    pub milliseconds: Option<i64>,
}

/// A waiting chain and its endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The endpoint.
    pub vpc_endpoint: VpcEndpointId,
    /// When the next look is due.
    pub due: Timestamp,
    /// When waiting ends.
    pub deadline: Timestamp,
}

impl Aws {
    /// The connections of a service, as EC2 shows them now.
    ///
    /// # Errors
    /// When EC2 cannot be read.
    pub async fn inspect_connections(&self, service: &ServiceId) -> Result<Vec<Connection>, Error> {
        self.own().connections(service, None).await
    }

    /// All record sets at a name of a zone, with the rights of the account that owns the zone; none when there is
    /// no such zone.
    ///
    /// # Errors
    /// When Route 53 cannot be read.
    pub async fn inspect_record_sets(
        &self,
        zone_account: &AccountId,
        key: &RecordKey,
    ) -> Result<Option<SeenRecords>, Error> {
        self.of(zone_account).await?.record_sets(key).await
    }

    /// What is remembered of a service's endpoints.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_endpoints(&self, service: &ServiceId) -> Result<Inspected<StoredEndpoint>, Error> {
        Ok(inspected(self.query(&format!("service#{service}"), "").await?))
    }

    /// Every claim, by what the index says of it.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_claim_index(&self) -> Result<Inspected<(RecordKey, IndexedClaim)>, Error> {
        let mut found = Inspected { items: Vec::new(), unreadable: Vec::new() };
        for item in self.query("claims", "").await? {
            let sk = sort_key(&item);
            let key = sk.parse().map_err(|error| format!("table item claims / {sk}: {error}"));
            let claim = read::<IndexedClaim>(item).map_err(|error| error.chain());
            match (key, claim) {
                (Ok(key), Ok(claim)) => found.items.push((key, claim)),
                (Err(why), _) | (_, Err(why)) => found.unreadable.push(why),
            }
        }
        Ok(found)
    }

    /// Claims by their keys.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_claims<'a>(
        &self,
        keys: impl Iterator<Item = &'a RecordKey>,
    ) -> Result<Inspected<Claim>, Error> {
        let keys: Vec<Key> = keys.map(Key::claim).collect();
        let batches = keys.chunks(BATCH_GET_KEYS).map(|keys| self.get_items(keys.iter().cloned().collect()));
        // A few batches at once: what people wait for is the way to the table and back.
        let mut answers = stream::iter(batches).buffered(BATCHES_AT_ONCE);
        let mut items = Vec::with_capacity(keys.len());
        while let Some(answer) = answers.next().await {
            items.extend(answer?);
        }
        Ok(inspected(items))
    }

    /// All holds, each with since when it stands.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_holds(&self) -> Result<Inspected<Hold>, Error> {
        Ok(inspected(self.query("hold", "").await?))
    }

    /// The waiting chains of some endpoints.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_waits<'a>(
        &self,
        vpc_endpoints: impl Iterator<Item = &'a VpcEndpointId>,
    ) -> Result<Inspected<Waiting>, Error> {
        let items = self.get_items(vpc_endpoints.map(Key::wait).collect()).await?;
        let Inspected { items, unreadable } = inspected::<WaitItem>(items);
        let waiting = |item: WaitItem| Waiting {
            vpc_endpoint: item.vpc_endpoint,
            due: item.wait.due,
            deadline: item.wait.deadline,
        };
        Ok(Inspected { items: items.into_iter().map(waiting).collect(), unreadable })
    }

    /// The journal of a subject, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_journal(&self, subject: &Subject) -> Result<Inspected<JournalEntry>, Error> {
        self.inspect_journal_at(&place(subject)).await
    }

    /// The journal of a record, whichever VPC needs it, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_record_journal(&self, key: &RecordKey) -> Result<Inspected<JournalEntry>, Error> {
        self.inspect_journal_at(&key.to_string()).await
    }

    /// The journal of an endpoint and its connection, whichever service they belong to, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_endpoint_journal(
        &self,
        vpc_endpoint: &VpcEndpointId,
    ) -> Result<Inspected<JournalEntry>, Error> {
        self.inspect_journal_at(vpc_endpoint.as_str()).await
    }

    /// Runs of backfill: each id and what the item says, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_runs(&self) -> Result<Inspected<(String, Value)>, Error> {
        let mut runs = Inspected { items: Vec::new(), unreadable: Vec::new() };
        for item in self.query("run", "").await? {
            let id = sort_key(&item);
            match read(item) {
                Ok(run) => runs.items.push((id, run)),
                Err(error) => runs.unreadable.push(error.chain()),
            }
        }
        Ok(runs)
    }

    async fn inspect_journal_at(&self, place: &str) -> Result<Inspected<JournalEntry>, Error> {
        Ok(inspected(self.query(&format!("journal#{place}"), "").await?))
    }
}

pub(super) fn sort_key(item: &Item) -> String {
    item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default()
}

fn inspected<T: DeserializeOwned>(items: Vec<Item>) -> Inspected<T> {
    let mut inspected = Inspected { items: Vec::new(), unreadable: Vec::new() };
    for item in items {
        match read(item) {
            Ok(value) => inspected.items.push(value),
            Err(error) => inspected.unreadable.push(error.chain()),
        }
    }
    inspected
}
