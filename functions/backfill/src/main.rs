//! The Lambda function backfill: wiring only. See `shared::functions::backfill`.

use lambda_runtime::{Error, run, service_fn};
use shared::functions::{self, backfill::backfill};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let worker = functions::start().await?;
    run(service_fn(|message| Box::pin(backfill(&worker, message)))).await
}
