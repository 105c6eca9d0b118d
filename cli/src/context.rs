//! What a verb is given: the common arguments, and the installation once it asks for it.

use shared::aws::Session;

use crate::failure::Failure;
use crate::installation::Installation;
use crate::options::Common;

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
        Installation::find(self.session().await?, &self.common.stack).await
    }
}
