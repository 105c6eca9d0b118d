//! Whether the endpoint is there, its connection accepted, and its account open to zonelink.

use shared::model::facts::VpcEndpointState as State;
use shared::model::ids::AccountId;
use shared::model::policy::ServiceDefinition;
use shared::model::remedy::commands;

use super::check::{Check, client_stack, paste};
use super::facts::Facts;
use crate::fleet::HoldView;
use crate::observed::{NotRead, Refusal};

pub(super) const STATE: &str = "endpoint state";
pub(super) const ACCEPTED: &str = "connection accepted";
pub(super) const ACCOUNT: &str = "client account";

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    vec![state(facts), accepted(facts), account(facts)]
}

/// The endpoint's own word, or that of its connection where the client account cannot be read.
fn state(facts: &Facts) -> Check {
    let region = &facts.installation.region;
    let id = &facts.vpc_endpoint;
    let create = anew(facts);
    let (state, subnets) = match (&facts.endpoint, &facts.state) {
        (Ok(Some(endpoint)), _) => (&endpoint.state, Some(endpoint.subnets.len())),
        (Ok(None), _) => {
            return Check::fail(STATE, format!("EC2 knows no {id} in {} {region}", facts.account), create);
        }
        (Err(_), Some(state)) => (state, None),
        (Err(why), None) => return Check::not_read(STATE, facts, why),
    };
    let found = match subnets {
        Some(1) => format!("{state}, in 1 subnet"),
        Some(number) => format!("{state}, in {number} subnets"),
        None => format!("{state}, as the provider sees it"),
    };
    match state {
        State::Available if subnets == Some(0) => Check::fail(STATE, found, first_subnet(facts)),
        State::Available => incomplete(facts).unwrap_or_else(|| Check::ok(STATE, found)),
        State::PendingAcceptance => {
            Check::fail(STATE, found, "it waits for the provider: see `connection accepted`")
        }
        State::Pending => Check::warn(
            STATE,
            found,
            "wait: AWS takes some minutes after acceptance and after each change; zonelink looks again for 30 minutes",
        ),
        State::Partial | State::Other(_) => {
            let look = format!("aws ec2 describe-vpc-endpoints --region {region} --vpc-endpoint-ids {id}");
            Check::warn(
                STATE,
                found,
                paste(format!("to see what EC2 says of it, in account {}", facts.account), &[look]),
            )
        }
        State::Deleting | State::Deleted | State::Rejected | State::Failed | State::Expired => {
            Check::fail(STATE, found, create)
        }
    }
}

/// The command that makes the endpoint once more, as far as EC2 still shows how it was.
fn anew(facts: &Facts) -> String {
    let says = format!("the client makes a new endpoint and deletes this one, in account {}", facts.account);
    let (region, id) = (&facts.installation.region, &facts.vpc_endpoint);
    let Ok(Some(endpoint)) = &facts.endpoint else { return says };
    let mut create = format!(
        "aws ec2 create-vpc-endpoint --region {region} --vpc-endpoint-type Interface --vpc-id {} --service-name {}",
        endpoint.vpc,
        facts.service.service.service_name(region)
    );
    let subnets: Vec<_> = endpoint.subnets.iter().map(ToString::to_string).collect();
    for (option, values) in [("--subnet-ids", &subnets), ("--security-group-ids", &endpoint.groups)] {
        if !values.is_empty() {
            create = format!("{create} {option} {}", values.join(" "));
        }
    }
    paste(says, &[create, format!("aws ec2 delete-vpc-endpoints --region {region} --vpc-endpoint-ids {id}")])
}

/// Which subnet is the client's choice: the first is as good as another where the service is in its zone.
fn first_subnet(facts: &Facts) -> String {
    let says = format!("to add the first subnet of the VPC, in account {}", facts.account);
    let Some(vpc) = &facts.vpc else { return says };
    paste(says, &[commands::add_first_subnet(&facts.installation.region, vpc, &facts.vpc_endpoint)])
}

