"""The account of an assumed role: STS is the other emulator's, which puts the account into the access key.

ministack knows only the sessions of its own STS, and takes every other key for one of its default account.
"""

import re

from ministack.core import responses

_ACCESS_KEY = re.compile(r"ASIA(\d{12})[0-9A-F]+")


def account(access_key):
    """The account in a session's access key, or None if it is not such a key."""
    found = _ACCESS_KEY.fullmatch(access_key)
    return found[1] if found else None


def install():
    """Put it in the place of ministack's own look at sessions."""
    responses._account_from_sts_session = account
