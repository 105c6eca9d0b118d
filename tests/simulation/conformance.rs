//! The simulated cloud keeps the claims that every implementation of the port keeps.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use conformance::{Kind, Organization, Refusal, Setting, check, claims};
use shared::model::facts::ZoneOwner;
use shared::model::ids::{AccountId, HostedZoneId, ProfileId, VpcEndpointId, VpcId};
use shared::model::mark::Mark;
use shared::model::policy::SharedZones;
use shared::model::rate::LONGEST_DELAY;
use shared::model::record::RecordKey;

use super::cloud::SimulatedCloud;
use super::executor::Executor;
use super::faults::Faults;
use super::pages::Cut;
use super::profiles::Profile;
use super::route53::Zone;
use super::script::SERVICE;
use super::setting::{CLIENTS, OWN, STRANGER, id};
use super::world::World;

/// The one worker.
const WORKER: usize = 0;

/// A world in which nothing happens by itself, on which a claim sets its stage.
struct Stage {
    world: Rc<RefCell<World>>,
    /// How many things were made: each has a number of its own.
    made: Cell<usize>,
}

impl Stage {
    fn insert(&self, zone: &HostedZoneId, name: &str, owner: ZoneOwner, vpc: &VpcId) {
        let facts =
            Zone { name: id(name), owner, vpcs: [vpc.clone()].into(), caller_reference: zone.to_string() };
        self.change(|world| world.route53.zones.insert(zone.clone(), facts));
    }

    fn new() -> Self {
        let mut world = World::scripted(SharedZones::Merge, &[]);
        world.denied.insert((id(STRANGER), "sts:AssumeRole"));
        world.owners_consent = true;
        world.organization.id = Some(id("o-exampleorgid"));
        world.organization.parents = [(CLIENTS[0].to_owned(), "r-exam".to_owned())].into();
        Self { world: Rc::new(RefCell::new(world)), made: Cell::default() }
    }

    fn number(&self) -> usize {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.borrow_mut())
    }
}

impl conformance::World for Stage {
    fn setting(&self) -> Setting {
        Setting {
            own: id(OWN),
            client: id(CLIENTS[0]),
            other: id(CLIENTS[1]),
            closed: id(STRANGER),
            region: self.world.borrow().policy.region.clone(),
            service: id(SERVICE),
        }
    }

    fn organization(&self) -> Organization {
        Organization { id: id("o-exampleorgid"), member: id(CLIENTS[0]), parent: "r-exam".into() }
    }

    fn permit(&self, principal: &str) {
        self.change(|world| {
            let given = world.ec2.permissions.entry(id(SERVICE)).or_default();
            given.insert(principal.to_owned());
        });
    }

    fn vpc(&self, account: &AccountId) -> VpcId {
        let vpc: VpcId = id(&format!("vpc-{:08x}", self.number()));
        self.change(|world| world.vpcs.insert(vpc.clone(), account.clone()));
        vpc
    }

    fn endpoint(&self, vpc: &VpcId, subnets: usize) -> VpcEndpointId {
        let number = self.number();
        let values: Vec<_> = (0..subnets).map(|subnet| format!("10.{number}.{subnet}.1")).collect();
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let name = format!("vpce-{number:08x}");
        self.change(|world| world.client_creates(&name, vpc.as_str(), &values));
        id(&name)
    }

    fn zone(&self, account: &AccountId, name: &str, vpc: &VpcId) -> HostedZoneId {
        let zone: HostedZoneId = id(&format!("Z{}", self.number()));
        self.insert(&zone, name, ZoneOwner::Account(account.clone()), vpc);
        zone
    }

    fn zone_of_aws(&self, service: &str, name: &str, vpc: &VpcId) -> HostedZoneId {
        let zone: HostedZoneId = id(&format!("Z{}", self.number()));
        self.insert(&zone, name, ZoneOwner::Service(service.to_owned()), vpc);
        zone
    }

