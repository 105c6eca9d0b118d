//! `zonelink service remove`: ends a service.

use std::time::Duration;

use serde_json::{Value, json};
use shared::aws::DefinitionChange;
use shared::model::ids::ServiceId;

use super::definitions::{ListedDefinition, Source, State, all, find};
use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::question::confirm;
use crate::terminal::{count, note};

/// Between two looks at what is left.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Ends a service: publishes nothing for it any more, and lets its records go or stay.
///
/// The definition is marked, and the sweeps bring it about. Once no record is claimed for the service any more, a
/// second call, or --wait, deletes the definition. The stack's own service is ended in the same way, before the stack
/// is deleted; its mark stays.
///
/// Exit codes: 0 it is done, 3 it is under way.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("records").required(true))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Remove {
    /// The endpoint service, `vpce-svc-…`
    service: ServiceId,
    /// Leave the record sets as they are, and let go of them
    #[arg(long, group = "records")]
    keep_records: bool,
    /// Delete the record sets, as if the last endpoint had gone
    #[arg(long, group = "records")]
    delete_records: bool,
    /// Take the mark back: the service is in force again
    #[arg(long, group = "records")]
    cancel: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Wait until no record is claimed for the service any more
    #[arg(long, conflicts_with = "cancel")]
    wait: bool,
    /// How long to wait at most
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, requires = "wait")]
    timeout: u64,
}

impl Remove {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let listed = find(all(&installation).await?, &self.service)?;
        if self.cancel {
            return self.take_back(&installation, &listed).await;
        }
        let word = if self.keep_records { "keep_records" } else { "delete_records" };
        let left = claims_left(&installation, &self.service).await?;
        let marked = listed.definition.get("removed").and_then(Value::as_str) == Some(word);
        let over = listed.state == State::Removed && left == 0;
        if !(marked || over) {
            let effect = if self.keep_records { "stays and is let go of" } else { "is deleted" };
            let records = count(left, "record");
            confirm(&format!("End {}? It has {records}; each {effect}.", self.service), self.yes)?;
            self.mark(&installation, &listed, word).await?;
            if !self.wait {
                let said =
                    format!("{} ends: {} left. {}", self.service, count(left, "claim"), self.next(left));
                return self.answer("ending", left, said).map(|answer| answer.held_if(true));
            }
            note(&self.next(left));
        }
        self.finish(&installation, left).await
    }

    /// What goes on with it, and the command that does so at once.
    fn next(&self, left: usize) -> String {
        let (how, allow) = if self.keep_records {
            ("The next sweep lets go of all", String::new())
        } else {
            (
                "A sweep deletes as many as MaxDeletes says and holds the others",
                format!(" --allow-deletes {left}"),
            )
        };
        format!("{how}; all at once:\n  zonelink backfill --service {}{allow}", self.service)
    }

    /// Deletes the definition if nothing is left.
    async fn finish(&self, installation: &Installation, left: usize) -> anyhow::Result<Answer> {
        let left = if self.wait { self.until_nothing_is_left(installation, left).await? } else { left };
        let service = &self.service;
        if left > 0 {
            let text = format!("{service} is ending: {} left. {}", count(left, "claim"), self.next(left));
            return self.answer("ending", left, text).map(|answer| answer.held_if(true));
        }
        let listed = find(all(installation).await?, service)?;
        let own = installation.config().own_service.as_ref();
        if own.is_some_and(|own| own.service == *service) {
            let remedy = "delete the stack, or give --cancel";
            let why = "The mark stays, or the stack's parameters would count again";
            return self.answer(
                "ended",
                0,
                format!("{service} has ended: no claim is left. {why}: {remedy}"),
            );
        }
        self.write(installation, &listed, None, vec!["definition deleted: no claim is left".into()]).await?;
        let text = format!("{service} has ended: no claim is left, and its definition is deleted");
        self.answer("deleted", 0, text)
    }

    /// Looks until nothing is left or the time is over; gives what is left then.
    async fn until_nothing_is_left(
        &self,
        installation: &Installation,
        mut left: usize,
    ) -> anyhow::Result<usize> {
        let seconds = i64::try_from(self.timeout).unwrap_or(i64::MAX);
        let until = installation.worker.now().as_second().saturating_add(seconds);
        let mut said = None;
        while left > 0 && installation.worker.now().as_second() < until {
            if said != Some(left) {
                note(&format!("{} left", count(left, "claim")));
                said = Some(left);
            }
            #[expect(clippy::disallowed_methods, reason = "a person asked to wait; no function runs here")]
            tokio::time::sleep(LOOK_AGAIN).await;
            left = claims_left(installation, &self.service).await?;
        }
        Ok(left)
    }

    async fn take_back(
        &self,
        installation: &Installation,
        listed: &ListedDefinition,
    ) -> anyhow::Result<Answer> {
        if listed.state != State::Removed {
            let remedy = "see zonelink service list";
            return Err(Failure::new(format!("{} is not being ended", self.service), remedy).into());
        }
        confirm(&format!("Put {} in force again?", self.service), self.yes)?;
        let own = installation.config().own_service.as_ref();
        let mut definition = listed.definition.clone();
        definition.as_object_mut().map(|fields| fields.remove("removed"));
        let after = own.is_none_or(|own| own.service != self.service).then_some(&definition);
        self.write(installation, listed, after, vec!["removed: taken back".into()]).await?;
        self.answer(
            "in_force",
            claims_left(installation, &self.service).await?,
            format!("{} is in force again", self.service),
        )
    }

    async fn mark(
        &self,
        installation: &Installation,
        listed: &ListedDefinition,
        word: &str,
    ) -> anyhow::Result<()> {
        let mut definition = listed.definition.clone();
        let fields = definition.as_object_mut().ok_or_else(|| {
            let remedy = "correct it with zonelink service apply, or delete the item";
            Failure::new(format!("the definition of {} is no object", self.service), remedy)
        })?;
        fields.insert("removed".into(), word.into());
        self.write(installation, listed, Some(&definition), vec![format!("removed: {word}")]).await
    }

    async fn write(
        &self,
        installation: &Installation,
        listed: &ListedDefinition,
        after: Option<&Value>,
        changes: Vec<String>,
    ) -> anyhow::Result<()> {
        let cause = format!("zonelink service remove by {}", installation.caller().await?.arn);
        // The stack's own word stands in no item.
        let before = listed.stored.as_ref().filter(|_| listed.source == Source::Table);
        let change = DefinitionChange { service: &self.service, before, after, cause: &cause, changes };
        installation.worker.cloud.change_definition(change).await.map_err(|error| {
            if error.is_condition_failed() {
                let remedy = "look at it with zonelink service show, and repeat it";
                let what =
                    format!("{} was changed by somebody else meanwhile, and was left as it is", self.service);
                return Failure::new(what, remedy).into();
            }
            anyhow::Error::from(error)
        })
    }

    fn answer(&self, state: &str, left: usize, text: String) -> anyhow::Result<Answer> {
        Answer::new(&json!({"service": self.service, "state": state, "claims_left": left}), text)
    }
}

/// How many records are claimed for a service.
async fn claims_left(installation: &Installation, service: &ServiceId) -> anyhow::Result<usize> {
    let index = installation.worker.inspect_claim_index().await?;
    if let Some(first) = index.unreadable.first() {
        // A claim that cannot be read may be one of this service.
        let remedy = "use a version of zonelink that is as new as the functions";
        return Err(Failure::new(format!("not every claim can be read: {first}"), remedy).into());
    }
    Ok(index.items.iter().filter(|(_, claim)| claim.service == *service).count())
}
