//! Route 53: zones of a VPC, record sets at a name, and the one change batch.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_route53::config::http::HttpResponse;
use aws_sdk_route53::config::retry::RetryConfig;
use aws_sdk_route53::config::timeout::TimeoutConfig;
use aws_sdk_route53::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_route53::types::{
    Change as SdkChange, ChangeAction as SdkAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
    VpcRegion,
};

use super::call::failed;
use super::clients::AccountClients;
use super::retries::RATE_EXCEEDED;
use crate::dns::DnsName;
use crate::error::Error;
use crate::facts::{Association, PrivateHostedZone};
use crate::ids::{HostedZoneId, Region, VpcId};
use crate::record::{Change, ChangeAction, RecordKey, RecordSet, RecordType, SeenRecords};

/// How many record sets one page brings. Few stand at one name, and the list goes on to the next names.
const RECORD_SETS_PAGE: i32 = 10;

impl AccountClients {
    /// What a failed call means. A throttle concerns the account, not the subject.
    fn failed<E>(
        &self,
        operation: &'static str,
        subject: &(impl ToString + ?Sized),
    ) -> impl FnOnce(SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let (classify, account) = (failed(operation, subject), self.account.clone());
        move |error| {
            let error = classify(error);
            if error.has_code(&RATE_EXCEEDED) { Error::Throttled { account } } else { error }
        }
    }

    /// The private hosted zones associated with a VPC, those of other accounts too, but for those that
    /// belong to an AWS service.
    ///
    /// Only the account that owns the VPC may ask. Zones that reach it through a Route 53 Profile are not
    /// in this list.
    pub(super) async fn zones_of_vpc(
        &self,
        vpc: &VpcId,
        region: &Region,
    ) -> Result<BTreeMap<HostedZoneId, PrivateHostedZone>, Error> {
        const OPERATION: &str = "route53:ListHostedZonesByVPC";
        let mut zones = BTreeMap::new();
        let mut next_token: Option<String> = None;
        loop {
            let call = self.route53.list_hosted_zones_by_vpc().vpc_id(vpc.as_str());
            let call = call.vpc_region(VpcRegion::from(region.as_str())).set_next_token(next_token.clone());
            let page = call.send().await.map_err(self.failed(OPERATION, vpc))?;
            for zone in page.hosted_zone_summaries {
                let Some(owner) = zone.owner.filter(|owner| owner.owning_service.is_none()) else { continue };
                let account = owner.owning_account.as_deref().unwrap_or(self.account.as_str());
                let what = || format!("hosted zone {} of {vpc}", zone.hosted_zone_id);
                let zone_facts = PrivateHostedZone {
                    name: zone.name.parse().map_err(unreadable(what))?,
                    account: account.parse().map_err(unreadable(what))?,
                };
                zones.insert(zone.hosted_zone_id.parse().map_err(unreadable(what))?, zone_facts);
            }
            match page.next_token.filter(|token| !token.is_empty()) {
                None => return Ok(zones),
                token if token == next_token => return Err(stuck(OPERATION, vpc)),
                token => next_token = token,
            }
        }
    }

    /// Whether a zone is still associated with a VPC, asked of the zone itself.
    pub(super) async fn association(&self, zone: &HostedZoneId, vpc: &VpcId) -> Result<Association, Error> {
        let answer = self.route53.get_hosted_zone().id(zone.as_str()).send().await;
        match answer.map_err(self.failed("route53:GetHostedZone", zone)) {
            Ok(answer) if answer.vpcs().iter().any(|of| of.vpc_id() == Some(vpc.as_str())) => {
                Ok(Association::Associated)
            }
            Ok(_) => Ok(Association::Left),
            Err(error) if error.has_code(&["NoSuchHostedZone"]) => Ok(Association::ZoneGone),
            Err(error) => Err(error),
        }
    }

