"""Who may deliver to what: resource policies, role policies and the organization.

ministack evaluates policies only when AUTH is on for every call. Deliveries between
services are checked here always, because a template that forgets a permission deploys
well and then stays silent on AWS, and that is what a local run has to show.
"""

import logging
import os

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_region
from ministack.services import iam

from .. import ledger
from ..authorization import Asked

logger = logging.getLogger("local_aws.policies")

ORGANIZATION_ID = os.environ.get("LOCAL_AWS_ORG_ID", "o-exampleorgid")

# client-c (044444444444) is left out on purpose: it is the account that no
# organization-wide grant may reach.
ORGANIZATION_MEMBERS = frozenset({"111111111111", "222222222222", "333333333333"})


def organization_of(account):
    """The organization of an account, or None when it is in none."""
    return ORGANIZATION_ID if account in ORGANIZATION_MEMBERS else None


def service_may(policy, service, action, resource, source_arn, source_account):
    """Whether a resource policy lets an AWS service act for `source_arn`."""
    context = _service_context(action, resource, source_arn, source_account)
    result = iam_evaluator.evaluate_resource_policy(policy, context, service=service)
    granted = result.decision == "Allow"
    _note(service, action, resource, _source(source_arn, source_account), granted=granted, policy=policy)
    return granted


def account_may_put_events(policy, bus_arn, role_arn, account, source, detail_type):
    """Whether an event bus policy lets a role of another account put this event."""
    context = EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action="events:PutEvents",
        resource_arn=bus_arn,
        region=get_region(),
        secure_transport=True,
        principal_keys={"aws:principalorgid": organization_of(account)},
        service_context={"events:source": source, "events:detail-type": detail_type},
    )
    granted = iam_evaluator.evaluate_resource_policy(policy, context).decision == "Allow"
    keys = {"events:source": source, "events:detail-type": detail_type}
    if organization := organization_of(account):
        keys["aws:PrincipalOrgID"] = organization
    _note(role_arn, "events:PutEvents", bus_arn, keys, granted=granted, policy=policy)
    return granted


def role_problem(role_arn, service, action, resource, source_arn=None):
    """Why `service` cannot use this role for the action, or None when it can.

    `source_arn` is the rule or the schedule group on whose behalf the service acts; trust
    policies may name it.
    """
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        return f"role {role_arn} does not exist"
    assume = _service_context("sts:AssumeRole", role_arn, source_arn, account)
    trust = iam_evaluator.evaluate_resource_policy(
        role.get("AssumeRolePolicyDocument"), assume, service=service)
    _note(service, "sts:AssumeRole", role_arn, _source(source_arn, account), granted=trust.decision == "Allow",
          policy=role.get("AssumeRolePolicyDocument"))
    if trust.decision != "Allow":
        return f"the trust policy of {role_arn} does not let {service} assume it for {source_arn}"
    context = EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    decision = iam_evaluator.evaluate(context, policies).decision
    if resource.split(":")[4] == account:
        # Across accounts the resource's own policy is asked too, and notes this one.
        _note(role_arn, action, resource, {}, granted=decision == "Allow")
    if decision == "Allow":
        return None
    unknown = _unknown_managed_policies(role, account)
    if decision == "ImplicitDeny" and unknown:
        logger.warning("%s on %s is taken as allowed: the text of %s is not known here",
                       action, resource, ", ".join(unknown))
        return None
    return f"{role_arn} is not allowed {action} on {resource}"


def _note(principal, action, resource, keys, **more):
    """For the proof of the policies, which asks an evaluator of IAM the same."""
    ledger.add(principal, Asked(action, resource, resource.split(":")[4], keys), **more)


def _source(arn, account):
    """The condition keys of a service that acts for a resource of an account."""
    keys = {"aws:SourceAccount": account, "aws:SourceArn": arn}
    if organization := organization_of(account):
        keys["aws:SourceOrgID"] = organization
    return {name: value for name, value in keys.items() if value}


def _service_context(action, resource, source_arn, source_account):
    return EvalContext(
        # "*" stands for nobody: a grant to an account must not let a service in.
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        # Services call one another over TLS, whatever the caller of ours used.
        secure_transport=True,
        service_context={
            "aws:sourcearn": source_arn,
            "aws:sourceaccount": source_account,
            "aws:sourceorgid": organization_of(source_account),
            "aws:sourceowner": source_account,
        },
    )


def _unknown_managed_policies(role, account):
    """Attached policies of AWS whose text this emulator does not carry."""
    return [arn for arn in role.get("AttachedPolicies", [])
            if iam_evaluator._resolve_managed_policy_document(arn, account) is None]
