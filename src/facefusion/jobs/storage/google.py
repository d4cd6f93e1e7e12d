"""Buckets of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from facefusion.errors import (
    FaceFusionError,
    StorageAddressError,
    StorageMissingError,
    StorageUnavailableError,
)
from facefusion.jobs.storage.bucket import ConditionError, Found, Page, PartTag
from facefusion.jobs.storage.clients import Client, imported
from facefusion.jobs.storage.settings import StorageSettings

_SERVER: Final = "https://storage.googleapis.com"
_PAGE: Final = 1000
_LATER: Final = "Nothing is lost; try again when it is back"
_AGAIN: Final = frozenset({401, 408, 409, 425, 429})


class GoogleBucket:
    """A bucket of Google Cloud Storage; see `Bucket`. What fails is tried again by gcsfs, a few times, as well."""

    def __init__(self, bucket: str, settings: StorageSettings) -> None:
        """Take a bucket; nothing is asked of it yet.

        Args:
            bucket: its name.
            settings: how it is used; with an endpoint of http:// no credentials are looked for.

        Raises:
            OptionsError: the package gcsfs is not installed.
        """
        self._bucket = bucket
        self._server = settings.endpoint or _SERVER
        timeout = imported("aiohttp", "gs").ClientTimeout(
            sock_connect=settings.connect_seconds, sock_read=settings.read_seconds
        )
        arguments = {
            "endpoint_url": self._server,
            "token": "anon" if self._server.startswith("http://") else "google_default",
            "requests_timeout": timeout,
        }
        self._client = Client("gcsfs.core", "GCSFileSystem", "gs", arguments)
        self.place = f"gs://{bucket}"
        self.takes_parts_at_once = False
        self._answered: type[Exception] = imported("gcsfs.retry", "gs").HttpError
        self._credentials: type[Exception] = imported("google.auth.exceptions", "gs").DefaultCredentialsError
        self._lost = (
            imported("google.auth.exceptions", "gs").GoogleAuthError,
            imported("requests.exceptions", "gs").RequestException,
            imported("aiohttp", "gs").ClientError,
            OSError,
            RuntimeError,
        )

    def put(self, name: str, data: bytes, notes: Mapping[str, str], *, replace: bool) -> None:
        """Put a small object in; see `Bucket`."""
        parts = self.begin(name, notes, size=len(data), part=len(data), replace=replace)
        parts.finish([parts.send(1, data)])

    def begin(self, name: str, notes: Mapping[str, str], *, size: int, part: int, replace: bool) -> GoogleParts:
        """Begin to put an object in by parts; see `Bucket`."""
        condition = {} if replace else {"ifGenerationMatch": "0"}
        headers, _ = self.call(
            "",
            "POST",
            f"{self._server}/upload/storage/v1/b/{{}}/o",
            self._bucket,
            uploadType="resumable",
            name=name,
            json={"name": name, "metadata": dict(notes)},
            headers={"X-Upload-Content-Type": "application/octet-stream"},
            **condition,
        )
        return GoogleParts(self, name, headers["Location"], size, part)

    def head(self, name: str) -> Found | None:
        """Return what is known of an object; see `Bucket`."""
        try:
            return _found(self.call(name, "GET", "b/{}/o/{}", self._bucket, name, json_out=True))
        except StorageMissingError:
            return None

    def read(self, found: Found, start: int, end: int) -> bytes:
        """Return bytes of an object; see `Bucket`."""
        _, data = self.call(
            found.name,
            "GET",
            "b/{}/o/{}",
            self._bucket,
            found.name,
            alt="media",
            generation=found.version,
            headers={"Range": f"bytes={start}-{end - 1}"},
        )
        if len(data) != end - start:
            raise StorageUnavailableError(f"{self.place} gave {len(data)} bytes of {end - start}", "Try again")
        return bytes(data)

    def page(self, prefix: str, following: str | None) -> Page:
        """Return part of a listing; see `Bucket`."""
        answer = self.call(
            "", "GET", "b/{}/o", self._bucket, prefix=prefix, pageToken=following, maxResults=_PAGE, json_out=True
        )
        return Page([_found(item) for item in answer.get("items", ())], answer.get("nextPageToken"))

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; see `Bucket`."""
        for name in names:
            with suppress(StorageMissingError):
                self.call(name, "DELETE", "b/{}/o/{}", self._bucket, name)

    def abandon(self, prefix: str, before: datetime) -> int:
        """Return 0: uploads that are not finished end by themselves after a week, and are not listed."""
        return 0

    def url_to_read(self, name: str, seconds: int, disposition: str | None) -> str | None:
        """Return a signed URL to read an object; None where the credentials have no key to sign with."""
        return self._signed(name, seconds, method="GET", response_disposition=disposition)

    def url_to_write(self, name: str, seconds: int, size: int | None, content_type: str | None) -> str | None:
        """Return a signed URL to write an object; None where the credentials have no key to sign with.

        A size would have to be sent by whoever writes, as a header of Google's own, and is not asked for.
        """
        return self._signed(name, seconds, method="PUT", content_type=content_type)

    def call(self, about: str, method: str, path: str, *values: str, **facts: Any) -> Any:
        """Make a request.

        Args:
            about: name of the object, for messages; empty for requests about the bucket.
            method: of HTTP.
            path: with `{}` for each of the values.
            *values: quoted into the path.
            **facts: more of the request.
        """
        with self._telling(about):
            return self._client.files.call(method, path, *values, **facts)

    def _signed(self, name: str, seconds: int, **facts: Any) -> str | None:
        with self._telling(name):
            try:
                given = {key: value for key, value in facts.items() if value is not None}
                return str(self._client.files.sign(f"{self._bucket}/{name}", expiration=seconds, version="v4", **given))
            except AttributeError:  # how the library says that there is no private key
                return None

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Turn errors of the client into errors of the tree."""
        try:
            yield
        except FileExistsError as error:
            raise ConditionError(f"{name!r} is in {self.place} already") from error
        except FileNotFoundError as error:
            raise self._missing(name) from error
        except self._answered as error:
            raise self._of_status(getattr(error, "code", None)) from error
        except self._credentials as error:
            raise StorageAddressError(
                f"There are no credentials for {self.place}",
                "Set GOOGLE_APPLICATION_CREDENTIALS, or use a service account of the machine",
            ) from error
        except ValueError as error:
            raise StorageAddressError(f"The storage {self.place} refused the request", "Look at its address") from error
        except self._lost as error:
            if str(error).startswith("Forbidden"):
                raise self._of_status(403) from error
            raise self._of_status(None) from error

    def _missing(self, name: str) -> FaceFusionError:
        if name:
            return StorageMissingError(
                f"There is no {name!r} in the storage {self.place}", "It was removed, or never put there"
            )
        return StorageAddressError(f"There is no bucket {self.place}", "Make it, or correct the address")

    def _of_status(self, code: Any) -> FaceFusionError:
        status = int(code) if str(code).isdigit() else 0
        if status == 0 or status >= 500 or status in _AGAIN:
            return StorageUnavailableError(f"The storage {self.place} is not available: {code or 'no answer'}", _LATER)
        return StorageAddressError(
            f"The storage {self.place} may not be used: {status}",
            "Give the account the rights that docs/storage.md names",
        )


class GoogleParts:
    """An upload in parts, one after another; see `Parts`. The last part ends it."""

    def __init__(self, bucket: GoogleBucket, name: str, location: str, size: int, part: int) -> None:
        self._bucket = bucket
        self._name = name
        self._location = location
        self._size = size
        self._part = part
        self._refused: ConditionError | None = None

    def send(self, number: int, data: bytes) -> PartTag:
        """Send a part."""
        start = (number - 1) * self._part
        span = f"{start}-{start + len(data) - 1}" if data else "*"
        headers = {"Content-Range": f"bytes {span}/{self._size}"}
        try:
            self._bucket.call(self._name, "PUT", self._location, headers=headers, data=BytesIO(data))
        except ConditionError as error:
            self._refused = error
        return {}

    def finish(self, tags: Sequence[PartTag]) -> None:
        """Tell what came of the last part, which has ended it."""
        if self._refused is not None:
            raise self._refused

    def abandon(self) -> None:
        """Do nothing: an upload that is not finished ends by itself after a week."""


def _found(item: Mapping[str, Any]) -> Found:
    return Found(
        item["name"],
        int(item.get("size", 0)),
        datetime.fromisoformat(item["updated"]),
        str(item.get("generation", "")),
        item.get("metadata", {}),
    )
