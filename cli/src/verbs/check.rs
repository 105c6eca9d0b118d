//! `zonelink check`: whether service definitions would be accepted.

use std::path::PathBuf;

use serde_json::Value;
use shared::model::policy::{
    Adopt, Disallowed, OnRemove, Principal, ServiceDefinition, SharedZones, UnneededZones, WriteTo,
    ZoneChoice,
};

use crate::answer::Answer;
use crate::definition_file;

/// Checks service definitions as the functions would, without AWS.
///
/// Exit codes: 0 they are sound, 1 they are not.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Definitions in YAML or JSON: one, several documents, or a list under `services`; - is standard input
    file: PathBuf,
}

impl Check {
    pub(crate) fn run(&self) -> anyhow::Result<Answer> {
        let defined = definition_file::read(&self.file)?;
        let words: Vec<String> = defined.iter().map(|one| words(&one.definition)).collect();
        let sound: Vec<&Value> = defined.iter().map(|one| &one.value).collect();
        Answer::new(&sound, words.join("\n"))
    }
}

/// What a definition says, in words.
fn words(definition: &ServiceDefinition) -> String {
    let names: Vec<_> = definition.names.iter().map(ToString::to_string).collect();
    let principals: Vec<_> = definition.allowed_principals.iter().map(ToString::to_string).collect();
    let mut lines = vec![format!(
        "{} publishes {} with TTL {}; may connect: {}",
        definition.service,
        names.join(", "),
        definition.ttl.seconds(),
        if principals.is_empty() { "nobody".into() } else { principals.join(", ") }
    )];
    lines.extend(acceptance(definition));
    if definition.adopt == Adopt::Any {
        lines.push("adopt any: records of others at these names are taken over, whatever they hold".into());
    }
    if definition.on_remove == OnRemove::Delete {
        lines.push("on_remove delete: records that stood there before go with the last endpoint".into());
    }
    if definition.shared_zones == SharedZones::Merge {
        lines.push("shared_zones merge: VPCs that share a zone get each other's addresses".into());
    }
    if definition.write == WriteTo::Answering {
        lines.push("write answering: of a VPC's zones only the closest to a name gets its record".into());
    }
    if definition.zones == ZoneChoice::Create {
        lines.push(
            "zones create: a VPC that no zone answers gets one, where its account has MayCreateZones".into(),
        );
    }
    if definition.unneeded_zones == UnneededZones::Delete {
        lines.push(
            "unneeded_zones delete: a zone that was made goes when nothing needs it and nobody else uses it, where its \
             account has MayDeleteZones"
                .into(),
        );
    }
    lines.join("\n")
}

/// What its allow list asks of AWS, and what becomes of those who are not on it.
fn acceptance(definition: &ServiceDefinition) -> Vec<String> {
    let mut lines = Vec::new();
    let principals = &definition.allowed_principals;
    if principals.iter().any(|principal| principal.organization().is_some()) {
        lines.push(
            "organizations: who is a member is read with ReadOrganizations or OrganizationsRoleArn".into(),
        );
    }
    if principals.contains(&Principal::ServicePermissions) {
        lines.push("service-permissions: accounts only; everybody (*), users and roles match nobody".into());
    }
    if principals.contains(&Principal::Connected) {
        lines.push("connected: whoever AWS has connected gets records, and nobody is accepted by it".into());
    }
    match (definition.disallowed, definition.revocation_grace) {
        (Disallowed::Leave, _) => {}
        (Disallowed::Reject, _) if principals.is_empty() => {
            lines.push("disallowed reject: nobody is rejected while nobody may connect".into());
        }
        (Disallowed::Reject, 0) => lines.push("disallowed reject: others are rejected at once, connected or not".into()),
        (Disallowed::Reject, grace) => lines.push(format!(
            "disallowed reject: others are rejected when they ask, and {grace} s after they are allowed no more"
        )),
    }
    lines
}
