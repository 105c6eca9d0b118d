"""Deploy the templates into the local AWS: `PYTHONPATH=tools python -m local_aws.deploy`.

    provider [--binaries target/debug] [Name=value ...]     template.yaml, packaged
    client <account> [Name=value ...]                       infra/client.yaml, unchanged
    route53-events <account> [Name=value ...]               infra/route53-events.yaml, in us-east-1
    delete provider | delete client <account> | delete route53-events <account>

Tests use the functions deploy_… and delete_…; deploying again is an update.
"""

import argparse
import json
import pathlib
import platform

from botocore.exceptions import ClientError

from . import accounts, packaging, stacks, state

PROVIDER_STACK = "zonelink"
CLIENT_STACK = "zonelink-client"
ROUTE53_EVENTS_STACK = "zonelink-route53-events"
# Where CloudTrail records Route 53's calls.
ROUTE53_REGION = "us-east-1"

# What CloudFormation takes in the request itself; a larger template goes through S3.
_LARGEST_BODY = 51200


def deploy_provider(parameters=None, *, binaries=None, template=None, running=None,
                    stack=PROVIDER_STACK, account=accounts.PROVIDER):
    """Package and deploy template.yaml; returns the stack's outputs."""
    running = running or state.required()
    s3 = state.client("s3", account, running)
    bucket = f"local-deploy-{account}-{running['region']}"
    _make_bucket(s3, bucket, running["region"])

    def upload(key, content):
        if not _has(s3, bucket, key):
            s3.put_object(Bucket=bucket, Key=key, Body=content)
        return f"s3://{bucket}/{key}"

    text = packaging.packaged(template or state.REPOSITORY / "template.yaml",
                              binaries or state.REPOSITORY / "target" / "debug", upload)
    if len(text.encode()) > _LARGEST_BODY:
        s3.put_object(Bucket=bucket, Key="template.yaml", Body=text.encode())
        source = {"TemplateURL": f"{running['ministack']['url']}/{bucket}/template.yaml"}
    else:
        source = {"TemplateBody": text}
    given = {**_architecture(text), **(parameters or {})}
    return stacks.deploy(state.client("cloudformation", account, running), stack, source, given,
                         ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])


def deploy_client(account, parameters=None, *, template=None, running=None, stack=CLIENT_STACK):
    """Deploy infra/client.yaml into a client account; returns the stack's outputs."""
    running = running or state.required()
    path = pathlib.Path(template or state.REPOSITORY / "infra" / "client.yaml")
    return stacks.deploy(state.client("cloudformation", account, running), stack,
                         {"TemplateBody": path.read_text()}, parameters or {},
                         ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"])


def delete_client(account, *, running=None, stack=CLIENT_STACK):
    """Delete a client account's stack, and its role with it."""
    stacks.delete(state.client("cloudformation", account, running), stack)


def deploy_route53_events(account, parameters=None, *, running=None, stack=ROUTE53_EVENTS_STACK):
    """Deploy infra/route53-events.yaml into an account; returns the stack's outputs."""
    running = running or state.required()
    path = state.REPOSITORY / "infra" / "route53-events.yaml"
    cloudformation = state.client("cloudformation", account, running, ROUTE53_REGION)
    return stacks.deploy(cloudformation, stack, {"TemplateBody": path.read_text()}, parameters or {},
                         ["CAPABILITY_IAM"])


def delete_route53_events(account, *, running=None, stack=ROUTE53_EVENTS_STACK):
    """Delete that stack."""
    stacks.delete(state.client("cloudformation", account, running, ROUTE53_REGION), stack)


def delete_provider(*, running=None, stack=PROVIDER_STACK, account=accounts.PROVIDER):
    """Delete the provider's stack."""
    stacks.delete(state.client("cloudformation", account, running), stack)


def delete_client(account, *, running=None, stack=CLIENT_STACK):
    """Delete a client account's stack."""
    stacks.delete(state.client("cloudformation", account, running), stack)


def _architecture(text):
    """The parameter Architecture, when the template has it: a local binary runs only here."""
    if "Architecture" not in packaging.yaml_parse(text).get("Parameters", {}):
        return {}
    return {"Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"}


def _make_bucket(s3, bucket, region):
    try:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise


def _has(s3, bucket, key):
    try:
        s3.head_object(Bucket=bucket, Key=key)
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return False
        raise


def _pair(text):
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not Name=value")
    return name, value


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m local_aws.deploy", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    provider = what.add_parser("provider")
    provider.add_argument("--binaries")
    provider.add_argument("parameters", nargs="*", type=_pair)
    client = what.add_parser("client")
    client.add_argument("account", type=accounts.number)
    client.add_argument("parameters", nargs="*", type=_pair)
    events = what.add_parser("route53-events")
    events.add_argument("account", type=accounts.number)
    events.add_argument("parameters", nargs="*", type=_pair)
    delete = what.add_parser("delete")
    delete.add_argument("side", choices=["provider", "client", "route53-events"])
    delete.add_argument("account", nargs="?", type=accounts.number)
    return parser.parse_args()


def main():
    """Run one command and print the stack's outputs."""
    arguments = _arguments()
    try:
        if arguments.what == "provider":
            made = deploy_provider(dict(arguments.parameters), binaries=arguments.binaries)
        elif arguments.what == "client":
            made = deploy_client(arguments.account, dict(arguments.parameters))
        elif arguments.what == "route53-events":
            made = deploy_route53_events(arguments.account, dict(arguments.parameters))
        elif arguments.side == "provider":
            made = delete_provider()
        elif arguments.account:
            delete = {"client": delete_client, "route53-events": delete_route53_events}[arguments.side]
            made = delete(arguments.account)
        else:
            raise SystemExit(f"delete {arguments.side}: which account?")
    except (stacks.StackFailed, ClientError, FileNotFoundError) as failure:
        raise SystemExit(str(failure)) from failure
    print(json.dumps(made or {}, indent=2))


if __name__ == "__main__":
    main()
