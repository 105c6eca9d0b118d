"""A month's bill from counted units."""

from . import prices

SWEEPS = 30 * 24 * 4
# How much of a fleet comes and goes in a month.
CHURN = 0.1


def bill(endpoints, sweep, sweep_of_each, comes, goes):
    """(Lambda, DynamoDB, SQS, EventBridge, logs) in dollars a month."""
    def units(name):
        swept = SWEEPS * (sweep[name] + endpoints * sweep_of_each[name])
        return swept + endpoints * CHURN * (comes[name] + goes[name])

    messages = units("messages")
    # A message for each invocation at most; a batch takes up to ten.
    lambda_ = ((units("direct invocations") + messages) * prices.LAMBDA_REQUEST
               + (units("looks") + messages) * prices.SECONDS_A_LOOK * prices.MEMORY_GB * prices.LAMBDA_GB_SECOND)
    dynamodb = (units("DynamoDB reads") * prices.DYNAMODB_READ_UNIT
                + units("DynamoDB writes") * prices.DYNAMODB_WRITE_UNIT)
    sqs = (messages * (1 + prices.SQS_REQUESTS_A_MESSAGE) + prices.SQS_IDLE_A_MONTH) * prices.SQS_REQUEST
    events = units("events across") * prices.EVENT_ACROSS + SWEEPS * prices.SCHEDULE
    logs = units("log bytes") / 1e9 * prices.LOG_GIGABYTE
    return lambda_, dynamodb, sqs, events, logs


def line(*cells):
    """A row of a table."""
    return f"| {' | '.join(cells)} |"
