//! `zonelink doctor`: why a client cannot connect.

use std::str::FromStr;

use serde_json::json;
use shared::model::facts::VpcEndpointState;
use shared::model::ids::{VpcEndpointId, VpcId};

use crate::answer::Answer;
use crate::context::Context;
use crate::doctor::{Examined, HINT, Reader, text};
use crate::failure::Failure;
use crate::fleet::{EndpointView, Fleet, Status};

/// Says why a client cannot connect.
///
/// Looks at everything between the client and the service, from the connection to the record and the targets behind the load
/// balancer, in both accounts. Each check says what it found, a verdict, and the command or setting that mends it. It changes
/// nothing.
///
/// Verdicts: ok; warn, it works and somebody should know this; fail, clients cannot connect, or not all of them; unknown, it
/// could not be seen, and the remedy says what would let it be seen.
///
/// Exit codes: 0 no check fails, 1 it could not be read, 2 wrong arguments, 3 a check fails.
#[derive(Debug, clap::Args)]
#[group(id = "whom", required = true, multiple = false)]
pub(crate) struct Doctor {
    /// An endpoint, `vpce-…`, or a VPC, `vpc-…`, with all its endpoints
    #[arg(value_name = "VPC|ENDPOINT", group = "whom")]
    subject: Option<Subject>,
    /// All endpoints of this installation
    #[arg(long, group = "whom")]
    all: bool,
    #[command(flatten)]
    port: Port,
}

/// Apart, so that it is no alternative to the others.
#[derive(Debug, clap::Args)]
struct Port {
    /// The port on which clients connect; else the ports of the load balancer's listeners
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

/// Whose connections are looked at.
#[derive(Debug, Clone)]
enum Subject {
    Endpoint(VpcEndpointId),
    Vpc(VpcId),
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
        let installation = context.installation().await?;
        let caller = installation.caller().await?.arn;
        let fleet = Fleet::read(&installation.worker).await?;
        let mut reader = Reader::new(&installation, &fleet, caller, self.port.port);
        let mut examined = Vec::new();
        for endpoint in fleet.endpoints.iter().filter(|endpoint| self.wants(endpoint)) {
            let facts = reader.facts(endpoint).await?;
            // Of an endpoint that no function has seen, only EC2 knows the VPC.
            if !matches!(&self.subject, Some(Subject::Vpc(vpc)) if facts.vpc.as_ref() != Some(vpc)) {
                examined.push(Examined::by(&facts));
            }
        }
        self.refuse_nothing(&examined)?;
        let failed = examined.iter().any(Examined::has_failed);
        let report = json!({
            "installation": installation.named(),
            "read_at": fleet.read_at,
            "endpoints": examined,
            "hint": HINT,
        });
        Ok(Answer::new(&report, text(&examined))?.held_if(failed))
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
