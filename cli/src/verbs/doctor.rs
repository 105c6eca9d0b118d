//! `zonelink doctor`: why a client cannot connect.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use shared::model::facts::VpcEndpointState;
use shared::model::ids::{VpcEndpointId, VpcId};

use crate::answer::Answer;
use crate::context::Context;
use crate::doctor::{Examined, HINT, Many, News, Reader, text, text_of_all};
use crate::failure::Failure;
use crate::fleet::{EndpointView, Fleet, Status};
use crate::options::Format;
use crate::pace::Pace;
use crate::terminal::{count, note};

/// Says why a client cannot connect.
///
/// Looks at everything between the client and the service, from the connection to the record and the targets behind the
/// load balancer, in both accounts. Each check says what it found, a verdict, and the command or setting that mends it.
/// It changes nothing.
///
/// --all says what fails and what warns, each cause once with the endpoints that it concerns; -o wide says every cause
/// with its remedy, -o json has every check of all. Meanwhile standard error says what is found and how far it is. VPCs
/// are looked at side by side, within the share of each account's Route 53 requests that the functions keep to: only the
/// room that this takes is written.
///
/// Verdicts: ok; warn, it works and somebody should know this; fail, clients cannot connect, or not all of them;
/// unknown, it could not be seen, and the remedy says what would let it be seen.
///
/// Exit codes: 0 no check fails, 1 it, or a part of it, could not be read, 2 wrong arguments, 3 a check fails.
#[derive(Debug, clap::Args)]
#[group(id = "whom", required = true, multiple = false)]
pub(crate) struct Doctor {
    /// An endpoint, `vpce-…`, or a VPC, `vpc-…`, with all its endpoints
    #[arg(value_name = "VPC|ENDPOINT", group = "whom")]
    subject: Option<Subject>,
    /// All endpoints of this installation: what fails, by its cause, and whom it concerns
    #[arg(long, group = "whom")]
    all: bool,
    #[command(flatten)]
    more: More,
}

/// Apart, so that it is no alternative to the others.
#[derive(Debug, clap::Args)]
struct More {
    /// The port on which clients connect; else the ports of the load balancer's listeners
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// End after so long, and name the endpoints that were not looked at
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    timeout: u32,
}

/// Whose connections are looked at.
#[derive(Debug, Clone)]
enum Subject {
    Endpoint(VpcEndpointId),
    Vpc(VpcId),
}

/// Who was looked at, and who was not for want of time.
#[derive(Default)]
struct Looks {
    examined: Vec<Examined>,
    not_examined: Vec<VpcEndpointId>,
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("vpce-svc-") {
            return Err("a service has many clients: give an endpoint, a VPC, or --all".into());
        }
        if text.starts_with("vpce-") {
            return text
                .parse()
                .map(Subject::Endpoint)
                .map_err(|error: shared::model::ids::InvalidId| error.to_string());
        }
        text.parse().map(Subject::Vpc).map_err(|error: shared::model::ids::InvalidId| error.to_string())
    }
}

