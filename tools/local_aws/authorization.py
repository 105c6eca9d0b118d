"""What IAM is asked when an API call comes in: actions, resources and condition keys. No I/O.

One call may ask for several permissions, and one of another name than the call's: a transaction of DynamoDB is
checked write by write, and Route 53 looks a VPC up in its caller's name. Where AWS documents this is said at each
place. A call that is not known here is an error of this file, never a permission.
"""

import os
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

Context = dict[str, str | list[str]]

# DynamoDB compares the partition key's value, whatever its name; this is the name in the project's table.
_PARTITION_KEY = "pk"


@dataclass(frozen=True)
class Asked:
    """One question to IAM."""

    action: str
    resource: str
    # Who owns the resource: another account's resource needs another account's word too.
    owner: str
    context: Context = field(default_factory=dict)


class UnknownCall(LookupError):
    """Nothing here says what IAM is asked for this call."""


def asked(service: str, action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked]:
    """The questions for one call that `account` makes; none where IAM is not asked."""
    if service in _READ:
        questions = _reading(f"{_READ[service]}:{action}", parameters, account, region)
    else:
        rule = _RULES.get(service)
        questions = rule(action, parameters, account, region) if rule else None
    if questions is None:
        raise UnknownCall(f"{service}:{action}")
    return questions