    fn profile(&self, vpc: &VpcId, zones: &[HostedZoneId]) -> ProfileId {
        let profile: ProfileId = id(&format!("rp-{}", self.number()));
        let facts = Profile { vpcs: [vpc.clone()].into(), zones: zones.iter().cloned().collect() };
        self.change(|world| world.profiles.insert(profile.clone(), facts));
        profile
    }

    fn serve(&self, owner: &AccountId, guest: &AccountId) {
        self.change(|world| world.guests = [(owner.clone(), guest.clone())].into());
    }

    fn disassociate(&self, zone: &HostedZoneId, vpc: &VpcId) {
        self.change(|world| world.route53.zones.get_mut(zone).unwrap().vpcs.remove(vpc));
    }

    fn delete_zone(&self, zone: &HostedZoneId) {
        self.change(|world| world.route53.zones.remove(zone));
    }

    fn write(&self, key: &RecordKey, kind: Kind) {
        self.change(|world| match kind {
            Kind::Cname => {
                let slot = world.route53.slots.entry(key.clone()).or_default();
                slot.seen.incompatible = BTreeSet::from(["CNAME".to_owned()]);
            }
            Kind::Txt => world.with_texts = true,
            Kind::Mark => {
                let slot = world.route53.slots.entry(key.clone()).or_default();
                slot.seen.mark = Some(Mark { controller: "external-dns".into(), owner: Some("blue".into()) });
            }
        });
    }

    fn pages_of(&self, items: usize) {
        self.change(|world| world.cut = Cut::At(items));
    }

    fn fail(&self, account: &AccountId, operation: &'static str, how: Refusal) {
        self.change(|world| match how {
            Refusal::Denied => _ = world.denied.insert((account.clone(), operation)),
            Refusal::Throttled => world.faults.throttle = 1,
            Refusal::Lost => world.faults.lost_answer = 1,
            Refusal::Slow => world.faults.late_answer = 1,
        });
    }

    fn heal(&self) {
        self.change(|world| {
            world.faults = Faults { pace: 1, ..Faults::none() };
            world.denied.clear();
        });
    }

    fn messages(&self) -> Vec<String> {
        let world = self.world.borrow();
        world.queue.visible(world.now)
    }

    fn take_message(&self) -> String {
        let mut world = self.world.borrow_mut();
        let now = world.now;
        world.queue.first(now).map(|(number, _)| number.to_string()).unwrap_or_default()
    }

    fn end_delays(&self) {
        self.change(|world| world.pass(LONGEST_DELAY.as_secs() * 1_000));
    }
}

/// Runs one worker's calls to their end: whichever may go on does, and else time passes.
fn finish(mut executor: Executor, work: impl Future<Output = ()>) {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    while work.as_mut().poll(&mut context).is_pending() {
        let now = executor.world.borrow().now;
        let ready = executor.calls.borrow().grantable(WORKER, now);
        if let Some(number) = ready.first() {
            executor.grant(WORKER, *number);
            continue;
        }
        let next = executor.calls.borrow().next();
        let next = next.filter(|at| *at > now).unwrap_or(now);
        executor.world.borrow_mut().pass(next - now);
        executor.ring();
    }
}

fn keeps(claim: &str) {
    let stage = Stage::new();
    let executor = Executor::new(Rc::clone(&stage.world), vec![0]);
    let cloud = SimulatedCloud {
        world: Rc::clone(&stage.world),
        calls: Rc::clone(&executor.calls),
        worker: WORKER,
        skew: 0,
        assumed: Rc::default(),
        observations: RefCell::default(),
    };
    finish(executor, check(claim, &cloud, &stage));
}

macro_rules! tests {
    ($($module:ident::$claim:ident,)*) => {
        $(#[test]
        fn $claim() {
            keeps(stringify!($claim));
        })*
    };
}
claims!(tests);
