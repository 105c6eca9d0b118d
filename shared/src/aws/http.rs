//! One HTTP client for all clients of AWS, whatever their account: one pool of connections.
//!
//! A client that is made without one brings its own, with connections that only it can use: with hundreds of accounts
//! a function ran out of descriptors. The answers of all clients come by here, so here the clock hears what time it is.

use std::sync::Arc;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::clock::Clock;

/// How many connections to one host may wait for their next request. A worker has ten messages in hand.
const IDLE_PER_HOST: usize = 20;

/// The SDK's own client, shared; `clock` hears what its answers say.
pub(super) fn client(clock: &Arc<Clock>) -> SharedHttpClient {
    let pooled = Builder::new().pool_max_idle_per_host(IDLE_PER_HOST);
    let pooled = pooled.build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    });
    SharedHttpClient::new(Heard { pooled, clock: Arc::clone(clock) })
}

/// A client to whose answers a clock listens. It is not asked whether it is valid for each client that is made with
/// it: that would read all root certificates anew.
#[derive(Debug)]
struct Heard {
    pooled: SharedHttpClient,
    clock: Arc<Clock>,
}

impl HttpClient for Heard {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.pooled.http_connector(settings, components);
        SharedHttpConnector::new(HeardConnector { connector, clock: Arc::clone(&self.clock) })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.pooled.connector_metadata()
    }
}

#[derive(Debug)]
struct HeardConnector {
    connector: SharedHttpConnector,
    clock: Arc<Clock>,
}

impl HttpConnector for HeardConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (clock, sent) = (Arc::clone(&self.clock), Clock::of_this_machine());
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            if let Some(date) = answer.headers().get("date") {
                clock.hear(sent, date);
            }
            Ok(answer)
        })
    }
}
