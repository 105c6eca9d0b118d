"""What a VPC of the local AWS resolves: one name at once, or all of them for `dig` and whatever else speaks DNS."""

import argparse
import signal
import sys

import dns.exception
import dns.name
from local_aws import accounts, state

from . import reading
from .answer import Unresolvable, answer
from .server import serving


def main():
    """Answer, or serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m resolver", description=__doc__)
    parser.add_argument("account", help="the VPC's account: its name or number", metavar="ACCOUNT")
    parser.add_argument("vpc", help="the VPC's id", metavar="VPC")
    parser.add_argument("name", help="a name to resolve at once; without one the server starts", metavar="NAME", nargs="?")
    parser.add_argument("--type", help="type of the record sets that are asked for (default: A)", default="A")
    parser.add_argument("--port", type=int, default=0, help="the server's port on 127.0.0.1 (default: a free one)")
    given = parser.parse_args()
    place = state.required(), accounts.number(given.account), given.vpc
    if given.name:
        _resolve(place, given.name, given.type)
    else:
        _serve(place, given.vpc, given.port)


def _resolve(place, name, kind):
    try:
        found = answer(reading.known(*place), dns.name.from_text(name), kind)
    except (dns.exception.DNSException, Unresolvable) as failure:
        sys.exit(str(failure))
    print("\n".join(sorted(found.values)) or found.rcode.name)


def _serve(place, vpc, port):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with serving(*place, port) as taken:
            print(f"{vpc} resolves on 127.0.0.1, port {taken}: dig @127.0.0.1 -p {taken} NAME", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return
    except OSError as failure:
        sys.exit(f"--port {port}: {failure.strerror}. Give another one, or none for a free one.")


if __name__ == "__main__":
    main()
