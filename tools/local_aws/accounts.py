"""The accounts of the local AWS. An access key that is an account's number is that account."""

REGION = "us-west-2"

PROVIDER = "111111111111"
CLIENT_A = "222222222222"
CLIENT_B = "333333333333"
# The leading zero is on purpose: CloudTrail's records lose it, and code must not.
CLIENT_C = "044444444444"

BY_NAME = {
    "provider": PROVIDER,
    "client-a": CLIENT_A,
    "client-b": CLIENT_B,
    "client-c": CLIENT_C,
}

SECRET = "local"


def number(name_or_number):
    """The account's number, for its name or the number itself."""
    return BY_NAME.get(name_or_number, name_or_number)
