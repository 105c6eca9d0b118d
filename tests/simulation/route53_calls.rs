//! What Route 53 answers, and how many requests its account has left.

use std::collections::BTreeMap;

use shared::model::dns::DnsName;
use shared::model::facts::{Association, PrivateHostedZone};
use shared::model::ids::{AccountId, HostedZoneId, Region, VpcId};
use shared::model::listed::{ListedRecordSet, Page, RecordSetContent, RecordSetsStart};
use shared::model::record::{RecordKey, RecordType, SeenRecords};

use super::cloud::Seen;
use super::observations::Observations;
use super::world::World;

/// One empty page in so many pages of record sets.
const EMPTY: usize = 16;

impl World {
    /// Counts a request against what its invocation has reserved. Further pages of a list cost nothing extra, nor does
    /// the same question once more: a claim that turns up late makes its record read anew.
    pub(crate) fn uses_quota(
        &mut self,
        account: &AccountId,
        operation: &'static str,
        subject: &impl ToString,
        first_page: bool,
        seen: &Seen,
    ) {
        if !first_page {
            return;
        }
        let mut seen = seen.borrow_mut();
        let requests = seen.requests.entry(account.clone()).or_default();
        requests.insert((operation, subject.to_string()));
        let made = i64::try_from(requests.len()).unwrap_or(i64::MAX);
        let reserved = seen.reserved.get(account).copied().unwrap_or_default();
        self.tally.count("Route 53 requests");
        if made > reserved {
            self.violation(format!("{made} requests in {account}, of which {reserved} are reserved"));
        }
    }

    pub(crate) fn zones_of_vpc(
        &mut self,
        account: &AccountId,
        vpc: &VpcId,
        region: &Region,
        page: Option<&str>,
    ) -> Page<(HostedZoneId, PrivateHostedZone)> {
        if self.vpcs.get(vpc) != Some(account) || *region != self.policy.region {
            self.violation(format!(
                "{account} asks for the zones of {vpc} in {region}, which it does not own"
            ));
        }
        let zones = self.route53.zones_of(vpc).into_iter();
        let zones = zones.map(|(id, zone)| (id.to_string(), (id, zone))).collect();
        self.page(zones, page)
    }

    pub(crate) fn association(
        &mut self,
        zone: &HostedZoneId,
        vpc: &VpcId,
        seen: &mut Observations,
    ) -> Association {
        match self.route53.zones.get(zone) {
            None => {
                seen.gone.insert(zone.clone());
                Association::ZoneGone
            }
            Some(facts) if facts.vpcs.contains(vpc) => Association::Associated,
            Some(_) => {
                seen.left.insert((vpc.clone(), zone.clone()));
                Association::Left
            }
        }
    }

    /// One page of the record sets from a name on; none when there is no such zone. What stands at further names
    /// follows.
    pub(crate) fn record_sets(
        &mut self,
        zone: &HostedZoneId,
        start: &RecordSetsStart,
        seen: &mut Observations,
    ) -> Option<Page<ListedRecordSet, RecordSetsStart>> {
        let Ok(name) = start.name.parse() else { return None };
        let key = RecordKey { zone: zone.clone(), name };
        if !self.route53.zones.contains_key(zone) {
            seen.gone.insert(zone.clone());
            return None;
        }
        if start.record_type.is_none() {
            seen.see_record(&key, self.route53.slots.get(&key), self.now);
        } else {
            seen.see_later_page(&key, self.route53.slots.get(&key));
        }
        let from = start.record_type.as_deref().unwrap_or_default();
        let mut listed = self.sets_at(&key);
        listed.retain(|(kind, _)| *kind >= from);
        let written = self.route53.slots.keys().cloned();
        let others = self.keys().into_iter().chain(written).filter(|other| other.zone == *zone);
        let others: BTreeMap<_, _> = others.map(|other| (place(&other.name), other)).collect();
        for (_, other) in others.into_iter().filter(|(at, _)| *at > place(&key.name)) {
            listed.extend(self.sets_at(&other));
        }
        Some(self.page_of_sets(listed, start))
    }

    fn page_of_sets(
        &mut self,
        mut listed: Vec<(&'static str, ListedRecordSet)>,
        start: &RecordSetsStart,
    ) -> Page<ListedRecordSet, RecordSetsStart> {
        let empty = start.record_type.is_none() && !listed.is_empty() && self.cuts(EMPTY);
        let size = if empty { 0 } else { self.page_size(listed.len()) };
        let next = listed.get(size).map(|(kind, set)| RecordSetsStart {
            name: set.name.to_string(),
            record_type: Some((*kind).to_owned()),
            identifier: None,
        });
        if next.is_some() {
            self.tally.count(if empty { "empty pages" } else { "pages that are not the last" });
        }
        listed.truncate(size);
        Page { items: listed.into_iter().map(|(_, set)| set).collect(), next }
    }

    /// How many record sets stand in a zone besides SOA and NS.
    pub(crate) fn record_sets_in(&self, zone: &HostedZoneId) -> usize {
        let here = self.route53.slots.iter().filter(|(key, _)| key.zone == *zone);
        let written = here.filter(|(_, slot)| slot.seen != SeenRecords::default());
        written.map(|(key, _)| self.sets_at(key).len()).sum()
    }

    /// What stands at a name, by type.
    fn sets_at(&self, key: &RecordKey) -> Vec<(&'static str, ListedRecordSet)> {
        let seen = self.route53.slots.get(key).map(|slot| slot.seen.clone()).unwrap_or_default();
        let SeenRecords { a, aaaa, incompatible, mark } = seen;
        // Beside a CNAME nothing else stands.
        let texts = self.with_texts && !incompatible.contains("CNAME");
        let listed = |content| ListedRecordSet { name: key.name.clone(), content };
        let simple = [(RecordType::A, a), (RecordType::Aaaa, aaaa)].into_iter();
        let simple =
            simple.filter_map(|(kind, set)| Some((kind.as_str(), RecordSetContent::Simple(kind, set?))));
        let odd = incompatible.into_iter().map(|kind| ("CNAME", RecordSetContent::Incompatible(kind)));
        // A mark is one TXT record set, and other texts stand in it as well.
        let text = mark.map(RecordSetContent::Marked).or(texts.then_some(RecordSetContent::Other));
        simple
            .chain(odd)
            .chain(text.map(|text| ("TXT", text)))
            .map(|(kind, content)| (kind, listed(content)))
            .collect()
    }
}

/// Where a name stands in Route 53's order: its labels from the last to the first, and a last dot, before which `-`
/// comes
/// ([ListResourceRecordSets](https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html)).
fn place(name: &DnsName) -> String {
    let name = name.to_string();
    name.rsplit('.').flat_map(|label| [label, "."]).collect()
}
