//! What is asked of a run, and how the command line and programs say it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::model::ids::{AccountId, ServiceId};
use shared::model::run::BackfillRequest;

/// What a run may do.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Bounds {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// How many record sets may be removed, those that earlier runs have held included; without it as many as
    /// `MaxDeletes` says, and nothing that is held
    #[arg(long, value_name = "NUMBER", conflicts_with = "dry_run")]
    allow_deletes: Option<u32>,
    /// How many connections of each service may be rejected; without it as many as `MaxRejects` says
    #[arg(long, value_name = "NUMBER")]
    allow_rejects: Option<u32>,
}

impl Bounds {
    /// The request for these services and accounts; all where none is named.
    pub(crate) fn request(
        &self,
        services: BTreeSet<ServiceId>,
        accounts: BTreeSet<AccountId>,
    ) -> BackfillRequest {
        BackfillRequest {
            services,
            accounts,
            dry_run: self.dry_run,
            allow_deletes: self.allow_deletes,
            allow_rejects: self.allow_rejects,
            ..BackfillRequest::default()
        }
    }
}

/// For how long a run is followed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Following {
    /// Follow the run until all its messages are done: so it is without a word
    #[arg(long, conflicts_with = "no_wait")]
    wait: bool,
    /// End once the function has sent the messages
    #[arg(long)]
    pub(super) no_wait: bool,
    /// How long to follow it at most
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, conflicts_with = "no_wait")]
    pub(super) timeout: u32,
}

/// The selection of a request as the command line says it.
pub(super) fn selection_options(request: &BackfillRequest) -> String {
    let services = request.services.iter().map(|service| format!(" --service {service}"));
    services.chain(request.accounts.iter().map(|account| format!(" --account {account}"))).collect()
}

/// A request as programs read it.
pub(super) fn request_json(request: &BackfillRequest) -> Value {
    json!({
        "services": request.services,
        "accounts": request.accounts,
        "allow_deletes": request.allow_deletes,
        "allow_rejects": request.allow_rejects,
    })
}
