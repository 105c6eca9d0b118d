//! Reading the table: what each decision needs of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::{Cloud, Row};
use crate::error::Error;
use crate::limits::Limit;
use crate::model::claim::{Claim, IndexedClaim};
use crate::model::facts::{Place, StoredEndpoint, Wait};
use crate::model::hold::{Hold, HoldReason, Subject};
use crate::model::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId, VpcId};
use crate::model::policy::{Policy, ServiceDefinition};
use crate::model::record::RecordKey;
use crate::model::table::{DefinitionItem, Item, Key, Partition, WaitItem, is_of_zone_claim};
use crate::model::zone_claim::{ZoneClaim, ZoneCount};
use crate::worker::Worker;

/// The service definitions of the table, and those that cannot be accepted, each with the reason.
pub struct Definitions {
    /// By service.
    pub sound: Vec<ServiceDefinition>,
    /// By sort key.
    pub refused: BTreeMap<String, String>,
}

/// What a VPC refers to.
pub(super) struct References {
    /// The names on which it has claims.
    pub(super) records: Vec<RecordKey>,
    /// Its claims on zones.
    pub(super) zones: Vec<ZoneClaim>,
}

/// What a row holds, which must be of the kind that its partition holds.
pub(crate) fn value<T: TryFrom<Item>>(row: Row) -> Result<T, Error> {
    let odd = |_| Error::Unreadable {
        what: format!("table item {}", row.sk),
        source: "it is of another kind".into(),
    };
    T::try_from(row.item?).map_err(odd)
}

fn values<T: TryFrom<Item>>(rows: Vec<Row>) -> Result<Vec<T>, Error> {
    rows.into_iter().map(value).collect()
}