def _ec2(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"""
    if action in _ON_SERVICES:
        service = f"arn:aws:ec2:{region}:{account}:vpc-endpoint-service/{parameters['ServiceId']}"
        return [Asked(f"ec2:{action}", service, account)]
    if action.startswith("Describe"):
        return [Asked(f"ec2:{action}", "*", account)]
    return None


# Of the Describe actions, this one has a resource.
_ON_SERVICES = ("AcceptVpcEndpointConnections", "RejectVpcEndpointConnections", "DescribeVpcEndpointServicePermissions")


def _organizations(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html"""
    if action == "DescribeOrganization":
        return [Asked(f"organizations:{action}", "*", account)]
    if action == "ListParents":
        child, organization = parameters["ChildId"], os.environ.get("LOCAL_AWS_ORG_ID", "o-exampleorgid")
        kind = "ou" if child.startswith("ou-") else "account"
        return [Asked(f"organizations:{action}", f"arn:aws:organizations::{account}:{kind}/{organization}/{child}", account)]
    return None


def _lambda(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html"""
    if action == "ListFunctions":
        return [Asked("lambda:ListFunctions", "*", account)]
    # Not every server knows the operation by more than its request line.
    if called := _INVOCATION.fullmatch(action):
        name = urllib.parse.unquote(called["function"]).split(":")[-1]
        return [Asked("lambda:InvokeFunction", f"arn:aws:lambda:{region}:{account}:function:{name}", account)]
    return None


_INVOCATION = re.compile(r"POST /2015-03-31/functions/(?P<function>[^/]+)/invocations")


def _route53(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html"""
    if action == "ListHostedZonesByVPC":
        vpc = f"VPCId={parameters['VPCId']},VPCRegion={parameters['VPCRegion']}"
        # Route 53 verifies the VPC on the caller's behalf.
        return [Asked("route53:ListHostedZonesByVPC", "*", account, {"route53:VPCs": [vpc]}),
                Asked("ec2:DescribeVpcs", "*", account)]
    if action == "CreateHostedZone":
        # Of a public zone there is no VPC, and no key.
        vpc = parameters.get("VPC") or {}
        places = [f"VPCId={vpc['VPCId']},VPCRegion={vpc['VPCRegion']}"] if vpc.get("VPCId") else []
        looks = [Asked("ec2:DescribeVpcs", "*", account)] if places else []
        return [Asked(f"route53:{action}", "*", account, {"route53:VPCs": places} if places else {}), *looks]
    if action == "ListHostedZonesByName":
        return [Asked(f"route53:{action}", "*", account)]
    zone = str(parameters.get("HostedZoneId") or parameters.get("Id") or "").split("/")[-1]
    resource = f"arn:aws:route53:::hostedzone/{zone}"
    if action in ("GetHostedZone", "ListResourceRecordSets", "DeleteHostedZone"):
        return [Asked(f"route53:{action}", resource, account)]
    if action == "ChangeResourceRecordSets":
        return [Asked(f"route53:{action}", resource, account, record_keys(parameters["ChangeBatch"]["Changes"]))]
    return None


def record_keys(changes: list[dict[str, Any]]) -> Context:
    """The condition keys of a change batch.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
    """
    sets = [change["ResourceRecordSet"] for change in changes]
    prefix = "route53:ChangeResourceRecordSets"
    return {
        f"{prefix}NormalizedRecordNames": sorted({normalized(one["Name"]) for one in sets}),
        f"{prefix}RecordTypes": sorted({one["Type"].upper() for one in sets}),
        f"{prefix}Actions": sorted({change["Action"].upper() for change in changes}),
    }


def normalized(name: str) -> str:
    """A record's name as its condition key has it: lower case, no trailing dot, the rest as octal codes."""
    plain = "abcdefghijklmnopqrstuvwxyz0123456789-_."
    lower = name.lower().removesuffix(".").replace("\\052", "*")
    return "".join(char if char in plain else f"\\{ord(char):03o}" for char in lower)


def _sts(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html"""
    if action == "GetCallerIdentity":
        # "No permissions are required to perform this operation."
        return []
    if action != "AssumeRole":
        return None
    context: Context = {"sts:RoleSessionName": parameters["RoleSessionName"]}
    if parameters.get("ExternalId"):
        context["sts:ExternalId"] = parameters["ExternalId"]
    return [Asked("sts:AssumeRole", parameters["RoleArn"], parameters["RoleArn"].split(":")[4], context)]


def _sqs(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html"""
    owner, queue = parameters["QueueUrl"].split("/")[-2:]
    # A batch is asked for as its single action.
    return [Asked(f"sqs:{action.removesuffix('Batch')}", f"arn:aws:sqs:{region}:{owner}:{queue}", owner)]


def _dynamodb(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"""
    if action == "TransactWriteItems":
        # "You must have the permissions of the single operations": there is none for the transaction.
        return [question for write in parameters["TransactItems"] for name, one in write.items()
                for question in _on_table(_TRANSACTED[name], one["TableName"], [_key(one)], account, region)]
    if action in ("BatchGetItem", "BatchWriteItem"):
        return [question for table, one in parameters["RequestItems"].items()
                for question in _on_table(action, table, _keys(one), account, region)]
    if action == "Query":
        return _on_table(action, parameters["TableName"], [_queried(parameters)], account, region)
    if action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
        return _on_table(action, parameters["TableName"], [_key(parameters)], account, region)
    return None


_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def _on_table(action: str, table: str, keys: list[str], account: str, region: str) -> list[Asked]:
    resource = table if table.startswith("arn:") else f"arn:aws:dynamodb:{region}:{account}:table/{table}"
    return [Asked(f"dynamodb:{action}", resource, account, {"dynamodb:LeadingKeys": sorted(set(keys))})]


def _key(request: dict[str, Any]) -> str:
    return _text((request.get("Item") or request.get("Key") or {})[_PARTITION_KEY])


def _keys(request: Any) -> list[str]:
    if isinstance(request, dict):
        return [_text(key[_PARTITION_KEY]) for key in request["Keys"]]
    return [_key(one) for write in request for one in write.values()]


def _queried(request: dict[str, Any]) -> str:
    """The value that the key condition compares the partition key with; it may stand at any place in there."""
    names = {_PARTITION_KEY} | {alias for alias, name in (request.get("ExpressionAttributeNames") or {}).items()
                                if name == _PARTITION_KEY}
    words = request["KeyConditionExpression"].replace("=", " = ").split()
    place = next(at for at, word in enumerate(words) if word in names and words[at + 1] == "=")
    return _text(request["ExpressionAttributeValues"][words[place + 2]])


def _text(value: dict[str, Any]) -> str:
    return str(next(iter(value.values())))


def _reading(action: str, parameters: dict[str, Any], account: str, region: str) -> list[Asked] | None:
    """What only zonelink doctor reads, of services of which no policy here names a resource."""
    return [Asked(action, "*", account)] if action.split(":")[-1].startswith(("Describe", "Get", "List")) else None


# The services that are only read, by the names that emulators and signatures have for them.
_READ = {"cloudtrail": "cloudtrail", "events": "events", "elbv2": "elasticloadbalancing",
         "elasticloadbalancing": "elasticloadbalancing", "route53profiles": "route53profiles",
         "route53resolver": "route53resolver"}

_RULES = {"lambda": _lambda, "organizations": _organizations, "ec2": _ec2, "route53": _route53, "sts": _sts, "sqs": _sqs, "dynamodb": _dynamodb}
