"""An AWS error with its code, its words and its HTTP status."""

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse


class AwsError(ServiceException):
    """moto serialises it in the protocol of the call, so that every SDK finds the code where it looks for it."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(code, message)
        self.status = status


def access_denied(principal_arn: str, action: str, resource: str | None = None) -> AwsError:
    words = f"User: {principal_arn} is not authorized to perform: {action}"
    return AwsError("AccessDenied", words + (f" on resource: {resource}" if resource else ""), 403)


def answer(response: BaseResponse, error: AwsError) -> tuple[int, dict[str, Any], str]:
    """The whole HTTP answer for an error raised before any method of the response class ran."""
    status, headers, body = response.serialized(ActionResult(error))
    headers["status"] = str(status)
    return status, headers, body


def install() -> None:
    serialized = BaseResponse.serialized

    def with_status(self: BaseResponse, result: ActionResult) -> Any:
        status, headers, body = serialized(self, result)
        # moto knows a status only for the errors in the service model; AccessDenied and the throttles are not there.
        if isinstance(result.result, AwsError):
            status = result.result.status
        return status, headers, body

    BaseResponse.serialized = with_status  # type: ignore[method-assign]
