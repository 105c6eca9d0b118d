"""CloudFormation stacks by change set, as `sam deploy` does it."""

import time

from botocore.exceptions import ClientError

_SECONDS = 120
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")


class StackFailed(Exception):
    """A stack operation failed; the message holds what the stack's events say."""


def deploy(cloudformation, name, template, parameters, capabilities):
    """Create or update a stack and return its outputs.

    `template` is {"TemplateBody": text} or {"TemplateURL": url}.
    """
    existing = _describe(cloudformation, name)
    new = existing is None or existing["StackStatus"] == "REVIEW_IN_PROGRESS"
    change_set = f"local-{time.time_ns()}"
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=change_set,
        ChangeSetType="CREATE" if new else "UPDATE",
        Capabilities=capabilities,
        Parameters=[{"ParameterKey": key, "ParameterValue": str(value)}
                    for key, value in parameters.items()],
        **template,
    )
    made = _wait(lambda: cloudformation.describe_change_set(StackName=name, ChangeSetName=change_set),
                 "Status", ("CREATE_COMPLETE", "FAILED"), f"change set of {name}")
    if made["Status"] == "FAILED":
        reason = made.get("StatusReason", "")
        cloudformation.delete_change_set(StackName=name, ChangeSetName=change_set)
        if not new and any(words in reason for words in _NOTHING_TO_DO):
            return outputs(cloudformation, name)
        raise StackFailed(f"the change set of {name} failed: {reason}")
    cloudformation.execute_change_set(StackName=name, ChangeSetName=change_set)
    done = _wait(lambda: _describe(cloudformation, name), "StackStatus", _ENDS, f"stack {name}")
    if done["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StackFailed(f"{name} is {done['StackStatus']}\n{_failures(cloudformation, name)}")
    return outputs(cloudformation, name)


def delete(cloudformation, name):
    """Delete a stack, and wait until it is gone. A stack that is not there is gone."""
    existing = _describe(cloudformation, name)
    if existing is None:
        return
    cloudformation.delete_stack(StackName=name)
    # By its id a deleted stack can still be described, by its name it cannot.
    done = _wait(lambda: _describe(cloudformation, existing["StackId"]), "StackStatus",
                 ("DELETE_COMPLETE", "DELETE_FAILED"), f"deletion of {name}")
    if done["StackStatus"] == "DELETE_FAILED":
        raise StackFailed(f"{name} is not deleted\n{_failures(cloudformation, existing['StackId'])}")


def outputs(cloudformation, name):
    """A stack's outputs as a dict."""
    stack = _describe(cloudformation, name)
    if stack is None:
        raise StackFailed(f"there is no stack {name}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


_ENDS = ("CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED",
         "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED")


def _describe(cloudformation, name):
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _wait(look, field, ends, what):
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        seen = look()
        if seen is not None and seen[field] in ends:
            return seen
        time.sleep(0.1)
    raise StackFailed(f"{what} did not end within {_SECONDS} seconds")


def _failures(cloudformation, name):
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return "\n".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                     for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED"))
