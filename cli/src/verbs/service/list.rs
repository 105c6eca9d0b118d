//! `zonelink service list`: all definitions, and what the functions make of them.

use serde_json::{Value, json};

use super::difference::shown;
use super::known::{State, all};
use crate::answer::Answer;
use crate::context::Context;
use crate::terminal::{count, table};

/// Lists all definitions, and what the functions make of them.
///
/// Exit codes: 0 all are in force, 3 one is refused.
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

impl List {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let known = all(&context.installation().await?).await?;
        let refused = known.iter().any(|known| known.state == State::Refused);
        let field = |value: &Value, name: &str| value.get(name).map(shown).unwrap_or_default();
        let principals = |value: &Value| {
            value.get("allowed_principals").and_then(Value::as_array).map_or(0, Vec::len).to_string()
        };
        let rows = known.iter().map(|known| {
            let (source, definition) = (known.source.words().to_owned(), &known.definition);
            let names = field(definition, "names");
            [known.service.clone(), source, names, principals(definition), known.words()]
        });
        let header = ["service", "defined by", "names", "allowed principals", "state"];
        let text = format!("{}\n\n{}", table(&header, rows), count(known.len(), "service"));
        Ok(Answer::new(&json!({"services": known}), text)?.held_if(refused))
    }
}
