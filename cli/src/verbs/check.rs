//! `zonelink check`: whether a service definition would be accepted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use shared::policy::{Adopt, Disallowed, OnRemove, Principal, ServiceDefinition, SharedZones};

/// Checks a definition.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// A service definition in JSON
    file: PathBuf,
}

impl Check {
    pub(crate) fn run(&self) -> anyhow::Result<String> {
        let definition = definition(&self.file)?;
        let names: Vec<_> = definition.names.iter().map(ToString::to_string).collect();
        let principals: Vec<_> = definition.allowed_principals.iter().map(ToString::to_string).collect();
        let mut lines = vec![format!(
            "{} publishes {} with TTL {}; may connect: {}",
            definition.service,
            names.join(", "),
            definition.ttl.seconds(),
            if principals.is_empty() { "nobody".into() } else { principals.join(", ") }
        )];
        lines.extend(acceptance(&definition));
        if definition.adopt == Adopt::Any {
            lines.push(
                "adopt any: records of others at these names are taken over, whatever they hold".into(),
            );
        }
        if definition.on_remove == OnRemove::Delete {
            lines.push("on_remove delete: records that stood there before go with the last endpoint".into());
        }
        if definition.shared_zones == SharedZones::Merge {
            lines.push("shared_zones merge: VPCs that share a zone get each other's addresses".into());
        }
        Ok(lines.join("\n"))
    }
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

/// Reads one definition from a file.
pub(crate) fn definition(file: &Path) -> anyhow::Result<ServiceDefinition> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let refused = || format!("{} is no service definition", file.display());
    // serde would take the members of a list too, in their order.
    ensure!(!text.trim_start().starts_with('['), "{}: it is a list, not an object", refused());
    let definition: ServiceDefinition = serde_json::from_str(&text).with_context(refused)?;
    definition.check().with_context(refused)?;
    Ok(definition)
}
