//! The project's own plan, asked what becomes of the zone of a VPC.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use shared::model::facts::{EndpointFacts, Facts, PrivateHostedZone, VpcFacts};
use shared::model::policy::Policy;
use shared::model::zone_claim::{ClaimedZone, ZoneClaim, ZoneContents, ZoneLook, ZoneMaking, ZoneState};
use shared::plan;
use shared::plan::vpc::plan;

use crate::planner::{available_endpoint, id, intent_of};

pub(crate) const ACCOUNT: &str = "444455556666";
pub(crate) const VPC: &str = "vpc-00000001";
const SERVICE: &str = "vpce-svc-00000001";
const ENDPOINT: &str = "vpce-00000001";
const DOMAIN: &str = "aws.byoc.example.com";
const INSTALLATION: &str = "111122223333/us-west-2/zonelink";
/// In seconds.
const MINUTE: i64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Progress {
    Making { until: u8 },
    Made { zone: u8 },
    Removing { zone: u8, until: u8 },
}

/// A claim on the zone. Versions and references are the real ones: the clock's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Claim {
    pub(crate) progress: Progress,
    pub(crate) reference: u64,
    pub(crate) version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Zone {
    pub(crate) id: u8,
    pub(crate) reference: u64,
    /// Whether a person has a record in it.
    pub(crate) filled: bool,
}

/// What a put-back does: the claim over a version, or none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PutBack {
    claim: Option<Claim>,
    expects: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    Put { claim: Claim, expects: Option<u64> },
    Release { expects: u64 },
    Create { reference: u64, until: u8, put_back: PutBack },
    Delete { zone: u8, until: u8, put_back: PutBack },
}

impl Step {
    /// When a request to Route 53 is over; none for a write to the table.
    pub(crate) fn until(&self) -> Option<u8> {
        match self {
            Step::Create { until, .. } | Step::Delete { until, .. } => Some(*until),
            Step::Put { .. } | Step::Release { .. } => None,
        }
    }

    pub(crate) fn put_back(&self) -> Option<Step> {
        let (Step::Create { put_back, .. } | Step::Delete { put_back, .. }) = self else { return None };
        let PutBack { claim, expects } = *put_back;
        Some(claim.map_or(Step::Release { expects }, |claim| Step::Put { claim, expects: Some(expects) }))
    }
}

/// What a worker knows when it plans.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct View {
    /// In seconds.
    pub(crate) now: u32,
    pub(crate) needed: bool,
    pub(crate) claim: Option<Claim>,
    pub(crate) zones: Vec<Zone>,
}

pub(crate) struct Planner {
    policy: Policy,
    start: Timestamp,
    known: Mutex<HashMap<View, Vec<Step>>>,
}

