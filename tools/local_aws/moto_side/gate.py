"""The one way into moto: every API call gets its account, perhaps a fault, the lock, a log entry and its event."""

import json
import re
import sys
import time
import traceback
import uuid
from datetime import date
from typing import Any
from xml.sax.saxutils import unescape

from botocore.model import OperationNotFoundError
from moto.core.responses import BaseResponse

from .. import ledger
from . import accounts, call_log, errors, faults, throttle, trail, turns
from .errors import AwsError
from .settings import LOCK

_CODE = re.compile(r"<Code>([^<]*)</Code>|\"__type\":\s*\"([^\"]*)\"")
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
# moto leaves the request id of an answer empty or fills in a placeholder; CloudTrail's record carries the same one.
_REQUEST_ID = re.compile(r"<(requestId|RequestId|RequestID)(?:/>|>[^<]*</\1>)")

# AssumeRole asks the other emulator for the role, and that one may be waiting for us: it must not hold the lock.
_UNLOCKED = {"sts"}

Answer = tuple[int, dict[str, Any], Any]


def install() -> None:
    errors.install()
    act = BaseResponse.call_action

    def dispatch(self: BaseResponse, request: Any, full_url: Any = None, headers: Any = None) -> Answer:
        request_id = str(uuid.uuid4())
        refused = None
        try:
            self.setup_class(request, full_url, headers)
        except OperationNotFoundError:
            refused = AwsError("InvalidAction", f"The action {self._get_action()} is not valid for this web service.")
        call = _call(self)
        fault = faults.take(call)
        if fault and fault.delay_seconds:
            time.sleep(fault.delay_seconds)
        if refused:
            answer = errors.answer(self, refused)
        elif fault and fault.code and not fault.applied:
            answer = errors.answer(self, AwsError(fault.code, fault.message, fault.status))
        elif throttle.refuses(call.service, call.account):
            answer = errors.answer(self, AwsError("Throttling", "Rate exceeded", 400))
        else:
            answer = _act(act, self, call)
            if fault and fault.code:
                answer = errors.answer(self, AwsError(fault.code, fault.message, fault.status))
        status, response_headers, body = answer
        if isinstance(body, str):
            body = _REQUEST_ID.sub(rf"<\1>{request_id}</\1>", body)
        code, message = _error(status, body)
        call_log.add(call, status, code)
        caller = accounts.caller(self)
        if caller.session and not refused:
            # Only STS asks a policy here, the role's trust policy, and a fault's answer is not its answer.
            asks = call.service == "sts" and not (fault and fault.code)
            _note(caller, call, self, granted=not asks or status < 400)
        trail.record(self, call, caller, request_id, status, body, code, message)
        return status, response_headers, body

    BaseResponse._dispatch = dispatch  # type: ignore[method-assign]


def _act(act: Any, response: BaseResponse, call: call_log.Call) -> Answer:
    try:
        if call.service in _UNLOCKED:
            return act(response)
        with turns.of(call) as refusal, LOCK:
            return errors.answer(response, refusal) if refusal else act(response)
    except NotImplementedError as missing:
        return errors.answer(response, AwsError("UnsupportedOperation", f"not emulated: {missing}", 400))
    except Exception as mistake:
        # A mistake of the emulator: said aloud here, and to the caller in a form that its SDK can read.
        traceback.print_exc(file=sys.stderr)
        return errors.answer(response, AwsError("InternalFailure", f"{type(mistake).__name__}: {mistake}", 500))


def _note(caller: accounts.Caller, call: call_log.Call, response: BaseResponse, granted: bool) -> None:
    """For the proof of the policies."""
    parameters = call.parameters
    if call.service == "organizations":
        # Of a service that speaks JSON, moto leaves the parameters in the body.
        parameters = json.loads(response.body or "{}")
    narrowed = {"session_policy": caller.session.policy} if caller.session and caller.session.policy else {}
    ledger.add_call(caller.principal_arn, call.service, call.action, parameters, response.region, granted=granted,
                    **narrowed)


def _call(response: BaseResponse) -> call_log.Call:
    parameters = getattr(response, "params", None) or response.uri_match
    return call_log.Call.now(
        account=response.get_current_account(),
        service=response.service_name or "",
        action=response._get_action() or "",
        parameters=_plain(dict(parameters)),
        caller=accounts.caller(response).arn,
    )


def _plain(value: Any) -> Any:
    """The same value in JSON's terms."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _error(status: int, body: Any) -> tuple[str | None, str | None]:
    if status < 400:
        return None, None
    text = body if isinstance(body, str) else ""
    code, message = _CODE.search(text), _MESSAGE.search(text)
    words = unescape(message[1], {"&quot;": '"', "&apos;": "'"}) if message else ""
    return (code[1] or code[2] if code else "Unknown"), words
