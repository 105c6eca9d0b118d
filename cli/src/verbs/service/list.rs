//! `zonelink service list`: all definitions, and what the functions make of them.

use serde_json::{Value, json};

use super::definitions::{State, all};
use super::difference::shown;
use crate::answer::Answer;
use crate::columns::table;
use crate::context::Context;
use crate::terminal::count;

/// Lists all definitions, and what the functions make of them.
///
/// Exit codes: 0 all are in force, 3 one is refused.
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

impl List {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let listed = all(&context.installation().await?).await?;
        let refused = listed.iter().any(|listed| listed.state == State::Refused);
        let field = |value: &Value, name: &str| value.get(name).map(shown).unwrap_or_default();
        let principals = |value: &Value| {
            value.get("allowed_principals").and_then(Value::as_array).map_or(0, Vec::len).to_string()
        };
        let rows = listed.iter().map(|listed| {
            let (source, definition) = (listed.source.words().to_owned(), &listed.definition);
            let names = field(definition, "names");
            [listed.service.clone(), source, names, principals(definition), listed.words()]
        });
        let header = ["service", "defined by", "names", "allowed principals", "state"];
        let text = format!("{}\n\n{}", table(&header, rows), count(listed.len(), "service"));
        Ok(Answer::new(&json!({"services": listed}), text)?.held_if(refused))
    }
}
