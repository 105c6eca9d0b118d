//! EC2 records of CloudTrail, read tolerantly.
//!
//! EC2 answers in XML, and CloudTrail turns that into JSON by rules of its own: parameters and answer
//! stand in one wrapper (`CreateVpcEndpointRequest`) or bare; a list is an object when it has one element
//! and an array when it has several (`{"tag":1,"content":…}` in requests, `{"item":…}` in answers), and
//! `""` when it has none; digits become numbers. No published type covers this, so members are found by
//! name and lists are flattened, whatever form they have.

use std::collections::BTreeSet;

use serde_json::Value;

use super::call::{Action, ApiCall};
use super::envelope::{Envelope, InvalidEvent};
use crate::model::ids::{AccountId, ServiceId, VpcEndpointId};
use crate::quoted::quoted;

pub(super) fn api_call(envelope: &Envelope, action: Action) -> Result<ApiCall, InvalidEvent> {
    let record = &envelope.detail;
    let request = unwrapped(&record["requestParameters"], &format!("{action}Request"));
    let response = unwrapped(&record["responseElements"], &format!("{action}Response"));
    let error_code = record["errorCode"].as_str().map(quoted);

    check_account(envelope)?;
    let unsuccessful = ids(member(response, "unsuccessful"), "resourceId");
    let named = match action {
        Action::CreateVpcEndpoint => ids(member(response, "vpcEndpoint"), "vpcEndpointId"),
        _ => ids(member(request, "VpcEndpointId"), ""),
    };
    if named.is_empty() && error_code.is_none() {
        return Err(InvalidEvent::new(format!(
            "the record of {action} ({}) names no VPC endpoint (vpce-…)",
            record["eventID"]
        )));
    }
    Ok(ApiCall {
        id: envelope.event_id(),
        account: envelope.account.clone(),
        region: envelope.region.clone(),
        time: record["eventTime"].as_str().and_then(|time| time.parse().ok()).or(envelope.time),
        action,
        service: service(request),
        vpc_endpoints: named.difference(&unsuccessful).cloned().collect(),
        unsuccessful,
        error_code,
        caller: record["userIdentity"]["arn"].as_str().map(ToOwned::to_owned),
    })
}

/// The envelope's account is EventBridge's word. A record that names another recipient was not made by
/// CloudTrail for this account.
pub(super) fn check_account(envelope: &Envelope) -> Result<(), InvalidEvent> {
    let recipient = &envelope.detail["recipientAccountId"];
    let account = match recipient {
        Value::Null => return Ok(()),
        Value::Number(number) => number.as_u64().and_then(AccountId::from_number),
        other => other.as_str().and_then(|text| text.parse().ok()),
    };
    if account.as_ref() == Some(&envelope.account) {
        return Ok(());
    }
    Err(InvalidEvent::new(format!(
        "recipientAccountId is {recipient}, but the event came from account {}",
        envelope.account
    )))
}

fn unwrapped<'a>(parameters: &'a Value, wrapper: &str) -> &'a Value {
    parameters.get(wrapper).unwrap_or(parameters)
}

/// A member by name; the case of its first letter and a plural or `Set` at its end make no difference.
fn member<'a>(object: &'a Value, name: &str) -> &'a Value {
    let same = |key: &str| {
        let key = key.strip_suffix("Set").unwrap_or(key);
        key.eq_ignore_ascii_case(name)
            || key.strip_suffix('s').is_some_and(|key| key.eq_ignore_ascii_case(name))
    };
    let found = object.as_object().and_then(|members| members.iter().find(|(key, _)| same(key)));
    found.map_or(&Value::Null, |(_, value)| value)
}

/// The endpoint ids in a list of any form. Of elements that are objects with several members, the one
/// called `field` counts.
fn ids(list: &Value, field: &str) -> BTreeSet<VpcEndpointId> {
    let mut ids = BTreeSet::new();
    let mut rest = vec![list];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) => ids.extend(text.parse()),
            Value::Array(elements) => rest.extend(elements),
            Value::Object(members) => rest.extend(
                members.iter().filter(|(key, _)| is_list_key(key) || key.as_str() == field).map(|(_, v)| v),
            ),
            _ => {}
        }
    }
    ids
}

fn is_list_key(key: &str) -> bool {
    matches!(key, "content" | "item" | "items")
}

fn service(request: &Value) -> Option<ServiceId> {
    let by_id = member(request, "ServiceId").as_str().and_then(|id| id.parse().ok());
    by_id.or_else(|| member(request, "ServiceName").as_str().and_then(ServiceId::from_service_name))
}
