"""The policies and event patterns of the Terraform modules, made from the templates.

Each is a file that Terraform's templatefile() completes. Making them here is what keeps the two ways of
installation equal statement by statement; tests/tools/terraform fails when a template has changed since.
"""

import json
import re

from local_aws import state

from . import cloudformation

MODULES = state.REPOSITORY / "infra" / "terraform"
TEMPLATES = {"provider": "template.yaml", "client": "infra/client.yaml", "join": "infra/join.yaml",
             "organizations": "infra/organizations.yaml", "route53-events": "infra/route53-events.yaml"}

_LISTS = {"record_names", "accounts", "operators"}
# What stands for a template's parameters and for what only a deployment knows. The comma keeps a list apart.
_GIVEN = {
    "ServiceId": "service_id", "RecordName": "record_names", "ClientAccounts": "accounts",
    "ClientRoleName": "client_role_name", "ExternalId": "external_id", "ProviderAccountId": "provider_account_id",
    "ProviderStackName": "provider_name", "ProviderBusArn": "event_bus_arn", "RecordNames": "record_names",
    "RuleName": "rule_name", "OperatorPrincipals": "operators", "ServesVpcsOf": "guests",
    "SweepOverdueMinutes": "sweep_overdue_minutes", "HoldsTolerated": "holds_tolerated",
    "UnreachableTolerated": "unreachable_tolerated",
}
_KNOWN = {
    "AWS::Partition": "partition", "AWS::Region": "region", "AWS::AccountId": "account", "AWS::StackName": "name",
    "Table.Arn": "table_arn", "WorkQueue.Arn": "work_queue_arn", "DeadLetterQueue.Arn": "dead_letter_queue_arn",
    "EventBus.Arn": "event_bus_arn", "ConnectionTopic": "topic_arn", "Backfill.Arn": "backfill_arn",
    "WorkQueue.QueueName": "work_queue", "DeadLetterQueue.QueueName": "dead_letter_queue",
    "AcceptConnections": "accept_connections", "ReconcileRecords": "reconcile_records", "Backfill": "backfill",
}
_RULES = ("ClientEndpointCreated", "ClientEndpointChanged", "HostedZoneChanged", "EndpointCreated",
          "EndpointChanged", "ConnectionDecided")

_ROLE = ("Policies", 0, "PolicyDocument")
_TRUST = ("AssumeRolePolicyDocument",)
# file: (resource, the way to the document in its properties)
_DOCUMENTS = {
    "provider": {
        "documents/accept-connections": ("AcceptConnections", ("Policies", 0)),
        "documents/reconcile-records": ("ReconcileRecords", ("Policies", 0)),
        "documents/backfill": ("Backfill", ("Policies", 0)),
        "documents/operator": ("OperatorRole", _ROLE),
        "documents/operator-trust": ("OperatorRole", _TRUST),
        "documents/sweep": ("SweepRole", _ROLE),
        "documents/sweep-trust": ("SweepRole", _TRUST),
        "documents/work-queue": ("WorkQueuePolicy", ("PolicyDocument",)),
        "documents/dead-letter-queue": ("DeadLetterQueuePolicy", ("PolicyDocument",)),
        "documents/topic": ("ConnectionTopicPolicy", ("PolicyDocument",)),
        "documents/event-bus-accounts": ("ClientAccountsMayPutEvents", ("Statement",)),
        "documents/event-bus-organization": ("ClientOrganizationMayPutEvents", ("Statement",)),
        **{f"patterns/{'-'.join(re.findall('[A-Z][a-z]+', rule)).lower()}": (rule, ("EventPattern",))
           for rule in _RULES},
    },
    "client": {
        "documents/client-role": ("ClientRole", _ROLE),
        "documents/client-role-trust": ("ClientRole", _TRUST),
        "documents/guest-role-trust": ("GuestRole", _TRUST),
        "documents/forwarding": ("ForwardingRole", _ROLE),
        "documents/forwarding-trust": ("ForwardingRole", _TRUST),
        "patterns/endpoint-calls": ("EndpointCalls", ("EventPattern",)),
    },
    # It has neither a role nor a rule.
    "join": {},
    "organizations": {
        "documents/organizations-role": ("OrganizationsRole", _ROLE),
        "documents/organizations-role-trust": ("OrganizationsRole", _TRUST),
    },
    "route53-events": {
        "documents/forwarding": ("ForwardingRole", _ROLE),
        "documents/forwarding-trust": ("ForwardingRole", _TRUST),
        "patterns/hosted-zone-calls": ("HostedZoneCalls", ("EventPattern",)),
    },
}