impl Planner {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, start: id("2026-03-02T09:15:00Z"), known: Mutex::default() }
    }

    pub(crate) fn plan(&self, view: &View) -> Vec<Step> {
        if let Some(known) = self.known.lock().unwrap().get(view) {
            return known.clone();
        }
        let plan = plan(&intent_of(id(ACCOUNT), id(VPC)), &self.facts(view), &self.policy, &[]);
        let steps: Vec<_> = plan.steps().filter_map(|step| self.step(step)).collect();
        self.known.lock().unwrap().insert(view.clone(), steps.clone());
        steps
    }

    fn facts(&self, view: &View) -> Facts {
        let mut endpoints: BTreeMap<_, EndpointFacts> = BTreeMap::new();
        if view.needed {
            endpoints.insert(id(ENDPOINT), available_endpoint());
        }
        let zone = |zone: &Zone| {
            (id(&format!("Z{}", zone.id)), PrivateHostedZone::of_account(id(DOMAIN), id(ACCOUNT)))
        };
        let zones: BTreeMap<_, _> = view.zones.iter().map(zone).collect();
        let lists =
            view.needed || view.claim.is_some_and(|one| matches!(one.progress, Progress::Making { .. }));
        let making = (view.needed && zones.is_empty()).then(|| ZoneMaking {
            installation: INSTALLATION.into(),
            provider: id("111122223333"),
            zones: 0,
            at_most: 20,
        });
        let claimed = |claim: Claim| {
            (id(DOMAIN), ClaimedZone { claim: self.claim(claim), look: Self::look(&claim, view) })
        };
        Facts {
            account: id(ACCOUNT),
            now: self.start + SignedDuration::from_secs(view.now.into()),
            denied: None,
            holds: BTreeMap::new(),
            vpcs: vec![VpcFacts {
                vpc: id(VPC),
                endpoints,
                stored: BTreeMap::new(),
                zones: lists.then_some(Ok(zones)),
                profiles: None,
                records: Vec::new(),
                holds: BTreeMap::new(),
                zone_claims: view.claim.into_iter().map(claimed).collect(),
                making,
            }],
            unknown: BTreeSet::new(),
            waits: BTreeMap::new(),
            interfaces_read: true,
        }
    }

    /// What the library's `observe` asks of the zone of a claim.
    fn look(claim: &Claim, view: &View) -> ZoneLook {
        use shared::model::facts::Association::ZoneGone;
        let stands = |id: u8| view.zones.iter().find(|zone| zone.id == id);
        let contents = |id: u8| {
            let contents = stands(id).map(|zone| ZoneContents {
                caller_reference: reference(zone.reference),
                record_sets: Some(2 + u64::from(zone.filled)),
                vpcs: [self::id(VPC)].into(),
            });
            ZoneLook::Contents { contents, claimed: false }
        };
        match claim.progress {
            Progress::Making { .. } => {
                view.zones.first().map_or(ZoneLook::Unasked, |zone| ZoneLook::Reference {
                    zone: id(&format!("Z{}", zone.id)),
                    caller_reference: Some(reference(zone.reference)),
                })
            }
            Progress::Removing { zone, .. } => contents(zone),
            Progress::Made { zone } if !view.needed => contents(zone),
            Progress::Made { zone } if stands(zone).is_none() => ZoneLook::Unlisted(ZoneGone),
            Progress::Made { .. } => ZoneLook::Unasked,
        }
    }

    fn claim(&self, small: Claim) -> ZoneClaim {
        let zone = |number: u8| id(&format!("Z{number}"));
        let at = |minute: u8| self.start + SignedDuration::from_secs(MINUTE * i64::from(minute));
        ZoneClaim {
            vpc: id(VPC),
            account: id(ACCOUNT),
            domain: id(DOMAIN),
            service: id(SERVICE),
            caller_reference: reference(small.reference),
            state: match small.progress {
                Progress::Making { until } => ZoneState::Making { until: at(until) },
                Progress::Made { zone: of } => ZoneState::Made { zone: zone(of) },
                Progress::Removing { zone: of, until } => {
                    ZoneState::Removing { zone: zone(of), until: at(until) }
                }
            },
            made_anew: None,
            version: small.version,
        }
    }

    fn small(&self, claim: &ZoneClaim) -> Claim {
        let progress = match &claim.state {
            ZoneState::Making { until } => Progress::Making { until: self.minute(*until) },
            ZoneState::Made { zone } => Progress::Made { zone: number(zone.as_str()) },
            ZoneState::Removing { zone, until } => {
                Progress::Removing { zone: number(zone.as_str()), until: self.minute(*until) }
            }
        };
        Claim { progress, reference: generation(&claim.caller_reference), version: claim.version }
    }

    /// The minute before which a request has ended that must end before this moment.
    fn minute(&self, until: Timestamp) -> u8 {
        u8::try_from(until.duration_since(self.start).as_secs() / MINUTE).unwrap()
    }

    fn step(&self, step: &plan::Step) -> Option<Step> {
        let put_back = |steps: &[plan::Step]| match steps {
            [plan::Step::PutZoneClaim { claim, expects: Some(expects), .. }] => {
                PutBack { claim: Some(self.small(claim)), expects: *expects }
            }
            [plan::Step::ReleaseZoneClaim { expects, .. }] => PutBack { claim: None, expects: *expects },
            other => panic!("one step puts back: {other:?}"),
        };
        Some(match step {
            plan::Step::PutZoneClaim { claim, expects, .. } => {
                Step::Put { claim: self.small(claim), expects: *expects }
            }
            plan::Step::ReleaseZoneClaim { expects, .. } => Step::Release { expects: *expects },
            plan::Step::CreateZone { zone, until, put_back: steps, .. } => Step::Create {
                reference: generation(&zone.caller_reference),
                until: self.minute(*until),
                put_back: put_back(steps),
            },
            plan::Step::DeleteZone { zone, until, put_back: steps, .. } => Step::Delete {
                zone: number(zone.as_str()),
                until: self.minute(*until),
                put_back: put_back(steps),
            },
            // Records, and what is remembered and held, are no concern of the zone.
            _ => return None,
        })
    }
}

fn reference(generation: u64) -> String {
    format!("{}{generation}", ZoneClaim::reference_of(INSTALLATION, &id(VPC), &id(DOMAIN)))
}

fn generation(reference: &str) -> u64 {
    reference.rsplit('-').next().unwrap().parse().unwrap()
}

fn number(zone: &str) -> u8 {
    zone.trim_start_matches('Z').parse().unwrap()
}