/// An endpoint counts when every subnet's interface has its address.
fn incomplete(facts: &Facts) -> Option<Check> {
    let endpoint = facts.endpoint.as_ref().ok()?.as_ref()?;
    let (_, found) = endpoint.addresses.as_ref().ok()?;
    let wanted = endpoint.subnets.len();
    (*found < wanted).then(|| {
        Check::warn(
            STATE,
            format!("{}, with an interface in {found} of {wanted} subnets", endpoint.state),
            "wait: nothing is published until each subnet has an address; zonelink looks again",
        )
    })
}

/// Whether the provider has accepted it, by which rule, and why not.
fn accepted(facts: &Facts) -> Check {
    let owner = &facts.account;
    let definition = match defined(facts) {
        Ok(definition) => definition,
        Err(nobody) => return nobody,
    };
    let held = facts.holds.iter().find(|hold| OF_ACCEPTANCE.contains(&hold.reason.as_str()));
    let rule = rule(definition, owner, held.is_some());
    let because = held.map(|hold| format!("; held: {}", hold.reason)).unwrap_or_default();
    match (&facts.state, rule) {
        (Some(State::Available | State::Pending | State::Partial), Some(rule)) => {
            Check::ok(ACCEPTED, format!("{owner} is allowed by {rule}"))
        }
        (Some(State::Available | State::Pending | State::Partial), None) => Check::warn(
            ACCEPTED,
            format!("connected, and no rule allows {owner} (any more){because}; the connection stays"),
            allow(facts, held),
        ),
        (Some(State::PendingAcceptance), Some(rule)) => Check::fail(
            ACCEPTED,
            format!("it waits, and {owner} is allowed by {rule}"),
            paste(
                "it is accepted within seconds, or by the next sweep; at once",
                &[format!("zonelink sweep --account {owner}")],
            ),
        ),
        (Some(State::PendingAcceptance), None) => {
            let found = format!("it waits, and no rule allows {owner}{because}");
            Check::fail(ACCEPTED, found, allow(facts, held))
        }
        (Some(State::Rejected), _) => Check::fail(
            ACCEPTED,
            "the provider has rejected it",
            format!("once its account is allowed, {}", anew(facts)),
        ),
        (Some(state), _) => Check::fail(ACCEPTED, format!("the connection is {state}"), anew(facts)),
        (None, _) => unlisted(facts),
    }
}

/// The service's definition, if it lets anybody in at all.
fn defined(facts: &Facts) -> Result<&ServiceDefinition, Check> {
    let service = &facts.service.service;
    if let Ok(None) = facts.service.configuration {
        return Err(Check::fail(
            ACCEPTED,
            format!("there is no {service} in {} {}", facts.installation.account, facts.installation.region),
            "correct the service's id (zonelink service list), or ask in the service's own account and region",
        ));
    }
    let Some(definition) = &facts.service.definition else {
        return Err(Check::fail(
            ACCEPTED,
            format!("{service} has no definition in force: nobody is accepted, and nothing is published"),
            "define it: zonelink service apply FILE (zonelink service show tells what the table has)",
        ));
    };
    if definition.removed.is_some() {
        return Err(Check::fail(
            ACCEPTED,
            format!("{service} is removed: nobody is accepted, and nothing is published"),
            "define it again: zonelink service apply FILE",
        ));
    }
    Ok(definition)
}

/// How its owner is let in, or the connection ended. A hold has the commands for each way.
fn allow(facts: &Facts, held: Option<&HoldView>) -> String {
    let (owner, service) = (&facts.account, &facts.service.service);
    let by_hand = || {
        format!(
            "if {owner} is to connect, add it to allowed_principals of {service}: the stack's parameter AllowedPrincipals, or zonelink \
             service apply; else reject it"
        )
    };
    held.map_or_else(by_hand, HoldView::advice)
}

