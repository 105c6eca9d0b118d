"""ministack with what this project needs: `python -m local_aws.ministack --port N`.

Serves on 127.0.0.1 only. Everything it writes goes under the repository's .local folder.
"""

import argparse
import atexit
import os
import pathlib
import sys
import tempfile

_REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def main():
    """Set ministack up by environment, extend it and serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m local_aws.ministack", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    _configure(port)

    # ministack reads its environment while it is imported, so not before this line.
    import ministack.app
    from ministack.core import lambda_runtime

    from . import ministack_side

    ministack_side.install()
    atexit.register(lambda_runtime.reset)
    sys.argv = ["ministack"]
    ministack.app.main()


def _configure(port):
    local = pathlib.Path(os.environ.get("LOCAL_AWS_DIR", _REPOSITORY / ".local"))
    temporary = local / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ.update({
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        # It stands in queue URLs; "localhost" may mean ::1, where nobody listens.
        "MINISTACK_HOST": "127.0.0.1",
        "TMPDIR": str(temporary),
        "STATE_DIR": str(temporary / "ministack"),
        "PERSIST_STATE": "0",
        "LAMBDA_EXECUTOR": "local",
        "AUTH": "false",
        # Listeners of services that nobody here uses, on ports that may be taken.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "LOCAL_AWS_MINISTACK_URL": f"http://127.0.0.1:{port}",
        # boto3 is used in process with explicit keys; a profile of the user's must not matter.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    })
    for name in ("AWS_PROFILE", "SERVICES", "USE_SSL", "LAMBDA_STRICT"):
        os.environ.pop(name, None)
    os.environ.setdefault("MINISTACK_REGION", "us-west-2")
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-west-2")
    os.environ.setdefault("LOCAL_AWS_LOG_DIR", str(local / "logs"))
    # tempfile remembers its answer, and something may have asked already.
    tempfile.tempdir = str(temporary)


if __name__ == "__main__":
    main()
