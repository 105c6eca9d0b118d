//! Doing the steps, in their order, until one fails.

use shared::aws::Worker;
use shared::cloud::Cloud;
use shared::error::{CallFailure, Error};
use shared::model::table::{Condition, Key};
use shared::model::zone_guest::{Refused, RefusedReason, ZoneGuest};
use shared::plan::zone_guest::GuestStep;

use super::remedies::{advice, ways};
use crate::aws::{associate, authorize, disassociate, revoke};
use crate::failure::Failure;
use crate::terminal::note;

/// Does the steps. What AWS refuses stands in the item from then on.
///
/// # Errors
/// When a step fails: the steps before it are done, and the command goes on from there.
pub(crate) async fn carry_out(worker: &Worker, guest: &ZoneGuest, steps: &[GuestStep]) -> anyhow::Result<()> {
    let key = Key::zone_guest(&guest.zone, &guest.vpc);
    let mut stands = guest.clone();
    let ends = matches!(steps.last(), Some(GuestStep::Forget(_)));
    for step in steps {
        match step {
            GuestStep::Write(written, expected) => {
                let condition = expected.map_or(Condition::Absent, Condition::Version);
                worker.cloud.put_item(&key, &(**written).clone().into(), condition).await?;
                stands = (**written).clone();
            }
            GuestStep::Forget(version) => {
                worker.cloud.delete_item(&key, Condition::Version(*version)).await?;
            }
            call => {
                if let Err(error) = ask(worker, &stands, call).await {
                    return Err(refused(worker, &stands, ends, error).await);
                }
            }
        }
    }
    Ok(())
}

/// One call, with the rights of the account that it concerns.
async fn ask(worker: &Worker, guest: &ZoneGuest, call: &GuestStep) -> Result<(), Error> {
    let ZoneGuest { zone, zone_account, vpc, vpc_account, .. } = guest;
    let region = &worker.config.region;
    let done = match call {
        GuestStep::Authorize => {
            authorize(&worker.cloud.session_of(zone_account).await?, zone, vpc, region).await?;
            format!("account {zone_account} authorises the association")
        }
        GuestStep::Associate => {
            associate(&worker.cloud.session_of(vpc_account).await?, zone, vpc, region).await?;
            format!("account {vpc_account} associates {vpc} with {zone}")
        }
        GuestStep::Revoke => {
            revoke(&worker.cloud.session_of(zone_account).await?, zone, vpc, region).await?;
            format!("account {zone_account} takes the authorisation back")
        }
        GuestStep::Disassociate => {
            disassociate(&worker.cloud.session_of(vpc_account).await?, zone, vpc, region).await?;
            format!("account {vpc_account} takes {vpc} out of {zone}")
        }
        // Writes of the table are no calls in an account.
        GuestStep::Write(..) | GuestStep::Forget(_) => return Ok(()),
    };
    note(&done);
    Ok(())
}

/// Writes down what AWS has refused. What has no answer is no refusal: the next run looks at what became of it.
async fn refused(worker: &Worker, stands: &ZoneGuest, ends: bool, error: Error) -> anyhow::Error {
    let Error::Call { code, message, kind: kind @ (CallFailure::Refused | CallFailure::Denied), .. } = &error
    else {
        let why = error.chain();
        return Failure::new(why, "run the same command again: it goes on where this one stopped").into();
    };
    let reason = RefusedReason::of(code, *kind == CallFailure::Denied);
    let refused = Refused { reason, code: error.call_and_code(), message: message.clone() };
    let guest = stands.refused(refused.clone());
    let (key, condition) = (Key::zone_guest(&guest.zone, &guest.vpc), Condition::Version(stands.version));
    if let Err(error) = worker.cloud.put_item(&key, &guest.clone().into(), condition).await {
        return error.into();
    }
    let words = message.as_deref().map(|words| format!(", {words}")).unwrap_or_default();
    let what = format!("{}: {}{words}", reason.code(), refused.code);
    Failure::new(what, advice(&ways(&guest, &refused, ends, &worker.config.place()))).into()
}
