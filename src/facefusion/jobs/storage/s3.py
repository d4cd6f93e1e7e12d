"""Buckets of S3: of AWS, MinIO, Ceph and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from facefusion.errors import StorageMissingError, StorageUnavailableError
from facefusion.jobs.storage.bucket import Found, Page
from facefusion.jobs.storage.s3_requests import S3Parts, S3Requests
from facefusion.jobs.storage.settings import StorageSettings

_ENDING_ATTEMPTS: Final = 2
_LARGEST_PUT: Final = 5 << 30
_PAGE: Final = 1000


class S3Bucket:
    """A bucket of S3; see `Bucket`."""

    def __init__(self, bucket: str, settings: StorageSettings) -> None:
        """Take a bucket; nothing is asked of it yet.

        Args:
            bucket: its name.
            settings: how it is used.

        Raises:
            OptionsError: the package s3fs is not installed.
        """
        self._requests = S3Requests(bucket, settings)
        self._has_checksums = settings.checksums
        self._asked = _encryption(settings)
        self.place = self._requests.place
        self.takes_parts_at_once = True

    def put(self, name: str, data: bytes, notes: Mapping[str, str], *, replace: bool) -> None:
        """Put a small object in; see `Bucket`."""
        self._requests.put("put_object", replace=replace, Key=name, Body=data, Metadata=dict(notes), **self._asked)

    def begin(self, name: str, notes: Mapping[str, str], *, size: int, part: int, replace: bool) -> S3Parts:
        """Begin to put an object in by parts; see `Bucket`."""
        begun = self._requests.call("create_multipart_upload", Key=name, Metadata=dict(notes), **self._asked)
        return S3Parts(self._requests, name, begun["UploadId"], replace=replace)

    def head(self, name: str) -> Found | None:
        """Return what is known of an object; see `Bucket`."""
        return self._requests.head(name)

    def read(self, found: Found, start: int, end: int) -> bytes:
        """Return bytes of an object; see `Bucket`."""
        data = self._requests.body(found, start, end)
        if len(data) != end - start:
            raise StorageUnavailableError(f"{self.place} gave {len(data)} bytes of {end - start}", "Try again")
        return data

    def page(self, prefix: str, following: str | None) -> Page:
        """Return part of a listing; see `Bucket`."""
        more = {"ContinuationToken": following} if following else {}
        answer = self._requests.call("list_objects_v2", Prefix=prefix, MaxKeys=_PAGE, **more)
        found = [
            Found(entry["Key"], entry["Size"], entry["LastModified"], entry.get("ETag", ""))
            for entry in answer.get("Contents", ())
        ]
        return Page(found, answer.get("NextContinuationToken") if answer.get("IsTruncated") else None)

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; see `Bucket`."""
        if len(names) == 1 or not self._has_checksums:
            for name in names:
                self._requests.call("delete_object", Key=name)
            return
        answer = self._requests.call(
            "delete_objects", Delete={"Objects": [{"Key": name} for name in names], "Quiet": True}
        )
        for error in answer.get("Errors", ()):
            raise self._requests.faults.of_code(error.get("Code", ""), 0, error.get("Key", ""))

    def abandon(self, prefix: str, before: datetime) -> int:
        """Remove uploads that were never finished; see `Bucket`."""
        count, marker = 0, dict[str, str]()
        while True:
            answer = self._requests.call("list_multipart_uploads", Prefix=prefix, **marker)
            for upload in answer.get("Uploads", ()):
                if upload["Initiated"] < before:
                    with suppress(StorageMissingError):
                        self._requests.call("abort_multipart_upload", Key=upload["Key"], UploadId=upload["UploadId"])
                    count += 1
            if not answer.get("IsTruncated"):
                return count
            marker = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}

    def url_to_read(self, name: str, seconds: int, disposition: str | None) -> str | None:
        """Return a signed URL to read an object; see `Bucket`."""
        more = {} if disposition is None else {"ResponseContentDisposition": disposition}
        return self._requests.signed("get_object", {"Key": name, **more}, seconds)

    def url_to_write(self, name: str, seconds: int, size: int | None, content_type: str | None) -> str | None:
        """Return a signed URL to write an object; see `Bucket`.

        None where encryption is asked for with each object: who has the URL would have to ask for it too.
        """
        if self._asked or (size or 0) > _LARGEST_PUT:
            return None
        more: dict[str, Any] = {} if size is None else {"ContentLength": size}
        if content_type is not None:
            more["ContentType"] = content_type
        return self._requests.signed("put_object", {"Key": name, **more}, seconds)


def _encryption(settings: StorageSettings) -> dict[str, str]:
    """Return what is asked for with each object."""
    kind, key = settings.server_encryption, settings.kms_key
    asked = {} if kind is None else {"ServerSideEncryption": str(kind)}
    return asked | ({} if key is None else {"SSEKMSKeyId": key})
