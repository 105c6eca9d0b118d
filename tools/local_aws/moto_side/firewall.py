"""DNS Firewall, which moto does not have: lists of domains, groups of rules, and the VPCs that they filter.

The calls have the form of botocore's model (route53resolver 2018-04-01). Nothing is filtered: `tools/resolver` does not ask it.
What is listed is listed whole or in pages of MaxResults. Of an entry of a list the trailing dot is kept as it was given.
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.route53resolver.responses import Route53ResolverResponse

from . import settings
from .errors import AwsError

Item = dict[str, Any]

# By account: lists, groups, and associations, by their ids.
_lists: dict[tuple[str, str], Item] = {}
_groups: dict[tuple[str, str], Item] = {}
_associations: dict[tuple[str, str], Item] = {}
for _kept in (_lists, _groups, _associations):
    settings.on_reset(_kept.clear)

_MOST = {"Domains": 5000}
_ACTIONS = {"ALLOW", "BLOCK", "ALERT"}


def create_firewall_domain_list(self: Route53ResolverResponse) -> ActionResult:
    """Make an empty list."""
    made = {"Id": _new("rslvr-fdl"), "Name": self._get_param("Name")}
    _lists[self.current_account, made["Id"]] = made | {"Domains": []}
    return ActionResult({"FirewallDomainList": made | {"DomainCount": 0, "Status": "COMPLETE"}})


def update_firewall_domains(self: Route53ResolverResponse) -> ActionResult:
    """Add domains to a list, take some from it, or put others in their place."""
    found = _the(self, _lists, self._get_param("FirewallDomainListId"))
    domains, operation = self._get_param("Domains"), self._get_param("Operation")
    kept = [] if operation == "REPLACE" else [one for one in found["Domains"] if one not in domains]
    found["Domains"] = kept if operation == "REMOVE" else [*kept, *domains]
    return ActionResult({"Id": found["Id"], "Name": found["Name"], "Status": "COMPLETE"})


def create_firewall_rule_group(self: Route53ResolverResponse) -> ActionResult:
    """Make a group without rules."""
    made = {"Id": _new("rslvr-frg"), "Name": self._get_param("Name")}
    _groups[self.current_account, made["Id"]] = made | {"Rules": []}
    return ActionResult({"FirewallRuleGroup": made | {"RuleCount": 0, "Status": "COMPLETE"}})


def create_firewall_rule(self: Route53ResolverResponse) -> ActionResult:
    """Add a rule to a group; a priority stands there once."""
    names = ("FirewallRuleGroupId", "FirewallDomainListId", "Name", "Priority", "Action", "BlockResponse", "Qtype")
    rule = {name: self._get_param(name) for name in names if self._get_param(name) is not None}
    group = _the(self, _groups, rule["FirewallRuleGroupId"])
    _the(self, _lists, rule["FirewallDomainListId"])
    if rule["Action"] not in _ACTIONS or any(one["Priority"] == rule["Priority"] for one in group["Rules"]):
        raise AwsError("ValidationException", f"no such rule is possible: {rule}", 400)
    group["Rules"].append(rule)
    return ActionResult({"FirewallRule": rule})


def associate_firewall_rule_group(self: Route53ResolverResponse) -> ActionResult:
    """Let a group filter a VPC."""
    made = {"Id": _new("rslvr-frgassoc"), "Status": "COMPLETE"}
    made |= {name: self._get_param(name) for name in ("FirewallRuleGroupId", "VpcId", "Name", "Priority")}
    _the(self, _groups, made["FirewallRuleGroupId"])
    _associations[self.current_account, made["Id"]] = made
    return ActionResult({"FirewallRuleGroupAssociation": made})


def disassociate_firewall_rule_group(self: Route53ResolverResponse) -> ActionResult:
    """End that."""
    found = _the(self, _associations, self._get_param("FirewallRuleGroupAssociationId"))
    del _associations[self.current_account, found["Id"]]
    return ActionResult({"FirewallRuleGroupAssociation": found | {"Status": "DELETING"}})


def list_firewall_rule_group_associations(self: Route53ResolverResponse) -> ActionResult:
    """The associations of the account, of one VPC or one group if wanted."""
    ours = [one for (account, _), one in _associations.items() if account == self.current_account]
    for name in ("VpcId", "FirewallRuleGroupId"):
        ours = [one for one in ours if self._get_param(name) in (None, one[name])]
    return _page(self, "FirewallRuleGroupAssociations", ours)


def list_firewall_rules(self: Route53ResolverResponse) -> ActionResult:
    """The rules of a group."""
    return _page(self, "FirewallRules", _the(self, _groups, self._get_param("FirewallRuleGroupId"))["Rules"])


def list_firewall_domains(self: Route53ResolverResponse) -> ActionResult:
    """The domains of a list."""
    return _page(self, "Domains", _the(self, _lists, self._get_param("FirewallDomainListId"))["Domains"])


def _new(kind: str) -> str:
    return f"{kind}-{mock_random.get_random_hex(length=16)}"


def _the(response: Route53ResolverResponse, kept: dict[tuple[str, str], Item], wanted: str) -> Item:
    found = kept.get((response.current_account, wanted))
    if found is None:
        raise AwsError("ResourceNotFoundException", f"there is no {wanted}", 400)
    return found


def _page(response: Route53ResolverResponse, key: str, items: list[Any]) -> ActionResult:
    limit = settings.SETTINGS.page_size or response._get_param("MaxResults") or _MOST.get(key, 100)
    start = int(response._get_param("NextToken") or 0)
    more = {"NextToken": str(start + limit)} if start + limit < len(items) else {}
    return ActionResult({key: items[start : start + limit], **more})


def install() -> None:
    """Set these calls on moto's class."""
    calls: tuple[Callable[..., ActionResult], ...] = (
        create_firewall_domain_list,
        update_firewall_domains,
        create_firewall_rule_group,
        create_firewall_rule,
        associate_firewall_rule_group,
        disassociate_firewall_rule_group,
        list_firewall_rule_group_associations,
        list_firewall_rules,
        list_firewall_domains,
    )
    for call in calls:
        setattr(Route53ResolverResponse, call.__name__, call)
