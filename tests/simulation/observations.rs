//! What an invocation has seen and announced: by this its changes are judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::model::claim::{Claim, Pending};
use shared::model::dns::DnsName;
use shared::model::facts::{InterfaceFacts, PrivateHostedZone, StoredEndpoint, VpcEndpointState};
use shared::model::ids::{AccountId, HostedZoneId, NetworkInterfaceId, VpcEndpointId, VpcId};
use shared::model::listed::{ListedEndpoint, Shown};
use shared::model::record::{Addresses, RecordKey};
use shared::model::table::Item;

use super::ec2::Shape;
use super::route53::Slot;

/// All that one invocation has read, whichever of its messages asked.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    /// The runs of its messages; none for an event.
    pub(crate) runs: Vec<Option<String>>,
    endpoints: BTreeMap<VpcEndpointId, Vec<ListedEndpoint>>,
    interfaces: BTreeMap<NetworkInterfaceId, InterfaceFacts>,
    /// Interfaces that some answer did not show.
    hidden: BTreeSet<NetworkInterfaceId>,
    /// Endpoints that EC2, asked for each alone, did not know.
    absent: BTreeSet<VpcEndpointId>,
    stored: BTreeMap<VpcEndpointId, Vec<StoredEndpoint>>,
    /// Zones that were seen not to answer a VPC any more.
    pub(crate) left: BTreeSet<(VpcId, HostedZoneId)>,
    /// Zones that were seen not to exist.
    pub(crate) gone: BTreeSet<HostedZoneId>,
    /// When it was seen last what stands in each zone that may have to go.
    pub(crate) looked_into: BTreeMap<HostedZoneId, i64>,
    /// The zones of each VPC, as far as they were listed.
    zones: BTreeMap<VpcId, BTreeMap<HostedZoneId, PrivateHostedZone>>,
    /// The names of those that the last list has shown.
    listed_last: BTreeMap<VpcId, Vec<DnsName>>,
    /// The names of a VPC's zones each time that they were listed.
    lists: BTreeMap<VpcId, Vec<Vec<DnsName>>>,
    records: BTreeMap<RecordKey, SeenAt>,
    /// What stood at a name each time that it was read.
    slots: BTreeMap<RecordKey, Vec<Slot>>,
    announced: BTreeMap<RecordKey, Announcement>,
    /// Claims as they were read last.
    claims: BTreeMap<RecordKey, Claim>,
    /// Owners of zones that have consented, each with the account of the VPCs.
    pub(crate) consents: BTreeSet<(AccountId, AccountId)>,
    /// The same of those that do not, or do not any more.
    pub(crate) refusals: BTreeSet<(AccountId, AccountId)>,
    /// Accounts of which no endpoint could be read.
    pub(crate) closed: BTreeSet<AccountId>,
    /// Whether anything did not go its way: a call that failed, a condition that did not hold, a want of quota.
    pub(crate) disturbed: bool,
    /// Route 53 requests that were reserved, by account, and those that were made, each once.
    pub(crate) reserved: BTreeMap<AccountId, i64>,
    pub(crate) requests: BTreeMap<AccountId, BTreeSet<(&'static str, String)>>,
    /// Removals that were counted for a run and not made yet.
    pub(crate) removals: BTreeMap<String, u32>,
}

/// Since when a record was read for the change that comes next.
#[derive(Debug)]
struct SeenAt {
    since: i64,
    /// Whether that change has been announced: the next reading is for another one.
    announced: bool,
}

/// A change that was announced in a claim.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    /// The claim that stood there before.
    pub(crate) before: Option<Claim>,
    pub(crate) pending: Option<Pending>,
    /// When the record was read on which it is based.
    seen_at: Option<i64>,
    /// Whether the change may be made, as far as its worker can tell: it was sent, and AWS has not said no.
    pub(crate) may_be_made: bool,
}

impl Observations {
    /// Those of an invocation whose messages are of these runs.
    pub(crate) fn of(runs: Vec<Option<String>>) -> Self {
        Self { runs, ..Self::default() }
    }

    pub(crate) fn see_endpoints(&mut self, found: &[Shown]) {
        for endpoint in found {
            let Shown::Interface(endpoint) = endpoint else { continue };
            let seen = self.endpoints.entry(endpoint.vpc_endpoint.clone()).or_default();
            if !seen.contains(endpoint) {
                seen.push(endpoint.clone());
            }
        }
    }

