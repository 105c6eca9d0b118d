//! Clients of the own account, and of client accounts through their role.

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::call::failed;
use super::organizations::Organizations;
use super::retries::ThrottledIsFinal;
use super::session::Session;
use super::throttles::CountThrottles;
use crate::config::Config;
use crate::error::Error;
use crate::facts::Denied;
use crate::ids::AccountId;
use crate::metrics::Metrics;

/// A client role's credentials are renewed when less than this is left of their hour.
pub(super) const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// Everything through which zonelink reaches AWS.
pub struct Aws {
    pub(super) config: Config,
    pub(super) metrics: Arc<Metrics>,
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    sdk: SdkConfig,
    sts: aws_sdk_sts::Client,
    own: AccountClients,
    pub(super) organizations: Mutex<Organizations>,
    assumed: Mutex<HashMap<AccountId, Arc<Mutex<Option<Assumed>>>>>,
}

/// Clients with a role's credentials, and when these expire.
type Assumed = (AccountClients, Timestamp);

/// Clients with the rights of one account.
#[derive(Debug, Clone)]
pub(super) struct AccountClients {
    pub(super) account: AccountId,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) route53: aws_sdk_route53::Client,
    sdk: SdkConfig,
}

impl Aws {
    /// Makes the clients with credentials, region and endpoints of the environment.
    pub async fn load(config: Config) -> Aws {
        Aws::with(&Session::of_environment().await, config)
    }

    /// Makes the clients with what a session gives.
    #[must_use]
    pub fn with(session: &Session, config: Config) -> Aws {
        let sdk = session.sdk().clone();
        let metrics = Arc::default();
        let count = |service| CountThrottles::of(service, &metrics);
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk).interceptor(count("DynamoDB"));
        let sqs = aws_sdk_sqs::config::Builder::from(&sdk).interceptor(count("SQS"));
        let sts = aws_sdk_sts::config::Builder::from(&sdk).interceptor(count("STS"));
        Aws {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            own: AccountClients::new(&sdk, &metrics, config.account.clone(), None),
            metrics,
            organizations: Mutex::default(),
            assumed: Mutex::default(),
            config,
            sdk,
        }
    }

    /// The clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
        Timestamp::now()
    }

    /// The configuration that these clients were made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What has been counted and measured.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The SDK's configuration.
    pub(super) fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The clients of the provider account.
    pub(super) fn own(&self) -> &AccountClients {
        &self.own
    }

    /// The clients of an account: the function's own credentials in its own account, the client role's
    /// anywhere else.
    pub(super) async fn of(&self, account: &AccountId) -> Result<AccountClients, Error> {
        if *account == self.config.account {
            return Ok(self.own.clone());
        }
        // Each account has a lock of its own: whose role is slow to be assumed keeps no other waiting.
        let assumed = self.assumed.lock().await.entry(account.clone()).or_default().clone();
        let mut assumed = assumed.lock().await;
        if let Some((clients, expires)) = assumed.as_ref()
            && *expires > self.now() + RENEW_BEFORE
        {
            return Ok(clients.clone());
        }
        let (credentials, expires) = self.assume_client_role(account).await?;
        let clients = AccountClients::new(&self.sdk, &self.metrics, account.clone(), Some(credentials));
        *assumed = Some((clients.clone(), expires));
        Ok(clients)
    }

    /// What the clients of an account are made with, for reads that only the CLI makes: the own credentials in
    /// the own account, the client role's anywhere else.
    ///
    /// # Errors
    /// When the account's role cannot be assumed.
    pub async fn session_of(&self, account: &AccountId) -> Result<Session, Error> {
        Ok(Session::with(self.of(account).await?.sdk))
    }

    /// Forgets an account's credentials: its role may have been made anew since.
    pub(super) async fn forget(&self, account: &AccountId) {
        self.assumed.lock().await.remove(account);
    }

    async fn assume_client_role(&self, account: &AccountId) -> Result<(Credentials, Timestamp), Error> {
        let role = format!(
            "arn:{}:iam::{account}:role/{}",
            partition(self.config.region.as_str()),
            self.config.client_role_name
        );
        self.assume(&role).await
    }

    /// Credentials of a role, and when they expire.
    pub(super) async fn assume(&self, role: &str) -> Result<(Credentials, Timestamp), Error> {
        const OPERATION: &str = "sts:AssumeRole";
        let call = self
            .sts
            .assume_role()
            .role_arn(role)
            .role_session_name(self.config.session_name())
            .set_external_id(self.config.external_id.clone());
        let answer = call.send().await.map_err(failed(OPERATION, role))?;
        let missing = || Error::Unreadable {
            what: format!("the answer of {OPERATION} for {role}"),
            source: "it holds no credentials".into(),
        };
        let given = answer.credentials.ok_or_else(missing)?;
        let expires = Timestamp::from_second(given.expiration.secs()).map_err(|error| Error::Unreadable {
            what: format!("the expiration of the credentials of {role}"),
            source: Box::new(error),
        })?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "assumed role",
        );
        Ok((credentials, expires))
    }
}

/// The partition of a region, for ARNs.
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

impl AccountClients {
    fn new(
        sdk: &SdkConfig,
        metrics: &Arc<Metrics>,
        account: AccountId,
        credentials: Option<Credentials>,
    ) -> Self {
        let mut sdk = sdk.to_builder();
        if let Some(credentials) = credentials {
            sdk.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
        }
        let sdk = sdk.build();
        let count = |service| CountThrottles::of(service, metrics);
        let ec2 = aws_sdk_ec2::config::Builder::from(&sdk).interceptor(count("EC2"));
        let route53 = aws_sdk_route53::config::Builder::from(&sdk).interceptor(count("Route 53"));
        let route53 = route53.retry_classifier(ThrottledIsFinal);
        let (ec2, route53) = (ec2.build(), route53.build());
        let ec2 = aws_sdk_ec2::Client::from_conf(ec2);
        Self { account, ec2, route53: aws_sdk_route53::Client::from_conf(route53), sdk }
    }
}

/// Turns a refusal for want of permission into a fact, when it was made with a client's rights; other errors
/// stay errors. What our own table or queue denies is no fault of the client's.
pub(super) fn or_denied<T>(
    account: &AccountId,
    result: Result<T, Error>,
) -> Result<Result<T, Denied>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if error.is_denied() && of_client(&error) => Ok(Err(denied(account, &error))),
        Err(error) => Err(error),
    }
}

fn of_client(error: &Error) -> bool {
    let services = ["ec2:", "route53:", "sts:"];
    matches!(error, Error::Call { operation, .. } if services.iter().any(|service| operation.starts_with(service)))
}

/// The refusal in an error.
///
/// Its message leaves out what differs from call to call (request ids, encoded texts), so that one
/// reason stays one hold.
pub(super) fn denied(account: &AccountId, error: &Error) -> Denied {
    let (operation, message) = match error {
        Error::Call { operation, subject, code, .. } => {
            ((*operation).to_owned(), format!("{code} for {subject}"))
        }
        other => ("AWS".to_owned(), other.to_string()),
    };
    Denied { account: account.clone(), operation, message }
}
