"""A trail of management events in an account, which zonelink's doctor looks for. Events come without one here."""

import boto3

from . import accounts, state

NAME = "management-events"


def make(running, account):
    """Make the trail of an account (its number), and its bucket; the emulator that has trails looks for the bucket."""
    _s3(running, account).create_bucket(
        Bucket=_bucket(account), CreateBucketConfiguration={"LocationConstraint": accounts.REGION})
    cloudtrail = state.client("cloudtrail", account, running)
    cloudtrail.create_trail(Name=NAME, S3BucketName=_bucket(account))
    cloudtrail.start_logging(Name=NAME)


def remove(running, account):
    """Delete both."""
    state.client("cloudtrail", account, running).delete_trail(Name=NAME)
    _s3(running, account).delete_bucket(Bucket=_bucket(account))


def _bucket(account):
    # Names of buckets are one set for all accounts.
    return f"{NAME}-{account}"


def _s3(running, account):
    return boto3.client("s3", region_name=accounts.REGION, endpoint_url=running["moto"]["url"],
                        aws_access_key_id=account, aws_secret_access_key=accounts.SECRET)
