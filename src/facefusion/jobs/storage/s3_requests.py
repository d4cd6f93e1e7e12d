"""Requests to one bucket of S3, each made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from facefusion.errors import StorageMissingError
from facefusion.jobs.storage.bucket import Found, PartTag
from facefusion.jobs.storage.clients import Client
from facefusion.jobs.storage.s3_faults import S3Faults, UnsupportedError
from facefusion.jobs.storage.settings import StorageSettings


class S3Requests:
    """What is asked of a bucket; raises what `S3Faults` tells."""

    def __init__(self, bucket: str, settings: StorageSettings) -> None:
        """Take a bucket; nothing is asked of it yet.

        Raises:
            OptionsError: the package s3fs is not installed.
        """
        self._bucket = bucket
        self.place = f"s3://{bucket}"
        self._client = Client("s3fs", "S3FileSystem", "s3", _arguments(settings))
        self.faults = S3Faults(self.place)

    def call(self, method: str, **facts: Any) -> Any:
        """Make a request, named as in boto3, and return its answer."""
        with self.faults.telling(str(facts.get("Key", ""))):
            return self._client.wait_for(getattr(self._client.files.s3, method), Bucket=self._bucket, **facts)

    def body(self, found: Found, start: int, end: int) -> bytes:
        """Return bytes of an object, as long as it is the one that was found."""
        condition = {"IfMatch": found.version} if found.version else {}
        facts = {"Bucket": self._bucket, "Key": found.name, "Range": f"bytes={start}-{end - 1}", **condition}

        async def whole() -> bytes:
            answer = await client.get_object(**facts)
            async with answer["Body"] as content:
                return bytes(await content.read())

        with self.faults.telling(found.name):
            client = self._client.files.s3
            data: bytes = self._client.wait_for(whole)
            return data

    def signed(self, method: str, facts: Mapping[str, Any], seconds: int) -> str:
        """Return a URL that is signed for a request."""
        with self.faults.telling(""):
            client = self._client.files.s3
            url = self._client.wait_for(
                client.generate_presigned_url, method, Params={"Bucket": self._bucket, **facts}, ExpiresIn=seconds
            )
        return str(url)

    def head(self, name: str) -> Found | None:
        """Return what is known of an object, or None where there is none."""
        try:
            answer = self.call("head_object", Key=name)
        except StorageMissingError:
            return None
        return Found(
            name, answer["ContentLength"], answer["LastModified"], answer.get("ETag", ""), answer.get("Metadata", {})
        )

    def put(self, method: str, *, replace: bool, **facts: Any) -> None:
        """Make the request after which an object is there.

        Raises:
            ConditionError: `replace` is false, and there is one of the name.
        """
        condition = {} if replace else {"IfNoneMatch": "*"}
        try:
            self.call(method, **facts, **condition)
        except UnsupportedError:
            if replace:
                raise
            self.call(method, **facts)  # the store knows no conditions


class S3Parts:
    """An upload in parts; see `Parts`."""

    def __init__(self, requests: S3Requests, name: str, upload: str, *, replace: bool) -> None:
        self._requests = requests
        self._name = name
        self._upload = upload
        self._replace = replace

    def send(self, number: int, data: bytes) -> PartTag:
        """Send a part."""
        answer = self._requests.call("upload_part", Key=self._name, UploadId=self._upload, PartNumber=number, Body=data)
        sums = {name: value for name, value in answer.items() if name.startswith("Checksum") and name != "ChecksumType"}
        return {"PartNumber": number, "ETag": answer["ETag"], **sums}

    def finish(self, tags: Sequence[PartTag]) -> None:
        """Put the parts together."""
        self._requests.put(
            "complete_multipart_upload",
            replace=self._replace,
            Key=self._name,
            UploadId=self._upload,
            MultipartUpload={"Parts": list(tags)},
        )

    def abandon(self) -> None:
        """Remove what was sent."""
        with suppress(StorageMissingError):
            self._requests.call("abort_multipart_upload", Key=self._name, UploadId=self._upload)


def _arguments(settings: StorageSettings) -> dict[str, Any]:
    sums = "when_supported" if settings.checksums else "when_required"
    return {
        "anon": False,
        "endpoint_url": settings.endpoint,
        "client_kwargs": {"region_name": settings.region} if settings.region else {},
        "config_kwargs": {
            "signature_version": "s3v4",
            "connect_timeout": settings.connect_seconds,
            "read_timeout": settings.read_seconds,
            "retries": {"total_max_attempts": 1, "mode": "standard"},  # what is tried again is so in one place
            "max_pool_connections": 4 * settings.concurrency,
            "s3": {"addressing_style": "path" if settings.endpoint else "auto"},
            "request_checksum_calculation": sums,
            "response_checksum_validation": sums,
        },
    }
