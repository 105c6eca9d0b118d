//! Plans of what concerns services: who may connect, which definitions are refused, which accounts are left.

use std::collections::{BTreeMap, BTreeSet};

use shared::aws::Worker;
use shared::model::facts::ServiceFacts;
use shared::model::gone::Gone;
use shared::model::ids::{AccountId, ServiceId, VpcEndpointId};
use shared::model::policy::{Policy, ServiceDefinition};
use shared::observe::Scope;
use shared::plan::service::gone::leads_to_something;
use shared::plan::service::review::{plan_definitions, plan_left_holds};
use shared::plan::{Plan, Step};
use shared::reconcile::review::{self, ReviewRequest};

use super::planned::{About, Planned};
use super::unread::Unread;

/// What reviews of all services come to.
#[derive(Default)]
pub(super) struct Reviewed {
    /// A plan for each service, and those on definitions and accounts.
    pub(super) parts: Vec<Planned>,
    /// The endpoints that the reviews send on, by account.
    pub(super) endpoints: BTreeMap<AccountId, BTreeSet<VpcEndpointId>>,
    /// Whether each account may connect, by service, as far as that was read.
    pub(super) allowed: BTreeMap<AccountId, BTreeMap<ServiceId, bool>>,
    /// The endpoints that are over by the provider's list, by account.
    pub(super) gone: BTreeMap<AccountId, Gone>,
    /// The accounts of which something is left.
    left: BTreeSet<AccountId>,
    /// The accounts that are to be asked for all of theirs: those of a service that is not of this account.
    pub(super) whole: BTreeSet<AccountId>,
    /// Services that could not be read.
    pub(super) unread: Vec<Unread>,
}

/// Plans the reviews of all services, for these accounts or all.
pub(super) async fn review(
    worker: &Worker,
    policy: &Policy,
    accounts: &BTreeSet<AccountId>,
    cause: &str,
) -> anyhow::Result<Reviewed> {
    let mut reviewed = Reviewed::default();
    for definition in policy.services.values() {
        match reviewed.service(worker, definition, accounts, cause).await {
            Err(error) if accounts.is_empty() => {
                reviewed.unread.push(Unread::of(format!("service {}", definition.service), &error));
            }
            outcome => outcome?,
        }
    }
    if accounts.is_empty() {
        let refused = worker.definitions().await?.refused;
        let holds = worker.all_holds().await?;
        let now = worker.now();
        let definitions = plan_definitions(&refused, policy, &holds, now);
        let of_account = |(account, ids): (&AccountId, &BTreeSet<VpcEndpointId>)| -> Vec<_> {
            ids.iter().map(|id| (account.clone(), id.clone())).collect()
        };
        let vpc_endpoints = reviewed.endpoints.iter().flat_map(of_account).collect();
        let left = plan_left_holds(&reviewed.left, &vpc_endpoints, &holds, now);
        // An account without endpoints may have some of a service that could not be read.
        let left = reviewed.unread.is_empty().then_some(("accounts without endpoints", left));
        for (about, plan) in [("definitions", definitions)].into_iter().chain(left) {
            reviewed.parts.push(Planned { at: now, about: About::Provider(about.to_owned()), plan });
        }
    }
    Ok(reviewed)
}

impl Reviewed {
    async fn service(
        &mut self,
        worker: &Worker,
        definition: &ServiceDefinition,
        accounts: &BTreeSet<AccountId>,
        cause: &str,
    ) -> anyhow::Result<()> {
        let request = ReviewRequest {
            scope: Scope::All,
            accounts,
            allow_rejects: None,
            dry_run: true,
            cause,
            since: None,
            run: None,
        };
        let (facts, mut plan) = review::plan(worker, definition, &request).await?;
        self.look_at_them_here(&mut plan, &facts);
        let about = About::Provider(format!("service {}", definition.service));
        self.parts.push(Planned { at: worker.now(), about, plan });
        Ok(())
    }

    /// A sweep sends endpoints to the queue; here they are planned at once. The queue gets those that are accepted
    /// only: they are not available before this is over.
    fn look_at_them_here(&mut self, plan: &mut Plan, facts: &ServiceFacts) {
        let accepted: BTreeSet<VpcEndpointId> = plan
            .steps()
            .filter_map(|step| match step {
                Step::AcceptConnections { vpc_endpoints, .. } => Some(vpc_endpoints.keys().cloned()),
                _ => None,
            })
            .flatten()
            .collect();
        for group in &mut plan.groups {
            for step in &mut group.steps {
                if let Step::SendIntent { intent, .. } = step {
                    if intent.is_of_all() {
                        self.whole.insert(intent.account.clone());
                    }
                    let of_account = self.endpoints.entry(intent.account.clone()).or_default();
                    of_account.extend(intent.vpc_endpoints.iter().cloned());
                    let allowed = self.allowed.entry(intent.account.clone()).or_default();
                    allowed.extend(intent.reviewed.clone());
                    if leads_to_something(intent, facts) {
                        self.left.insert(intent.account.clone());
                    }
                    if let Some(gone) = intent.gone.take() {
                        let known = self.gone.entry(intent.account.clone()).or_insert_with(|| gone.clone());
                        known.vpc_endpoints.extend(gone.vpc_endpoints);
                    }
                    intent.vpc_endpoints.retain(|id| accepted.contains(id));
                }
            }
            let is_empty = |step: &Step| matches!(step, Step::SendIntent { intent, .. } if intent.vpc_endpoints.is_empty() && intent.vpcs.is_empty());
            group.steps.retain(|step| !is_empty(step));
        }
        plan.groups.retain(|group| !group.steps.is_empty());
    }
}
