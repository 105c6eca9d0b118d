"""Least privilege, proven: what is called is allowed, what is close to it is denied, and nothing else is granted."""

import json

from local_aws import accounts
from terraform import documents

from . import questions, simulator, statements
from .exceptions import ELSEWHERE, UNUSED
from .variants import variants


def shown(entry):
    """A question in one line, for a failure."""
    return json.dumps({name: entry[name] for name in ("principal", "action", "resource", "context", "times")})


def test_evaluator_tells_allowed_from_denied():
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-west-2:111111111111:one"}]}
    entry = {"principal": "arn:aws:iam::111111111111:role/r", "action": "sqs:SendMessage", "owner": "111111111111",
             "context": {}, "at": 1.0, "times": 1, "granted": True, "worker": 0}
    roles = [{entry["principal"]: [{"since": 0, "trust": {}, "policies": {"p": policy}}]}]
    asked = [questions.question({**entry, "resource": f"arn:aws:sqs:us-west-2:111111111111:{name}"}, roles)
             for name in ("one", "two")]
    assert [answer["result"] for answer in simulator.simulate(asked)] == ["Allowed", "ImplicitlyDenied"]


def test_evaluator_narrows_a_session_to_what_its_policy_has():
    role = "arn:aws:iam::222222222222:role/zonelink-client"
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "route53:*", "Resource": "arn:aws:route53:::hostedzone/*"}]}
    narrowed = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "route53:DeleteHostedZone", "Resource": "arn:aws:route53:::hostedzone/ZONE"}]})
    roles = [{role: [{"since": 0, "trust": {}, "policies": {"p": policy}}]}]
    entry = {"principal": role, "owner": "222222222222", "context": {}, "at": 1.0, "times": 1, "granted": True, "worker": 0,
             "action": "route53:DeleteHostedZone", "resource": "arn:aws:route53:::hostedzone/ZONE"}
    other = {**entry, "resource": "arn:aws:route53:::hostedzone/OTHER"}
    read = {**entry, "action": "route53:GetHostedZone"}
    asked = [questions.question({**one, **session}, roles)
             for session in ({}, {"session_policy": narrowed}) for one in (entry, other, read)]
    assert [answer["result"] == "Allowed" for answer in simulator.simulate(asked)] == [
        True, True, True, True, False, False]


def test_further_vpcs_come_into_zones_of_the_stacks_region_and_nothing_else_is_granted():
    """No flow uses it, for no function may; people do, in tests/cli/test_zone.py."""
    granted = documents.documents("client")["documents/share-zones.json.tftpl"]
    policy = json.loads(granted.replace("${partition}", "aws").replace("${region}", accounts.REGION))
    role = "arn:aws:iam::222222222222:role/zonelink-client"
    roles = [{role: [{"since": 0, "trust": {}, "policies": {"p": policy}}]}]
    zone, place = "arn:aws:route53:::hostedzone/Z0123", "VPCId=vpc-00000001,VPCRegion="
    calls = ("AssociateVPCWithHostedZone", "CreateVPCAssociationAuthorization", "DeleteVPCAssociationAuthorization",
             "DisassociateVPCFromHostedZone")
    asked = [(f"route53:{call}", {"route53:VPCs": [f"{place}{accounts.REGION}"]}, True) for call in calls]
    asked += [(action, context, False) for action, _, _ in list(asked)
              for context in ({}, {"route53:VPCs": [f"{place}eu-west-1"]})]
    asked += [(f"route53:{call}", {"route53:VPCs": [f"{place}{accounts.REGION}"]}, False)
              for call in ("CreateHostedZone", "DeleteHostedZone", "ChangeResourceRecordSets", "UpdateHostedZoneComment")]
    answers = simulator.simulate([questions.question(
        {"principal": role, "owner": "222222222222", "at": 1.0, "times": 1, "granted": True, "worker": 0,
         "action": action, "resource": zone, "context": context}, roles) for action, context, _ in asked])
    assert [answer["result"] == "Allowed" for answer in answers] == [allowed for _, _, allowed in asked]


def test_every_call_that_was_made_is_allowed(judged):
    assert len(judged) > 50, "the flows ask for more than this"
    # A trust policy or a policy of a resource that refused in the local AWS has to refuse here too.
    wrong = [f"{answer['result']} {answer.get('errors', '')}: {shown(entry)}" for entry, answer in judged
             if (answer["result"] == "Allowed") != entry["granted"]]
    assert not wrong, "\n".join(wrong)


def test_no_answer_rests_on_a_condition_key_that_aws_does_not_send(judged):
    ignored = {(entry["action"], key) for entry, answer in judged for key in answer.get("ignored", ())}
    assert not ignored


def test_every_call_that_differs_in_one_thing_is_denied(evidence, judged):
    changed = [(what, entry, one) for entry, answer in judged if answer["result"] == "Allowed"
               for what, one in variants(entry)]
    assert len(changed) > 200, "each kind of call has variants"
    answers = simulator.simulate([questions.question(one, evidence["roles"]) for _, _, one in changed])
    wrong = [f"{what}: {answer['result']} {answer.get('errors', '')}: {shown(entry)}"
             for (what, entry, _), answer in zip(changed, answers, strict=True)
             if answer["result"] not in ("ImplicitlyDenied", "ExplicitlyDenied")]
    assert not wrong, "\n".join(wrong)


def test_no_role_may_do_what_only_another_one_does(evidence, judged):
    """The functions' roles are as different as their calls."""
    ours = [(entry, answer) for entry, answer in judged
            if answer["result"] == "Allowed" and statements.kind_of(entry["principal"]) in statements.FUNCTIONS]
    does = {(statements.kind_of(entry["principal"]), entry["action"]) for entry, _ in ours}
    installed = {(_installation(entry), statements.kind_of(entry["principal"])): entry["principal"]
                 for entry, _ in ours}
    swapped = [(entry, role) for entry, _ in ours for (installation, kind), role in installed.items()
               if installation == _installation(entry) and (kind, entry["action"]) not in does]
    answers = simulator.simulate([
        questions.question({**entry, "principal": role}, evidence["roles"]) for entry, role in swapped])
    wrong = [f"{role} may {shown(entry)}" for (entry, role), answer in zip(swapped, answers, strict=True)
             if answer["result"] == "Allowed"]
    assert swapped and not wrong, "\n".join(wrong)


def _installation(entry):
    return entry["worker"], entry["principal"].split(":")[4]


def test_no_statement_grants_or_forbids_what_nothing_uses(evidence, judged):
    allowed = [(entry, answer) for entry, answer in judged if answer["result"] == "Allowed"]
    used = set().union(*(statements.decisive(entry, answer) for entry, answer in allowed))
    changed = [one for entry, _ in allowed for _, one in variants(entry)]
    answers = simulator.simulate([questions.question(one, evidence["roles"]) for one in changed])
    for entry, answer in zip(changed, answers, strict=True):
        if answer["result"] == "ExplicitlyDenied":
            used |= statements.decisive(entry, answer)
    unused = {one for one in statements.unused(statements.deployed(evidence), used)
              if not any(one[:len(where)] == where for where in ELSEWHERE)}
    assert unused - set(UNUSED) == set(), "nothing uses these"
    assert set(UNUSED) - unused == set(), "these are used after all: tests/iam/exceptions.py is out of date"
