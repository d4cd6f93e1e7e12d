"""Makes a bucket where it is missing: `python bucket.py NAME ENDPOINT REGION`; credentials as docs/storage.md says."""

from __future__ import annotations

import sys

import s3fs
from botocore.exceptions import BotoCoreError

USUAL = "us-east-1"
"""The one region that must not be named."""


def main(arguments: list[str]) -> str | None:
    """Make it; return what went wrong, if anything did."""
    if len(arguments) != 3:
        return "usage: bucket.py NAME ENDPOINT REGION"
    name, endpoint, region = arguments
    files = s3fs.S3FileSystem(
        endpoint_url=endpoint,
        client_kwargs={"region_name": region},
        config_kwargs={"connect_timeout": 5, "retries": {"max_attempts": 2}},
        skip_instance_cache=True,
    )
    files.retries = 1
    try:
        if not files.exists(name):
            elsewhere = {} if region == USUAL else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            files.call_s3("create_bucket", Bucket=name, **elsewhere)
    except (OSError, BotoCoreError) as error:
        return f"The bucket {name} cannot be made: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
