//! The project's own plan, asked with what a worker of the model has read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use shared::model::claim::{self, Contribution, Origin};
use shared::model::consent::{Consent, Consented};
use shared::model::facts::{
    Association, EndpointFacts, Facts, InterfaceFacts, IpAddressType, PrivateHostedZone, RecordFacts,
    VpcEndpointState, VpcFacts,
};
use shared::model::hold::{HoldReason, Subject};
use shared::model::ids::{AccountId, VpcEndpointId, VpcId};
use shared::model::policy::{
    Adopt, Disallowed, OnRemove, Policy, ServiceDefinition, SharedZones, Ttl, UnneededZones, WriteTo,
    ZoneChoice,
};
use shared::model::rate::Priority;
use shared::model::record::{Addresses, Change, ChangeAction, RecordKey, RecordSet, RecordType, SeenRecords};
use shared::model::repairs::Repairs;
use shared::plan::vpc::{Met, Refused, plan};
use shared::plan::{self, Plan};
use shared::trigger::intent::Intent;

use crate::world::{ADDRESSES, Batch, Claim, NOTHING, Pending, Record, Set, Step, TYPES};

/// Who owns the zone.
const OWNER: &str = "444455556666";
/// Whose VPC the owner serves, where the VPCs are of two accounts.
const GUEST: &str = "555566667777";
const SERVICE: &str = "vpce-svc-00000001";
const ENDPOINTS: [&str; 2] = ["vpce-00000001", "vpce-00000002"];
const VPCS: [&str; 2] = ["vpc-00000001", "vpc-00000002"];
const NAME: &str = "*.aws.byoc.example.com";
const OTHER_TTL: u32 = 300;
pub(crate) const MINUTE: u32 = 60_000;

/// What a worker knows when it plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct View {
    /// The VPC that it looks at.
    pub(crate) vpc: u8,
    /// Its clock, in milliseconds.
    pub(crate) now: u32,
    /// The addresses of all endpoints; it sees those of its own VPC only.
    pub(crate) endpoints: [Set; 2],
    pub(crate) seen: Record,
    pub(crate) claim: Option<Claim>,
    /// What it had seen before AWS refused its change.
    pub(crate) refused: Option<Record>,
    /// Whether the pending change of the claim names no TTL, as one that an older version wrote.
    pub(crate) any_ttl: bool,
}

/// The part of a plan that is about the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Planned {
    pub(crate) steps: [Option<Step>; 3],
    /// What undoes the announcement of the change, should it certainly not be made.
    pub(crate) put_back: Option<Step>,
    pub(crate) held: bool,
    pub(crate) look_again: bool,
}

/// Asks the plan, each question once.
pub(crate) struct Planner {
    policy: Policy,
    vpc_of: [u8; 2],
    owned: bool,
    key: RecordKey,
    start: Timestamp,
    known: Mutex<HashMap<View, Planned>>,
}

pub(crate) fn id<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

impl Planner {
    /// `owned` tells whether the second VPC is the zone's owner's, and the first one somebody else's; then a record has
    /// one VPC.
    pub(crate) fn new(vpc_of: [u8; 2], adopt: Adopt, on_remove: OnRemove, owned: bool) -> Arc<Self> {
        let definition = ServiceDefinition {
            service: id(SERVICE),
            names: BTreeSet::from([id(NAME)]),
            allowed_principals: BTreeSet::from([id(OWNER), id(GUEST)]),
            disallowed: Disallowed::Leave,
            revocation_grace: 0,
            ttl: Ttl::default(),
            adopt,
            on_remove,
            shared_zones: if owned { SharedZones::Refuse } else { SharedZones::Merge },
            write: WriteTo::Every,
            zones: ZoneChoice::Existing,
            unneeded_zones: UnneededZones::Keep,
            removed: None,
        };
        let services = BTreeMap::from([(definition.service.clone(), definition)]);
        Arc::new(Self {
            policy: Policy { region: id("us-west-2"), services },
            vpc_of,
            owned,
            key: RecordKey { zone: id("Z1"), name: id(NAME) },
            start: id("2026-03-02T09:15:00Z"),
            known: Mutex::default(),
        })
    }

