//! Reading for the checks, each thing once: endpoints of one VPC, account or service share what is read of it.

use std::collections::BTreeMap;

use shared::aws::{Session, Worker};
use shared::model::dns::DnsName;
use shared::model::hold::Subject;
use shared::model::ids::{AccountId, HostedZoneId, ServiceId, VpcId};
use shared::model::record::RecordKey;

use super::facts::{
    EventFacts, Facts, InstallationFacts, NameFacts, Page, ServiceFacts, Unassociated, VpcFacts, ZoneRecord,
};
use super::read_vpc::{unknown_vpc, vpc_facts};
use crate::aws;
use crate::fleet::{EndpointView, Fleet, HoldView};
use crate::installation::Installation;
use crate::observed::{HostedZone, NamedZone, Names, NotRead, Read, Rule, Trail};

const NO_VPC: NotRead = NotRead::NotAsked("the endpoint's VPC is not known");
const NO_ENDPOINT: NotRead = NotRead::NotAsked("the endpoint itself cannot be read");

/// A client account's rule and its trails.
type EventsOfClient = (Read<Option<Rule>>, Read<Vec<Trail>>);

/// What has been read so far.
pub(crate) struct Reader<'a> {
    installation: &'a Installation,
    fleet: &'a Fleet,
    caller: String,
    port: Option<u16>,
    sessions: BTreeMap<AccountId, Read<Session>>,
    services: BTreeMap<ServiceId, ServiceFacts>,
    vpcs: BTreeMap<VpcId, VpcFacts>,
    names: BTreeMap<(VpcId, DnsName), NameFacts>,
    events: BTreeMap<AccountId, EventsOfClient>,
    rules: Option<Read<Vec<Rule>>>,
}

impl<'a> Reader<'a> {
    /// Reads for these endpoints; `caller` is who is signed in.
    pub(crate) fn new(
        installation: &'a Installation,
        fleet: &'a Fleet,
        caller: String,
        port: Option<u16>,
    ) -> Self {
        Self {
            installation,
            fleet,
            caller,
            port,
            sessions: BTreeMap::new(),
            services: BTreeMap::new(),
            vpcs: BTreeMap::new(),
            names: BTreeMap::new(),
            events: BTreeMap::new(),
            rules: None,
        }
    }

