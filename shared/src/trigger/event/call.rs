//! Calls of EC2 that concern endpoints.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::ids::{AccountId, Region, ServiceId, VpcEndpointId};

/// An EC2 API call as CloudTrail recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// CloudTrail's `eventID`; doubled deliveries share it.
    pub id: String,
    /// The account that made the call.
    pub account: AccountId,
    /// Where it was made.
    pub region: Region,
    /// When it was made.
    pub time: Option<Timestamp>,
    /// Which call.
    pub action: Action,
    /// The endpoint service, where the call names one: by its id, or by a name of ours.
    pub service: Option<ServiceId>,
    /// The endpoints for which it went well.
    pub vpc_endpoints: BTreeSet<VpcEndpointId>,
    /// The endpoints that AWS's answer lists as `unsuccessful`.
    pub unsuccessful: BTreeSet<VpcEndpointId>,
    /// Why the whole call failed, when it did.
    pub error_code: Option<String>,
    /// The ARN of the caller.
    pub caller: Option<String>,
}

/// The calls that change endpoints or connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Action {
    /// A client made an endpoint.
    CreateVpcEndpoint,
    /// A client changed one: its subnets, say.
    ModifyVpcEndpoint,
    /// A client deleted some.
    DeleteVpcEndpoints,
    /// The provider accepted connections.
    AcceptVpcEndpointConnections,
    /// The provider rejected connections.
    RejectVpcEndpointConnections,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
