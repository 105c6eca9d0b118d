//! The zones that zonelink makes: what Route 53 says to it, what people do, and what must never be.
//!
//! Nothing here asks the plan. A zone is "ours" by its `CallerReference` for as long as its claim has not been
//! released: what was released is the client's.

use std::collections::{BTreeMap, BTreeSet};

use shared::error::{CallFailure, Error};
use shared::model::dns::DnsName;
use shared::model::facts::ZoneOwner;
use shared::model::hold::HoldReason;
use shared::model::ids::{AccountId, HostedZoneId, VpcId};
use shared::model::policy::ZoneChoice;
use shared::model::table::{Item, Partition, Write};
use shared::model::zone_claim::{NewZone, ZoneClaim, ZoneState};

use super::errors::call_failed;
use super::observations::Observations;
use super::profiles::says;
use super::route53::Zone;
use super::truth::lets_in;
use super::world::World;

const DAY: i64 = 24 * 60 * 60_000;

/// What happened to the zones that were made.
#[derive(Debug, Default)]
pub(crate) struct MadeZones {
    /// For which VPC each was made, and under which name.
    ours: BTreeMap<HostedZoneId, (VpcId, DnsName)>,
    /// Those that a person has deleted, associated or disassociated, and when last.
    touched: BTreeMap<HostedZoneId, i64>,
    /// Every `CallerReference` that a zone ever had: none is taken twice here, which is the worse case.
    references: BTreeSet<String>,
    /// How many zones were made, by whomever.
    count: usize,
}

impl MadeZones {
    pub(crate) fn touch(&mut self, zone: &HostedZoneId, now: i64) {
        self.touched.insert(zone.clone(), now);
    }

    /// When a person has deleted, associated or disassociated a zone last.
    pub(crate) fn touched_at(&self, zone: &HostedZoneId) -> Option<i64> {
        self.touched.get(zone).copied()
    }

    /// For which VPC a zone of ours was made, and under which name.
    pub(crate) fn made_for(&self, zone: &HostedZoneId) -> Option<&(VpcId, DnsName)> {
        self.ours.get(zone)
    }

    /// We have deleted a zone.
    pub(crate) fn is_deleted(&mut self, zone: &HostedZoneId) {
        self.ours.remove(zone);
    }

    fn next(&mut self) -> HostedZoneId {
        self.count += 1;
        super::setting::id(&format!("ZM{}", self.count))
    }
}

impl World {
    /// `route53:CreateHostedZone`, at the moment at which it is done.
    pub(crate) fn create_zone(
        &mut self,
        account: &AccountId,
        new: &NewZone,
        seen: &Observations,
    ) -> Result<(), Error> {
        let conflict = |zone: &Zone| zone.name == new.domain && zone.vpcs.contains(&new.vpc);
        let code = if self.vpcs.get(&new.vpc) != Some(account) || new.region != self.policy.region {
            "InvalidVPCId"
        } else if self.made_zones.references.contains(&new.caller_reference) {
            "HostedZoneAlreadyExists"
        } else if self.route53.zones.values().any(conflict) {
            "ConflictingDomainExists"
        } else {
            ""
        };
        if !code.is_empty() {
            self.tally.count("zones refused");
            let subject = format!("{} of {}", new.domain, new.vpc);
            let operation = "route53:CreateHostedZone";
            return Err(call_failed(operation, subject, code, Some(code.into()), CallFailure::Refused));
        }
        let id = self.made_zones.next();
        if let Some(wrong) = self.check_new_zone(account, new, seen) {
            self.violation(format!("zone {} is made for {}: {wrong}", new.domain, new.vpc));
        }
        self.tally.count("zones made");
        self.note(|| format!("zone {id} {} is made for {}", new.domain, new.vpc));
        self.made_zones.references.insert(new.caller_reference.clone());
        self.made_zones.ours.insert(id.clone(), (new.vpc.clone(), new.domain.clone()));
        let zone = Zone {
            name: new.domain.clone(),
            owner: ZoneOwner::Account(account.clone()),
            vpcs: [new.vpc.clone()].into(),
            caller_reference: new.caller_reference.clone(),
        };
        self.route53.zones.insert(id, zone);
        Ok(())
    }

