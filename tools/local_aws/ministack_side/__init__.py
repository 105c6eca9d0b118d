"""What ministack lacks for this project, added to it in process.

ministack is imported and its module attributes are replaced or wrapped; no file of it is
changed. Each module here does one thing and has one `install()`:

    cloudformation_types       the two resource types it does not know
    cloudformation_properties  properties it forgets, mistakes it lets pass
    doors                      POST /_local/events, the way in for aws.* events, and more
    event_targets              delivery of a matched event, with permissions and dead-letter queues
    event_buses                forwarding to another account's event bus, its policy checked
    async_invocation           Lambda's asynchronous invocations: retries, destinations
    lambda_environment         what a function sees and where its log goes
    schedules                  EventBridge Scheduler: first run at once, context attributes
    sessions                   the account of an assumed role's access key
    metrics                    embedded metric format in a function's log
    service_metrics            what SQS and Lambda tell CloudWatch of themselves
    alarms                     CloudWatch's alarms, looked at as CloudWatch does
    log_filters                filter patterns in which any of several terms will do
    message_moves              SQS's redrive of a dead-letter queue
    call_counts                how many calls of DynamoDB and SQS, and whose
    calls                      what IAM would be asked for the functions' calls
"""

from . import (
    alarms,
    async_invocation,
    call_counts,
    calls,
    cloudformation_properties,
    cloudformation_types,
    doors,
    event_buses,
    event_targets,
    lambda_environment,
    log_filters,
    message_moves,
    metrics,
    network_types,
    schedules,
    service_metrics,
    sessions,
)


def install():
    """Extend the ministack of this process. Call once, before it serves."""
    for module in (
        cloudformation_types,
        network_types,
        cloudformation_properties,
        event_buses,
        event_targets,
        async_invocation,
        lambda_environment,
        schedules,
        sessions,
        metrics,
        service_metrics,
        alarms,
        log_filters,
        message_moves,
        call_counts,
        calls,
        doors,
    ):
        module.install()
