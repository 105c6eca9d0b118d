//! The world in memory: AWS as far as zonelink can tell, a clock that nobody waits for, and the list of
//! what must not have happened.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use shared::model::ids::{AccountId, ServiceId, VpcId};
use shared::model::policy::{Policy, ServiceDefinition, UnneededZones, WriteTo, ZoneChoice};
use shared::model::rate::Rate;
use shared::model::record::{RecordKey, SeenRecords};

use super::calls::{Letter, Request};
use super::closing::Closing;
use super::ec2::Ec2;
use super::faults::Faults;
use super::logs::Logs;
use super::organization::Organization;
use super::others::Writer;
use super::pages::Cut;
use super::profiles::Profiles;
use super::queue::Queue;
use super::random::Random;
use super::route53::Route53;
use super::setting;
use super::table::Table;
use super::zones::MadeZones;

/// Something that was sent and whose sender no longer waits for it.
pub(crate) struct InFlight {
    pub(crate) lands_at: i64,
    pub(crate) request: Rc<Request>,
    pub(crate) letter: Rc<dyn Letter>,
}

/// What happened in a schedule, counted: a simulation that never loses a race shows nothing about races.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally(pub(crate) BTreeMap<&'static str, u64>);

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Tally) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each tells whether something happens in its schedule")]
pub(crate) struct World {
    /// Whether people take records back.
    pub(crate) takes_back: bool,
    /// Whether owners of zones say whose VPCs they serve; else they serve all.
    pub(crate) owners_consent: bool,
    /// The accounts that have closed their role for good.
    pub(crate) closing: Closing,
    /// The accounts whose VPCs each owner serves.
    pub(crate) guests: BTreeSet<(AccountId, AccountId)>,
    /// Whether definitions let zones be made.
    pub(crate) makes_zones: bool,
    /// Whether definitions let zones be deleted that nothing needs any more.
    pub(crate) deletes_zones: bool,
    /// How many may live in an account.
    pub(crate) max_zones: u32,
    /// What happened to the zones that were made.
    pub(crate) made_zones: MadeZones,
    /// Whether somebody else writes a record again and again.
    pub(crate) others_write: bool,
    /// Who does now.
    pub(crate) writer: Option<Writer>,
    /// What we made of each record last, and when we made the same again.
    pub(crate) made: BTreeMap<RecordKey, (SeenRecords, Vec<i64>)>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) random: Random,
    /// What is defined now.
    pub(crate) policy: Policy,
    /// What was defined to begin with.
    pub(crate) defined: Policy,
    /// Definitions that were lost since.
    pub(crate) lost: BTreeMap<ServiceId, ServiceDefinition>,
    /// How many records a sweep may remove.
    pub(crate) max_deletes: u32,
    /// The share of Route 53 requests.
    pub(crate) rate: Rate,
    /// Whether other record sets stand beside addresses.
    pub(crate) with_texts: bool,
    /// How lists are cut into pages.
    pub(crate) cut: Cut,
    /// How many page tokens were given out.
    pub(crate) tokens: u64,
    pub(crate) organization: Organization,
    /// Whether there are zones of AWS services.
    pub(crate) has_zones_of_aws: bool,
    /// Whether Route 53 Profiles bring zones, too.
    pub(crate) has_profiles: bool,
    pub(crate) profiles: Profiles,
    pub(crate) vpcs: BTreeMap<VpcId, AccountId>,
    pub(crate) ec2: Ec2,
    pub(crate) route53: Route53,
    pub(crate) table: Table,
    pub(crate) queue: Queue,
    /// Endpoints whose item of the table was lost at some time.
    pub(crate) forgotten: BTreeSet<String>,
    /// Calls that AWS refuses in an account for want of permission.
    pub(crate) denied: BTreeSet<(AccountId, &'static str)>,
    pub(crate) faults: Faults,
    pub(crate) in_flight: Vec<InFlight>,
    /// Writes of any kind but messages: what a sweep over a world in order must not make.
    pub(crate) writes: Vec<String>,
    pub(crate) violations: Vec<String>,
    pub(crate) tally: Tally,
    /// What the product has logged and history does not show yet.
    pub(crate) logs: Logs,
    /// What happened, one line each; kept only for a replay.
    pub(crate) history: Option<Vec<String>>,
    began: i64,
}

impl World {
    /// From this seed on people take records back, too; later on in every fourth schedule.
    pub(crate) const TAKING_BACK: u64 = 1_000_000;
    /// From this seed on owners of zones say whose VPCs they serve; later on in every fourth schedule.
    pub(crate) const CONSENTING: u64 = 2_000_000;
    /// From this seed on somebody else writes records, too; later on in every fourth schedule.
    pub(crate) const CONTENDING: u64 = 3_000_000;
    /// From this seed on zones are made, too; later on in every fourth schedule.
    pub(crate) const MAKING: u64 = 4_000_000;