    /// All record sets at one name. The list starts at the name, without a type, and is read until the
    /// name changes, so that a CNAME or a weighted set is seen too. None when the zone does not exist.
    pub(super) async fn record_sets(&self, key: &RecordKey) -> Result<Option<SeenRecords>, Error> {
        const OPERATION: &str = "route53:ListResourceRecordSets";
        let mut seen = SeenRecords::default();
        let mut start = (Some(key.name.to_string()), None, None);
        loop {
            let (name, record_type, identifier) = start.clone();
            let call = self.route53.list_resource_record_sets().hosted_zone_id(key.zone.as_str());
            let call = call.set_start_record_name(name).set_start_record_type(record_type);
            let call = call.set_start_record_identifier(identifier).max_items(RECORD_SETS_PAGE);
            let page = match call.send().await.map_err(self.failed(OPERATION, key)) {
                Err(error) if error.has_code(&["NoSuchHostedZone"]) => return Ok(None),
                page => page?,
            };
            for set in page.resource_record_sets {
                let what = || format!("a record set in zone {}", key.zone);
                if set.name.parse::<DnsName>().map_err(unreadable(what))? != key.name {
                    return Ok(Some(seen));
                }
                note(&mut seen, set);
            }
            if !page.is_truncated {
                return Ok(Some(seen));
            }
            // The name has not changed yet: it goes on, from an empty page too.
            let next = (page.next_record_name, page.next_record_type, page.next_record_identifier);
            if next == start {
                return Err(stuck(OPERATION, key));
            }
            start = next;
        }
    }

    /// Sends one atomic change batch, once. It ends within `time`.
    pub(super) async fn change_record_sets(
        &self,
        key: &RecordKey,
        changes: &[Change],
        time: Duration,
    ) -> Result<(), Error> {
        const OPERATION: &str = "route53:ChangeResourceRecordSets";
        let built: Result<Vec<_>, _> = changes.iter().map(|change| sdk_change(&key.name, change)).collect();
        let built = built.and_then(|changes| ChangeBatch::builder().set_changes(Some(changes)).build());
        let batch = built.map_err(|error| Error::Unreadable {
            what: format!("the change batch for {key}"),
            source: Box::new(error),
        })?;
        let call = self.route53.change_resource_record_sets().hosted_zone_id(key.zone.as_str());
        let timeouts = TimeoutConfig::builder().operation_timeout(time).build();
        // Sent once: a copy that lands after its twin was answered, and the claim confirmed, would be a change
        // that nobody has announced.
        let config = aws_sdk_route53::config::Builder::new();
        let config = config.timeout_config(timeouts).retry_config(RetryConfig::disabled());
        let answer = call.change_batch(batch).customize().config_override(config).send().await;
        answer.map(drop).map_err(self.failed(OPERATION, key))
    }
}

/// A list that leads back to where it came from would be read for ever.
fn stuck(operation: &'static str, subject: &impl ToString) -> Error {
    Error::Unreadable {
        what: format!("the answer of {operation} for {}", subject.to_string()),
        source: "its next page is the same again".into(),
    }
}

fn note(seen: &mut SeenRecords, set: ResourceRecordSet) {
    let kind = set.r#type.as_str().to_owned();
    let routed = if set.alias_target.is_some() {
        Some("alias")
    } else if set.set_identifier.is_some() {
        Some("with a routing policy")
    } else {
        None
    };
    let simple = RecordSet {
        ttl: set.ttl.and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or_default(),
        values: set.resource_records.unwrap_or_default().into_iter().map(|record| record.value).collect(),
    };
    match (set.r#type, routed) {
        (RrType::A, None) => seen.a = Some(simple),
        (RrType::Aaaa, None) => seen.aaaa = Some(simple),
        (RrType::A | RrType::Aaaa, Some(routed)) => {
            seen.incompatible.insert(format!("{kind} {routed}"));
        }
        (RrType::Cname, _) => {
            seen.incompatible.insert(kind);
        }
        // TXT, MX, CAA… stand beside addresses and are none of our business.
        _ => {}
    }
}

fn sdk_change(name: &DnsName, change: &Change) -> Result<SdkChange, aws_sdk_route53::error::BuildError> {
    let values = change.set.values.iter().map(|value| ResourceRecord::builder().value(value).build());
    let set = ResourceRecordSet::builder()
        .name(name.to_string())
        .r#type(match change.record_type {
            RecordType::A => RrType::A,
            RecordType::Aaaa => RrType::Aaaa,
        })
        .ttl(change.set.ttl.into())
        .set_resource_records(Some(values.collect::<Result<_, _>>()?))
        .build()?;
    let action = match change.action {
        ChangeAction::Create => SdkAction::Create,
        ChangeAction::Delete => SdkAction::Delete,
    };
    SdkChange::builder().action(action).resource_record_set(set).build()
}

fn unreadable<E: std::error::Error + Send + Sync + 'static>(
    what: impl Fn() -> String,
) -> impl FnOnce(E) -> Error {
    move |error| Error::Unreadable { what: what(), source: Box::new(error) }
}
