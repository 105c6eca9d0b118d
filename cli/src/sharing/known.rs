//! Which zones are known, and which one a person means.

use std::collections::BTreeMap;

use shared::aws::Worker;
use shared::model::dns::DnsName;
use shared::model::ids::{AccountId, HostedZoneId, VpcId};
use shared::model::record::RecordKey;
use shared::model::zone_claim::ZoneClaim;
use shared::model::zone_guest::ZoneGuest;

use crate::failure::Failure;

/// What the table says of zones.
#[derive(Debug)]
pub(crate) struct Known {
    /// The claims on zones that zonelink makes or has made.
    pub(crate) claims: Vec<ZoneClaim>,
    /// The further VPCs.
    pub(crate) guests: Vec<ZoneGuest>,
    /// What this version cannot read.
    pub(crate) unreadable: Vec<String>,
}

/// A zone, and who owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownZone {
    pub(crate) zone: HostedZoneId,
    pub(crate) account: AccountId,
    /// Its name; none where only records in it are known.
    pub(crate) domain: Option<DnsName>,
}

/// What a person has named.
enum Meant {
    Zone(HostedZoneId),
    /// A zone that answers this VPC.
    Vpc(VpcId),
}

impl Known {
    /// Reads the table.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn read(worker: &Worker) -> anyhow::Result<Self> {
        let (claims, guests) = (worker.inspect_zone_claims().await?, worker.inspect_zone_guests().await?);
        let unreadable = claims.unreadable.into_iter().chain(guests.unreadable).collect();
        Ok(Self { claims: claims.items, guests: guests.items, unreadable })
    }

    /// The item of a VPC on a zone.
    pub(crate) fn guest(&self, zone: &HostedZoneId, vpc: &VpcId) -> Option<&ZoneGuest> {
        self.guests.iter().find(|guest| guest.zone == *zone && guest.vpc == *vpc)
    }

    /// The zone that a person means by its id, or by a VPC that it answers.
    ///
    /// # Errors
    /// When there is none that zonelink knows, or several.
    pub(crate) async fn find(&self, worker: &Worker, subject: &str) -> anyhow::Result<KnownZone> {
        let meant = match (subject.parse(), subject.parse()) {
            (Ok(zone), _) => Meant::Zone(zone),
            (_, Ok(vpc)) => Meant::Vpc(vpc),
            _ => {
                let what = format!("{subject:?} is neither a hosted zone nor a VPC");
                return Err(Failure::usage(what, "give an id, Z0123 or vpc-0123").into());
            }
        };
        let mut found: Vec<_> = self.zones(worker, &meant).await?.into_values().collect();
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => {
                let what =
                    format!("zonelink knows no zone of {subject}: it made none, and keeps no record there");
                Err(Failure::new(what, "zonelink zone list and zonelink status show what it knows").into())
            }
            _ => {
                let ids: Vec<_> = found.iter().map(|one| one.zone.to_string()).collect();
                let what = format!("several zones answer {subject}: {}", ids.join(", "));
                Err(Failure::new(what, "give the id of the zone that you mean").into())
            }
        }
    }

    /// The zones that are meant, from claims on zones, items, and claims on records.
    async fn zones(
        &self,
        worker: &Worker,
        meant: &Meant,
    ) -> anyhow::Result<BTreeMap<HostedZoneId, KnownZone>> {
        let mut found = BTreeMap::new();
        let mut add = |zone: &HostedZoneId, account: &AccountId, domain: Option<&DnsName>| {
            let known = KnownZone { zone: zone.clone(), account: account.clone(), domain: domain.cloned() };
            found.entry(zone.clone()).or_insert(known);
        };
        for claim in &self.claims {
            if let Some(zone) = claim.zone().filter(|zone| meant.is(zone, [&claim.vpc])) {
                add(zone, &claim.account, Some(&claim.domain));
            }
        }
        for guest in self.guests.iter().filter(|guest| meant.is(&guest.zone, [])) {
            add(&guest.zone, &guest.zone_account, Some(&guest.domain));
        }
        let index = worker.inspect_claim_index().await?.items;
        let of_meant =
            index.iter().filter(|(key, claim)| meant.is(&key.zone, claim.others.keys().chain([&claim.vpc])));
        let keys: Vec<&RecordKey> = of_meant.map(|(key, _)| key).collect();
        for claim in worker.inspect_claims(keys.into_iter()).await?.items {
            add(&claim.key.zone, &claim.zone_account, None);
        }
        Ok(found)
    }
}

impl Meant {
    fn is<'a>(&self, zone: &HostedZoneId, vpcs: impl IntoIterator<Item = &'a VpcId>) -> bool {
        match self {
            Meant::Zone(meant) => meant == zone,
            Meant::Vpc(meant) => vpcs.into_iter().any(|vpc| vpc == meant),
        }
    }
}
