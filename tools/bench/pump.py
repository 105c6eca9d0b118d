"""Moving messages from a queue to function processes, as an event source mapping does."""

import threading
import time

# What the template's mapping asks for.
BATCH_SIZE = 10
# Between two looks at a queue on which everything is delayed.
_PAUSE = 0.1


class Pump:
    """Receives from one queue and invokes; messages that fail stay on the queue until they are visible again."""

    def __init__(self, stage, queue_url, functions):
        self._sqs = stage.client("sqs")
        self._url, self._functions = queue_url, functions
        self.failed = []
        self.invocations = 0

    def send(self, body):
        """Put a message on the queue."""
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)

    def once(self, function):
        """One batch through one process; how many messages there were."""
        messages = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=BATCH_SIZE, MessageSystemAttributeNames=["All"]).get("Messages", [])
        if not messages:
            return 0
        answer = function.invoke(batch(messages)).result or {}
        failed = {one["itemIdentifier"] for one in answer.get("batchItemFailures") or []}
        self.invocations += 1
        self.failed += [message["Body"] for message in messages if message["MessageId"] in failed]
        done = [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages) if message["MessageId"] not in failed]
        if done:
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=done)
        return len(messages)

    def drain(self, within=600):
        """Each process takes batches until nothing is left, what is delayed included. Seconds that it took."""
        began = time.monotonic()
        failures = []
        threads = [threading.Thread(target=self._run, args=(function, began + within, failures))
                   for function in self._functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return time.monotonic() - began

    def _run(self, function, deadline, failures):
        try:
            while time.monotonic() < deadline and not failures:
                if not self.once(function):
                    if not self._left():
                        return
                    time.sleep(_PAUSE)
            failures.append(TimeoutError(f"{self._url} is not empty in time"))
        except Exception as failure:
            failures.append(failure)

    def _left(self):
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])["Attributes"]
        return sum(int(found[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed"))


def batch(messages):
    """The event that Lambda makes of messages."""
    return {"Records": [{
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-west-2:111111111111:bench",
        "awsRegion": "us-west-2",
    } for message in messages]}


def event(*bodies):
    """The same for messages that never were on a queue."""
    return batch([{"MessageId": f"message-{number}", "ReceiptHandle": "none", "Body": body, "MD5OfBody": ""}
                  for number, body in enumerate(bodies)])
