//! The definitions that there are, as the functions judge them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shared::aws::{StoredDefinition, Worker};
use shared::model::ids::ServiceId;

use crate::failure::Failure;
use crate::installation::Installation;

/// A definition and what the functions make of it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ListedDefinition {
    /// The service; the item's sort key when that is no service id.
    pub(super) service: String,
    /// Who defines it.
    pub(super) source: Source,
    /// What the functions make of it.
    pub(super) state: State,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// What it says.
    pub(super) definition: Value,
    /// As it stands in the table.
    #[serde(skip)]
    pub(super) stored: Option<StoredDefinition>,
}

/// Who defines a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// The stack's parameters.
    Stack,
    /// An item of the table.
    Table,
}

/// What the functions make of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// They do as it says.
    InForce,
    /// They do nothing for it.
    Refused,
    /// It is being ended: its records go or are let go.
    Removed,
}

impl Source {
    pub(super) fn words(self) -> &'static str {
        match self {
            Source::Stack => "stack parameters",
            Source::Table => "table",
        }
    }
}

impl ListedDefinition {
    /// The state in words.
    pub(super) fn words(&self) -> String {
        match (self.state, &self.reason) {
            (State::InForce, _) => "in force".to_owned(),
            (State::Refused, reason) => format!("refused: {}", reason.as_deref().unwrap_or_default()),
            (State::Removed, _) => match self.definition.get("removed").and_then(Value::as_str) {
                Some("keep_records") => "ending, records stay".to_owned(),
                _ => "ending, records go".to_owned(),
            },
        }
    }
}

/// All definitions: the stack's own first, then the table's by service.
pub(super) async fn all(installation: &Installation) -> anyhow::Result<Vec<ListedDefinition>> {
    let worker: &Worker = &installation.worker;
    let refused = worker.definitions().await?.refused;
    let stored = worker.cloud.stored_definitions().await?;
    let own = installation.config().own_service.as_ref();
    let ends_own = |item: &StoredDefinition| {
        own.is_some_and(|own| own.service.as_str() == item.key) && item.definition.get("removed").is_some()
    };
    let mut listed = Vec::new();
    if let Some(own) = own.filter(|_| !stored.iter().any(ends_own)) {
        listed.push(ListedDefinition {
            service: own.service.to_string(),
            source: Source::Stack,
            state: State::InForce,
            reason: None,
            definition: serde_json::to_value(own)?,
            stored: None,
        });
    }
    listed.extend(stored.into_iter().map(|item| judged(item, &refused)));
    Ok(listed)
}

fn judged(stored: StoredDefinition, refused: &BTreeMap<String, String>) -> ListedDefinition {
    let reason = refused.get(&stored.key).cloned();
    let removed = stored.definition.get("removed").is_some_and(|removed| !removed.is_null());
    let state = match (&reason, removed) {
        (_, true) => State::Removed,
        (Some(_), false) => State::Refused,
        (None, false) => State::InForce,
    };
    let reason = reason.filter(|_| state == State::Refused);
    let definition = stored.definition.clone();
    ListedDefinition {
        service: stored.key.clone(),
        source: Source::Table,
        state,
        reason,
        definition,
        stored: Some(stored),
    }
}

/// The one of this service.
pub(super) fn find(listed: Vec<ListedDefinition>, service: &ServiceId) -> Result<ListedDefinition, Failure> {
    let names: Vec<String> = listed.iter().map(|listed| listed.service.clone()).collect();
    // What the table says of the stack's own service is of no account while the stack's word counts.
    listed.into_iter().find(|listed| listed.service == service.as_str()).ok_or_else(|| {
        let defined = if names.is_empty() { "none is".to_owned() } else { names.join(", ") };
        Failure::new(format!("{service} is not defined here"), format!("defined are: {defined}"))
    })
}
