//! Clients of the own account, and of client accounts through their role.

use std::num::NonZeroUsize;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider};
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use tokio::sync::Mutex;

use super::call::failed;
use super::consent::Consents;
use super::retries::ThrottledIsFinal;
use super::session::Session;
use super::throttles::CountThrottles;
use crate::config::Config;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::model::consent::Consent;
use crate::model::ids::AccountId;
use crate::worker::Worker;

/// A client role's credentials are renewed when less than this is left of their hour.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// Of how many accounts the clients are kept, those used last. A worker looks at ten messages at a time, each of one
/// account and the owners of its zones. One more account costs a call to STS; without a limit, memory would grow with
/// every account that a sweep has ever come to.
const KEPT_ACCOUNTS: usize = 100;

/// The clients of AWS, and where the stack's own things are.
pub struct Aws {
    pub(super) config: Config,
    metrics: Arc<Metrics>,
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    session: Session,
    sts: aws_sdk_sts::Client,
    own: AccountClients,
    organizations: Mutex<Option<(aws_sdk_organizations::Client, Timestamp)>>,
    assumed: Mutex<LruCache<AccountId, Arc<Mutex<Option<Assumed>>>>>,
    consents: Consents,
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

impl Worker<Aws> {
    /// A worker that has signed in, and counts what AWS throttles.
    #[must_use]
    pub fn with(session: &Session, config: Config) -> Self {
        let metrics = Arc::default();
        Worker::new(Aws::with(session, config.clone(), &metrics), config, metrics)
    }
}

impl Aws {
    /// Makes the clients with what a session gives. What AWS throttles is counted in `metrics`.
    fn with(session: &Session, config: Config, metrics: &Arc<Metrics>) -> Aws {
        let sdk = session.sdk();
        let count = |service| CountThrottles::of(service, metrics);
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(sdk).interceptor(count("DynamoDB"));
        let sqs = aws_sdk_sqs::config::Builder::from(sdk).interceptor(count("SQS"));
        let sts = aws_sdk_sts::config::Builder::from(sdk).interceptor(count("STS"));
        Aws {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            own: AccountClients::new(sdk, metrics, config.account.clone(), None),
            metrics: Arc::clone(metrics),
            organizations: Mutex::default(),
            assumed: Mutex::new(LruCache::new(NonZeroUsize::new(KEPT_ACCOUNTS).unwrap_or(NonZeroUsize::MIN))),
            consents: Consents::default(),
            config,
            session: session.clone(),
        }
    }

    /// The time, as AWS has it.
    pub(super) fn clock(&self) -> Timestamp {
        self.session.clock().now()
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
        let assumed = self.assumed.lock().await.get_or_insert(account.clone(), Arc::default).clone();
        let mut assumed = assumed.lock().await;
        if let Some((clients, expires)) = assumed.as_ref()
            && *expires > self.clock() + RENEW_BEFORE
        {
            return Ok(clients.clone());
        }
        let (credentials, expires) = self.assume_client_role(account).await?;
        let clients =
            AccountClients::new(self.session.sdk(), &self.metrics, account.clone(), Some(credentials));
        *assumed = Some((clients.clone(), expires));
        Ok(clients)
    }

    /// Whether the owner of a zone consents to VPCs of another account.
    pub(super) async fn consent(
        &self,
        zone_account: &AccountId,
        vpc_account: &AccountId,
    ) -> Result<Consent, Error> {
        if *zone_account == self.config.account {
            let serves = self.config.serves_vpcs_of.serves(vpc_account);
            return Ok(if serves { Consent::Given } else { Consent::NotGiven });
        }
        let pair = (zone_account.clone(), vpc_account.clone());
        if self.consents.are_given(&pair, self.clock()).await {
            return Ok(Consent::Given);
        }
        let role = self.role_arn(zone_account, &self.config.guest_role_name());
        // The trust policy goes by the session's name: the role itself grants nothing, and its credentials are dropped.
        match self.assume(&role, format!("zonelink-{vpc_account}"), None).await {
            Ok(_) => self.consents.keep(pair, self.clock()).await,
            Err(error) if error.is_denied() => return Ok(Consent::NotGiven),
            Err(error) => return Err(error),
        }
        Ok(Consent::Given)
    }

    /// What the clients of an account are made with, for reads that only the CLI makes: the own credentials in
    /// the own account, the client role's anywhere else.
    ///
    /// # Errors
    /// When the account's role cannot be assumed.
    pub async fn session_of(&self, account: &AccountId) -> Result<Session, Error> {
        Ok(self.session.with(self.of(account).await?.sdk))
    }

    /// Forgets an account's credentials: its role may have been made anew since.
    pub(super) async fn forget(&self, account: &AccountId) {
        self.assumed.lock().await.pop(account);
    }

    /// The client of Organizations: with the role that the configuration names, or with the worker's own
    /// credentials.
    pub(super) async fn organizations(&self) -> Result<aws_sdk_organizations::Client, Error> {
        let client = |sdk: &SdkConfig| {
            let count = CountThrottles::of("Organizations", &self.metrics);
            let config = aws_sdk_organizations::config::Builder::from(sdk).interceptor(count);
            aws_sdk_organizations::Client::from_conf(config.build())
        };
        let Some(role) = &self.config.organizations_role else { return Ok(client(self.session.sdk())) };
        let mut assumed = self.organizations.lock().await;
        if let Some((client, expires)) = assumed.as_ref()
            && *expires > self.clock() + RENEW_BEFORE
        {
            return Ok(client.clone());
        }
        let (credentials, expires) = self.assume(role.as_str(), self.config.session_name(), None).await?;
        let provider = SharedCredentialsProvider::new(credentials);
        let client = client(&self.session.sdk().to_builder().credentials_provider(provider).build());
        *assumed = Some((client.clone(), expires));
        Ok(client)
    }

    /// Forgets the credentials by which organizations are read.
    pub(super) async fn forget_organizations(&self) {
        *self.organizations.lock().await = None;
    }

    async fn assume_client_role(&self, account: &AccountId) -> Result<(Credentials, Timestamp), Error> {
        let role = self.role_arn(account, &self.config.client_role_name);
        self.assume(&role, self.config.session_name(), None).await
    }

    /// Clients of another account with no more rights of its client role than `policy` has. Nobody keeps them.
    pub(super) async fn narrowed(
        &self,
        account: &AccountId,
        policy: String,
    ) -> Result<AccountClients, Error> {
        let role = self.role_arn(account, &self.config.client_role_name);
        let (credentials, _) = self.assume(&role, self.config.session_name(), Some(policy)).await?;
        Ok(AccountClients::new(self.session.sdk(), &self.metrics, account.clone(), Some(credentials)))
    }

    /// The ARN of a role of an account.
    fn role_arn(&self, account: &AccountId, name: &str) -> String {
        format!("arn:{}:iam::{account}:role/{name}", self.config.region.partition().id())
    }

    /// Credentials of a role, and when they expire. They have the rights of the role, as far as a session policy has
    /// them too ([AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)).
    async fn assume(
        &self,
        role: &str,
        session_name: String,
        session_policy: Option<String>,
    ) -> Result<(Credentials, Timestamp), Error> {
        const OPERATION: &str = "sts:AssumeRole";
        let call = self
            .sts
            .assume_role()
            .role_arn(role)
            .role_session_name(session_name)
            .set_policy(session_policy)
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

impl AccountClients {
    /// What its clients are made with.
    pub(super) fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

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