    fn check_new_zone(&self, account: &AccountId, new: &NewZone, seen: &Observations) -> Option<String> {
        let claim = self.table.zone_claims().find(|claim| claim.vpc == new.vpc && claim.domain == new.domain);
        let announced = claim.is_some_and(|claim| {
            let in_time = matches!(claim.state, ZoneState::Making { until } if self.timestamp() <= until);
            claim.caller_reference == new.caller_reference && in_time
        });
        if !announced {
            return Some(format!("no claim announces it, but {claim:?}"));
        }
        if new.caller_reference.len() > 128 {
            return Some("its CallerReference is too long".into());
        }
        let same = |of: &(VpcId, DnsName)| *of == (new.vpc.clone(), new.domain.clone());
        let mut others = self.made_zones.ours.iter().filter(|(_, of)| same(of));
        if let Some((other, _)) = others.find(|(zone, _)| self.route53.zones.contains_key(*zone)) {
            return Some(format!("{other} is there already, and ours"));
        }
        if !seen.saw_no_zone(&new.vpc, &new.domain) {
            return Some("a zone was seen that can hold the name".into());
        }
        let allowed = self.ec2.endpoints.values().any(|endpoint| {
            let definition =
                self.policy.services.get(&endpoint.service).or_else(|| self.lost.get(&endpoint.service));
            endpoint.vpc == new.vpc && definition.is_some_and(|one| lets_in(one, account))
        });
        (!allowed).then(|| "nobody who may connect has an endpoint there".into())
    }

    /// The claim on a zone that a write is about, as it stands before.
    pub(crate) fn zone_claim_of(&self, write: &Write) -> Option<ZoneClaim> {
        let (Write::Put(key, ..) | Write::Delete(key, _)) = write else { return None };
        let of_vpc = matches!(key.partition, Partition::References(_)) && key.is_of_zone_claim();
        match self.table.get(key).filter(|_| of_vpc)? {
            Item::ZoneClaim(claim) => Some((**claim).clone()),
            _ => None,
        }
    }

    /// Judges what a transaction has made of a claim on a zone.
    pub(crate) fn check_zone_claims(&mut self, writes: &[Write], before: Option<&ZoneClaim>) {
        let is_counted = |write: &Write| matches!(write, Write::CountZone(..));
        if before.is_none() && !writes.iter().any(is_counted) {
            return;
        }
        for account in self.vpcs.values().cloned().collect::<BTreeSet<_>>() {
            let live = self.table.zone_claims().filter(|claim| claim.account == account).count();
            let counted = self.table.zones_counted(&account);
            if usize::try_from(counted) != Ok(live) || counted > i64::from(self.max_zones) {
                self.violation(format!("{live} zone claims live in {account}, and {counted} are counted"));
            }
        }
        let released = matches!(writes.first(), Some(Write::Delete(..)));
        let Some(before) = before.filter(|_| released) else { return };
        self.tally.count("zone claims released");
        self.check_end_of_removal(before);
        // From now on it is the client's.
        let zone = before.zone().cloned();
        if let Some(zone) = &zone {
            self.made_zones.ours.remove(zone);
        }
        let of_claim = |(id, zone): &(&HostedZoneId, &Zone)| {
            zone.caller_reference == before.caller_reference
                && Some(*id) != before.zone()
                && !self.made_zones.touched.contains_key(*id)
        };
        let left = self.route53.zones.iter().find(of_claim).map(|(id, _)| id.clone());
        if let Some(left) = left {
            self.violation(format!("zone {left} is ours, and its claim is released while it is on its way"));
        }
    }

    /// A person makes the zone of a defined name for a VPC, or a parent of it.
    pub(crate) fn person_makes_a_zone(&mut self) {
        let vpcs: Vec<_> = self.vpcs.iter().map(|(vpc, account)| (vpc.clone(), account.clone())).collect();
        let (vpc, account) = self.random.pick(&vpcs).clone();
        let names = ["aws.byoc.example.com", "aws.byoc.example.com", "byoc.example.com"];
        let picked = *self.random.pick(&names);
        let name: DnsName = super::setting::id(picked);
        if self.route53.zones.values().any(|zone| zone.name == name && zone.vpcs.contains(&vpc)) {
            return;
        }
        let id = self.made_zones.next();
        self.tally.count("zones made by people");
        self.note(|| format!("somebody makes zone {id} {name} for {vpc}"));
        let owner = ZoneOwner::Account(account);
        let zone = Zone { name, owner, vpcs: [vpc].into(), caller_reference: format!("by hand {id}") };
        self.route53.zones.insert(id, zone);
    }