impl Doctor {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        if self.all {
            // Before anything is asked, so that nobody wonders whether it does anything.
            note(&format!("stack {}: reading which endpoints there are", context.common.stack));
        }
        let installation = context.installation().await?;
        let caller = installation.caller().await?.arn;
        let fleet = Fleet::read(&installation.worker).await?;
        let wanted: Vec<_> = fleet.endpoints.iter().filter(|endpoint| self.wants(endpoint)).collect();
        let examined = if self.all {
            self.side_by_side(&Many::new(&installation, &fleet, &caller, self.more.port, &wanted), &wanted)
                .await?
        } else {
            self.in_turn(Reader::new(&installation, &fleet, caller, self.more.port), &wanted).await?
        };
        let Looks { examined, not_examined } = examined;
        self.say_not_examined(&not_examined);
        if not_examined.is_empty() {
            self.refuse_nothing(&examined)?;
        }
        let failed = examined.iter().any(Examined::has_failed);
        let report = json!({
            "installation": installation.named(),
            "read_at": fleet.read_at,
            "endpoints": examined,
            "not_examined": not_examined,
            "hint": HINT,
        });
        let is_wide = context.common.output == Format::Wide;
        let text = if self.all { text_of_all(&examined, is_wide) } else { text(&examined) };
        let answer = Answer::new(&report, text)?;
        Ok(if not_examined.is_empty() { answer.held_if(failed) } else { answer.failed() })
    }

    fn within(&self) -> Duration {
        Duration::from_secs(self.more.timeout.into())
    }

    /// Looks at one endpoint after the other: of a VPC there are few.
    async fn in_turn(&self, mut reader: Reader<'_>, wanted: &[&EndpointView]) -> anyhow::Result<Looks> {
        let mut looks = Looks::default();
        let mut pace = Pace::new(wanted.len(), "endpoint");
        for (number, endpoint) in wanted.iter().enumerate() {
            pace.at(number);
            if pace.is_over(self.within()) {
                looks.not_examined.push(endpoint.vpc_endpoint.clone());
                continue;
            }
            let facts = reader.facts(endpoint).await?;
            // Of an endpoint that no function has seen, only EC2 knows the VPC.
            if !matches!(&self.subject, Some(Subject::Vpc(vpc)) if facts.vpc.as_ref() != Some(vpc)) {
                looks.examined.push(Examined::by(&facts));
            }
        }
        Ok(looks)
    }

    /// Looks at many, and says on standard error how long it will take, what is found, and how far it is.
    async fn side_by_side(&self, many: &Many<'_>, wanted: &[&EndpointView]) -> anyhow::Result<Looks> {
        note(&many.outlook());
        let told = Mutex::new((Pace::with_bar(wanted.len(), "endpoint"), News::default()));
        let tell = |examined: &Examined, done| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let (pace, news) = &mut *told;
            news.of(examined).iter().for_each(|line| pace.say(line));
            pace.at(done);
        };
        let examined = many.look(self.within(), tell).await;
        told.lock().unwrap_or_else(PoisonError::into_inner).0.clear();
        let examined = examined?;
        let done: BTreeSet<_> = examined.iter().map(|one| (&one.service, &one.vpc_endpoint)).collect();
        let left = wanted.iter().filter(|one| !done.contains(&(&one.service, &one.vpc_endpoint)));
        let not_examined = left.map(|endpoint| endpoint.vpc_endpoint.clone()).collect();
        Ok(Looks { examined, not_examined })
    }

    fn say_not_examined(&self, not_examined: &[VpcEndpointId]) {
        if let [first, ..] = not_examined {
            let (seconds, left) = (self.more.timeout, count(not_examined.len(), "endpoint"));
            note(&format!(
                "not looked at within {seconds} s: {left}, from {first} on\n\
                 remedy: give more time with --timeout, or look at single endpoints or VPCs"
            ));
        }
    }

    /// Endpoints that are gone are of interest only when asked for.
    fn wants(&self, endpoint: &EndpointView) -> bool {
        let is_gone =
            endpoint.status == Status::Deleted || endpoint.state == Some(VpcEndpointState::Deleting);
        match &self.subject {
            Some(Subject::Endpoint(id)) => endpoint.vpc_endpoint == *id,
            Some(Subject::Vpc(vpc)) => !is_gone && endpoint.vpc.as_ref().is_none_or(|of| of == vpc),
            None => !is_gone,
        }
    }

    fn refuse_nothing(&self, examined: &[Examined]) -> Result<(), Failure> {
        let (what, remedy) = match &self.subject {
            _ if !examined.is_empty() => return Ok(()),
            Some(Subject::Endpoint(id)) => (
                format!(
                    "{id} is connected to no service that is defined here, and nothing is remembered of it"
                ),
                "the client compares the endpoint's service name and region with the stack's output ServiceName; zonelink status lists \
                 the endpoints that are known",
            ),
            Some(Subject::Vpc(vpc)) => (
                format!("{vpc} has no endpoint of a service that is defined here"),
                "the client makes one: aws ec2 create-vpc-endpoint with the stack's output ServiceName; zonelink status lists those that \
                 are known",
            ),
            None => {
                ("there is no endpoint yet".to_owned(), "a client makes one: aws ec2 create-vpc-endpoint")
            }
        };
        Err(Failure::new(what, remedy))
    }
}
