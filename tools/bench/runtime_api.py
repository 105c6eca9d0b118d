"""A Lambda Runtime API for one function process, and the clock beside it.

The process is started with what Lambda would give it, asks for its next event and is held until there is one.
Taken down: when it was started, when it first asked, when each answer came, and the most memory it ever had.
"""

import http.server
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field

_PATH = "/2018-06-01/runtime/"
_SECONDS_TO_START = 60
_GRACE_SECONDS = 5


class FunctionFailed(Exception):
    """The function answered with an error, or its process ended."""


@dataclass
class Invocation:
    """One event on its way through the function."""

    payload: bytes
    deadline: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answered: threading.Event = field(default_factory=threading.Event)
    result: object = None
    error: object = None
    started: float = 0.0
    ended: float = 0.0

    @property
    def seconds(self):
        """From the hand-over to the answer."""
        return self.ended - self.started


class Function:
    """One process of a function, as one execution environment of Lambda."""

    def __init__(self, name, command, environment, log, timeout=60):
        self.name, self.timeout = name, timeout
        self.environment = environment
        self._command, self._log = command, pathlib.Path(log)
        self._server = _Server(self)
        self._events = queue.SimpleQueue()
        self._waiting = {}
        self._asked = threading.Event()
        self.spawned = self.first_asked = None
        self.process = None

    def start(self):
        """Start the process; returns when it asks for its first event."""
        self._server.begin()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**self.environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_address[1]}"}
        with open(self._log, "ab") as log:
            self.spawned = time.perf_counter()
            self.process = subprocess.Popen(self._command, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._asked.wait(0.2):
            self._check(time.monotonic() < deadline)
        return self

    @property
    def init_seconds(self):
        """From the start of the process to its first request for an event."""
        return self.first_asked - self.spawned

    def invoke(self, event):
        """Hand over an event and wait for the answer."""
        invocation = Invocation(json.dumps(event).encode(), time.time() + self.timeout)
        self._waiting[invocation.id] = invocation
        invocation.started = time.perf_counter()
        self._events.put(invocation)
        deadline = time.monotonic() + self.timeout
        while not invocation.answered.wait(0.5):
            self._check(time.monotonic() < deadline)
        if invocation.error is not None:
            raise FunctionFailed(f"{self.name}: {invocation.error}")
        return invocation

    def peak_bytes(self):
        """The most memory that was resident in the process so far.

        Not wait4's ru_maxrss: a child inherits in it the size of the process that it was forked from.
        """
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def descriptors(self):
        """How many files and connections the process has open now."""
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stop(self):
        """End the process and its server."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _check(self, in_time):
        if self.process.poll() is not None or not in_time:
            code = self.process.poll()
            what = "did not answer in time" if code is None else f"ended with {code}"
            end = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
            raise FunctionFailed(f"{self.name} {what}\n{end}")

    def _next(self):
        if self.first_asked is None:
            self.first_asked = time.perf_counter()
            self._asked.set()
        return self._events.get()

    def _answer(self, request_id, result, error):
        invocation = self._waiting.pop(request_id)
        invocation.ended = time.perf_counter()
        invocation.result, invocation.error = result, error
        invocation.answered.set()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, function):
        self.function = function
        super().__init__(("127.0.0.1", 0), _Handler)

    def begin(self):
        """Serve in the background."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, request, client_address):
        """A process that was ended leaves its connections half open; anything else is said."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body of an answer leave together.
    wbufsize = -1

    def do_GET(self):
        """invocation/next: held until there is an event."""
        if self.path != f"{_PATH}invocation/next":
            self._send(404, b"{}")
            return
        invocation = self.server.function._next()
        if invocation is None:
            self.close_connection = True
            return
        self._send(200, invocation.payload, {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn":
                f"arn:aws:lambda:us-west-2:111111111111:function:{self.server.function.name}",
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
        })

    def do_POST(self):
        """invocation/<id>/response, invocation/<id>/error, init/error."""
        body = self._body()
        self._send(202, b'{"status":"OK"}')
        kind = self.path.removeprefix(_PATH).split("/")
        content = json.loads(body) if body else None
        if kind[0] == "invocation" and kind[-1] == "response":
            self.server.function._answer(kind[1], content, None)
        elif kind[0] == "invocation":
            self.server.function._answer(kind[1], None, content or "an error without words")

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, status, body, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        """Each request would be a line; the figures say enough."""
