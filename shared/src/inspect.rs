//! What people look at: reads that show all there is, where decisions read only what they need.
//!
//! An item that this version cannot read does not hide the others: it is named, and left out.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::cloud::{Cloud, Row};
use crate::error::Error;
use crate::limits::Limit;
use crate::model::claim::{Claim, IndexedClaim};
use crate::model::facts::{Connection, StoredEndpoint};
use crate::model::hold::{Hold, Subject};
use crate::model::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId};
pub use crate::model::journal::JournalEntry;
use crate::model::journal::place;
use crate::model::rate::Priority;
use crate::model::record::{RecordKey, SeenRecords};
use crate::model::run::{Part, Run};
use crate::model::table::{Expiring, Item, Key, Partition, WaitItem, is_of_zone_claim, zone_claim_key};
use crate::model::zone_claim::{ZoneClaim, ZoneContents};
use crate::model::zone_guest::ZoneGuest;
use crate::observe::table::value;
use crate::observe::{all_connections, all_record_sets};
use crate::quota::Reserved;
use crate::worker::Worker;

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

impl<T> Inspected<T> {
    fn map<U>(self, change: impl Fn(T) -> U) -> Inspected<U> {
        Inspected { items: self.items.into_iter().map(change).collect(), unreadable: self.unreadable }
    }
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

impl<C: Cloud> Worker<C> {
    /// The connections of a service, as EC2 shows them now.
    ///
    /// # Errors
    /// When EC2 cannot be read.
    pub async fn inspect_connections(&self, service: &ServiceId) -> Result<Vec<Connection>, Error> {
        all_connections(self, service, None).await
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
        all_record_sets(self, zone_account, key).await
    }

    /// What is remembered of a service's endpoints.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_endpoints(&self, service: &ServiceId) -> Result<Inspected<StoredEndpoint>, Error> {
        self.inspect(&Partition::Endpoints(service.clone())).await
    }

    /// Every claim, by what the index says of it.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_claim_index(&self) -> Result<Inspected<(RecordKey, IndexedClaim)>, Error> {
        let mut found = Inspected { items: Vec::new(), unreadable: Vec::new() };
        let rows = self.query(&Partition::ClaimIndex, "").await?;
        // Those on zones are no records.
        for row in rows.into_iter().filter(|row| !is_of_zone_claim(&row.sk)) {
            let key = row.sk.parse().map_err(|error| format!("table item claims / {}: {error}", row.sk));
            let claim = value::<IndexedClaim>(row).map_err(|error| error.chain());
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
        let batches = Limit::BatchGetKeys.split(&keys).map(|keys| self.get_items(keys.to_vec()));
        // A few batches at once: what people wait for is the way to the table and back.
        let mut answers = stream::iter(batches).buffered(BATCHES_AT_ONCE);
        let mut rows = Vec::with_capacity(keys.len());
        while let Some(answer) = answers.next().await {
            rows.extend(answer?);
        }
        Ok(inspected(rows))
    }

    /// Every claim on a zone that was made.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_zone_claims(&self) -> Result<Inspected<ZoneClaim>, Error> {
        let rows = self.query(&Partition::ClaimIndex, "").await?;
        let keys: Vec<Key> = rows.iter().filter_map(|row| zone_claim_key(&row.sk)).collect();
        let mut found = Vec::with_capacity(keys.len());
        for keys in Limit::BatchGetKeys.split(&keys) {
            found.extend(self.get_items(keys.to_vec()).await?);
        }
        Ok(inspected(found))
    }

    /// The further VPCs that people had zonelink associate with zones.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_zone_guests(&self) -> Result<Inspected<ZoneGuest>, Error> {
        self.inspect(&Partition::ZoneGuests).await
    }

    /// What a zone is, and which VPCs it answers, with the rights of the account that owns it; none when there is no
    /// such zone. Takes one of the account's requests.
    ///
    /// # Errors
    /// When Route 53 cannot be read, or there is no room for a request.
    pub async fn inspect_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<ZoneContents>, Error> {
        self.take(&Reserved::default(), account, 1, Priority::Sweep).await?;
        self.cloud.zone_contents(account, zone).await
    }

    /// All holds, each with since when it stands, without notes.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_holds(&self) -> Result<Inspected<Hold>, Error> {
        let mut holds: Inspected<Hold> = self.inspect(&Partition::Holds).await?;
        holds.items.retain(|hold| !hold.reason.is_note());
        Ok(holds)
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
        Ok(inspected::<WaitItem>(items).map(|item| Waiting {
            vpc_endpoint: item.vpc_endpoint,
            due: item.wait.due,
            deadline: item.wait.deadline,
        }))
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
        let runs: Inspected<Run> = self.inspect(&Partition::Runs).await?;
        // Plain values with text keys: serde_json writes all of them.
        Ok(runs.map(|run| (run.run.clone(), serde_json::to_value(run).unwrap_or_default())))
    }

    /// A run as it stands now; none when there is none of this id.
    ///
    /// # Errors
    /// When the item cannot be read.
    pub async fn inspect_run(&self, run: &str) -> Result<Option<Run>, Error> {
        self.get_items(vec![Key::run(run)]).await?.pop().map(value).transpose()
    }

    /// The ids of the runs that the table remembers, by time.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_run_ids(&self) -> Result<Vec<String>, Error> {
        Ok(self.query(&Partition::Runs, "").await?.into_iter().map(|row| row.sk).collect())
    }

    /// The parts of a run that are there now.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn inspect_parts(&self, run: &str) -> Result<Vec<Part>, Error> {
        let rows = self.query(&Partition::Parts(run.to_owned()), "").await?;
        rows.into_iter().map(|row| value::<Expiring<Part>>(row).map(|part| part.value)).collect()
    }

    async fn inspect_journal_at(&self, place: &str) -> Result<Inspected<JournalEntry>, Error> {
        let entries = self.inspect::<Expiring<JournalEntry>>(&Partition::Journal(place.to_owned())).await?;
        Ok(entries.map(|entry| entry.value))
    }

    async fn inspect<T: TryFrom<Item>>(&self, partition: &Partition) -> Result<Inspected<T>, Error> {
        Ok(inspected(self.query(partition, "").await?))
    }
}

fn inspected<T: TryFrom<Item>>(rows: Vec<Row>) -> Inspected<T> {
    let mut inspected = Inspected { items: Vec::new(), unreadable: Vec::new() };
    for row in rows {
        match value(row) {
            Ok(value) => inspected.items.push(value),
            Err(error) => inspected.unreadable.push(error.chain()),
        }
    }
    inspected
}
