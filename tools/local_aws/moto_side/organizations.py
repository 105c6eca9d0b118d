"""Organizations: the organization that stands from the start, and ListParents as AWS answers it.

The provider is its management account, client-a and client-b are members, client-c is none. moto has no organization
until somebody creates one, gives it an id of chance, lets every account ask, and calls an account that is no member
by another error than AWS does.
"""

import json
import os
from typing import Any

from moto.organizations.models import OrganizationsBackend, organizations_backends
from moto.organizations.responses import OrganizationsResponse

from .. import accounts as names
from . import settings
from .errors import AwsError
from .paging import decode, encode
from .settings import SETTINGS

MEMBERS = (names.CLIENT_A, names.CLIENT_B)


def management() -> OrganizationsBackend:
    """The backend of the account that has the organization."""
    return organizations_backends[names.PROVIDER]["aws"]


@settings.on_reset
def found() -> None:
    """Make the organization with its members, all of them right below the root."""
    backend = management()
    backend.create_organization(region="us-east-1", FeatureSet="ALL")
    # What was made with the organization has taken over its id, which moto draws by chance.
    organization_id = os.environ.get("LOCAL_AWS_ORG_ID", "o-exampleorgid")
    for part in (*backend.ou, *backend.accounts):
        part.organization_id = organization_id
    backend.org.id = organization_id
    for account in MEMBERS:
        made = backend.create_account(AccountName=account, Email=f"{account}@example.com")
        drawn = made["CreateAccountStatus"]["AccountId"]
        backend.get_account_by_id(drawn).id = account
        organizations_backends.master_accounts[account] = organizations_backends.master_accounts.pop(drawn)


def list_parents(self: OrganizationsResponse) -> str:
    """Only the management account may ask; there are no delegated administrators here."""
    backend = self.organizations_backend
    if backend.org is None and backend.account_id in organizations_backends.master_accounts:
        raise AwsError("AccessDeniedException", "You don't have permissions to access this resource.")
    if backend.org is None:
        words = "Your account is not a member of an organization."
        raise AwsError("AWSOrganizationsNotInUseException", words)
    token = self._get_param("NextToken")
    if token is None and SETTINGS.empty_first_page:
        return json.dumps({"Parents": [], "NextToken": encode({"of": "ListParents"})})
    if token is not None:
        _check(token)
    child_id = self._get_param("ChildId")
    child = next((one for one in (*backend.accounts, *backend.ou) if one.id == child_id), None)
    if child is None or child.parent_id is None:
        words = "You specified an organizational unit (OU) or account that doesn't exist."
        raise AwsError("ChildNotFoundException", words)
    return json.dumps({"Parents": [{"Id": one.id, "Type": one.type} for one in backend.ou if one.id == child.parent_id]})


def _check(token: Any) -> None:
    try:
        if decode(token)["of"] == "ListParents":
            return
    except (ValueError, KeyError, TypeError):
        pass
    raise AwsError("InvalidInputException", "You specified an invalid value.")


def install() -> None:
    OrganizationsResponse.list_parents = list_parents  # type: ignore[method-assign]
    found()
