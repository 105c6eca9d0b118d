//! Signing in: whose credentials are used, and in which region.
//!
//! Functions take both from their environment. People name a profile, a region or a role as they do for the
//! AWS CLI, and credentials that are asked for by name are never taken from somewhere else.

use std::sync::Arc;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_sts::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::SignedDuration;

use super::call::failed;
use super::clock::Clock;
use super::http;
use crate::error::{Error, causes};
use crate::model::ids::{AccountId, Region};

/// Whose credentials are used, and in which region; what is left out comes from the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// A profile of the AWS configuration.
    pub profile: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// A role that is assumed first, by its ARN.
    pub role_arn: Option<String>,
}

/// Credentials, region and endpoints; the HTTP client of all clients that are made with it, and the clock.
#[derive(Debug, Clone)]
pub struct Session {
    sdk: SdkConfig,
    clock: Arc<Clock>,
}

/// Why nobody could be signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Neither the arguments nor the environment nor the profile names a region.
    #[error("no region is given")]
    NoRegion,
    /// The region is none.
    #[error("the region cannot be used: {0}")]
    Region(String),
    /// Nothing gives credentials, or what should give them does not.
    #[error("there are no credentials: {0}")]
    NoCredentials(String),
    /// A role could not be assumed.
    #[error("the role {role} cannot be assumed: {reason}")]
    Role {
        /// Its ARN.
        role: String,
        /// AWS's words.
        reason: String,
    },
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The principal's ARN.
    pub arn: String,
}

impl Session {
    /// What the environment of a function says.
    pub async fn of_environment() -> Session {
        let clock = Arc::new(Clock::of_a_function());
        Session { sdk: defaults(http::client(&clock)).load().await, clock }
    }

    /// Signs in, and sees at once whether that works.
    ///
    /// # Errors
    /// When there is no region, there are no credentials, or the role is refused.
    pub async fn open(login: &Login) -> Result<Session, SignInError> {
        let clock = Arc::default();
        let http = http::client(&clock);
        let mut loader = defaults(http.clone());
        if let Some(region) = &login.region {
            loader = loader.region(aws_config::Region::new(region.clone()));
        }
        if let Some(profile) = &login.profile {
            loader = loader.profile_name(profile);
        }
        let mut sdk = loader.load().await;
        if let Some(profile) = &login.profile {
            // The default chain would look at the environment's keys first.
            let surroundings = ProviderConfig::default().with_region(sdk.region().cloned());
            let surroundings = surroundings.with_http_client(http);
            let named = ProfileFileCredentialsProvider::builder().profile_name(profile);
            let named = SharedCredentialsProvider::new(named.configure(&surroundings).build());
            sdk = sdk.into_builder().credentials_provider(named).build();
        }
        // First: a profile that does not exist has no region either.
        credentials(&sdk).await.map_err(SignInError::NoCredentials)?;
        let region = sdk.region().ok_or(SignInError::NoRegion)?;
        region.as_ref().parse::<Region>().map_err(|error| SignInError::Region(error.to_string()))?;
        let session = Session { sdk, clock };
        match &login.role_arn {
            Some(role) => session.assuming(role, "zonelink").await,
            None => Ok(session),
        }
    }

    /// Takes on a role, and sees at once whether that works. `name` is the session's, which the principal's ARN ends
    /// with: at most 64 of the characters that STS allows.
    ///
    /// # Errors
    /// When the role is refused, or STS does not answer.
    pub async fn assuming(&self, role: &str, name: &str) -> Result<Session, SignInError> {
        let assumed = AssumeRoleProvider::builder(role).configure(&self.sdk).session_name(name).build();
        let assumed = SharedCredentialsProvider::new(assumed.await);
        let sdk = self.sdk.clone().into_builder().credentials_provider(assumed).build();
        let refused = |reason| SignInError::Role { role: role.to_owned(), reason };
        credentials(&sdk).await.map_err(refused)?;
        Ok(self.with(sdk))
    }

    /// One that a test has loaded.
    #[cfg(test)]
    pub(super) fn of(sdk: SdkConfig) -> Session {
        Session { sdk, clock: Arc::default() }
    }

    /// The same, with other credentials.
    pub(super) fn with(&self, sdk: SdkConfig) -> Session {
        Session { sdk, clock: Arc::clone(&self.clock) }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// By how much this machine's clock is behind the one of AWS, negative where it is ahead, as far as answers have
    /// shown. Less than a second counts as none. The port's clock is corrected by it.
    #[must_use]
    pub fn clock_is_slow_by(&self) -> SignedDuration {
        self.clock.slow_by()
    }

    /// The region; none when nothing names one.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.sdk.region().map(AsRef::as_ref)
    }

    /// The SDK's configuration, for clients of the CLI's own.
    #[must_use]
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// Who is signed in. AWS answers this to everybody, whatever their policies say.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn caller(&self) -> Result<Caller, Error> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        let call = aws_sdk_sts::Client::new(&self.sdk).get_caller_identity();
        let answer = call.send().await.map_err(failed(OPERATION, "the credentials in use"))?;
        let account = answer.account.unwrap_or_default();
        let account = account.parse().map_err(|error| Error::Unreadable {
            what: format!("the answer of {OPERATION}"),
            source: Box::new(error),
        })?;
        Ok(Caller { account, arn: answer.arn.unwrap_or_default() })
    }
}

/// What all clients share: one HTTP client, and a few attempts, each bounded in time.
fn defaults(http: SharedHttpClient) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(25))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .timeout_config(timeouts)
}

/// Whether the credentials can be had, and why not.
async fn credentials(sdk: &SdkConfig) -> Result<(), String> {
    let Some(provider) = sdk.credentials_provider() else {
        return Err("none are configured".into());
    };
    provider.provide_credentials().await.map(drop).map_err(|error| reason(&error))
}

/// AWS's own words where a role was refused; else what the SDK says, in one line.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(refusal) = error.downcast_ref::<AssumeRoleError>() {
            let (code, message) = (refusal.code(), refusal.message());
            return format!("{}: {}", code.unwrap_or("no code"), message.unwrap_or("no words"));
        }
        cause = error.source();
    }
    let words = causes(error);
    // The chain lists every place in which it has looked.
    if words.contains("no credentials found in chain") {
        return "neither the environment nor a profile, single sign-on or this machine gives any".into();
    }
    words.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