/// The values that can be read, and why the others cannot. A sweep looks at what else there is.
fn readable<T: TryFrom<Item>>(rows: Vec<Row>) -> (Vec<T>, Vec<Error>) {
    let (mut read, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows {
        match value(row) {
            Ok(value) => read.push(value),
            Err(error) => unreadable.push(error),
        }
    }
    (read, unreadable)
}

impl<C: Cloud> Worker<C> {
    /// The policy as it stands now, and the definitions of the table, those that it leaves out included.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn policy(&self) -> Result<(Policy, Definitions), Error> {
        let definitions = self.definitions().await?;
        Ok((self.config.policy(definitions.sound.clone()), definitions))
    }

    /// Reads all service definitions of the table. One that cannot be accepted does not stand in the way
    /// of the others.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn definitions(&self) -> Result<Definitions, Error> {
        let mut definitions = Definitions { sound: Vec::new(), refused: BTreeMap::new() };
        for row in self.query(&Partition::Definitions, "").await? {
            let sk = row.sk.clone();
            let accepted = value::<DefinitionItem>(row)
                .map_err(|error| error.chain())
                .and_then(|item| self.accepted(&sk, item.definition));
            match accepted {
                Ok(definition) => definitions.sound.push(definition),
                Err(reason) => _ = definitions.refused.insert(sk, reason),
            }
        }
        Ok(definitions)
    }

    fn accepted(&self, sk: &str, definition: ServiceDefinition) -> Result<ServiceDefinition, String> {
        if definition.service.as_str() != sk {
            return Err("its sort key is not the id of its service".into());
        }
        definition.check().map_err(|error| error.to_string())?;
        let own = self.config.own_service.as_ref().map(|own| &own.service);
        // Removing it is all that the table may say of it.
        if own == Some(&definition.service) && definition.removed.is_none() {
            return Err("the stack's own parameters define this service, and they count".into());
        }
        Ok(definition)
    }

    /// What is remembered of some endpoints, whichever of these services they belong to.
    pub(super) async fn stored_endpoints<'a>(
        &self,
        services: impl Iterator<Item = &'a ServiceId> + Clone,
        vpc_endpoints: impl Iterator<Item = &'a VpcEndpointId>,
    ) -> Result<BTreeMap<VpcEndpointId, StoredEndpoint>, Error> {
        let keys = vpc_endpoints.flat_map(|id| services.clone().map(|service| Key::endpoint(service, id)));
        let stored: Vec<StoredEndpoint> = values(self.get_items(keys.collect()).await?)?;
        Ok(stored.into_iter().map(|stored| (stored.vpc_endpoint.clone(), stored)).collect())
    }

    /// What is remembered of all endpoints of a service. An endpoint's own intents fail until its item can be read.
    pub(super) async fn stored_endpoints_of(
        &self,
        service: &ServiceId,
    ) -> Result<BTreeMap<VpcEndpointId, StoredEndpoint>, Error> {
        let rows = self.query(&Partition::Endpoints(service.clone()), "").await?;
        let (stored, unreadable) = readable::<StoredEndpoint>(rows);
        for error in unreadable {
            tracing::error!(error = error.chain(), "an endpoint is left out of the sweep");
        }
        Ok(stored.into_iter().map(|stored| (stored.vpc_endpoint.clone(), stored)).collect())
    }

    /// The waiting chains of some endpoints.
    pub(super) async fn waits<'a>(
        &self,
        vpc_endpoints: impl Iterator<Item = &'a VpcEndpointId>,
    ) -> Result<BTreeMap<VpcEndpointId, Wait>, Error> {
        let items: Vec<WaitItem> = values(self.get_items(vpc_endpoints.map(Key::wait).collect()).await?)?;
        Ok(items.into_iter().map(|item| (item.vpc_endpoint, item.wait)).collect())
    }

    /// The names on which a VPC has claims, and its claims on zones: one read finds both.
    pub(super) async fn references(&self, vpc: &VpcId) -> Result<References, Error> {
        let rows = self.query(&Partition::References(vpc.clone()), "").await?;
        let (zones, records): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| is_of_zone_claim(&row.sk));
        Ok(References { records: values(records)?, zones: values(zones)? })
    }

    /// How many zone claims live in an account.
    pub(super) async fn zone_claims_in(&self, account: &AccountId) -> Result<u32, Error> {
        let counts: Vec<ZoneCount> = values(self.get_items(vec![Key::zone_count(account)]).await?)?;
        let zones = counts.first().map_or(0, |count| count.zones.max(0));
        Ok(u32::try_from(zones).unwrap_or(u32::MAX))
    }

    /// Claims by their keys, strongly consistent.
    pub(super) async fn claims<'a>(
        &self,
        keys: impl Iterator<Item = &'a RecordKey>,
    ) -> Result<BTreeMap<RecordKey, Claim>, Error> {
        let claims: Vec<Claim> = values(self.get_items(keys.map(Key::claim).collect()).await?)?;
        Ok(claims.into_iter().map(|claim| (claim.key.clone(), claim)).collect())
    }

    /// All claims in a zone.
    pub(super) async fn claims_in(&self, zone: &HostedZoneId) -> Result<Vec<Claim>, Error> {
        values(self.query(&Partition::Claims(zone.clone()), "").await?)
    }

    /// The index of all claims.
    pub(super) async fn claim_index(&self) -> Result<Vec<IndexedClaim>, Error> {
        let (claims, unreadable) = readable(self.query(&Partition::ClaimIndex, "").await?);
        for error in unreadable {
            tracing::error!(error = error.chain(), "a claim is left out of the sweep");
        }
        Ok(claims)
    }

    /// The holds whose subject begins with `scope`: an id and a slash.
    pub(super) async fn holds(&self, scope: &str) -> Result<BTreeMap<Subject, HoldReason>, Error> {
        let holds: Vec<Hold> = values(self.query(&Partition::Holds, scope).await?)?;
        Ok(holds.into_iter().map(|hold| (hold.subject, hold.reason)).collect())
    }

    /// All holds, without notes.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn all_holds(&self) -> Result<BTreeMap<Subject, HoldReason>, Error> {
        let mut holds = self.holds("").await?;
        holds.retain(|_, reason| !reason.is_note());
        Ok(holds)
    }

    /// What is held in VPCs.
    pub(super) async fn holds_in_vpcs(&self) -> Result<Vec<Hold>, Error> {
        values(self.query(&Partition::Holds, "vpc-").await?)
    }

    /// The VPCs of which something is held, each with its account.
    pub(super) async fn held_places(&self) -> Result<BTreeSet<Place>, Error> {
        let holds = self.holds_in_vpcs().await?.into_iter();
        Ok(holds.filter_map(|hold| hold.account.zip(hold.subject.vpc().cloned())).collect())
    }

    /// The VPCs that are held because a record belongs to another VPC or service.
    pub(super) async fn waiting(&self) -> Result<BTreeMap<RecordKey, BTreeMap<VpcId, AccountId>>, Error> {
        let mut waiting: BTreeMap<RecordKey, BTreeMap<VpcId, AccountId>> = BTreeMap::new();
        for hold in self.holds_in_vpcs().await? {
            let taken = matches!(hold.reason, HoldReason::SharedZone { .. } | HoldReason::NameTaken { .. });
            if let (Subject::Record(vpc, key), Some(account), true) = (hold.subject, hold.account, taken) {
                waiting.entry(key).or_default().insert(vpc, account);
            }
        }
        Ok(waiting)
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

    /// The items that exist of some keys. DynamoDB refuses a batch in which a key stands twice.
    pub(crate) async fn get_items(&self, mut keys: Vec<Key>) -> Result<Vec<Row>, Error> {
        keys.sort_by_cached_key(|key| (key.partition.pk(), key.sk.clone()));
        keys.dedup();
        let mut found = Vec::new();
        for keys in Limit::BatchGetKeys.split(&keys) {
            let mut rest = keys.to_vec();
            // What DynamoDB did not get to is asked for again, as long as each answer brings something.
            while !rest.is_empty() {
                let answer = self.cloud.batch_get_item(&rest).await?;
                found.extend(answer.rows);
                if answer.unprocessed.len() >= rest.len() {
                    return Err(Error::Unsuccessful {
                        operation: "dynamodb:BatchGetItem",
                        items: format!("{} keys, throttled", rest.len()),
                    });
                }
                rest = answer.unprocessed;
            }
        }
        Ok(found)
    }
}
