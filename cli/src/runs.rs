//! Runs of backfill: started, followed, and what they came to.

mod outcome;
mod progress;
mod request;
mod screen;
mod summary;
mod watch;

use std::hash::{BuildHasher, Hasher, RandomState};

use shared::error::{CallFailure, Error};
use shared::model::ids::ServiceId;
use shared::model::run::{BackfillRequest, is_run_id, run_id};

use crate::answer::Answer;
use crate::aws::invoke;
use crate::failure::Failure;
use crate::installation::Installation;
use outcome::Outcome;
use watch::{Watch, Watched};

pub(crate) use request::{Bounds, Following};

/// Starts a run, and follows it. `is_wide` shows each hold, however many there are.
pub(crate) async fn start(
    installation: &Installation,
    mut request: BackfillRequest,
    following: &Following,
    is_wide: bool,
) -> anyhow::Result<Answer> {
    let function = installation.functions.backfill.as_deref().ok_or_else(|| {
        let what = format!("no function of stack {} is backfill by its name", installation.named().stack);
        Failure::new(what, "deploy the stack anew, or give the function a name with backfill in it")
    })?;
    refuse_unknown(installation, &request).await?;
    if request.dry_run {
        let said = invoke(installation.session(), function, &serde_json::to_value(&request)?).await?;
        return summary::answer(&said.map_err(|why| refused(function, &why))?, is_wide);
    }
    let run = run_id(installation.worker.now(), &word());
    request.run = Some(run.clone());
    let payload = serde_json::to_value(&request)?;
    let watch = Watch::new(&installation.worker, &run, following.timeout);
    let mut invocation = Box::pin(invoke(installation.session(), function, &payload));
    // The bar moves while the function still sends.
    let said = tokio::select! {
        said = &mut invocation => said,
        failed = watch.show_until_dropped() => return Err(failed.into()),
    };
    let failure = match said {
        Ok(Ok(_)) => None,
        Ok(Err(why)) => Some(why),
        // The way to Lambda was cut; whether the function has begun, its run tells.
        Err(error) if is_cut(&error) => Some(error.chain()),
        Err(error) => return Err(error.into()),
    };
    let Some(begun) = installation.worker.inspect_run(&run).await? else {
        let why = failure.unwrap_or_else(|| "it wrote no run".to_owned());
        return Err(refused(function, &why).into());
    };
    // A function that died leaves no end, and nothing would come of waiting for one.
    let is_over = following.no_wait || (failure.is_some() && begun.end.is_none());
    let watched = if is_over { watch.once().await? } else { watch.to_the_end().await? };
    Outcome::read(installation, watched, failure, following, is_wide).await?.answer()
}

/// Follows a run that somebody has started.
pub(crate) async fn resume(
    installation: &Installation,
    run: &str,
    following: &Following,
    is_wide: bool,
) -> anyhow::Result<Answer> {
    let known = if is_run_id(run) { installation.worker.inspect_run(run).await? } else { None };
    if known.is_none() {
        let ids = installation.worker.inspect_run_ids().await?;
        let last: Vec<_> = ids.iter().rev().take(3).map(String::as_str).collect();
        let remedy = match last.as_slice() {
            [] => "start one: zonelink backfill; runs are kept for 30 days".to_owned(),
            last => format!("the last ones are: {}; runs are kept for 30 days", last.join(", ")),
        };
        return Err(Failure::new(format!("there is no run {run}"), remedy).into());
    }
    let watched: Watched = Watch::new(&installation.worker, run, following.timeout).to_the_end().await?;
    Outcome::read(installation, watched, None, following, is_wide).await?.answer()
}

/// A service that nothing defines is a slip of the pen, and the function would refuse it.
async fn refuse_unknown(installation: &Installation, request: &BackfillRequest) -> anyhow::Result<()> {
    let policy = installation.config().policy(installation.worker.definitions().await?.sound);
    let Some(unknown) = request.services.iter().find(|id| !policy.services.contains_key(id)) else {
        return Ok(());
    };
    let defined: Vec<_> = policy.services.keys().map(ServiceId::as_str).collect();
    let remedy = format!("defined are: {}", defined.join(", "));
    Err(Failure::new(format!("{unknown} is not defined here"), remedy).into())
}

fn refused(function: &str, why: &str) -> Failure {
    Failure::new(
        format!("function {function} failed: {why}"),
        "see the function's log; if it is older than this command, update the stack",
    )
}

fn is_cut(error: &Error) -> bool {
    let cut = ["timeout", "no connection", "no answer"];
    matches!(error, Error::Call { kind: CallFailure::Unavailable, code, .. } if cut.contains(&code.as_str()))
}

/// A word that tells this run from others of the same moment. The table refuses the same id twice.
fn word() -> String {
    let random = RandomState::new().build_hasher().finish();
    format!("{:08x}", random & 0xffff_ffff)
}