    pub(crate) fn new(seed: u64, mut random: Random, with_history: bool) -> Self {
        let mut policy = setting::policy(&mut random);
        if matches!(seed % 16, 4 | 7 | 9 | 11) {
            policy.services.values_mut().for_each(|definition| definition.write = WriteTo::Answering);
        }
        let makes_zones = (Self::MAKING..Self::MAKING + 1_000_000).contains(&seed)
            || (seed > Self::MAKING && seed % 4 == 3);
        let deletes_zones = makes_zones && (seed / 4).is_multiple_of(2);
        for definition in policy.services.values_mut().filter(|_| makes_zones) {
            definition.zones = ZoneChoice::Create;
            if deletes_zones {
                definition.unneeded_zones = UnneededZones::Delete;
            }
        }
        let max_deletes = *random.pick(&[0, 1, 2, 20, 20]);
        let began = setting::id::<Timestamp>("2026-03-02T09:15:00Z").as_millisecond();
        let mut world = World {
            takes_back: seed / Self::TAKING_BACK == 1 || (seed > Self::TAKING_BACK && seed.is_multiple_of(4)),
            owners_consent: seed / Self::TAKING_BACK == Self::CONSENTING / Self::TAKING_BACK
                || (seed > Self::CONSENTING && seed % 4 == 1),
            closing: Closing::default(),
            guests: BTreeSet::new(),
            has_zones_of_aws: matches!(seed % 16, 3 | 4 | 6 | 11),
            has_profiles: matches!(seed % 16, 2 | 5 | 13),
            profiles: Profiles::default(),
            others_write: (Self::CONTENDING..Self::CONTENDING + 1_000_000).contains(&seed)
                || (seed > Self::CONTENDING && seed % 4 == 2),
            makes_zones,
            deletes_zones,
            max_zones: if seed % 8 == 7 { 1 } else { 20 },
            made_zones: MadeZones::default(),
            writer: None,
            made: BTreeMap::new(),
            now: began,
            faults: Faults::of(&mut random),
            rate: setting::rate(&mut random),
            with_texts: random.one_in(3),
            cut: Cut::ByChance,
            tokens: 0,
            random,
            defined: policy.clone(),
            policy,
            lost: BTreeMap::new(),
            max_deletes,
            organization: Organization::default(),
            vpcs: BTreeMap::new(),
            ec2: Ec2::default(),
            route53: Route53::default(),
            table: Table::default(),
            queue: Queue::default(),
            forgotten: BTreeSet::new(),
            denied: BTreeSet::new(),
            in_flight: Vec::new(),
            writes: Vec::new(),
            violations: Vec::new(),
            tally: Tally::default(),
            logs: Logs::default(),
            history: with_history.then(Vec::new),
            began,
        };
        setting::build(&mut world);
        world.some_are_served();
        world.write_definitions();
        world
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now).unwrap()
    }

    /// Writes a line of history, if somebody is to read it.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if self.history.is_some() {
            let (at, line) = (self.clock(self.now), line());
            self.history.iter_mut().for_each(|history| history.push(format!("{at}  {line}")));
        }
    }

    /// A moment as history shows it: hours, minutes and seconds since the beginning.
    pub(crate) fn clock(&self, at: i64) -> String {
        let ms = at - self.began;
        format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    }

    pub(crate) fn violation(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.note(|| format!("VIOLATION: {what}"));
        self.violations.push(what);
    }

    /// Lets time pass, and with it all that needs nothing else: endpoints settle, requests land, items expire.
    pub(crate) fn pass(&mut self, milliseconds: i64) {
        let end = self.now + milliseconds.max(0);
        while let Some(at) = self.next_by_itself().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.settle();
        }
        self.now = end;
        self.table.expire(self.now / 1_000);
    }

    /// Moves what came too often to the dead-letter queue.
    pub(crate) fn bury_messages(&mut self) {
        self.queue.bury(self.now);
    }

    /// When something happens next though nobody does anything.
    pub(crate) fn next_by_itself(&self) -> Option<i64> {
        let landing = self.in_flight.iter().map(|request| request.lands_at).min();
        landing.into_iter().chain(self.ec2.settles_next()).min()
    }

    fn settle(&mut self) {
        for line in self.ec2.settle(self.now) {
            self.note(|| line);
        }
        while let Some(index) = self.in_flight.iter().position(|request| request.lands_at <= self.now) {
            let InFlight { request, letter, .. } = self.in_flight.remove(index);
            self.note(|| format!("lands late: {request}"));
            if let Err(why) = letter.perform(self, false) {
                self.note(|| format!("which comes to nothing: {why}"));
            }
        }
    }
}