    /// Whether an endpoint of the VPC is available: else its zones are not listed, and no record is read
    /// but what the VPC has a claim on.
    pub(crate) fn lists_zones(&self, vpc: u8, endpoints: [Set; 2]) -> bool {
        endpoints.into_iter().zip(self.vpc_of).any(|(set, of)| of == vpc && set != NOTHING)
    }

    /// The VPCs that contribute to a claim, as bits.
    pub(crate) fn vpcs(&self, claim: &Claim) -> u8 {
        let of = claim.contributions.into_iter().zip(self.vpc_of);
        of.fold(0, |vpcs, (set, vpc)| vpcs | if set == NOTHING { 0 } else { 1 << vpc })
    }

    /// How many questions the plan was asked.
    pub(crate) fn asked(&self) -> usize {
        self.known.lock().unwrap().len()
    }

    pub(crate) fn plan(&self, view: &View) -> Planned {
        if let Some(planned) = self.known.lock().unwrap().get(view) {
            return *planned;
        }
        let facts = self.facts(view);
        let refused = view.refused.map(|seen| Refused {
            vpc: id(VPCS[usize::from(view.vpc)]),
            met: Met::Record(Box::new(self.record_facts(view.vpc, seen, None))),
            reason: HoldReason::Route53Refused { message: "refused".into() },
        });
        let plan = plan(&intent(self.account(view.vpc), view.vpc), &facts, &self.policy, refused.as_slice());
        let planned = self.planned(view, &plan);
        self.known.lock().unwrap().insert(*view, planned);
        planned
    }

    /// What the record is to answer, with these endpoints.
    pub(crate) fn desired(&self, endpoints: [Set; 2]) -> Set {
        match endpoints {
            // The owner's own VPC comes first.
            [_, own] if self.owned && own != NOTHING => own,
            [first, second] => first | second,
        }
    }

    fn account(&self, vpc: u8) -> AccountId {
        id(if self.owned && vpc == 0 { GUEST } else { OWNER })
    }

    fn facts(&self, view: &View) -> Facts {
        let here: VpcId = id(VPCS[usize::from(view.vpc)]);
        let mut endpoints = BTreeMap::new();
        for (n, set) in view.endpoints.into_iter().enumerate().filter(|(n, _)| self.vpc_of[*n] == view.vpc) {
            endpoints.insert(id::<VpcEndpointId>(ENDPOINTS[n]), endpoint(set));
        }
        let zone = PrivateHostedZone::of_account(id("aws.byoc.example.com"), id(OWNER));
        let zones = self
            .lists_zones(view.vpc, view.endpoints)
            .then(|| Ok(BTreeMap::from([(self.key.zone.clone(), zone)])));
        let claim = view.claim.map(|claim| self.claim(&claim, view.any_ttl));
        let record = self.record_facts(view.vpc, view.seen, claim);
        Facts {
            account: self.account(view.vpc),
            now: self.moment(view.now),
            denied: None,
            holds: BTreeMap::new(),
            vpcs: vec![VpcFacts {
                vpc: here,
                endpoints,
                stored: BTreeMap::new(),
                zones,
                profiles: None,
                records: vec![record],
                holds: BTreeMap::new(),
                zone_claims: BTreeMap::new(),
                making: None,
            }],
            unknown: BTreeSet::new(),
            waits: BTreeMap::new(),
            interfaces_read: true,
        }
    }

    fn record_facts(&self, vpc: u8, seen: Record, claim: Option<claim::Claim>) -> RecordFacts {
        RecordFacts {
            key: self.key.clone(),
            zone_account: id(OWNER),
            association: Association::Associated,
            seen: Ok(records(seen)),
            claim,
            consent: if self.account(vpc) == id(OWNER) { Consent::Unasked } else { Consent::Given },
            waiting: BTreeMap::new(),
        }
    }

    fn moment(&self, milliseconds: u32) -> Timestamp {
        self.start + SignedDuration::from_millis(milliseconds.into())
    }

