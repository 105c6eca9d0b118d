"""Count what endpoints cost in the local AWS, and say what that makes in a month.

    PYTHONPATH=tools .local/venv/bin/python -m cost

It takes some minutes, on ports and in a folder of its own (.local/cost).
"""

import os

from local_aws import accounts, state, up
from stage.client import Client
from stage.local import QUICK, Local
from stage.provider import EXTERNAL_ID, Provider

from . import watching
from .counting import counted
from .month import bill, line

FEW, MORE, CHECK = 5, 25, 15
UNITS = ("looks", "DynamoDB reads", "DynamoDB writes", "messages", "direct invocations", "events across",
         "Route 53 requests", "EC2 requests", "STS requests", "log bytes")


def main():
    os.environ["LOCAL_AWS_DIR"] = str(state.REPOSITORY / ".local" / "cost")
    with state.locked():
        if left_over := state.read():
            up.stop(left_over)
        running = up.start()
        try:
            _count(Local(running))
        finally:
            up.stop(running)


def _count(local):
    local.settings(**QUICK)
    provider = Provider(local)
    provider.deploy(AllowedPrincipals=accounts.CLIENT_A, ClientAccounts=accounts.CLIENT_A, ExternalId=EXTERNAL_ID)
    provider.deploy_client(accounts.CLIENT_A)
    provider.deploy_route53_events(accounts.CLIENT_A)
    client = Client(local, accounts.CLIENT_A, provider)

    sweeps = {}
    # The first one finds functions that are not running yet, and no credentials.
    made = _endpoints(local, client, 1)
    with counted(local) as some:
        made += _endpoints(local, client, FEW - 1)
    comes = {unit: some[unit] / (FEW - 1) for unit in UNITS}
    for number in (FEW, CHECK, MORE):
        made += _endpoints(local, client, number - len(made))
        before = watching.told(local, provider)
        with counted(local) as sweeps[number]:
            local.fire_schedule(provider.account, provider.schedule)
            # Its messages are spread over a quarter of an hour.
            local.at_rest(within=300)
            local.release(provider.outputs["QueueUrl"])
        of_a_sweep = watching.told(local, provider) - before
    with counted(local) as repaired:
        made[0][1].remove()
    with counted(local) as deleted:
        made[-1][0].delete()
    each = {unit: (sweeps[MORE][unit] - sweeps[FEW][unit]) / (MORE - FEW) for unit in UNITS}
    base = {unit: max(0.0, sweeps[FEW][unit] - FEW * each[unit]) for unit in UNITS}
    _print_counts({"an endpoint comes": comes, "an endpoint goes": deleted, "an edit is repaired": repaired,
                   "a sweep, for itself": base, "a sweep, for each endpoint": each})
    for unit in ("DynamoDB reads", "DynamoDB writes"):
        expected = base[unit] + CHECK * each[unit]
        print(f"# {unit} of a sweep of {CHECK}: {sweeps[CHECK][unit]} counted, {expected:.0f} by the two other sweeps")
    print()
    print(line("endpoints", "Lambda", "DynamoDB", "SQS", "EventBridge", "logs", "together"))
    print(line(*["---:"] * 7))
    for endpoints in (100, 1_000, 10_000):
        shown = bill(endpoints, base, each, comes, deleted)
        print(line(f"{endpoints:,}", *(f"${amount:,.2f}" for amount in shown), f"${sum(shown):,.2f}"))
    print()
    watching.show(of_a_sweep.keys(), watching.told(local, provider).keys())


def _endpoints(local, client, number):
    """That many endpoints, each in a VPC of its own with a zone."""
    made = []
    for _ in range(number):
        vpc = client.vpc()
        zone = vpc.zone()
        made.append((vpc.endpoint(), zone))
        local.at_rest(within=120)
    return made


def _print_counts(counts):
    print(line("", *UNITS))
    print(line("---", *["---:"] * len(UNITS)))
    for what, found in counts.items():
        print(line(what, *(f"{found[unit]:.1f}".removesuffix(".0") for unit in UNITS)))


if __name__ == "__main__":
    main()