    fn worker(&self) -> &'a Worker {
        &self.installation.worker
    }

    /// Everything about one endpoint. What cannot be read is said in its place.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn facts(&mut self, view: &EndpointView) -> anyhow::Result<Facts> {
        let session = self.session(&view.account).await;
        let endpoint = match &session {
            Ok(session) => {
                let found = aws::endpoint(session, &view.vpc_endpoint).await;
                found.map_err(|error| NotRead::because(&view.account, &error))
            }
            Err(why) => Err(why.clone()),
        };
        let found = endpoint.as_ref().ok().and_then(Option::as_ref);
        let vpc = found.map(|endpoint| endpoint.vpc.clone()).or_else(|| view.vpc.clone());
        let because = |error| NotRead::because(&view.account, &error);
        let (subnets, inbound, acls) = match (&session, found) {
            (Ok(session), Some(found)) => (
                aws::subnets(session, found.subnets.iter()).await.map_err(because),
                aws::inbound(session, &found.groups).await.map_err(because),
                aws::acls(session, found.subnets.iter()).await.map_err(because),
            ),
            (Ok(_), None) => (Err(NO_ENDPOINT), Err(NO_ENDPOINT), Err(NO_ENDPOINT)),
            (Err(why), _) => (Err(why.clone()), Err(why.clone()), Err(why.clone())),
        };
        let service = self.service(&view.service).await;
        let network = self.vpc(&view.account, vpc.as_ref(), &session).await;
        let mut names = Vec::new();
        for name in service.definition.iter().flat_map(|definition| &definition.names) {
            names.push(self.name(&view.account, vpc.as_ref(), name.as_dns_name(), &network, &session).await);
        }
        let events = self.events(&view.account, &session).await;
        let journal = self.journal(view, &names).await?;
        Ok(Facts {
            now: self.worker().now(),
            installation: self.installation_facts(&view.account),
            vpc_endpoint: view.vpc_endpoint.clone(),
            account: view.account.clone(),
            vpc,
            state: view.state.clone(),
            holds: self.holds(view),
            service,
            endpoint,
            subnets,
            inbound,
            acls,
            network,
            names,
            events,
            journal,
            port: self.port,
        })
    }

    /// What is held of the endpoint, and of the allow list that decides on it.
    fn holds(&self, view: &EndpointView) -> Vec<HoldView> {
        let of_list = |subject: &Subject| matches!(subject, Subject::AllowList(of) if *of == view.service);
        let of_list = self.fleet.holds.iter().filter(|hold| of_list(&hold.subject));
        let known = |hold: &&HoldView| view.holds.iter().all(|shown| shown.subject != hold.subject);
        view.holds.iter().chain(of_list.filter(known)).cloned().collect()
    }

    fn installation_facts(&self, account: &AccountId) -> InstallationFacts {
        let config = self.installation.config();
        let of_account = |subject: &Subject| matches!(subject, Subject::Account(held) if held == account);
        let held = self.fleet.holds.iter().find(|hold| of_account(&hold.subject));
        InstallationFacts {
            stack: config.stack_name.clone(),
            account: config.account.clone(),
            region: config.region.clone(),
            client_role: config.client_role_name.clone(),
            has_external_id: config.external_id.is_some(),
            caller: self.caller.clone(),
            held_account: held.map(|hold| format!("{}: {}", hold.reason, hold.message)),
        }
    }

    async fn session(&mut self, account: &AccountId) -> Read<Session> {
        if let Some(session) = self.sessions.get(account) {
            return session.clone();
        }
        let session = self.worker().cloud.session_of(account).await;
        let session = session.map_err(|error| NotRead::because(account, &error));
        self.sessions.insert(account.clone(), session.clone());
        session
    }

    async fn service(&mut self, id: &ServiceId) -> ServiceFacts {
        if let Some(known) = self.services.get(id) {
            return known.clone();
        }
        let own = self.installation.config().account.clone();
        let because = |error| NotRead::because(&own, &error);
        let mut facts = ServiceFacts {
            service: id.clone(),
            definition: self.fleet.policy.services.get(id).cloned(),
            configuration: Err(NO_ENDPOINT),
            listeners: Err(NotRead::NotAsked("the service's load balancer is not known")),
            target_groups: Err(NotRead::NotAsked("the service's load balancer is not known")),
        };
        match self.session(&own).await {
            Ok(session) => {
                facts.configuration = aws::configuration(&session, id).await.map_err(because);
                if let Ok(Some(found)) = &facts.configuration
                    && !found.balancers.is_empty()
                {
                    facts.listeners = aws::listeners(&session, &found.balancers).await.map_err(because);
                    let groups = aws::target_groups(&session, &found.balancers).await;
                    facts.target_groups = groups.map_err(because);
                }
            }
            Err(why) => facts.configuration = Err(why),
        }
        self.services.insert(id.clone(), facts.clone());
        facts
    }

    async fn vpc(&mut self, account: &AccountId, vpc: Option<&VpcId>, session: &Read<Session>) -> VpcFacts {
        let Some(vpc) = vpc else { return unknown_vpc(&NO_VPC) };
        let session = match session {
            Ok(session) => session,
            Err(why) => return unknown_vpc(why),
        };
        if let Some(known) = self.vpcs.get(vpc) {
            return known.clone();
        }
        let facts = vpc_facts(session, account, vpc, &self.installation.config().region).await;
        self.vpcs.insert(vpc.clone(), facts.clone());
        facts
    }

    async fn name(
        &mut self,
        account: &AccountId,
        vpc: Option<&VpcId>,
        name: &DnsName,
        network: &VpcFacts,
        session: &Read<Session>,
    ) -> NameFacts {
        if let Some(known) = vpc.and_then(|vpc| self.names.get(&(vpc.clone(), name.clone()))) {
            return known.clone();
        }
        let mut facts = NameFacts {
            name: name.clone(),
            records: Vec::new(),
            unassociated: Ok(Vec::new()),
            beside: Err(NotRead::NotAsked("no zone of the VPC can hold the name")),
            above: Err(NotRead::NotAsked("no zone of the VPC can hold the name")),
            public: Err(NotRead::NotAsked("no zone of the VPC can hold the name")),
        };
        let zones = network.zones.as_deref().unwrap_or_default();
        let mut zones: Vec<_> = zones.iter().filter(|zone| zone.name.is_zone_of(name)).collect();
        zones.sort_by_key(|zone| std::cmp::Reverse(zone.name.labels()));
        for zone in zones {
            facts.records.push(self.record(zone, name).await);
        }
        let first = facts.records.first().map(|record| record.zone.clone());
        match (&first, session) {
            (Some(zone), _) => {
                if let Some(owner) = &zone.account {
                    facts.beside = self.beside(owner, &zone.id, name).await;
                    facts.above = self.above(owner, zone, name).await;
                    facts.public = self.public(owner, &zone.name).await;
                }
            }
            (None, Ok(session)) if network.zones.is_ok() => {
                let zones = unassociated(account, session, name).await;
                facts.unassociated =
                    zones.map(|zones| zones.into_iter().map(|zone| self.served_there(zone, name)).collect());
            }
            (None, _) => {}
        }
        if let Some(vpc) = vpc {
            self.names.insert((vpc.clone(), name.clone()), facts.clone());
        }
        facts
    }

    fn served_there(&self, zone: NamedZone, name: &DnsName) -> Unassociated {
        let key = RecordKey { zone: zone.id.clone(), name: name.clone() };
        let contributions =
            self.fleet.claims.get(&key).into_iter().flat_map(|claim| claim.contributions.values());
        Unassociated { zone, vpcs: contributions.map(|one| one.vpc.clone()).collect() }
    }

    async fn record(&mut self, zone: &HostedZone, name: &DnsName) -> ZoneRecord {
        let key = RecordKey { zone: zone.id.clone(), name: name.clone() };
        // By its key: a claim that the index of all claims does not have yet counts, too.
        let claims = self.worker().inspect_claims([&key].into_iter()).await;
        let claim = claims.map_err(|error| NotRead::Failed(error.chain()));
        let claim = claim.map(|claims| claims.items.into_iter().next());
        let seen = match &zone.account {
            Some(owner) => {
                let seen = self.worker().inspect_record_sets(owner, &key).await;
                seen.map_err(|error| NotRead::because(owner, &error))
            }
            None => Err(NotRead::NotAsked("the zone belongs to an AWS service")),
        };
        ZoneRecord { zone: zone.clone(), seen, claim }
    }

    /// What stands in the zone from the name's domain on.
    async fn beside(&mut self, owner: &AccountId, zone: &HostedZoneId, name: &DnsName) -> Read<Page> {
        let session = self.session(owner).await?;
        let found = aws::names_in_zone(&session, zone, &name.own_domain()).await;
        let Names { records, delegated, is_all } = found.map_err(|error| NotRead::because(owner, &error))?;
        Ok(Page { records, delegated, is_all, zones: vec![zone.to_string()] })
    }

    /// The names between a zone and the name's domain that the zone delegates: a record below them is not asked for.
    async fn above(&mut self, owner: &AccountId, zone: &HostedZone, name: &DnsName) -> Read<Vec<DnsName>> {
        let session = self.session(owner).await?;
        let mut delegated = Vec::new();
        let mut candidate = parent(&name.own_domain());
        while let Some(between) =
            candidate.filter(|between| *between != zone.name && zone.name.is_zone_of(between))
        {
            let found = aws::names_in_zone(&session, &zone.id, &between).await;
            let found = found.map_err(|error| NotRead::because(owner, &error))?;
            delegated.extend(found.delegated.into_iter().filter(|name| *name == between));
            candidate = parent(&between);
        }
        Ok(delegated)
    }

    /// What the public zones of this name hold, in the zone's account and the provider's, the likeliest to have any.
    async fn public(&mut self, owner: &AccountId, name: &DnsName) -> Read<Page> {
        let mut accounts = vec![owner.clone()];
        let own = &self.installation.config().account;
        accounts.extend((own != owner).then(|| own.clone()));
        let mut page = Page { is_all: true, ..Page::default() };
        for account in accounts {
            let session = self.session(&account).await?;
            let because = |error| NotRead::because(&account, &error);
            let zones = aws::zones_named(&session, name).await.map_err(because)?;
            for zone in zones.iter().filter(|zone| !zone.is_private) {
                let found = aws::names_in_zone(&session, &zone.id, name).await.map_err(because)?;
                page.records.extend(found.records);
                page.is_all &= found.is_all;
                page.zones.push(format!("{} of {account}", zone.id));
            }
        }
        Ok(page)
    }

    async fn events(&mut self, account: &AccountId, session: &Read<Session>) -> EventFacts {
        if self.rules.is_none() {
            self.rules = Some(self.rules().await);
        }
        let rules = self.rules.clone().unwrap_or(Ok(Vec::new()));
        let session = match session {
            Ok(session) => session,
            Err(why) => return EventFacts { rules, client_rule: Err(why.clone()), trails: Err(why.clone()) },
        };
        if !self.events.contains_key(account) {
            let because = |error| NotRead::because(account, &error);
            let name = &self.installation.config().client_role_name;
            let rule = aws::client_rule(session, name).await.map_err(because);
            let trails = aws::trails(session, account).await.map_err(because);
            self.events.insert(account.clone(), (rule, trails));
        }
        let (client_rule, trails) = self.events[account].clone();
        EventFacts { rules, client_rule, trails }
    }

    /// The provider's rules that lead to the queue or to a function.
    async fn rules(&mut self) -> Read<Vec<Rule>> {
        let config = self.installation.config().clone();
        let session = self.session(&config.account).await?;
        let targets = self.installation.event_targets();
        let rules = aws::rules(&session, &targets).await;
        rules.map_err(|error| NotRead::because(&config.account, &error))
    }

    async fn journal(
        &self,
        view: &EndpointView,
        names: &[NameFacts],
    ) -> anyhow::Result<Vec<shared::inspect::JournalEntry>> {
        let mut journal = self.worker().inspect_endpoint_journal(&view.vpc_endpoint).await?.items;
        for record in names.iter().flat_map(|name| name.records.iter().map(move |record| (name, record))) {
            let key = RecordKey { zone: record.1.zone.id.clone(), name: record.0.name.clone() };
            journal.extend(self.worker().inspect_record_journal(&key).await?.items);
        }
        let service = self.worker().inspect_journal(&Subject::Service(view.service.clone())).await?.items;
        let of_endpoint = |entry: &shared::inspect::JournalEntry| {
            entry.steps.iter().any(|step| step.contains(view.vpc_endpoint.as_str()))
        };
        journal.extend(service.into_iter().filter(of_endpoint));
        journal.sort_by_key(|entry| entry.at);
        Ok(journal)
    }
}

/// Private zones of the account that could hold the name, the most specific first.
async fn unassociated(account: &AccountId, session: &Session, name: &DnsName) -> Read<Vec<NamedZone>> {
    let mut zones = Vec::new();
    let mut candidate = Some(name.own_domain());
    // A top-level domain is nobody's zone.
    while let Some(zone) = candidate.filter(|zone| zone.labels() >= 2) {
        let found = aws::zones_named(session, &zone).await;
        let found = found.map_err(|error| NotRead::because(account, &error))?;
        zones.extend(found.into_iter().filter(|zone| zone.is_private));
        candidate = parent(&zone);
    }
    Ok(zones)
}

fn parent(name: &DnsName) -> Option<DnsName> {
    name.to_string().split_once('.').and_then(|(_, parent)| parent.parse().ok())
}
