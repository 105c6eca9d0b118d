//! A worker: what a function brings to each of its invocations.

use std::sync::Arc;

use jiff::Timestamp;

use crate::cloud::Cloud;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::organization::Remembered;

/// A function of the stack, or somebody at the command line: AWS, as it reaches it, and what it is configured with.
#[derive(Debug)]
pub struct Worker<C> {
    /// AWS and the clock.
    pub cloud: C,
    /// The stack's configuration.
    pub config: Config,
    /// What is counted and measured.
    pub metrics: Arc<Metrics>,
    /// What was read of organizations, from one review to the next.
    pub(crate) organizations: Remembered,
}

impl<C: Cloud> Worker<C> {
    /// A worker that has done nothing yet. `metrics` may be counted in by `cloud` too.
    pub fn new(cloud: C, config: Config, metrics: Arc<Metrics>) -> Self {
        Self { cloud, config, metrics, organizations: Remembered::default() }
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        self.cloud.now()
    }
}
