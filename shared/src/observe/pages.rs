//! Lists, read page by page to their end, an empty first page included.

use crate::cloud::{Cloud, Order, Row};
use crate::error::Error;
use crate::model::dns::DnsName;
use crate::model::facts::{Connection, VpcEndpointState};
use crate::model::ids::{AccountId, ServiceId};
use crate::model::listed::{ListedRecordSet, Page, RecordSetContent, RecordSetsStart};
use crate::model::mark::Mark;
use crate::model::record::{RecordKey, RecordType, SeenRecords};
use crate::model::table::Partition;
use crate::worker::Worker;

/// All items of a list, whose pages `ask` gives.
pub(super) async fn all<T>(
    operation: &'static str,
    subject: &(impl ToString + ?Sized),
    ask: impl AsyncFn(Option<String>) -> Result<Page<T>, Error>,
) -> Result<Vec<T>, Error> {
    let (mut items, mut page) = (Vec::new(), None);
    loop {
        let answer = ask(page.clone()).await?;
        items.extend(answer.items);
        match answer.next {
            None => return Ok(items),
            // A list that leads back to where it came from would be read for ever.
            next if next == page => return Err(leads_back(operation, subject)),
            next => page = next,
        }
    }
}

fn leads_back(operation: &'static str, subject: &(impl ToString + ?Sized)) -> Error {
    Error::Unreadable {
        what: format!("the answer of {operation} for {}", subject.to_string()),
        source: "its next page is the same again".into(),
    }
}

/// The connections of a service, in `state` if one is given.
///
/// # Errors
/// When EC2 cannot be read.
pub(crate) async fn all_connections<C: Cloud>(
    worker: &Worker<C>,
    service: &ServiceId,
    state: Option<&VpcEndpointState>,
) -> Result<Vec<Connection>, Error> {
    let cloud = &worker.cloud;
    let ask = async |page| cloud.describe_vpc_endpoint_connections(service, state, page).await;
    all("ec2:DescribeVpcEndpointConnections", service, ask).await
}

/// All record sets at one name. The list starts at the name, without a type, and is read until the name changes,
/// so that a CNAME or a weighted set is seen too. None when the zone does not exist. The last page goes on to the next
/// names: a mark that stands there, beside a wildcard as a rule, is seen at no cost, and is not looked for elsewhere.
///
/// # Errors
/// When Route 53 cannot be read.
pub(crate) async fn all_record_sets<C: Cloud>(
    worker: &Worker<C>,
    account: &AccountId,
    key: &RecordKey,
) -> Result<Option<SeenRecords>, Error> {
    let mut seen = SeenRecords::default();
    let mut start = RecordSetsStart::at(key);
    loop {
        let page = worker.cloud.list_resource_record_sets(account, &key.zone, &start).await?;
        let Some(page) = page else { return Ok(None) };
        let (here, beyond): (Vec<_>, Vec<_>) = page.items.into_iter().partition(|set| set.name == key.name);
        for set in here {
            note(&mut seen, set);
        }
        if !beyond.is_empty() {
            let mut marks = beyond.into_iter().filter_map(|set| mark_of(set, &key.name));
            seen.mark = seen.mark.or_else(|| marks.next());
            return Ok(Some(seen));
        }
        // The name has not changed yet: it goes on, from an empty page too.
        match page.next {
            None => return Ok(Some(seen)),
            Some(next) if next == start => return Err(leads_back("route53:ListResourceRecordSets", key)),
            Some(next) => start = next,
        }
    }
}

/// The mark of the record `name` that stands at a name made from it.
fn mark_of(set: ListedRecordSet, name: &DnsName) -> Option<Mark> {
    match set.content {
        RecordSetContent::Marked(mark) if Mark::stands_at(&set.name, name) => Some(mark),
        _ => None,
    }
}

fn note(seen: &mut SeenRecords, set: ListedRecordSet) {
    match set.content {
        RecordSetContent::Simple(RecordType::A, set) => seen.a = Some(set),
        RecordSetContent::Simple(RecordType::Aaaa, set) => seen.aaaa = Some(set),
        RecordSetContent::Incompatible(kind) => _ = seen.incompatible.insert(kind),
        RecordSetContent::Marked(mark) => seen.mark = Some(mark),
        RecordSetContent::Other => {}
    }
}

impl<C: Cloud> Worker<C> {
    /// The items of one partition whose sort key begins so.
    pub(crate) async fn query(&self, partition: &Partition, sk: &str) -> Result<Vec<Row>, Error> {
        let ask = async |page| self.cloud.query(partition, sk, Order::Ascending, page).await;
        all("dynamodb:Query", &partition.pk(), ask).await
    }
}