    fn claim(&self, small: &Claim, any_ttl: bool) -> claim::Claim {
        let given = small.contributions.into_iter().enumerate().filter(|(_, set)| *set != NOTHING);
        let contributions = given.map(|(n, set)| {
            let (vpc, account) = (id(VPCS[usize::from(self.vpc_of[n])]), self.account(self.vpc_of[n]));
            let consent = (account != id(OWNER)).then(Consented::default);
            (id(ENDPOINTS[n]), Contribution { vpc, account, addresses: addresses(set), consent })
        });
        claim::Claim {
            key: self.key.clone(),
            zone_account: id(OWNER),
            service: id(SERVICE),
            contributions: contributions.collect(),
            origin: if small.adopted { Origin::Adopted } else { Origin::Created },
            confirmed: addresses(small.confirmed),
            pending: small.pending.map(|Pending { from, to, until }| claim::Pending {
                from: addresses(from),
                to: addresses(to),
                ttl: (!any_ttl).then(|| Ttl::default().seconds()),
                until: self.moment(u32::from(until) * MINUTE),
            }),
            ttl: None,
            repairs: Repairs::default(),
            released: None,
            version: small.version.into(),
        }
    }

    fn small(&self, claim: &claim::Claim, numbers: &Numbers) -> Claim {
        let given = |name: &str| claim.contributions.get(&id::<VpcEndpointId>(name));
        Claim {
            contributions: ENDPOINTS.map(|name| given(name).map_or(NOTHING, |given| set(&given.addresses))),
            adopted: claim.origin == Origin::Adopted,
            confirmed: set(&claim.confirmed),
            pending: claim.pending.as_ref().map(|pending| self.pending(pending)),
            version: numbers.small(claim.version),
        }
    }

    fn pending(&self, pending: &claim::Pending) -> Pending {
        let until = pending.until.duration_since(self.start).as_mins();
        Pending { from: set(&pending.from), to: set(&pending.to), until: u8::try_from(until).unwrap() }
    }

    fn planned(&self, view: &View, plan: &Plan) -> Planned {
        let here: VpcId = id(VPCS[usize::from(view.vpc)]);
        let numbers = Numbers::of(view, plan);
        let subject = Subject::Record(here.clone(), self.key.clone());
        let mut planned = Planned {
            held: plan.holds.contains_key(&subject),
            look_again: plan.look_again.contains_key(&here),
            ..Planned::default()
        };
        let mut announced = None;
        let groups = plan.groups.iter().filter(|group| group.subject == subject);
        let steps = groups.flat_map(|group| &group.steps);
        // What is remembered, held and reserved does not decide whose a record is.
        let steps = steps.filter(|step| {
            matches!(
                step,
                plan::Step::PutClaim { .. }
                    | plan::Step::ChangeRecords { .. }
                    | plan::Step::ReleaseClaim { .. }
            )
        });
        for (n, step) in steps.enumerate() {
            if let plan::Step::ChangeRecords { put_back, .. } = step {
                let [to] = &put_back[..] else {
                    panic!("a change without a run puts one claim back: {put_back:?}")
                };
                planned.put_back = Some(self.step(to, &numbers, &mut announced));
            }
            planned.steps[n] = Some(self.step(step, &numbers, &mut announced));
        }
        planned
    }

    /// A step of the plan as one of the model. `announced` is what its claim announces.
    fn step(&self, step: &plan::Step, numbers: &Numbers, announced: &mut Option<Pending>) -> Step {
        match step {
            plan::Step::PutClaim { claim, expects, joins, leaves, .. } => {
                *announced =
                    announced.or_else(|| claim.pending.as_ref().map(|pending| self.pending(pending)));
                Step::Put {
                    claim: self.small(claim, numbers),
                    expects: expects.map(|version| numbers.small(version)),
                    joins: bits(joins),
                    leaves: bits(leaves),
                }
            }
            plan::Step::ChangeRecords { changes, .. } => Step::Change(batch(changes, announced.unwrap())),
            plan::Step::ReleaseClaim { expects, leaves, .. } => {
                Step::Release { expects: numbers.small(*expects), leaves: bits(leaves) }
            }
            other => panic!("not a step on a record: {other}"),
        }
    }
}

/// How the versions in a plan are told as those of the model. A claim that is made anew takes its first
/// version from the clock; the model's clock stands for it.
struct Numbers {
    first: Option<u64>,
    now: u32,
}

