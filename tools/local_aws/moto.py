"""The EC2, Route 53, STS half of the local AWS: `PYTHONPATH=tools python -m local_aws.moto --port 5000`.

moto's own server, extended in process. It listens on 127.0.0.1 only. LOCAL_AWS_MINISTACK_URL names the other
half; without it no CloudTrail event and no notification is delivered, and AssumeRole grants every role.
"""

import argparse
import os
import signal
from typing import Any

# Inside the package `local_aws` this file is `local_aws.moto`, so these imports find the installed moto.
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local_aws.moto_side import install
from local_aws.moto_side.control import with_control
from local_aws.moto_side.profiles import with_profiles


class _QuietHandler(MotoRequestHandler):
    def log_request(self, *_: Any) -> None:
        """The call log holds every call; a second log on stderr would bury what went wrong."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local_aws.moto", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1, 0 for a free one")
    port = parser.parse_args().port
    install()
    application = with_control(with_profiles(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_QuietHandler)
    for number in (signal.SIGTERM, signal.SIGINT):
        # At once: all state is in memory, and an orderly exit would wait for deliveries that nobody awaits any more.
        signal.signal(number, lambda *_: os._exit(0))
    print(f"moto side: http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