    pub(crate) fn see_endpoint(&mut self, id: &VpcEndpointId, found: Option<&Shown>) {
        match found {
            Some(found) => self.see_endpoints(std::slice::from_ref(found)),
            None => _ = self.absent.insert(id.clone()),
        }
    }

    /// Some of these interfaces are shown.
    pub(crate) fn see_interfaces(
        &mut self,
        asked: &[NetworkInterfaceId],
        shown: &BTreeMap<NetworkInterfaceId, InterfaceFacts>,
    ) {
        self.hidden.extend(asked.iter().filter(|id| !shown.contains_key(*id)).cloned());
        self.interfaces.extend(shown.iter().map(|(id, facts)| (id.clone(), facts.clone())));
    }

    pub(crate) fn see_items<'a>(&mut self, items: impl Iterator<Item = &'a Item>) {
        for item in items {
            match item {
                Item::Endpoint(stored) => {
                    self.stored.entry(stored.vpc_endpoint.clone()).or_default().push((**stored).clone());
                }
                Item::Claim(claim) => _ = self.claims.insert(claim.key.clone(), (**claim).clone()),
                _ => {}
            }
        }
    }

    /// When the table says that an endpoint was first seen, in seconds since 1970.
    pub(crate) fn first_seen(&self, id: &VpcEndpointId) -> Option<i64> {
        self.stored.get(id).into_iter().flatten().map(|stored| stored.first_seen.as_second()).min()
    }

    /// The claims that it has read in which an endpoint gives addresses.
    pub(crate) fn claims_of(&self, id: &VpcEndpointId) -> impl Iterator<Item = &Claim> {
        let gives =
            |claim: &&Claim| claim.contributions.get(id).is_some_and(|given| !given.addresses.is_empty());
        self.claims.values().filter(gives)
    }

    pub(crate) fn see_zones(
        &mut self,
        vpc: &VpcId,
        found: &[(HostedZoneId, PrivateHostedZone)],
        is_first: bool,
    ) {
        let last = self.listed_last.entry(vpc.clone()).or_default();
        if is_first {
            last.clear();
        }
        last.extend(found.iter().map(|(_, zone)| zone.name.clone()));
        let lists = self.lists.entry(vpc.clone()).or_default();
        if is_first {
            lists.push(Vec::new());
        }
        // Lists of two messages may come in turns: what is on a page then belongs to each of them.
        for list in lists.iter_mut() {
            list.extend(found.iter().map(|(_, zone)| zone.name.clone()));
        }
        self.zones.entry(vpc.clone()).or_default().extend(found.iter().cloned());
    }

    /// Whether a VPC was seen to have a zone that can hold a name, when its zones were listed last. Of several messages
    /// each has a list of its own, and nobody can tell whose is the last.
    pub(crate) fn has_zone_for(&self, vpc: &VpcId, name: &DnsName) -> bool {
        let listed = self.listed_last.get(vpc).filter(|_| self.runs.len() == 1);
        listed.is_some_and(|zones| zones.iter().any(|zone| zone.is_zone_of(name)))
    }

    /// Whether a list of a VPC's zones had none that can hold a name of this domain.
    pub(crate) fn saw_no_zone(&self, vpc: &VpcId, domain: &DnsName) -> bool {
        let mut lists = self.lists.get(vpc).into_iter().flatten();
        lists.any(|list| !list.iter().any(|zone| zone.is_zone_of(domain)))
    }

    /// Whether a VPC was seen to have a zone of an account that comes before the record's.
    pub(crate) fn has_closer_zone(&self, vpc: &VpcId, key: &RecordKey) -> bool {
        let Some(zones) = self.zones.get(vpc) else { return false };
        let length = |zone: &PrivateHostedZone| zone.name.to_string().len();
        let Some(own) = zones.get(&key.zone).map(length) else { return false };
        zones
            .values()
            .any(|zone| zone.account().is_some() && zone.name.is_zone_of(&key.name) && length(zone) > own)
    }

    /// The rest of the record sets at a name is read: what stands there may be another one by now.
    pub(crate) fn see_later_page(&mut self, key: &RecordKey, slot: Option<&Slot>) {
        self.slots.entry(key.clone()).or_default().push(slot.cloned().unwrap_or_default());
    }

    /// The record sets at a name are read, from their first page on.
    pub(crate) fn see_record(&mut self, key: &RecordKey, slot: Option<&Slot>, now: i64) {
        self.slots.entry(key.clone()).or_default().extend(slot.cloned());
        let seen = self.records.entry(key.clone()).or_insert(SeenAt { since: now, announced: false });
        if seen.announced {
            *seen = SeenAt { since: now, announced: false };
        }
    }

    /// What stood at a name when it was read.
    pub(crate) fn slots(&self, key: &RecordKey) -> impl Iterator<Item = &Slot> {
        self.slots.get(key).into_iter().flatten()
    }

    /// When the record was read on which a change is based.
    pub(crate) fn seen_at(&self, key: &RecordKey) -> Option<i64> {
        let announced = self.announced.get(key).and_then(|announced| announced.seen_at);
        announced.or_else(|| self.records.get(key).map(|seen| seen.since))
    }

    /// A claim was written over `before`. One that is put back may say an older change again: it announces nothing.
    pub(crate) fn announce(&mut self, claim: &Claim, before: Option<Claim>, now: Timestamp) {
        self.records.entry(claim.key.clone()).and_modify(|seen| seen.announced = true);
        let pending = claim.pending.clone();
        if pending.as_ref().is_some_and(|pending| pending.until <= now) {
            self.announced.remove(&claim.key);
            return;
        }
        // Another message of the same invocation may read the record meanwhile: the change knows nothing of that.
        let seen_at = self.records.get(&claim.key).map(|seen| seen.since);
        let announcement = Announcement { before, pending, seen_at, may_be_made: false };
        self.announced.insert(claim.key.clone(), announcement);
    }

    /// A change was sent, or it is certain that it was not made.
    pub(crate) fn may_be_made(&mut self, key: &RecordKey, may_be_made: bool) {
        self.announced.entry(key.clone()).and_modify(|announced| announced.may_be_made = may_be_made);
    }

    pub(crate) fn announced(&self, key: &RecordKey) -> Option<&Announcement> {
        self.announced.get(key)
    }

    /// The endpoints of a VPC that EC2 has shown as available last. Of several messages one may have asked later than the
    /// other has decided.
    pub(crate) fn available_in(&self, vpc: &VpcId) -> Vec<VpcEndpointId> {
        let last = self.endpoints.values().filter_map(|seen| seen.last()).filter(|_| self.runs.len() == 1);
        let here = last.filter(|one| one.vpc == *vpc && one.state == VpcEndpointState::Available);
        here.map(|one| one.vpc_endpoint.clone()).collect()
    }

    /// Whether EC2 was asked for an endpoint, and has said what it is, or that there is none.
    pub(crate) fn knows(&self, id: &VpcEndpointId) -> bool {
        self.endpoints.contains_key(id) || self.absent.contains(id)
    }

    /// Whether an endpoint was seen to give just these addresses.
    pub(crate) fn publishes(&self, id: &VpcEndpointId, addresses: &Addresses) -> bool {
        let listed = self.endpoints.get(id).into_iter().flatten();
        let shapes = listed.map(|endpoint| self.shape(endpoint, addresses));
        shapes.into_iter().any(|shape| shape.published().as_ref() == Some(addresses))
    }

    /// How an endpoint looks, in the answers that show it as it would give these addresses.
    fn shape(&self, endpoint: &ListedEndpoint, given: &Addresses) -> Shape {
        let shown = |id: &NetworkInterfaceId| {
            let facts = self.interfaces.get(id)?;
            let fits = facts.addresses.a.is_subset(&given.a) && facts.addresses.aaaa.is_subset(&given.aaaa);
            (fits || !self.hidden.contains(id)).then(|| (id.clone(), facts.clone()))
        };
        Shape {
            state: endpoint.state.clone(),
            family: endpoint.ip_address_type,
            subnets: endpoint.subnets.clone(),
            interfaces: endpoint.interfaces.iter().filter_map(shown).collect(),
        }
    }

    /// Whether an endpoint was seen to be gone: in a state that says so, or unknown to EC2 though it was seen long
    /// ago or is on its way out. `now` is in seconds since 1970.
    pub(crate) fn is_gone(&self, id: &VpcEndpointId, now: i64) -> bool {
        use VpcEndpointState as State;
        let gone = [State::Deleting, State::Deleted, State::Rejected, State::Failed, State::Expired];
        let mut listed = self.endpoints.get(id).into_iter().flatten();
        let mut stored = self.stored.get(id).into_iter().flatten();
        let old = |stored: &StoredEndpoint| {
            stored.expires_at.is_some() || now - stored.first_seen.as_second() >= 10 * 60
        };
        listed.any(|endpoint| gone.contains(&endpoint.state)) || (self.absent.contains(id) && stored.any(old))
    }
}
