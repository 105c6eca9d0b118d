"""From what was recorded to what the evaluator is asked: principal, action, resource, keys, and the policies in force."""

import json

# What a request carries whoever makes it; the SDKs and AWS's services use TLS.
_ALWAYS = {"aws:SecureTransport": "true"}

# A principal that no stack of ours made may have given itself every right that its account has.
_EVERYTHING = {"Everything": {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}]}}


# STS asks the trust policy of the role itself; one that is not there trusts nobody.
_NOBODY = {"Version": "2012-10-17", "Statement": [
    {"Sid": "NotThere", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}


def question(entry, roles):
    """The simulation of one recorded question, under the policies that its worker had deployed at that moment."""
    principal, roles = entry["principal"], roles[entry["worker"]]
    by_role = principal.startswith("arn:")
    keys = {**_ALWAYS, **entry["context"]}
    if by_role:
        keys |= {"aws:PrincipalArn": principal, "aws:PrincipalAccount": principal.split(":")[4]}
    role = in_force(roles, principal, entry["at"]) if by_role else None
    policies = role["policies"] if role else _EVERYTHING if by_role else {}
    return {
        "request": {"principal": principal, "action": entry["action"], "contextVariables": keys,
                    "resource": {"resource": entry["resource"], "accountId": entry["owner"]}},
        "identityPolicies": [{"name": name, "policy": policy}
                             for name, policy in policies.items()],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        # A session may have been opened with fewer rights than its role has.
        **({"sessionPolicy": json.loads(entry["session_policy"])} if entry.get("session_policy") else {}),
        **_resource_policy(entry, roles),
    }


def in_force(roles, arn, at):
    """A role as it was deployed at a moment, or None."""
    earlier = [version for version in roles.get(arn, []) if version["since"] <= at]
    return earlier[-1] if earlier else None


def _resource_policy(entry, roles):
    """The resource's own policy: as the local AWS asked it, or the trust policy of a role."""
    policy = entry.get("policy")
    if policy is None and entry["action"] == "sts:AssumeRole":
        target = in_force(roles, entry["resource"], entry["at"])
        policy = target["trust"] if target and target["trust"]["Statement"] else _NOBODY
    if isinstance(policy, str):
        policy = json.loads(policy)
    return {"resourcePolicy": policy} if policy else {}
