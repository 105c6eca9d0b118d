//! `zonelink service apply`: definitions from a file into the table.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};
use shared::aws::{DefinitionChange, StoredDefinition};
use shared::error::Error;
use shared::model::ids::ServiceId;

use super::difference::{Difference, between};
use crate::answer::Answer;
use crate::context::Context;
use crate::definition_file::{self, Defined, known_fields};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal::{count, note};

/// Writes the definitions of a file into the table.
///
/// Says first what changes, field by field. A definition is written only if it still is what was compared with, and
/// each write is journalled. Definitions that the file does not name stay as they are.
///
/// Exit codes: 0 all is as the file says, 1 something was not written, 3 with --dry-run: something would change.
#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    /// Definitions in YAML or JSON: one, several documents, or a list under `services`; - is standard input
    file: PathBuf,
    /// Say what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// What becomes of one definition.
#[derive(Debug, Serialize)]
struct Edit {
    service: ServiceId,
    action: Action,
    changes: Vec<Difference>,
    /// Fields of the table that this version does not know, and leaves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<String>,
    #[serde(skip)]
    before: Option<StoredDefinition>,
    #[serde(skip)]
    after: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Create,
    Change,
    None,
}

impl Apply {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let defined = definition_file::read(&self.file)?;
        let installation = context.installation().await?;
        for one in &defined {
            refuse(one, &installation)?;
        }
        let stored = installation.worker.cloud.stored_definitions().await?;
        let edits: Vec<Edit> = defined.iter().map(|one| edit(one, &stored)).collect();
        let text: Vec<String> = edits.iter().map(|edit| edit.words(self.dry_run)).collect();
        let differs = edits.iter().any(|edit| edit.action != Action::None);
        let report = json!({"dry_run": self.dry_run, "definitions": edits});
        if self.dry_run {
            return Ok(Answer::new(&report, text.join("\n"))?.held_if(differs));
        }
        if differs {
            note(&text.join("\n"));
            write(&installation, &edits).await?;
        }
        let written = edits.iter().filter(|edit| edit.action != Action::None).count();
        let rest = edits.len() - written;
        let said = format!("{} written, {rest} unchanged", count(written, "definition"));
        Answer::new(&report, said)
    }
}

/// What the file must not say here.
fn refuse(one: &Defined, installation: &Installation) -> Result<(), Failure> {
    let service = &one.definition.service;
    let own = installation.config().own_service.as_ref();
    if own.is_some_and(|own| own.service == *service) {
        return Err(Failure::new(
            format!("{service} is the stack's own service, and the stack's parameters define it"),
            "change the stack's parameters (RecordName, AllowedPrincipals, …), or leave it out of the file",
        ));
    }
    if one.value.get("removed").is_some() {
        return Err(Failure::new(
            format!("{service}: a file does not end a service (field removed)"),
            "use zonelink service remove",
        ));
    }
    Ok(())
}

fn edit(one: &Defined, stored: &[StoredDefinition]) -> Edit {
    let service = one.definition.service.clone();
    let before = stored.iter().find(|stored| stored.key == service.as_str()).cloned();
    let mut after = one.value.clone();
    let mut kept = Vec::new();
    let known = known_fields();
    let fields = before.as_ref().and_then(|before| before.definition.as_object()).into_iter().flatten();
    for (field, value) in fields {
        // What only another version knows is not ours to drop; that a service was being ended is over.
        if !known.contains(field) && field != "removed" {
            after[field] = value.clone();
            kept.push(field.clone());
        }
    }
    let said = before.as_ref().map_or(Value::Null, |before| before.definition.clone());
    let changes = between(&said, &after);
    let action = match (&before, changes.is_empty()) {
        (None, _) => Action::Create,
        (Some(_), false) => Action::Change,
        (Some(_), true) => Action::None,
    };
    Edit { service, action, changes, kept, before, after }
}

impl Edit {
    fn words(&self, dry_run: bool) -> String {
        let verb = match (self.action, dry_run) {
            (Action::Create, true) => "would be created",
            (Action::Create, false) => "will be created",
            (Action::Change, true) => "would be changed",
            (Action::Change, false) => "will be changed",
            (Action::None, _) => "stays as it is",
        };
        let mut lines = vec![format!("{} {verb}", self.service)];
        let changes =
            self.changes.iter().filter(|change| self.action != Action::Create || change.field != "service");
        lines.extend(changes.map(|change| format!("  {}", change.words())));
        lines.extend(self.kept.iter().map(|field| format!("  {field} stays: this version does not know it")));
        lines.join("\n")
    }
}

async fn write(installation: &Installation, edits: &[Edit]) -> anyhow::Result<()> {
    let cause = format!("zonelink service apply by {}", installation.caller().await?.arn);
    let mut written: Vec<&str> = Vec::new();
    for edit in edits.iter().filter(|edit| edit.action != Action::None) {
        let change = DefinitionChange {
            service: &edit.service,
            before: edit.before.as_ref(),
            after: Some(&edit.after),
            cause: &cause,
            changes: edit.changes.iter().map(Difference::words).collect(),
        };
        installation
            .worker
            .cloud
            .change_definition(change)
            .await
            .map_err(|error| failed(&edit.service, &written, error))?;
        written.push(edit.service.as_str());
    }
    Ok(())
}

fn failed(service: &ServiceId, written: &[&str], error: Error) -> anyhow::Error {
    let before = if written.is_empty() { "nothing".to_owned() } else { written.join(", ") };
    if error.is_condition_failed() {
        return Failure::new(
            format!("{service} was changed by somebody else meanwhile, and was left as it is; written before it: {before}"),
            "look at it with zonelink service show, and apply the file again",
        )
        .into();
    }
    anyhow::Error::from(error).context(format!("{service} was not written; written before it: {before}"))
}
