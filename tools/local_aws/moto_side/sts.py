"""STS: AssumeRole asks the role's trust policy, and GetCallerIdentity tells the truth.

Roles live in the IAM of the other emulator, in the account of their ARN. While LOCAL_AWS_MINISTACK_URL is not set
there is nowhere to look, and every role is granted. What the assumed role may then do is not enforced.
"""

import functools
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.responses import ActionResult
from moto.sts.responses import TokenResponse

from . import accounts, trust
from .accounts import Caller
from .courier import ministack_url
from .errors import AwsError, access_denied


def assume_role(self: TokenResponse) -> ActionResult:
    role_arn, name = self._get_param("RoleArn") or "", self._get_param("RoleSessionName") or ""
    duration = self._get_int_param("DurationSeconds", 3600)
    if not 900 <= duration <= 43200:
        words = "1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint"
        raise AwsError("ValidationError", f"{words}: Member must have value between 900 and 43200")
    parts = accounts.split_role_arn(role_arn)
    if parts is None:
        raise AwsError("ValidationError", f"{role_arn} is invalid")
    role_id = _checked_role(accounts.caller(self), role_arn, *parts, self._get_param("ExternalId"), name)
    session = accounts.open_session(role_arn, name, role_id, self._get_param("Policy"))
    result = {
        "Credentials": {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": "local",
            # As a function's own: by it the other emulator knows whose call it is.
            "SessionToken": f"role:{role_arn}",
            "Expiration": datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(seconds=duration),
        },
        "AssumedRoleUser": {"AssumedRoleId": f"{session.role_id}:{name}", "Arn": session.arn},
        "PackedPolicySize": 6,
    }
    return ActionResult(result)


def _checked_role(
    caller: Caller,
    role_arn: str,
    account: str,
    role_name: str,
    external_id: str | None,
    session_name: str,
) -> str | None:
    """The role's id, if the role exists and trusts the caller. AWS does not tell a missing role from a refusal."""
    url = ministack_url()
    if url is None:
        return None
    denied = access_denied(caller.arn, "sts:AssumeRole", role_arn)
    try:
        role = _iam(url, account).get_role(RoleName=role_name)["Role"]
    except ClientError as refused:
        if refused.response["Error"]["Code"] == "NoSuchEntity":
            raise denied from None
        raise
    context = {
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalType": "AssumedRole" if caller.session else "Account",
        "sts:RoleSessionName": session_name,
    }
    if external_id is not None:
        context["sts:ExternalId"] = external_id
    if organization := _organization_of(caller.account):
        context["aws:PrincipalOrgID"] = organization
    # The ARN must be the role's own to the letter: a wrong path names another role.
    if role["Arn"] != role_arn or not trust.allows(role["AssumeRolePolicyDocument"], caller, context):
        raise denied
    return role["RoleId"]


@functools.cache
def _iam(url: str, account: str) -> Any:
    session = boto3.session.Session(account, "local", region_name="us-east-1")
    # One try within a few seconds: the caller's own SDK waits for this answer and tries again by itself.
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    return session.client("iam", endpoint_url=url, config=config)


def _organization_of(account: str) -> str | None:
    from moto.organizations.models import organizations_backends

    for partitions in list(organizations_backends.values()):
        for backend in list(partitions.values()):
            if backend.org and any(member.id == account for member in backend.accounts):
                return backend.org.id
    return None


def get_caller_identity(self: TokenResponse) -> ActionResult:
    caller = accounts.caller(self)
    return ActionResult({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn})


def install() -> None:
    TokenResponse.assume_role = assume_role  # type: ignore[method-assign]
    TokenResponse.get_caller_identity = get_caller_identity  # type: ignore[method-assign]
