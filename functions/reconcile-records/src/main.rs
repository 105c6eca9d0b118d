//! The Lambda function reconcile-records: wiring only. See `shared::functions::reconcile_records`.

use lambda_runtime::{Error, run, service_fn};
use shared::functions::{self, reconcile_records::reconcile_records};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let worker = functions::start().await?;
    run(service_fn(|message| Box::pin(reconcile_records(&worker, message)))).await
}
