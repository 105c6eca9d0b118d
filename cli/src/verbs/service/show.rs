//! `zonelink service show`: one definition.

use serde_json::Value;
use shared::model::ids::ServiceId;

use super::definitions::{State, all, find};
use super::difference::{between, shown};
use crate::answer::Answer;
use crate::columns::table;
use crate::context::Context;

/// Shows one definition.
///
/// `--output json` has the definition as `service apply` takes it, under `definition`.
///
/// Exit codes: 0 it is in force or being ended, 3 it is refused.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The endpoint service, `vpce-svc-…`
    service: ServiceId,
}

impl Show {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let listed = find(all(&context.installation().await?).await?, &self.service)?;
        let mut rows = vec![
            ["state".to_owned(), listed.words()],
            ["defined by".to_owned(), listed.source.words().to_owned()],
        ];
        let said = between(&Value::Null, &listed.definition);
        rows.extend(said.into_iter().map(|field| [field.field, shown(&field.after)]));
        let refused = listed.state == State::Refused;
        Ok(Answer::new(&listed, table(&["field", "value"], rows))?.held_if(refused))
    }
}
