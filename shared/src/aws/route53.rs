//! Route 53: zones of a VPC, record sets at a name, and the one change batch.

use std::time::Duration;

use aws_sdk_route53::config::http::HttpResponse;
use aws_sdk_route53::config::retry::RetryConfig;
use aws_sdk_route53::config::timeout::TimeoutConfig;
use aws_sdk_route53::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_route53::types::{
    Change as SdkChange, ChangeAction as SdkAction, ChangeBatch, HostedZoneConfig, HostedZoneSummary,
    ResourceRecord, ResourceRecordSet, RrType, Vpc, VpcRegion,
};

use super::call::failed;
use super::clients::AccountClients;
use super::retries::RATE_EXCEEDED;
use crate::error::{CallFailure, Error};
use crate::model::dns::DnsName;
use crate::model::facts::{Association, PrivateHostedZone, ZoneOwner};
use crate::model::ids::{HostedZoneId, Region, VpcId};
use crate::model::listed::{ListedRecordSet, Page, RecordSetContent, RecordSetsStart};
use crate::model::mark::Mark;
use crate::model::record::{Change, ChangeAction, RecordKey, RecordSet, RecordType};
use crate::model::zone_claim::{NewZone, ZoneContents};

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
        let classify = failed(operation, subject);
        move |error| self.throttled(classify(error))
    }

    fn throttled(&self, error: Error) -> Error {
        let account = self.account.clone();
        if error.has_code(&RATE_EXCEEDED) { Error::Throttled { account } } else { error }
    }

    pub(super) async fn list_hosted_zones_by_vpc(
        &self,
        vpc: &VpcId,
        region: &Region,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, PrivateHostedZone)>, Error> {
        let call = self.route53.list_hosted_zones_by_vpc().vpc_id(vpc.as_str());
        let call = call.vpc_region(VpcRegion::from(region.as_str())).set_next_token(page);
        let answer = call.send().await.map_err(self.failed("route53:ListHostedZonesByVPC", vpc))?;
        let mut items = Vec::new();
        for zone in answer.hosted_zone_summaries {
            if zone.owner().is_none() {
                continue;
            }
            match self.private_zone(&zone, vpc) {
                Ok(zone) => items.push(zone),
                // One that has an odd name or owner holds none of our records, and keeps none of the others waiting. A
                // zone in which there is a claim is asked for by its id.
                Err(error) => {
                    tracing::warn!(%vpc, error = error.chain(), "a hosted zone is left out");
                }
            }
        }
        Ok(Page { items, next: answer.next_token.filter(|token| !token.is_empty()) })
    }

    fn private_zone(
        &self,
        zone: &HostedZoneSummary,
        vpc: &VpcId,
    ) -> Result<(HostedZoneId, PrivateHostedZone), Error> {
        let what = || format!("hosted zone {} of {vpc}", zone.hosted_zone_id);
        let owner = if let Some(service) = zone.owner().and_then(|owner| owner.owning_service()) {
            ZoneOwner::Service(service.to_owned())
        } else {
            let account = zone.owner().and_then(|owner| owner.owning_account());
            let account = account.unwrap_or(self.account.as_str());
            ZoneOwner::Account(account.parse().map_err(unreadable(what))?)
        };
        let facts = PrivateHostedZone { name: zone.name.parse().map_err(unreadable(what))?, owner };
        Ok((zone.hosted_zone_id.parse().map_err(unreadable(what))?, facts))
    }

    pub(super) async fn get_hosted_zone(
        &self,
        zone: &HostedZoneId,
        vpc: &VpcId,
    ) -> Result<Association, Error> {
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

    pub(super) async fn hosted_zone_name(&self, zone: &HostedZoneId) -> Result<Option<DnsName>, Error> {
        let answer = self.route53.get_hosted_zone().id(zone.as_str()).send().await;
        let answer = match answer.map_err(self.failed("route53:GetHostedZone", zone)) {
            Err(error) if error.has_code(&["NoSuchHostedZone"]) => return Ok(None),
            answer => answer?,
        };
        let name = answer.hosted_zone.map(|zone| zone.name).unwrap_or_default();
        let name = name.parse().map_err(unreadable(|| format!("the name of hosted zone {zone}")))?;
        Ok(Some(name))
    }

    pub(super) async fn caller_reference(&self, zone: &HostedZoneId) -> Result<Option<String>, Error> {
        let answer = self.route53.get_hosted_zone().id(zone.as_str()).send().await;
        let answer = answer.map_err(self.failed("route53:GetHostedZone", zone));
        match answer {
            Ok(answer) => Ok(answer.hosted_zone.map(|zone| zone.caller_reference)),
            Err(error) if error.has_code(&["NoSuchHostedZone"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn zone_contents(&self, zone: &HostedZoneId) -> Result<Option<ZoneContents>, Error> {
        let answer = self.route53.get_hosted_zone().id(zone.as_str()).send().await;
        let answer = match answer.map_err(self.failed("route53:GetHostedZone", zone)) {
            Err(error) if error.has_code(&["NoSuchHostedZone"]) => return Ok(None),
            answer => answer?,
        };
        let vpcs = answer.vpcs().iter().filter_map(|vpc| vpc.vpc_id()).map(str::parse);
        let vpcs = vpcs.collect::<Result<_, _>>();
        let vpcs = vpcs.map_err(unreadable(|| format!("a VPC of hosted zone {zone}")))?;
        Ok(answer.hosted_zone.map(|zone| ZoneContents {
            record_sets: zone.resource_record_set_count.and_then(|count| u64::try_from(count).ok()),
            caller_reference: zone.caller_reference,
            vpcs,
        }))
    }

    pub(super) async fn delete_hosted_zone(&self, zone: &HostedZoneId, time: Duration) -> Result<(), Error> {
        let call = self.route53.delete_hosted_zone().id(zone.as_str());
        let answer = call.customize().config_override(sent_once(time)).send().await;
        answer.map(drop).map_err(|error| {
            let certain = refuses(&error);
            let error = failed("route53:DeleteHostedZone", zone)(error);
            if certain { self.throttled(error) } else { unanswered(error) }
        })
    }

    pub(super) async fn create_hosted_zone(&self, zone: &NewZone, time: Duration) -> Result<(), Error> {
        let vpc = Vpc::builder().vpc_id(zone.vpc.as_str()).vpc_region(VpcRegion::from(zone.region.as_str()));
        let config = HostedZoneConfig::builder().comment(&zone.comment).private_zone(true).build();
        let call = self.route53.create_hosted_zone().name(zone.domain.to_string()).vpc(vpc.build());
        let call = call.caller_reference(&zone.caller_reference).hosted_zone_config(config);
        let answer = call.customize().config_override(sent_once(time)).send().await;
        answer.map(drop).map_err(|error| {
            let certain = refuses(&error);
            let subject = format!("{}/{}", zone.vpc, zone.domain);
            let error = failed("route53:CreateHostedZone", &subject)(error);
            if certain { self.throttled(error) } else { unanswered(error) }
        })
    }

    pub(super) async fn list_resource_record_sets(
        &self,
        zone: &HostedZoneId,
        start: &RecordSetsStart,
    ) -> Result<Option<Page<ListedRecordSet, RecordSetsStart>>, Error> {
        let call = self.route53.list_resource_record_sets().hosted_zone_id(zone.as_str());
        let call = call.start_record_name(&start.name).max_items(RECORD_SETS_PAGE);
        let call = call.set_start_record_type(start.record_type.as_deref().map(RrType::from));
        let answer = call.set_start_record_identifier(start.identifier.clone()).send().await;
        let subject = format!("{zone}/{}", start.name);
        let answer = match answer.map_err(self.failed("route53:ListResourceRecordSets", &subject)) {
            Err(error) if error.has_code(&["NoSuchHostedZone"]) => return Ok(None),
            answer => answer?,
        };
        let what = || format!("a record set in zone {zone}");
        let mut items = Vec::new();
        for set in answer.resource_record_sets {
            match set.name.parse().map_err(unreadable(what)) {
                Ok(name) => items.push(ListedRecordSet { name, content: content(set) }),
                // It stands at no name of ours, for ours can be read.
                Err(error) => {
                    tracing::warn!(hosted_zone = %zone, error = error.chain(), "a record set is left out");
                }
            }
        }
        let next = answer.next_record_name.filter(|_| answer.is_truncated).map(|name| RecordSetsStart {
            name,
            record_type: answer.next_record_type.map(|kind| kind.as_str().to_owned()),
            identifier: answer.next_record_identifier,
        });
        Ok(Some(Page { items, next }))
    }

    pub(super) async fn change_resource_record_sets(
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
        let answer = call.change_batch(batch).customize().config_override(sent_once(time)).send().await;
        answer.map(drop).map_err(|error| {
            let certain = refuses(&error);
            let error = failed(OPERATION, key)(error);
            if certain { self.throttled(error) } else { unanswered(error) }
        })
    }
}

/// For a call that is sent once, and ends within `time`: a copy that lands after its twin was answered, and the claim
/// confirmed, would be a change that nobody has announced.
fn sent_once(time: Duration) -> aws_sdk_route53::config::Builder {
    let timeouts = TimeoutConfig::builder().operation_timeout(time).build();
    let config = aws_sdk_route53::config::Builder::new();
    config.timeout_config(timeouts).retry_config(RetryConfig::disabled())
}

/// Whether Route 53 has said that it did not do what it was asked for. A gateway on the way says nothing of that, nor
/// does a fault on AWS's side.
fn refuses<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(|response| response.status().as_u16());
    error.code().is_some() && matches!(status, Some(400..=407 | 409..=499))
}

/// The failure of a call that may have been done all the same.
fn unanswered(error: Error) -> Error {
    match error {
        Error::Call { operation, subject, code, message, source, .. } => {
            let kind = CallFailure::Unavailable;
            Error::Call { operation, subject, code, message, kind, source }
        }
        other => other,
    }
}

/// What a listed record set is, as far as it matters beside addresses.
fn content(set: ResourceRecordSet) -> RecordSetContent {
    let kind = set.r#type.as_str().to_owned();
    let routed = if set.alias_target.is_some() {
        Some("alias")
    } else if set.set_identifier.is_some() {
        Some("with a routing policy")
    } else if set.traffic_policy_instance_id.is_some() {
        Some("of a traffic policy")
    } else {
        None
    };
    let simple = RecordSet {
        ttl: set.ttl.and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or_default(),
        values: set.resource_records.unwrap_or_default().into_iter().map(|record| record.value).collect(),
    };
    match (set.r#type, routed) {
        (RrType::A, None) => RecordSetContent::Simple(RecordType::A, simple),
        (RrType::Aaaa, None) => RecordSetContent::Simple(RecordType::Aaaa, simple),
        (RrType::A | RrType::Aaaa, Some(routed)) => {
            RecordSetContent::Incompatible(format!("{kind} {routed}"))
        }
        (RrType::Txt, _) => {
            Mark::of(&simple.values).map_or(RecordSetContent::Other, RecordSetContent::Marked)
        }
        (RrType::Cname, _) => RecordSetContent::Incompatible(kind),
        _ => RecordSetContent::Other,
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
