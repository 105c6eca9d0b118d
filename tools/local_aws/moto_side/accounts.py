"""Whose call it is: an access key leads to an account and to the principal that signed.

An access key of 12 digits is that account, signed by its root; with the session token `role:<the role's ARN>` it
is a function of that account running under that role, which is how the other emulator starts functions. The keys
that AssumeRole gives belong to the account of the role. Signatures are not checked: any secret will do.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import BaseResponse

from . import settings

_ACCOUNT = re.compile(r"\d{12}")
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")
_ROLE = re.compile(r"arn:aws:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[^/]+)")


@dataclass(frozen=True)
class Session:
    """A role somebody assumed."""

    account: str
    role_arn: str
    role_id: str
    name: str
    access_key: str
    # What its rights were narrowed to when it was opened: a policy as text.
    policy: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def arn(self) -> str:
        """A session's ARN carries the role's name without its path."""
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role_arn.split('/')[-1]}/{self.name}"


@dataclass(frozen=True)
class Caller:
    """The principal behind an access key."""

    account: str
    access_key: str
    session: Session | None

    @property
    def arn(self) -> str:
        return self.session.arn if self.session else f"arn:aws:iam::{self.account}:root"

    @property
    def principal_arn(self) -> str:
        """The value of aws:PrincipalArn, which for a session is its role and not the session."""
        return self.session.role_arn if self.session else self.arn

    @property
    def user_id(self) -> str:
        return f"{self.session.role_id}:{self.session.name}" if self.session else self.account

    def identity(self) -> dict[str, Any]:
        """CloudTrail's userIdentity."""
        if self.session is None:
            return {
                "type": "Root",
                "principalId": self.account,
                "arn": self.arn,
                "accountId": self.account,
                "accessKeyId": self.access_key,
            }
        return {
            "type": "AssumedRole",
            "principalId": self.user_id,
            "arn": self.arn,
            "accountId": self.account,
            "accessKeyId": self.access_key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": self.session.role_id,
                    "arn": self.session.role_arn,
                    "accountId": self.account,
                    "userName": self.session.role_arn.split("/")[-1],
                },
                "webIdFederationData": {},
                "attributes": {
                    "creationDate": self.session.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "mfaAuthenticated": "false",
                },
            },
        }


_sessions: dict[str, Session] = {}
settings.on_reset(_sessions.clear)


def split_role_arn(role_arn: str) -> tuple[str, str] | None:
    """The account and the name in a role's ARN."""
    match = _ROLE.fullmatch(role_arn)
    return (match["account"], match["name"]) if match else None


def open_session(role_arn: str, name: str, role_id: str | None = None, policy: str | None = None) -> Session:
    """Keys for a role. Whether the caller may have them was decided before."""
    parts = split_role_arn(role_arn)
    if parts is None:
        raise ValueError(f"not the ARN of a role: {role_arn}")
    session = Session(
        account=parts[0],
        role_arn=role_arn,
        role_id=role_id or "AROA" + secrets.token_hex(9).upper()[:17],
        name=name,
        # The other emulator, which keeps no sessions, reads the account out of it.
        access_key=f"ASIA{parts[0]}{secrets.token_hex(6).upper()}",
        policy=policy,
    )
    _sessions[session.access_key] = session
    return session


def caller(response: BaseResponse) -> Caller:
    """The principal behind the call that this response object answers."""
    access_key, account = response.get_access_key(), response.get_current_account()
    return _behind(account, access_key, response.headers.get("X-Amz-Security-Token", ""))


def caller_of(authorization: str, token: str) -> Caller | None:
    """The principal behind a request that moto does not see, by its headers; None for one that nobody signed."""
    match = _CREDENTIAL.search(authorization)
    if match is None:
        return None
    session = _sessions.get(match[1])
    return _behind(session.account if session else match[1], match[1], token)


def _behind(account: str, access_key: str, token: str) -> Caller:
    session = _sessions.get(access_key) or _function_session(token, access_key)
    return Caller(account, access_key, session)


def _function_session(token: str, access_key: str) -> Session | None:
    scheme, _, role_arn = token.partition(":")
    parts = split_role_arn(role_arn)
    if scheme != "role" or parts is None or parts[0] != access_key:
        return None
    role_id = "AROA" + hashlib.sha256(role_arn.encode()).hexdigest()[:17].upper()
    # Lambda names the session after the function, and SAM names a function's role after it too:
    # zonelink-BackfillRole-… is the role of zonelink-Backfill-….
    return Session(access_key, role_arn, role_id, parts[1].replace("Role-", "-", 1), access_key)


def install() -> None:
    """Teach moto our keys; keys of IAM users and moto's other ways to name an account keep working."""
    moto_key, moto_account = BaseResponse.get_access_key, BaseResponse.get_current_account

    def get_access_key(self: BaseResponse) -> str:
        match = _CREDENTIAL.search(self.headers.get("Authorization", ""))
        return match[1] if match else moto_key(self)

    def get_current_account(self: BaseResponse) -> str:
        key = self.get_access_key()
        if session := _sessions.get(key):
            return session.account
        return key if _ACCOUNT.fullmatch(key) else moto_account(self)

    BaseResponse.get_access_key = get_access_key  # type: ignore[method-assign]
    BaseResponse.get_current_account = get_current_account  # type: ignore[method-assign]