fn unlisted(facts: &Facts) -> Check {
    let service = &facts.service.service;
    Check::fail(
        ACCEPTED,
        format!("EC2 lists no connection of {} to {service}", facts.vpc_endpoint),
        format!(
            "the client compares the endpoint's service name with {}",
            service.service_name(&facts.installation.region)
        ),
    )
}

/// Why a connection is not as its owner wants it.
const OF_ACCEPTANCE: [&str; 4] = ["NotAllowed", "Revoked", "AllowListUnreadable", "AllowListEmpty"];

/// The rule that lets the owner connect. Whom organizations and permissions cover, only the function reads: it holds
/// those whom they do not cover.
fn rule(definition: &ServiceDefinition, owner: &AccountId, is_held: bool) -> Option<String> {
    let dynamic = || {
        let dynamic = definition.allowed_principals.iter().filter(|principal| principal.is_dynamic());
        let dynamic: Vec<_> = dynamic.map(ToString::to_string).collect();
        let covers = !is_held && !dynamic.is_empty();
        covers.then(|| format!("{}, as the function has read it", dynamic.join(" or ")))
    };
    definition.allows(owner).map(ToString::to_string).or_else(dynamic)
}

/// Whether zonelink's role in the client account can be assumed. STS gives one answer for a missing role, a wrong
/// external id and a caller that is not trusted; who asks, and what the function meets, tells them apart.
fn account(facts: &Facts) -> Check {
    let (owner, installation) = (&facts.account, &facts.installation);
    let Err(NotRead::NoEntry { account, refusal }) = &facts.endpoint else {
        if *owner == installation.account {
            return Check::ok(ACCOUNT, format!("{owner} is the provider's own account"));
        }
        let external_id = if installation.has_external_id { " with the external id" } else { "" };
        let evidence = format!("role {} in {owner} can be assumed{external_id}", installation.client_role);
        return match &installation.held_account {
            // The hold may stand for a right of the role, too.
            Some(held) => Check::warn(
                ACCOUNT,
                format!("{evidence}; the function is held: {held}"),
                client_stack(facts, "the next sweep looks again; "),
            ),
            None => Check::ok(ACCOUNT, evidence),
        };
    };
    let Refusal { role, code, message } = refusal;
    let words = format!("{role} cannot be assumed ({code}: {message})");
    let remedy = match code.as_str() {
        "AccessDenied" | "AccessDeniedException" => return Check::fail(ACCOUNT, words, refused(facts)),
        "RegionDisabledException" => format!("enable the region in {account}, or STS for it"),
        "ValidationError" => {
            "correct the stack's parameters ClientRoleName and ExternalId: AWS finds one of them malformed"
                .into()
        }
        _ => return Check::unknown(ACCOUNT, words, "ask again in a minute"),
    };
    Check::fail(ACCOUNT, words, remedy)
}

/// What `AccessDenied` of `AssumeRole` means here.
fn refused(facts: &Facts) -> String {
    let installation = &facts.installation;
    let operator = format!("{}-OperatorRole-", installation.stack);
    if !installation.caller.contains(&operator) {
        return format!(
            "the client role trusts the function and the stack's OperatorRole, and you are {}: name yourself in the stack's \
             parameter OperatorPrincipals, and ask again without --no-role and --role-arn",
            installation.caller
        );
    }
    if !installation.has_external_id {
        return "give the stack the parameter ExternalId, the same as in the client's stack: its role asks for one".into();
    }
    let role = &installation.client_role;
    // That nothing is held says only that no look has been refused yet.
    if installation.held_account.is_none() {
        let why = format!(
            "the functions have not been refused at their last look: either the role does not trust {operator}* yet, or {role} has \
             gone or changed since; for both "
        );
        return client_stack(facts, &why);
    }
    let why = format!(
        "the function is refused too: there is no role {role} in {}, or its ExternalId or ProviderStackName differs; ",
        facts.account
    );
    client_stack(facts, &why)
}
