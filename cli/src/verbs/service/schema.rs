//! `zonelink service schema`: the form of a definition, for editors and checks elsewhere.

use crate::answer::Answer;

/// The published schema.
const SCHEMA: &str = include_str!("../../../../schemas/service-definition.schema.json");

/// Prints the JSON Schema (2020-12) of a service definition.
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {}

impl Schema {
    #[expect(clippy::unused_self, reason = "every verb runs on itself")]
    pub(crate) fn run(&self) -> Answer {
        Answer::raw(SCHEMA)
    }
}
