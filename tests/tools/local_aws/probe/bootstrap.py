#!/usr/bin/env python3
"""A function that stands in for ours in the tests of the local AWS.

It speaks the Lambda Runtime API as any bootstrap does, logs each event, and does what the
event asks: {"do": "environment"} answers its environment, {"do": "fail"} fails,
{"do": "metric"} logs an embedded metric. Of an SQS batch it reports the messages whose
body is "poison".
"""

import json
import os
import sys
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def answer(event):
    """What the event asks for."""
    if not isinstance(event, dict):
        return event
    if "Records" in event and event["Records"][0].get("eventSource") == "aws:sqs":
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}
                                      for record in event["Records"] if record["body"] == "poison"]}
    wanted = event.get("do") or (event.get("detail") or {}).get("do")
    if wanted == "environment":
        return dict(os.environ)
    if wanted == "fail":
        raise RuntimeError("told to fail")
    if wanted == "metric":
        print(json.dumps({"_aws": {"Timestamp": 0, "CloudWatchMetrics": [{
            "Namespace": "probe", "Dimensions": [["kind"]],
            "Metrics": [{"Name": "seen", "Unit": "Count"}]}]}, "kind": "test", "seen": 3}), flush=True)
    return event


def post(path, value):
    """Report to the Runtime API."""
    request = urllib.request.Request(f"{API}/{path}", data=json.dumps(value).encode(), method="POST")
    urllib.request.urlopen(request).close()


def main():
    """Take one event after the other, for ever."""
    while True:
        with urllib.request.urlopen(f"{API}/next") as response:
            request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.load(response)
        print(json.dumps({"request_id": request_id, "event": event}), flush=True)
        try:
            result = answer(event)
        except RuntimeError as error:
            print(f"failed: {error}", file=sys.stderr, flush=True)
            post(f"{request_id}/error", {"errorMessage": str(error), "errorType": "Told"})
        else:
            post(f"{request_id}/response", result)


if __name__ == "__main__":
    main()