    /// An operator lets zones be made, or does not any more; or somebody deletes one that was made.
    pub(crate) fn operator_at_zones(&mut self) {
        let ours: Vec<_> = self.made_zones.ours.keys().cloned().collect();
        let ours: Vec<_> = ours.into_iter().filter(|zone| self.route53.zones.contains_key(zone)).collect();
        if !ours.is_empty() && !self.random.one_in(6) {
            let zone = self.random.pick(&ours).clone();
            self.made_zones.touch(&zone, self.now);
            self.tally.count("made zones touched by people");
            if self.random.one_in(2) {
                self.note(|| format!("somebody deletes {zone}, which was made"));
                self.route53.zones.remove(&zone);
                self.route53.slots.retain(|key, _| key.zone != zone);
            } else if let Some(found) = self.route53.zones.get_mut(&zone) {
                found.vpcs.clear();
                self.note(|| format!("somebody takes all VPCs from {zone}, which was made"));
            }
            return;
        }
        if !self.random.one_in(6) {
            return self.client();
        }
        if self.deletes_zones && self.random.one_in(2) {
            return self.operator_keeps_or_deletes();
        }
        let create = self.random.one_in(2);
        let choice = if create { ZoneChoice::Create } else { ZoneChoice::Existing };
        self.note(|| format!("zones: {choice:?} from now on"));
        self.policy.services.values_mut().for_each(|definition| definition.zones = choice);
        self.lost.values_mut().for_each(|definition| definition.zones = choice);
        self.write_definitions();
    }

    /// Whether a hold says rightly why a name has no answer.
    pub(crate) fn is_right_hold(&self, vpc: &VpcId, name: &DnsName, hold: Option<&HoldReason>) -> bool {
        let Some(reason) = self.no_answer(vpc, name) else { return false };
        let creates = self.published().any(|(of, service, published)| {
            let definition = self.policy.services.get(service);
            of == vpc && published == name && definition.is_some_and(|one| one.zones == ZoneChoice::Create)
        });
        if !matches!(reason, HoldReason::NoZone { .. } | HoldReason::ProfileZone { .. }) || !creates {
            return hold.is_some_and(|held| says(held, &reason));
        }
        let account = &self.vpcs[vpc];
        let is_of_vpc = |claim: &&ZoneClaim| claim.vpc == *vpc;
        match hold {
            Some(HoldReason::TooManyZones { .. }) => {
                self.table.zones_counted(account) >= i64::from(self.max_zones)
            }
            Some(HoldReason::ZoneTakenAway { .. }) => {
                let now = self.now;
                let recent = |claim: &ZoneClaim| {
                    claim.made_anew.is_some_and(|at| now - at.as_millisecond() <= DAY)
                        && claim.zone().is_some_and(|zone| !self.route53.zones.contains_key(zone))
                };
                self.table.zone_claims().filter(is_of_vpc).any(recent)
            }
            Some(HoldReason::ZoneDisassociated { zone: Some(zone), .. }) => {
                self.route53.zones.get(zone).is_some_and(|facts| !facts.vpcs.contains(vpc))
            }
            Some(HoldReason::ZoneDisassociated { zone: None, .. }) => {
                let used = |claim: &ZoneClaim| self.made_zones.references.contains(&claim.caller_reference);
                self.table.zone_claims().filter(is_of_vpc).any(used)
            }
            _ => false,
        }
    }

    /// Claims on zones that are not as they should be once all is in order.
    pub(crate) fn wrong_zones(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        // What an account that is closed has stays as it is.
        for claim in self.table.zone_claims().filter(|claim| !self.is_closed(&claim.account)) {
            let needed = self.ec2.endpoints.values().any(|endpoint| {
                let definition = self.policy.services.get(&endpoint.service);
                let defines = definition.is_some_and(|one| {
                    one.removed.is_none()
                        && one.names.iter().any(|name| claim.domain.is_zone_of(name.as_dns_name()))
                });
                endpoint.vpc == claim.vpc && endpoint.shape().is_some() && defines
            });
            let stands = |zone: &HostedZoneId| {
                self.table.claims().any(|of| of.key.zone == *zone && of.vpcs().contains(&claim.vpc))
            };
            if !needed && !claim.zone().is_some_and(stands) {
                wrong
                    .push(format!("nothing needs zone {} of {}, and it is claimed", claim.domain, claim.vpc));
            }
            if needed && matches!(claim.state, ZoneState::Removing { .. }) {
                wrong.push(format!("zone {} of {} is needed, and on its way out", claim.domain, claim.vpc));
            }
            let used = self.made_zones.references.contains(&claim.caller_reference);
            if claim.zone().is_none() && !used {
                wrong.push(format!("zone {} of {} is on its way for ever", claim.domain, claim.vpc));
            }
        }
        for (zone, (vpc, domain)) in &self.made_zones.ours {
            let claimed = self.table.zone_claims().any(|claim| claim.vpc == *vpc && claim.domain == *domain);
            let stands = self.route53.zones.contains_key(zone) && !self.made_zones.touched.contains_key(zone);
            if stands && !claimed {
                wrong.push(format!("zone {zone} of {vpc} is ours, and no claim says so"));
            }
        }
        wrong
    }
}