def documents(module):
    """The text of each file of a module, by its path in it."""
    template = cloudformation.read(state.REPOSITORY / TEMPLATES[module])
    given = {name: _place(word) for name, word in _GIVEN.items() if name in template["Parameters"]}
    by_accounts = cloudformation.Rendered(template, given, _known).resources()
    organization = {**given, "ClientAccounts": "", "ClientOrganizationId": _place("organization")}
    by_organization = cloudformation.Rendered(template, organization, _known).resources()
    found = {}
    for path, (resource, way) in _DOCUMENTS[module].items():
        part = (by_accounts if resource in by_accounts else by_organization)[resource]["Properties"]
        for step in way:
            part = part[step]
        found[f"{path}.json.tftpl"] = _text(part)
    if module == "provider":
        found |= _reading_the_organization(template, given) | _watching(by_accounts)
    if module == "client":
        for path, parameter in (("make-zones", "MayCreateZones"), ("delete-zones", "MayDeleteZones"),
                                ("share-zones", "MayShareZones")):
            granting = cloudformation.Rendered(template, {**given, parameter: "true"}, _known).resources()
            [_, more] = granting["ClientRole"]["Properties"]["Policies"]
            found[f"documents/{path}.json.tftpl"] = _text(more["PolicyDocument"])
    return found


def _watching(resources):
    """The alarms by their names, but for whom they notify, and the dashboard, but for those that it shows."""
    alarms = {name.removesuffix("Alarm"): dict(one["Properties"]) for name, one in resources.items()
              if one["Type"] == "AWS::CloudWatch::Alarm"}
    for properties in alarms.values():
        del properties["AlarmName"]
    # One of them is not always made.
    dashboard, lists = re.subn(r'"alarms": \[[^]]*\]', '"alarms": ${jsonencode(alarm_arns)}',
                               resources["Dashboard"]["Properties"]["DashboardBody"])
    assert lists == 1
    return {"watching/alarms.json.tftpl": json.dumps(alarms, indent=2) + "\n",
            "watching/dashboard.json.tftpl": dashboard}


def _reading_the_organization(template, given):
    """The statements that two functions have only when they read the organization, themselves or by a role."""
    def statements(**more):
        resources = cloudformation.Rendered(template, {**given, **more}, _known).resources()
        [of_accept, of_backfill] = [resources[name]["Properties"]["Policies"][0]["Statement"]
                                    for name in ("AcceptConnections", "Backfill")]
        without = [statement["Sid"] for statement in of_accept + of_backfill]
        return [one for one in of_accept if one in of_backfill], without

    always = statements()[1]
    found = {}
    for path, more in (("documents/read-organization", {"ReadOrganizations": "true"}),
                       ("documents/assume-organizations-role", {"OrganizationsRoleArn": _place("organizations_role_arn")})):
        [statement] = [one for one in statements(**more)[0] if one["Sid"] not in always]
        found[f"{path}.json.tftpl"] = _text(statement)
    return found


def _place(word):
    return f"${{{word}}}"


def _known(name):
    rule, _, attribute = name.partition(".")
    if rule in _RULES and attribute == "Arn":
        return _place(f"rule_arns.{rule}")
    # A Ref that stands in no document, a function's environment say, is as good as any.
    return _place(_KNOWN.get(name, name))


def _text(document):
    if "Effect" in document:
        document = {"Version": "2012-10-17", "Statement": [document]}
    text = json.dumps(document, indent=2)
    # A list is completed as a whole; the provider's own account is in the module's list already.
    for name in _LISTS:
        text = re.sub(rf'\[\s*(?:"\${{account}}",\s*)?"\${{{name}}}"\s*\]', f"${{jsonencode({name})}}", text)
    # A session is named after the account of a VPC.
    return re.sub(r'\[\s*"zonelink-\${guests}"\s*\]', '${jsonencode(guest_sessions)}', text) + "\n"
