//! Scenarios: an event, what was allowed, what was seen, and what that leads to, each in a file of one folder.
//!
//! `zonelink replay --save` writes them from what happens, and the test suite runs them: an incident becomes a test.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::facts::Facts;
use crate::model::ids::Region;
use crate::model::policy::{Policy, ServiceDefinition};
use crate::plan::{Plan, vpc};
use crate::trigger::event::{Event, InvalidEvent};
use crate::trigger::intent::{Ignored, Intent};

/// The event, as EventBridge delivers it.
pub const EVENT: &str = "event.json";
/// What was allowed: [`Allowed`].
pub const POLICY: &str = "policy.json";
/// What was seen, look by look: a list of [`Facts`].
pub const FACTS: &str = "facts.json";
/// What it leads to: [`Led`].
pub const PLAN: &str = "plan.json";
/// The same for people.
pub const WORDS: &str = "plan.txt";

/// A policy as it stands in a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Allowed {
    /// The region of services and endpoints.
    pub region: Region,
    /// The definitions in force.
    pub services: Vec<ServiceDefinition>,
}

/// What an event leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Led {
    /// Where reconcile-records looks; none when it ignores the event.
    pub intent: Option<Intent>,
    /// Why it ignores the event.
    pub ignored: Option<String>,
    /// What it plans, look by look.
    pub plans: Vec<Plan>,
}

impl Led {
    /// From an event to plans, on given facts.
    ///
    /// # Errors
    /// When the event cannot be read.
    pub fn of(event: &Value, policy: &Policy, facts: &[Facts]) -> Result<Self, InvalidEvent> {
        Ok(match Event::from_eventbridge(event)?.intent(policy) {
            Err(Ignored(reason)) => Led { intent: None, ignored: Some(reason), plans: Vec::new() },
            Ok(intent) => {
                let plans = facts.iter().map(|facts| vpc::plan(&intent, facts, policy, &[]));
                Led { plans: plans.collect(), intent: Some(intent), ignored: None }
            }
        })
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = match (&self.intent, &self.ignored) {
            (Some(intent), _) => intent.to_string(),
            (None, reason) => format!("ignored: {}", reason.as_deref().unwrap_or_default()),
        };
        for plan in &self.plans {
            // Writing to a String does not fail.
            let _ = write!(text, "\n\n{}", plan.to_string().trim_end());
        }
        text.push('\n');
        text
    }
}

impl From<Allowed> for Policy {
    fn from(allowed: Allowed) -> Self {
        let services = allowed.services.into_iter().map(|service| (service.service.clone(), service));
        Policy { region: allowed.region, services: services.collect::<BTreeMap<_, _>>() }
    }
}

impl From<&Policy> for Allowed {
    fn from(policy: &Policy) -> Self {
        Allowed { region: policy.region.clone(), services: policy.services.values().cloned().collect() }
    }
}
