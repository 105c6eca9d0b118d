//! The Lambda function accept-connections: wiring only. See `shared::functions::accept_connections`.

use lambda_runtime::{Error, run, service_fn};
use shared::functions::{self, accept_connections::accept_connections};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let worker = functions::start().await?;
    run(service_fn(|message| Box::pin(accept_connections(&worker, message)))).await
}
