//! What the page's script draws from: the endpoints and holds, each thing once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use shared::model::facts::VpcEndpointState;
use shared::model::hold::Subject;
use shared::model::ids::VpcId;

use crate::fleet::{EndpointView, Fleet, HoldView, Status};

/// The data in the page.
#[derive(Debug, Serialize)]
pub(super) struct Drawing<'a> {
    read_at: Timestamp,
    /// The statuses with their words, the most urgent first.
    statuses: Vec<(Status, String)>,
    services: Vec<DrawnService>,
    endpoints: Vec<DrawnEndpoint<'a>>,
    holds: &'a [HoldView],
}

/// A service; the ones that only claims name are not defined.
#[derive(Debug, Serialize)]
struct DrawnService {
    id: String,
    is_defined: bool,
    names: Vec<String>,
}

/// An endpoint; its service and its holds by their place in the lists.
#[derive(Debug, Serialize)]
struct DrawnEndpoint<'a> {
    id: &'a str,
    service: usize,
    account: &'a str,
    vpc: Option<&'a str>,
    state: Option<&'a str>,
    status: Status,
    first_seen: Option<Timestamp>,
    due: Option<Timestamp>,
    records: Vec<DrawnRecord<'a>>,
    holds: Vec<usize>,
}

#[derive(Debug, Serialize)]
struct DrawnRecord<'a> {
    zone: &'a str,
    name: &'a str,
    addresses: String,
    is_pending: bool,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(fleet: &'a Fleet) -> Self {
        let services = services(fleet);
        let place: BTreeMap<String, usize> =
            services.iter().enumerate().map(|(place, service)| (service.id.clone(), place)).collect();
        let holds: BTreeMap<&Subject, usize> =
            fleet.holds.iter().enumerate().map(|(place, hold)| (&hold.subject, place)).collect();
        let drawn = |endpoint: &'a EndpointView| DrawnEndpoint {
            id: endpoint.vpc_endpoint.as_str(),
            service: place.get(endpoint.service.as_str()).copied().unwrap_or_default(),
            account: endpoint.account.as_str(),
            vpc: endpoint.vpc.as_ref().map(VpcId::as_str),
            state: endpoint.state.as_ref().map(VpcEndpointState::as_str),
            status: endpoint.status,
            first_seen: endpoint.first_seen,
            due: endpoint.waiting.as_ref().map(|waiting| waiting.due),
            records: endpoint.records.iter().map(record).collect(),
            holds: endpoint.holds.iter().filter_map(|hold| holds.get(&hold.subject).copied()).collect(),
        };
        Drawing {
            read_at: fleet.read_at,
            statuses: Status::ALL.iter().map(|status| (*status, status.to_string())).collect(),
            endpoints: fleet.endpoints.iter().map(drawn).collect(),
            services,
            holds: &fleet.holds,
        }
    }
}

fn record(record: &crate::fleet::RecordView) -> DrawnRecord<'_> {
    DrawnRecord {
        zone: record.zone.as_str(),
        name: &record.name,
        addresses: record.addresses.to_string(),
        is_pending: record.is_pending,
    }
}

/// The defined services, and after them those that only endpoints name.
fn services(fleet: &Fleet) -> Vec<DrawnService> {
    let defined = fleet.policy.services.values().map(|definition| DrawnService {
        id: definition.service.to_string(),
        is_defined: true,
        names: definition.names.iter().map(ToString::to_string).collect(),
    });
    let mut services: Vec<_> = defined.collect();
    // Endpoints are in the order of their services.
    for endpoint in &fleet.endpoints {
        let id = endpoint.service.as_str();
        if !services.iter().any(|service| service.id == id) {
            services.push(DrawnService { id: id.to_owned(), is_defined: false, names: Vec::new() });
        }
    }
    services
}
