"""The SAM CLI and cargo-lambda, as `.ci/setup` installs them, and what they see of the local AWS."""

import os
import pathlib
import platform
import subprocess
import sys

from local_aws import accounts, state

TOOLS = state.REPOSITORY / ".local" / "deploy-tools"
# The machine's own, so that what is built runs here.
ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"

# A release build of the SDKs, optimized across crates, takes three times as long as one that is not, and shows nothing more
# of deploying: the same command builds the same crates for the same runtime, as quick as a debug build.
_QUICK_RELEASE = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
                  "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}


class Failed(Exception):
    """A command failed; the message is all that it said."""


def environment(running=None, profile="provider", **more):
    """What a user's shell has: tools on the path, a profile of the AWS CLI, and nothing of this machine's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CARGO_PROFILE_"))}
    path = [TOOLS / "bin", binaries(), pathlib.Path(sys.executable).parent, kept["PATH"]]
    return {
        **kept, **_QUICK_RELEASE,
        "PATH": os.pathsep.join(map(str, path)),
        "AWS_CONFIG_FILE": running["aws_config"] if running else os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        # Without it both tools ask for a region before they do anything; without a profile they find no credentials.
        "AWS_REGION": accounts.REGION, "AWS_DEFAULT_REGION": accounts.REGION,
        **({"AWS_PROFILE": profile} if running else {}),
        "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        "SAM_CLI_TELEMETRY": "0",
        # All that they remember stays below this folder, too.
        "__SAM_CLI_APP_DIR": str(TOOLS / "sam"),
        "CARGO_ZIGBUILD_CACHE_DIR": str(TOOLS / "zigbuild"),
        "ZIG_GLOBAL_CACHE_DIR": str(TOOLS / "zig"),
        **more,
    }


def build():
    """`sam build` for this machine; gives all that it said. The first time it compiles the SDKs."""
    return run("sam", "build", "--parameter-overrides", f"Architecture={ARCHITECTURE}", within=3600)


def binaries():
    """Where cargo's dev profile puts `zonelink`."""
    return pathlib.Path(state.REPOSITORY, os.environ.get("CARGO_TARGET_DIR") or "target") / "debug"


def run(*command, within=120, given="", found=None):
    """Run a command in the repository's folder; gives all that it said."""
    ended = subprocess.run(command, cwd=state.REPOSITORY, env=found or environment(), input=given, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=within, check=False)
    if ended.returncode:
        raise Failed(f"{' '.join(map(str, command))} ended with {ended.returncode}:\n{ended.stdout}")
    return ended.stdout
