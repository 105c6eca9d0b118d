"""What a function sees when its bootstrap runs as a child process, and where its log goes.

A function gets what AWS would give it and nothing of the shell that started the
emulators. Its credentials say who it is: the access key is its account, the session
token is "role:" and the ARN of its execution role. The moto side reads the role from
there, because a plain 12-digit key names only an account.
"""

import logging
import os
import pathlib
import re

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

logger = logging.getLogger("local_aws.lambda_environment")

# The services that moto answers; ministack answers all others.
MOTO_SERVICES = ("EC2", "ROUTE_53", "ROUTE53PROFILES", "STS", "ORGANIZATIONS", "ELASTIC_LOAD_BALANCING_V2")

# A child needs these of the host to run at all; nothing else of it is passed on. Without
# certificates a Rust HTTP client does not even start.
_FROM_HOST = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "RUST_BACKTRACE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def install():
    """Wrap the making of a child's environment and the reading of its output."""
    by_ministack = lambda_svc._provided_worker_env

    def environment(config, code_dir, port):
        everything = by_ministack(config, code_dir, port)
        chosen = (config.get("Environment") or {}).get("Variables") or {}
        kept = {name: value for name, value in everything.items()
                if name in chosen or name in _FROM_HOST or os.environ.get(name) != value}
        return {**kept, **_credentials(config), **_endpoints(), **_runtime(config)}

    lambda_svc._provided_worker_env = environment
    _tee_output()
    _stop_workers_of_deleted_functions()


def _credentials(config):
    account, region = lambda_svc._account_region_from_function_config(config)
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": f"role:{config.get('Role', '')}",
        # A function on AWS has neither file, and the user's own must not be read.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _endpoints():
    endpoints = {"AWS_ENDPOINT_URL": os.environ["LOCAL_AWS_MINISTACK_URL"]}
    moto = os.environ.get("LOCAL_AWS_MOTO_URL")
    if moto:
        endpoints.update({f"AWS_ENDPOINT_URL_{service}": moto for service in MOTO_SERVICES})
    return endpoints


def _runtime(config):
    logging_config = config.get("LoggingConfig") or {}
    log_format = logging_config.get("LogFormat", "Text")
    variables = {
        "AWS_LAMBDA_LOG_GROUP_NAME":
            logging_config.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}",
        "AWS_LAMBDA_LOG_FORMAT": log_format,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "TZ": ":UTC",
    }
    if log_format == "JSON":
        variables["AWS_LAMBDA_LOG_LEVEL"] = logging_config.get("ApplicationLogLevel", "INFO")
    return variables


class _Tee:
    """A child's output, copied to a file as it is read."""

    def __init__(self, stream, path):
        self._stream = stream
        self._file = open(path, "ab", buffering=0)

    def readline(self):
        line = self._stream.readline()
        self._file.write(line)
        return line

    def close(self):
        self._file.close()
        self._stream.close()


def _tee_output():
    """Write each function's log to a file too: CloudWatch Logs has it only afterwards."""
    directory = pathlib.Path(os.environ["LOCAL_AWS_LOG_DIR"])
    by_ministack = lambda_runtime.ProvidedWorker._pump_output

    def pump(worker, stream, log_queue):
        directory.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", worker.func_name)
        by_ministack(worker, _Tee(stream, directory / f"{name}.log"), log_queue)

    lambda_runtime.ProvidedWorker._pump_output = pump


def _stop_workers_of_deleted_functions():
    """A stack that goes takes its functions' processes with it."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    by_ministack = handlers["delete"]

    def delete(physical_id, props):
        by_ministack(physical_id, props)
        lambda_svc.invalidate_worker(physical_id, account=lambda_svc.get_account_id(),
                                     region=lambda_svc.get_region())

    handlers["delete"] = delete
