"""What S3 says when it fails, in the words of the error tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from facefusion.errors import (
    DiskFullError,
    StorageAddressError,
    StorageError,
    StorageMissingError,
    StorageUnavailableError,
)
from facefusion.jobs.storage.bucket import ConditionError
from facefusion.jobs.storage.clients import imported


class UnsupportedError(StorageAddressError):
    """The store does not know what was asked for."""


_LATER: Final = "Nothing is lost; try again when it is back"
_Rule = tuple[frozenset[str], type[StorageError | DiskFullError], str, str]
_RULES: Final[tuple[_Rule, ...]] = (
    (
        frozenset({"NoSuchBucket"}),
        StorageAddressError,
        "There is no bucket {place}",
        "Make it, or correct the address",
    ),
    (
        frozenset({"NoSuchKey", "NoSuchUpload", "NotFound", "404"}),
        StorageMissingError,
        "There is no {name!r} in the storage {place}",
        "It was removed, or never put there",
    ),
    (
        frozenset({"PreconditionFailed", "412"}),
        ConditionError,
        "{name!r} in the storage {place} is not what was expected",
        "",
    ),
    (
        frozenset({"NotImplemented", "501"}),
        UnsupportedError,
        "The storage {place} cannot do what was asked for",
        "Use another server",
    ),
    (
        frozenset({"XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "507"}),
        DiskFullError,
        "No space is left in the storage {place}",
        "Free some, or have old files swept",
    ),
    (
        frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "403"}),
        StorageAddressError,
        "The storage {place} may not be used: {code}",
        "Give the account the rights that docs/storage.md names",
    ),
    (
        frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "401"}),
        StorageAddressError,
        "The storage {place} does not take the credentials: {code}",
        "Renew or correct them",
    ),
    (
        frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "301", "307"}),
        StorageAddressError,
        "The bucket {place} is in another region: {code}",
        "Set its region",
    ),
    (
        frozenset({"RequestTimeTooSkewed"}),
        StorageUnavailableError,
        "The storage {place} refuses the time of this machine",
        "Set its clock",
    ),
)
_AGAIN: Final = frozenset(
    {
        "ConditionalRequestConflict",
        "OperationAborted",
        "RequestTimeout",
        "SlowDown",
        "ServiceUnavailable",
        "Throttling",
        "InternalError",
        "BadDigest",
        "InvalidDigest",
        "IncompleteBody",
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
    }
)
_AGAIN_STATUS: Final = frozenset({408, 409, 425, 429})


class S3Faults:
    """Tells what goes wrong with one bucket.

    Nothing that the server wrote is passed on but its code: its words may hold what was sent to it.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        boto = imported("botocore.exceptions", "s3")
        web = imported("aiohttp", "s3")
        self._answered: type[Exception] = boto.ClientError
        self._credentials = (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError)
        self._invalid = (boto.ParamValidationError, boto.NoRegionError, boto.ProfileNotFound, boto.ConfigParseError)
        garbled = imported("botocore.parsers", "s3").ResponseParserError
        self._lost = (boto.BotoCoreError, garbled, web.ClientError, OSError, EOFError)

    @contextmanager
    def telling(self, name: str) -> Iterator[None]:
        """Turn errors of the client into errors of the tree.

        Args:
            name: of the object, for messages.

        Raises:
            StorageError, DiskFullError: what happened.
        """
        try:
            yield
        except self._answered as error:
            raise self._of_answer(error, name) from error
        except self._credentials as error:
            raise StorageAddressError(
                f"There are no credentials for {self._place}",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role of the machine",
            ) from error
        except self._invalid as error:
            raise StorageAddressError(
                f"{self._place} cannot be used as it is set up ({type(error).__name__})",
                "Look at the bucket's name, the region and the profile",
            ) from error
        except self._lost as error:
            raise self._later(type(error).__name__) from error

    def of_code(self, code: str, status: int, name: str) -> StorageError | DiskFullError:
        """Return the error for a code and an HTTP status of an answer."""
        for codes, kind, what, hint in _RULES:
            if code in codes:
                return kind(what.format(place=self._place, name=name, code=code), hint)
        if code in _AGAIN or status in _AGAIN_STATUS or status >= 500:
            return self._later(code or str(status))
        return StorageAddressError(
            f"The storage {self._place} refused the request: {code or status}", "Look at its address and settings"
        )

    def _later(self, why: str) -> StorageUnavailableError:
        return StorageUnavailableError(f"The storage {self._place} is not available: {why}", _LATER)

    def _of_answer(self, error: Any, name: str) -> StorageError | DiskFullError:
        response = error.response
        code = str(response.get("Error", {}).get("Code", ""))
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
        if not code or code == str(status):
            code = str(status)
        return self.of_code(code, status, name)
