//! `zonelink explain`: why a record or an endpoint is as it is.

mod history;
mod subject;

use serde_json::json;

use crate::answer::Answer;
use crate::context::Context;
use crate::fleet::{Fleet, SOURCES};

/// Says why a record or an endpoint is as it is.
///
/// The claim, the endpoints that add to it, what is held, which rule let each of them connect, and all decisions and
/// changes of the last 90 days from the journal, in order.
///
/// Exit codes: 0 nothing of it is held, 1 nothing is known of it, 3 something is held.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// An endpoint, `vpce-…`; a name, `*.example.com`, in all its zones; or a name in one zone, `Z0123/*.example.com`
    #[arg(value_name = "RECORD|ENDPOINT")]
    subject: subject::Subject,
}

impl Explain {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let fleet = Fleet::read(&installation.worker).await?;
        let explanations = self.subject.explained(&installation.worker, &fleet).await?;
        let held = explanations.iter().any(|explanation| !explanation.holds.is_empty());
        let text: Vec<_> = explanations.iter().map(|explanation| explanation.text(fleet.read_at)).collect();
        let sources: std::collections::BTreeMap<_, _> = SOURCES.into();
        let report = json!({"read_at": fleet.read_at, "sources": sources, "explanations": explanations});
        Ok(Answer::new(&report, text.join("\n\n"))?.held_if(held))
    }
}
