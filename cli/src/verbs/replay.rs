//! `zonelink replay`: what an event means to each function.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use shared::event::Event;
use shared::ids::Region;
use shared::intent::Ignored;
use shared::policy::Policy;

/// Reads an event as the functions do.
#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// An event as EventBridge delivers it, in JSON
    event: PathBuf,
    /// The service definitions that are in force, one file each
    #[arg(long = "service", value_name = "FILE", required = true)]
    services: Vec<PathBuf>,
    /// The name of the provider's stack, whose own calls are ignored
    #[arg(long, default_value = "zonelink")]
    stack: String,
    /// The region of the services
    #[arg(long, env = "AWS_REGION")]
    region: Region,
}

impl Replay {
    pub(crate) fn run(&self) -> anyhow::Result<String> {
        let mut services = BTreeMap::new();
        for file in &self.services {
            let definition = crate::check::definition(file)?;
            services.insert(definition.service.clone(), definition);
        }
        let policy = Policy { region: self.region.clone(), services };
        let path = self.event.display();
        let text = fs::read_to_string(&self.event).with_context(|| format!("{path} cannot be read"))?;
        let message = serde_json::from_str(&text).with_context(|| format!("{path} is not JSON"))?;
        let event = Event::from_eventbridge(&message)
            .with_context(|| format!("{path} would end in the dead-letter queue"))?;
        let review = match event.review(&policy, &self.stack) {
            Ok(review) => {
                let services: Vec<_> = review.services.iter().map(ToString::to_string).collect();
                format!("review the connections of {} ({})", services.join(", "), review.cause)
            }
            Err(Ignored(reason)) => format!("ignored: {reason}"),
        };
        let intent = match event.intent(&policy) {
            Ok(intent) => intent.to_string(),
            Err(Ignored(reason)) => format!("ignored: {reason}"),
        };
        Ok(format!("accept-connections  {review}\nreconcile-records   {intent}"))
    }
}
