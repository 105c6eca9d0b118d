//! One endpoint, and the word that operators have for how it is.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use shared::inspect::Waiting;
use shared::model::claim::{Claim, Origin};
use shared::model::facts::VpcEndpointState;
use shared::model::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId, VpcId};
use shared::model::record::{Addresses, RecordKey};

use super::hold::HoldView;

/// What is known of one endpoint.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EndpointView {
    /// The service that it leads to.
    pub(crate) service: ServiceId,
    /// Whether a definition in force has that service.
    pub(crate) is_defined: bool,
    /// The endpoint.
    pub(crate) vpc_endpoint: VpcEndpointId,
    /// The account that owns it.
    pub(crate) account: AccountId,
    /// Its VPC; null as long as no function has seen it there.
    pub(crate) vpc: Option<VpcId>,
    /// The state of its connection now; null when EC2 lists none.
    pub(crate) state: Option<VpcEndpointState>,
    /// In one word.
    pub(crate) status: Status,
    /// The records that it adds to.
    pub(crate) records: Vec<RecordView>,
    /// When a function first saw it.
    pub(crate) first_seen: Option<Timestamp>,
    /// The chain of looks at it, while it is waited for.
    pub(crate) waiting: Option<Waiting>,
    /// What is held of it.
    pub(crate) holds: Vec<HoldView>,
}

/// What an endpoint adds to one record.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RecordView {
    /// The zone.
    pub(crate) zone: HostedZoneId,
    /// The name.
    pub(crate) name: String,
    /// The addresses of this endpoint.
    pub(crate) addresses: Addresses,
    /// Whether we made the record, or took it over.
    pub(crate) origin: Origin,
    /// Whether a change is on its way, or these addresses are not confirmed yet.
    pub(crate) is_pending: bool,
    #[serde(skip)]
    pub(super) account: AccountId,
    #[serde(skip)]
    pub(super) vpc: VpcId,
}

/// How an endpoint is, in the words that operators know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Something of it is held.
    Held,
    /// EC2 could not make it, or it was not accepted in time.
    Failed,
    /// The provider has refused it.
    Rejected,
    /// It is available, and no record has it.
    NotConfigured,
    /// It is not available yet, or its record is being written.
    Pending,
    /// It is going, or it is gone and records still have it.
    Deleting,
    /// EC2 says a word that has no other place here.
    Unknown,
    /// It is available, and its records have it.
    Active,
    /// It is gone, and nothing is left of it.
    Deleted,
}

impl Status {
    /// All, the most urgent first.
    pub(crate) const ALL: [Status; 9] = [
        Status::Held,
        Status::Failed,
        Status::Rejected,
        Status::NotConfigured,
        Status::Pending,
        Status::Deleting,
        Status::Unknown,
        Status::Active,
        Status::Deleted,
    ];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Held => "held",
            Status::Failed => "failed",
            Status::Rejected => "rejected",
            Status::NotConfigured => "not configured",
            Status::Pending => "pending",
            Status::Deleting => "deleting",
            Status::Unknown => "unknown",
            Status::Active => "active",
            Status::Deleted => "deleted",
        })
    }
}

impl EndpointView {
    /// The word for it: a hold comes first, because it is what somebody has to look at.
    pub(super) fn judged(&self) -> Status {
        use VpcEndpointState as State;
        if !self.holds.is_empty() {
            return Status::Held;
        }
        let has_records = !self.records.is_empty();
        let is_pending = self.records.iter().any(|record| record.is_pending);
        match &self.state {
            Some(State::PendingAcceptance | State::Pending | State::Partial) => Status::Pending,
            Some(State::Available) if !has_records => Status::NotConfigured,
            Some(State::Available) if is_pending => Status::Pending,
            Some(State::Available) => Status::Active,
            Some(State::Deleting) => Status::Deleting,
            Some(State::Rejected) => Status::Rejected,
            Some(State::Failed | State::Expired) => Status::Failed,
            None | Some(State::Deleted) if has_records => Status::Deleting,
            None | Some(State::Deleted) => Status::Deleted,
            Some(State::Other(_)) => Status::Unknown,
        }
    }
}

/// What each endpoint adds to claims.
pub(super) fn records(
    claims: &BTreeMap<RecordKey, Claim>,
) -> BTreeMap<(ServiceId, VpcEndpointId), Vec<RecordView>> {
    let mut records: BTreeMap<_, Vec<RecordView>> = BTreeMap::new();
    for claim in claims.values() {
        for (vpc_endpoint, contribution) in &claim.contributions {
            let Addresses { a, aaaa } = &contribution.addresses;
            let is_confirmed = a.is_subset(&claim.confirmed.a) && aaaa.is_subset(&claim.confirmed.aaaa);
            let record = RecordView {
                zone: claim.key.zone.clone(),
                name: claim.key.name.to_string(),
                addresses: contribution.addresses.clone(),
                origin: claim.origin,
                is_pending: claim.pending.is_some() || !is_confirmed,
                account: contribution.account.clone(),
                vpc: contribution.vpc.clone(),
            };
            records.entry((claim.service.clone(), vpc_endpoint.clone())).or_default().push(record);
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use shared::model::hold::{Hold, HoldReason};

    use super::*;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn endpoint(state: Option<&str>, pending: &[bool]) -> EndpointView {
        let account: AccountId = id("222222222222");
        let vpc: VpcId = id("vpc-0123456789abcdef0");
        let record = |is_pending: &bool| RecordView {
            zone: id("Z1"),
            name: "*.example.com".into(),
            addresses: Addresses::default(),
            origin: Origin::Created,
            is_pending: *is_pending,
            account: account.clone(),
            vpc: vpc.clone(),
        };
        EndpointView {
            service: id("vpce-svc-0123456789abcdef0"),
            is_defined: true,
            vpc_endpoint: id("vpce-0123456789abcdef0"),
            state: state.map(Into::into),
            status: Status::NotConfigured,
            records: pending.iter().map(record).collect(),
            first_seen: None,
            waiting: None,
            holds: Vec::new(),
            account: account.clone(),
            vpc: Some(vpc.clone()),
        }
    }

    #[test]
    fn every_state_has_its_word() {
        for (state, pending, word) in [
            (Some("pendingAcceptance"), &[][..], "pending"),
            (Some("pending"), &[false], "pending"),
            (Some("available"), &[], "not configured"),
            (Some("available"), &[false, true], "pending"),
            (Some("available"), &[false, false], "active"),
            (Some("deleting"), &[false], "deleting"),
            (Some("rejected"), &[], "rejected"),
            (Some("failed"), &[], "failed"),
            (Some("expired"), &[], "failed"),
            (Some("resting"), &[], "unknown"),
            (None, &[false], "deleting"),
            (None, &[], "deleted"),
        ] {
            assert_eq!(endpoint(state, pending).judged().to_string(), word, "{state:?} {pending:?}");
        }
    }

    #[test]
    fn what_is_held_is_said_before_all_else() {
        let mut endpoint = endpoint(Some("available"), &[false]);
        let subject = id("222222222222/");
        let hold = Hold {
            subject,
            reason: HoldReason::NoZone { tried: None },
            account: None,
            since: Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        endpoint.holds.push(HoldView::somewhere(hold));
        assert_eq!(endpoint.judged(), Status::Held);
    }
}