impl Numbers {
    fn of(view: &View, plan: &Plan) -> Self {
        let first = plan.steps().find_map(|step| match step {
            plan::Step::PutClaim { claim, expects: None, .. } => Some(claim.version),
            _ => None,
        });
        Self { first, now: view.now }
    }

    fn small(&self, version: u64) -> u32 {
        let small = self.first.map_or(version, |first| u64::from(self.now) + version - first);
        u32::try_from(small).unwrap()
    }
}

fn intent(account: AccountId, vpc: u8) -> Intent {
    intent_of(account, id(VPCS[usize::from(vpc)]))
}

pub(crate) fn intent_of(account: AccountId, vpc: VpcId) -> Intent {
    Intent {
        account,
        vpc_endpoints: BTreeSet::new(),
        vpcs: BTreeSet::from([vpc]),
        announced: false,
        reviewed: BTreeMap::new(),
        gone: None,
        message: None,
        attempt: 0,
        priority: Priority::Event,
        edit: None,
        cause: "a test".into(),
        since: None,
        run: None,
    }
}

pub(crate) fn available_endpoint() -> EndpointFacts {
    endpoint(ADDRESSES[0].0)
}

/// An available endpoint with its address, or one that is gone.
fn endpoint(set: Set) -> EndpointFacts {
    let available = set != NOTHING;
    let interface = InterfaceFacts { subnet: id("subnet-00000001"), addresses: addresses(set) };
    EndpointFacts {
        service: id(SERVICE),
        state: Some(if available { VpcEndpointState::Available } else { VpcEndpointState::Deleted }),
        ip_address_type: IpAddressType::Ipv4,
        subnets: available.then(|| interface.subnet.clone()).into_iter().collect(),
        interfaces: available.then(|| (id("eni-00000001"), interface)).into_iter().collect(),
    }
}

fn addresses(set: Set) -> Addresses {
    let texts = |of: Set| ADDRESSES.into_iter().filter(move |(bit, _)| set & of & bit != 0);
    Addresses {
        a: texts(TYPES[0]).map(|(_, text)| id(text)).collect(),
        aaaa: texts(TYPES[1]).map(|(_, text)| id(text)).collect(),
    }
}

fn set(addresses: &Addresses) -> Set {
    let texts = addresses.a.iter().map(ToString::to_string);
    bits_of(texts.chain(addresses.aaaa.iter().map(ToString::to_string)))
}

fn bits_of(texts: impl Iterator<Item = String>) -> Set {
    let bit = |text: String| ADDRESSES.into_iter().find(|(_, known)| *known == text).unwrap().0;
    texts.fold(NOTHING, |set, text| set | bit(text))
}

fn bits(vpcs: &BTreeSet<VpcId>) -> u8 {
    let bit = |vpc: &VpcId| VPCS.iter().position(|known| *known == vpc.as_str()).unwrap();
    vpcs.iter().fold(0, |bits, vpc| bits | 1 << bit(vpc))
}

fn records(seen: Record) -> SeenRecords {
    let all = addresses(seen.set);
    let set = |ttl, values: BTreeSet<String>| (!values.is_empty()).then_some(RecordSet { ttl, values });
    let ttl = if seen.other_ttl { OTHER_TTL } else { Ttl::default().seconds() };
    SeenRecords {
        a: set(ttl, all.a.iter().map(ToString::to_string).collect()),
        aaaa: set(Ttl::default().seconds(), all.aaaa.iter().map(ToString::to_string).collect()),
        incompatible: seen.cname.then(|| "CNAME".to_owned()).into_iter().collect(),
        mark: None,
    }
}

fn batch(changes: &[Change], announced: Pending) -> Batch {
    let mut batch = Batch { delete: NOTHING, delete_other_ttl: false, create: NOTHING, announced };
    for Change { action, record_type, set } in changes {
        let values = bits_of(set.values.iter().cloned());
        match action {
            ChangeAction::Delete => {
                batch.delete |= values;
                batch.delete_other_ttl |= *record_type == RecordType::A && set.ttl == OTHER_TTL;
            }
            ChangeAction::Create => batch.create |= values,
        }
    }
    batch
}
