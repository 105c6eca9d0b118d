//! What ends a refusal of AWS: commands that can be pasted.

use shared::model::ids::AccountId;
use shared::model::remedy::{Place, Way};
use shared::model::zone_guest::{GuestState, Refused, RefusedReason, ZoneGuest};

/// Whether an item was refused on its way out, as far as it tells: sharing revokes in another state.
pub(crate) fn is_ending(guest: &ZoneGuest, refused: &Refused) -> bool {
    let revokes = refused.code.contains("DeleteVPCAssociationAuthorization");
    guest.state == GuestState::Removing || (guest.state == GuestState::Authorizing && revokes)
}

/// The ways out, each with the account in which its commands are run. The last one is the command again: the one that
/// takes the VPC out, if it `ends`.
pub(crate) fn ways(guest: &ZoneGuest, refused: &Refused, ends: bool, place: &Place) -> Vec<Way> {
    let first = match refused.reason {
        RefusedReason::ZoneConflict => Some(conflict(guest, place)),
        RefusedReason::ZoneFull => Some(full(guest, refused)),
        RefusedReason::NoAccess => Some(permit(guest, place)),
        RefusedReason::LastVpc | RefusedReason::Route53Refused => None,
    };
    first.into_iter().chain([way("then, as an operator".into(), again(guest, ends, place))]).collect()
}

fn way(says: String, command: String) -> Way {
    Way { says, commands: vec![command] }
}

fn conflict(guest: &ZoneGuest, place: &Place) -> Way {
    let ZoneGuest { vpc, vpc_account, domain, .. } = guest;
    let query = format!("HostedZoneSummaries[?Name=='{domain}.'].[HostedZoneId,Owner.OwningAccount]");
    let list = format!(
        "aws route53 list-hosted-zones-by-vpc --vpc-id {vpc} --vpc-region {} --output text --query \"{query}\"",
        place.region
    );
    let says = "to see the zone of that name that the VPC has already, and to decide whether it leaves it";
    way(format!("{says}, in account {vpc_account}"), list)
}

fn full(guest: &ZoneGuest, refused: &Refused) -> Way {
    let ZoneGuest { zone, zone_account, .. } = guest;
    let (says, list) = if refused.code.contains("Authorization") {
        let list = format!("aws route53 list-vpc-association-authorizations --hosted-zone-id {zone}");
        ("to see which authorisations of the zone nothing needs any more", list)
    } else {
        let list = format!("aws route53 get-hosted-zone --id {zone} --query VPCs --output text");
        ("to see which VPCs of the zone can leave it; AWS Support raises the limit", list)
    };
    way(format!("{says}, in account {zone_account}"), list)
}

fn permit(guest: &ZoneGuest, place: &Place) -> Way {
    let account = asked_in(guest);
    let deploy = format!(
        "aws cloudformation deploy --template-file infra/client.yaml --stack-name {}-client --region {} \
         --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset --parameter-overrides MayShareZones=true",
        place.stack, place.region
    );
    way(format!("to let zonelink share zones, in account {account}"), deploy)
}

/// The account that is asked for the call that an item announces.
fn asked_in(guest: &ZoneGuest) -> &AccountId {
    match guest.state {
        GuestState::Authorizing | GuestState::Revoking => &guest.zone_account,
        _ => &guest.vpc_account,
    }
}

fn again(guest: &ZoneGuest, ends: bool, place: &Place) -> String {
    let verb = if ends { "unshare" } else { "share" };
    let ZoneGuest { zone, vpc, vpc_account, .. } = guest;
    format!("zonelink --stack {} zone {verb} {zone} --with {vpc_account}/{vpc}", place.stack)
}

/// What each says, and its commands on lines of their own.
pub(crate) fn advice(ways: &[Way]) -> String {
    let lines = |way: &Way| {
        let commands = way.commands.iter().map(|command| format!("    {command}"));
        [format!("{}:", way.says)].into_iter().chain(commands).collect::<Vec<_>>().join("\n")
    };
    ways.iter().map(lines).collect::<Vec<_>>().join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELETE: &str = "route53:DeleteVPCAssociationAuthorization: AccessDenied";

    fn said(reason: RefusedReason, code: &str, state: &str) -> String {
        let guest = serde_json::json!({
            "zone": "Z1", "zone_account": "444455556666", "domain": "x.example.com", "vpc": "vpc-00000002",
            "vpc_account": "777788889999", "by": "arn", "version": 2, "state": state, "until": "2026-03-02T09:15:00Z",
        });
        let guest: ZoneGuest = serde_json::from_value(guest).unwrap();
        let place = Place {
            stack: "zl".into(),
            account: "111122223333".parse().unwrap(),
            region: "us-west-2".parse().unwrap(),
            own_service: None,
        };
        let refused = Refused { reason, code: code.into(), message: None };
        advice(&ways(&guest, &refused, is_ending(&guest, &refused), &place))
    }

    #[test]
    fn each_refusal_names_the_account_and_ends_with_the_command_again() {
        for (reason, code, state, words) in [
            (RefusedReason::ZoneConflict, "", "associating", "[?Name=='x.example.com.']"),
            (RefusedReason::ZoneConflict, "", "associating", "in account 777788889999"),
            (RefusedReason::ZoneFull, "TooManyVPCAssociationAuthorizations", "authorizing", "list-vpc-assoc"),
            (RefusedReason::ZoneFull, "LimitsExceeded", "associating", "get-hosted-zone --id Z1"),
            (RefusedReason::NoAccess, "AccessDenied", "authorizing", "in account 444455556666"),
            (RefusedReason::NoAccess, "AccessDenied", "associating", "in account 777788889999"),
            (RefusedReason::NoAccess, "AccessDenied", "removing", "MayShareZones=true"),
            (RefusedReason::NoAccess, DELETE, "authorizing", "MayShareZones=true"),
            (RefusedReason::NoAccess, DELETE, "revoking", "MayShareZones=true"),
        ] {
            let said = said(reason, code, state);
            let ends = state == "removing" || (state == "authorizing" && code == DELETE);
            let verb = if ends { "unshare" } else { "share" };
            let last = format!("zonelink --stack zl zone {verb} Z1 --with 777788889999/vpc-00000002");
            assert!(said.contains(words) && said.ends_with(&last), "{said}");
        }
    }
}
