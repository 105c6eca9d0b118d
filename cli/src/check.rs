//! `zonelink check`: whether a service definition would be accepted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use shared::policy::ServiceDefinition;

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
        Ok(format!(
            "{} publishes {} with TTL {}; may connect: {}",
            definition.service,
            names.join(", "),
            definition.ttl.seconds(),
            if principals.is_empty() { "nobody".into() } else { principals.join(", ") }
        ))
    }
}

/// Reads one definition from a file.
pub(crate) fn definition(file: &Path) -> anyhow::Result<ServiceDefinition> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no service definition", file.display()))
}
