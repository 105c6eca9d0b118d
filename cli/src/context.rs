//! What a verb is given: the common arguments, and the installation once it asks for it.

use jiff::SignedDuration;
use shared::aws::{Session, SignInError};

use crate::failure::Failure;
use crate::installation::Installation;
use crate::operator;
use crate::options::Common;
use crate::terminal::note;

/// The surroundings of one call of the CLI.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) common: Common,
}

impl Context {
    /// Signs in.
    ///
    /// # Errors
    /// With a sentence and a remedy.
    pub(crate) async fn session(&self) -> Result<Session, Failure> {
        Session::open(&self.common.login()).await.map_err(|error| Failure::sign_in(&error))
    }

    /// Signs in and finds the installation.
    ///
    /// # Errors
    /// With a sentence and a remedy.
    pub(crate) async fn installation(&self) -> anyhow::Result<Installation> {
        let session = Box::pin(self.session()).await?;
        let found = Box::pin(Installation::find(session.clone(), &self.common.stack)).await;
        // Said whether or not it is found: a clock that is wrong may be why it is not.
        say_clock(session.clock_is_slow_by());
        let found = found?;
        if self.common.no_role || self.common.role_arn.is_some() {
            Ok(found)
        } else {
            Box::pin(as_operator(found)).await
        }
    }
}

/// The installation for who has taken on its operators' role, where it has one that lets the caller in: the client roles
/// trust that role, and no person. Without it, as it is.
async fn as_operator(installation: Installation) -> anyhow::Result<Installation> {
    let Some(role) = installation.operator_role.clone() else { return Ok(installation) };
    let caller = installation.caller().await?;
    let Some(name) = operator::session_name(&role, &caller.arn) else { return Ok(installation) };
    match installation.session().assuming(&role, &name).await {
        Ok(session) => Ok(installation.with(session)),
        Err(SignInError::Role { reason, .. }) if operator::is_refusal(&reason) => {
            note(&format!(
                "{role} does not let in {}; going on without it. The stack's parameter OperatorPrincipals says whom it \
                 lets in; --no-role asks for no role",
                caller.arn
            ));
            Ok(installation)
        }
        Err(error) => Err(Failure::sign_in(&error).into()),
    }
}

/// Says on standard error that this machine's clock is wrong. What is written to AWS is reckoned with the right one.
fn say_clock(slow_by: SignedDuration) {
    if !slow_by.is_zero() {
        let side = if slow_by.is_negative() { "ahead of" } else { "behind" };
        note(&format!(
            "this machine's clock is about {:.0} s {side} the one of AWS, which is used instead; set the clock (timedatectl \
             set-ntp true): AWS refuses whoever is five minutes off",
            slow_by.abs().as_secs_f64()
        ));
    }
}
