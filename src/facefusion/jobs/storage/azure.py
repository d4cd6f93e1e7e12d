"""Containers of Azure Blob Storage."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
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

_PAGE: Final = 1000
_SMALL: Final = 1 << 20
_FOLDER: Final = "hdi_isfolder"
_LATER: Final = "Nothing is lost; try again when it is back"
_AGAIN: Final = frozenset({408, 425, 429})
_ENDED: Final = frozenset({"InvalidBlockList", "InvalidBlobOrBlock"})


class AzureBucket:
    """A container of Azure Blob Storage; see `Bucket`."""

    def __init__(self, container: str, account: str, settings: StorageSettings) -> None:
        """Take a container; nothing is asked of it yet.

        Args:
            container: its name.
            account: of storage; empty for the one that the environment names.
            settings: how it is used.

        Raises:
            OptionsError: the package adlfs is not installed.
        """
        self._container = container
        self._client = Client("adlfs", "AzureBlobFileSystem", "azure", {"account_name": account or None})
        self._times = {
            "connection_timeout": settings.connect_seconds,
            "read_timeout": settings.read_seconds,
            "retry_total": 0,  # what is tried again is so in one place
        }
        self.place = f"az://{container}"
        self.takes_parts_at_once = True
        self._azure = imported("azure.core.exceptions", "azure")
        self._matching = imported("azure.core", "azure").MatchConditions
        self._blobs = imported("azure.storage.blob", "azure")

    def put(self, name: str, data: bytes, notes: Mapping[str, str], *, replace: bool) -> None:
        """Put a small object in; see `Bucket`."""
        if len(data) > _SMALL:  # the client sends it as one piece of memory, which aiohttp warns of
            parts = self.begin(name, notes, size=len(data), part=len(data), replace=replace)
            parts.finish([parts.send(1, data)])
            return
        facts = {"length": len(data), "overwrite": replace, "metadata": dict(notes), "max_concurrency": 1}
        self.call(name, self.blob(name).upload_blob, BytesIO(data), **facts)

    def begin(self, name: str, notes: Mapping[str, str], *, size: int, part: int, replace: bool) -> AzureParts:
        """Begin to put an object in by parts; see `Bucket`. Nothing has to be asked for that."""
        condition = {} if replace else {"match_condition": self._matching.IfMissing}
        return AzureParts(self, name, {"metadata": dict(notes), **condition}, self._blobs.BlobBlock)

    def head(self, name: str) -> Found | None:
        """Return what is known of an object; see `Bucket`."""
        try:
            return _found(self.call(name, self.blob(name).get_blob_properties))
        except StorageMissingError:
            return None

    def read(self, found: Found, start: int, end: int) -> bytes:
        """Return bytes of an object; see `Bucket`."""
        blob = self.blob(found.name)
        condition = {"etag": found.version, "match_condition": self._matching.IfNotModified}

        async def whole(**facts: Any) -> bytes:
            stream = await blob.download_blob(offset=start, length=end - start, max_concurrency=1, **facts)
            return bytes(await stream.readall())

        data: bytes = self.call(found.name, whole, **condition)
        if len(data) != end - start:
            raise StorageUnavailableError(f"{self.place} gave {len(data)} bytes of {end - start}", "Try again")
        return data

    def page(self, prefix: str, following: str | None) -> Page:
        """Return part of a listing; see `Bucket`."""
        container = self._client.files.service_client.get_container_client(self._container)

        async def one(**facts: Any) -> Page:
            listing = container.list_blobs(
                name_starts_with=prefix, results_per_page=_PAGE, include=["metadata"], **facts
            ).by_page(continuation_token=following)
            async for page in listing:
                items = [item async for item in page]
                found = [_found(item) for item in items if _FOLDER not in (item.metadata or {})]
                return Page(found, listing.continuation_token or None)
            return Page((), None)

        page: Page = self.call("", one)
        return page

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; see `Bucket`."""
        for name in names:
            with suppress(StorageMissingError):
                self.call(name, self.blob(name).delete_blob, delete_snapshots="include")

    def abandon(self, prefix: str, before: datetime) -> int:
        """Return 0: blocks of uploads that were not finished go by themselves after a week, and are not listed."""
        return 0

    def url_to_read(self, name: str, seconds: int, disposition: str | None) -> str | None:
        """Return a signed URL to read an object; see `Bucket`. It is signed by the account's key, or by a user's."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=seconds)
        service = self._client.files.service_client
        key = getattr(service.credential, "account_key", None)
        signer = {"account_key": key} if key else {"user_delegation_key": self._delegated(service, now, until)}
        token = self._blobs.generate_blob_sas(
            service.account_name,
            self._container,
            name,
            permission=self._blobs.BlobSasPermissions(read=True),
            expiry=until,
            content_disposition=disposition,
            **signer,
        )
        return f"{self.blob(name).url}?{token}"

    def url_to_write(self, name: str, seconds: int, size: int | None, content_type: str | None) -> str | None:
        """Return None: whoever writes would have to send a header of Azure's own."""
        return None

    def blob(self, name: str) -> Any:
        """Return the client of one object."""
        return self._client.files.service_client.get_blob_client(self._container, name)

    def call(self, name: str, method: Callable[..., Coroutine[Any, Any, Any]], *values: Any, **facts: Any) -> Any:
        """Make a request.

        Args:
            name: of the object, for messages; empty for requests about the container.
            method: coroutine function of a client.
            *values: what it takes.
            **facts: more of that.
        """
        with self._telling(name):
            return self._client.wait_for(method, *values, **facts, **self._times)

    def _delegated(self, service: Any, begin: datetime, end: datetime) -> Any:
        return self.call("", service.get_user_delegation_key, begin, end)

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Turn errors of the client into errors of the tree."""
        try:
            yield
        except self._azure.ResourceNotFoundError as error:
            raise self._missing(name, _code(error)) from error
        except (self._azure.ResourceExistsError, self._azure.ResourceModifiedError) as error:
            raise ConditionError(f"{name!r} in {self.place} is not what was expected") from error
        except self._azure.HttpResponseError as error:
            raise self._of_answer(name, error) from error
        except (self._azure.AzureError, OSError) as error:
            raise self._later(type(error).__name__) from error

    def _missing(self, name: str, code: str) -> FaceFusionError:
        if name and code != "ContainerNotFound":
            return StorageMissingError(
                f"There is no {name!r} in the storage {self.place}", "It was removed, or never put there"
            )
        return StorageAddressError(f"There is no container {self.place}", "Make it, or correct the address")

    def _of_answer(self, name: str, error: Any) -> FaceFusionError:
        status, code = int(error.status_code or 0), _code(error)
        if code in _ENDED:
            return StorageMissingError(f"The upload of {name!r} is gone")
        if status == 412:
            return ConditionError(f"{name!r} in {self.place} is not what was expected")
        if status == 0 or status >= 500 or status in _AGAIN:
            return self._later(code or str(status))
        return StorageAddressError(
            f"The storage {self.place} may not be used: {code or status}",
            "Give the account the rights that docs/storage.md names",
        )

    def _later(self, why: str) -> StorageUnavailableError:
        return StorageUnavailableError(f"The storage {self.place} is not available: {why}", _LATER)


class AzureParts:
    """An upload in blocks; see `Parts`."""

    def __init__(self, bucket: AzureBucket, name: str, facts: Mapping[str, Any], block: Callable[[str], Any]) -> None:
        self._bucket = bucket
        self._name = name
        self._facts = facts
        self._block = block
        self._mark = secrets.token_hex(8)  # blocks of two uploads of one name lie together

    def send(self, number: int, data: bytes) -> PartTag:
        """Send a part."""
        block = f"{self._mark}{number:06d}"
        self._bucket.call(self._name, self._bucket.blob(self._name).stage_block, block, BytesIO(data), len(data))
        return {"block": block}

    def finish(self, tags: Sequence[PartTag]) -> None:
        """Put the parts together."""
        blocks = [self._block(str(tag["block"])) for tag in tags]
        self._bucket.call(self._name, self._bucket.blob(self._name).commit_block_list, blocks, **self._facts)

    def abandon(self) -> None:
        """Do nothing: blocks that are in no list go by themselves after a week."""


def _code(error: Any) -> str:
    """Return the code of an error, which the library gives as a member of an enumeration, or as text."""
    code = getattr(error, "error_code", None) or ""
    return str(getattr(code, "value", code))


def _found(item: Any) -> Found:
    return Found(item.name, item.size, item.last_modified, item.etag or "", item.metadata or {})
