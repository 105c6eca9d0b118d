"""A ministack of its own for a test session, with the probe system deployed in it."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from local_aws import accounts, deploy, processes, state

HERE = pathlib.Path(__file__).parent
_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


class MotoStandIn(http.server.ThreadingHTTPServer):
    """Answers the EC2 calls that stacks make, and remembers them."""

    def __init__(self):
        self.calls = []
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        """Any action: the same answer fits the three that are used."""
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        call = {name: values[0] for name, values in urllib.parse.parse_qs(text).items()}
        call["account"] = self.headers["authorization"].split("Credential=")[1].split("/")[0]
        self.server.calls.append(call)
        body = (f'<Response xmlns="{_NAMESPACE}"><connectionNotification><connectionNotificationId>'
                "vpce-nfn-0123456789abcdef0</connectionNotificationId></connectionNotification>"
                "<return>true</return></Response>").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The test says enough."""


class Local:
    """The running ministack, seen from a test."""

    def __init__(self, running, folder, moto):
        self.running, self.folder, self.moto = running, folder, moto
        self.outputs = {}

    def client(self, service, account=accounts.PROVIDER):
        """A client of ministack."""
        return state.client(service, account, self.running)

    def deploy(self, stack="probe", template="template.yaml", account=accounts.PROVIDER, **parameters):
        """Deploy the probe, its binaries being one script under several names."""
        return deploy.deploy_provider(parameters, binaries=self.folder / "bin", running=self.running,
                                      template=HERE / template, stack=stack, account=account)

    def post(self, path, body):
        """Post to ministack itself; returns status and answer."""
        request = urllib.request.Request(self.running["ministack"]["url"] + path,
                                         data=json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def event(self, identity, account, **detail):
        """Deliver an EC2 event through the door."""
        return self.post("/_local/events", {
            "version": "0", "id": identity, "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.ec2", "account": account, "time": "2026-01-02T03:04:05Z",
            "region": accounts.REGION, "resources": [], "detail": detail})

    def received(self, queue, wanted, account=accounts.PROVIDER, seconds=8):
        """The first message of a queue that `wanted(message)` accepts, taken off it."""
        sqs = self.client("sqs", account)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1,
                                         VisibilityTimeout=0, MessageAttributeNames=["All"],
                                         MessageSystemAttributeNames=["All"])
            for message in answer.get("Messages", []):
                if wanted(message):
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                    return message
        raise AssertionError(f"no such message in {queue} within {seconds} seconds")

    def logged(self, function, wanted, count=1, seconds=8):
        """The events a function logged that `wanted(event)` accepts, once there are enough."""
        path = self.folder / "logs" / f"{function}.log"
        deadline = time.monotonic() + seconds
        while True:
            lines = path.read_text().splitlines() if path.exists() else []
            entries = [json.loads(line) for line in lines if line.startswith('{"request_id"')]
            found = [entry for entry in entries if wanted(entry["event"])]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"{function} logged {len(found)} of {count} such events")
            time.sleep(0.05)


@contextlib.contextmanager
def ministack():
    """Start ministack on a free port, and stop it and its functions at the end."""
    folder = state.REPOSITORY / ".local" / f"test-ministack-{os.getpid()}"
    (folder / "bin").mkdir(parents=True)
    for name in ("taker", "worker", "accept-connections", "reconcile-records", "backfill"):
        shutil.copy(HERE / "bootstrap.py", folder / "bin" / name)
    moto = MotoStandIn()
    port = processes.free_ports(1)[0]
    url, log = f"http://127.0.0.1:{port}", folder / "logs" / "ministack.log"
    environment = {**os.environ, "PYTHONPATH": str(state.REPOSITORY / "tools"), "LOCAL_AWS_DIR": str(folder),
                   "LOCAL_AWS_MOTO_URL": moto.url}
    environment.pop("LOCAL_AWS_LOG_DIR", None)
    child = processes.start([sys.executable, "-m", "local_aws.ministack", "--port", str(port)],
                            environment, log)
    try:
        processes.wait_until_answers(child, url, log, 60)
        running = {"region": accounts.REGION, "ministack": {"url": url, "port": port, "pid": child.pid},
                   "moto": {"url": moto.url}}
        yield Local(running, folder, moto)
    finally:
        processes.stop_group(child.pid)
        moto.shutdown()
        if os.environ.get("LOCAL_AWS_KEEP") is None:
            shutil.rmtree(folder)
