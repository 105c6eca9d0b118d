"""What moto lacks of EC2 endpoints, VPCs, Route 53, STS, Organizations and CloudTrail, added to it in process.

No file of moto is changed. moto dispatches an API action to the method of that name on a response class, so
`install` sets methods on those classes, adds the URLs that are missing, and puts one gate in front of them all.

    request ─▶ control ──▶ gate ─────────────────────────▶ moto, with our methods set on its classes
               /_local/*   account, fault, lock, call log          │
                             └──▶ trail ─▶ courier ─▶ EventBridge of the other emulator

Where AWS's behaviour is documented or was observed, this code follows it. Where nobody knows, the comment at
that place says so, so that a test which depends on it can be recognised.
"""

import warnings


def install() -> None:
    """Extend the imported moto; calling it twice would wrap the methods twice, so the launcher calls it once."""
    # moto warns about every error code its service models do not list, such as AccessDenied; those are meant here.
    warnings.filterwarnings("ignore", message=r"Exception\(AwsError\)")
    from . import (
        accounts,
        cloud_map,
        connections,
        dhcp_options,
        endpoint_calls,
        firewall,
        gate,
        interfaces,
        notifications,
        organizations,
        paging,
        record_calls,
        services,
        sts,
        zones,
    )

    for module in (
        accounts,
        endpoint_calls,
        services,
        connections,
        interfaces,
        notifications,
        zones,
        record_calls,
        cloud_map,
        sts,
        organizations,
        dhcp_options,
        firewall,
    ):
        module.install()
    # Paging wraps the Describe methods and the gate wraps the dispatch, hence both come after everything else.
    paging.install()
    gate.install()
