//! `zonelink status`: how every endpoint is, and what is held.

mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::answer::Answer;
use crate::columns::width;
use crate::context::Context;
use crate::failure::{self, Failure};
use crate::fleet::{EndpointView, Fleet, HoldView, SOURCES, Selection, Status as Word};
use crate::installation::{Installation, Named};
use crate::options::Format;
use crate::pace::pause;

/// Shows how every endpoint is, and what is held.
///
/// The state is what EC2 says now; all else is what the table says, and each answer names the source of each column.
/// Route 53 is not read: the addresses are those that zonelink last wrote.
///
/// Status: not configured (available, and no record has it), pending, active, deleting, deleted, failed, rejected, held
/// (something of it is held, whatever else is true), unknown.
///
/// Where many are held for one reason, they are shown together, and the reason that holds most endpoints comes first.
/// On a terminal, columns that do not fit are left out. -o wide shows each hold and every column.
///
/// Exit codes: 0 nothing is held, 1 it could not be read, 3 something is held.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    selection: Selection,
    /// Only what is held
    #[arg(long)]
    held: bool,
    /// Draw it again every so many seconds, until interrupted; 5 when left out
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    watch: Option<u16>,
}

/// The answer for programs.
#[derive(Debug, Serialize)]
struct Report<'a> {
    installation: Named,
    /// When it was read.
    read_at: Timestamp,
    /// Where each field of an endpoint comes from.
    sources: BTreeMap<&'static str, &'static str>,
    /// How many endpoints have each status.
    totals: BTreeMap<Word, usize>,
    endpoints: Vec<&'a EndpointView>,
    holds: Vec<&'a HoldView>,
    /// Items of the table that this version cannot read.
    unreadable: &'a [String],
}

impl Status {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let format = context.common.output;
        if self.watch.is_some() && format == Format::Json {
            let what = "--watch draws for people, and a JSON document comes once";
            return Err(Failure::usage(what, "leave --watch out, or -o json").into());
        }
        let installation = context.installation().await?;
        let answer = self.look(&installation, format).await?;
        match self.watch {
            Some(seconds) => self.draw_again(&installation, format, answer, seconds).await,
            None => Ok(answer),
        }
    }

    async fn look(&self, installation: &Installation, format: Format) -> anyhow::Result<Answer> {
        let fleet = Fleet::read(&installation.worker).await?;
        self.refuse_unknown(&fleet)?;
        let wanted = |endpoint: &&EndpointView| !self.held || endpoint.status == Word::Held;
        let endpoints: Vec<_> = fleet.selected(&self.selection).filter(wanted).collect();
        let mut totals = BTreeMap::new();
        for endpoint in &endpoints {
            *totals.entry(endpoint.status).or_default() += 1;
        }
        let report = Report {
            installation: installation.named(),
            read_at: fleet.read_at,
            sources: SOURCES.into(),
            totals,
            endpoints,
            holds: fleet.selected_holds(&self.selection),
            unreadable: &fleet.unreadable,
        };
        let held = !report.holds.is_empty();
        Ok(Answer::new(&report, report.text(format == Format::Wide, width()))?.held_if(held))
    }

    /// Draws it again and again, until somebody interrupts it or nobody reads it any more. A look that fails is said,
    /// and the next one follows all the same.
    async fn draw_again(
        &self,
        installation: &Installation,
        format: Format,
        first: Answer,
        seconds: u16,
    ) -> anyhow::Result<Answer> {
        let mut answer = Some(first);
        loop {
            if let Some(answer) = answer
                && !answer.redraw()?
            {
                return Ok(Answer::raw(""));
            }
            pause(Duration::from_secs(seconds.into())).await;
            answer = match self.look(installation, format).await {
                Ok(answer) => Some(answer),
                Err(error) => {
                    failure::show(&error);
                    None
                }
            };
        }
    }

    /// A service that nothing knows is a slip of the pen, not one without endpoints.
    fn refuse_unknown(&self, fleet: &Fleet) -> Result<(), Failure> {
        let Some(service) = &self.selection.service else { return Ok(()) };
        let of_service = |endpoint: &EndpointView| endpoint.service == *service;
        if fleet.policy.services.contains_key(service) || fleet.endpoints.iter().any(of_service) {
            return Ok(());
        }
        let defined: Vec<_> = fleet.policy.services.keys().map(ToString::to_string).collect();
        let what = format!("{service} is not defined here, and no claim is for it");
        Err(Failure::new(what, format!("defined are: {}", defined.join(", "))))
    }
}
