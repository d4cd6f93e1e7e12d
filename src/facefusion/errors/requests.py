"""What goes wrong with a request to the service, beyond what the work itself may find."""

from __future__ import annotations

from facefusion.errors.base import FaceFusionError


class RequestError(FaceFusionError):
    """A request to the service cannot be answered as it is."""


class RequestInvalidError(RequestError):
    """A body, a parameter or a header is not what is documented."""

    exit_code = 110


class ResourceUnknownError(RequestError):
    """There is nothing of that name for this tenant."""

    exit_code = 111


class IdempotencyError(RequestError):
    """An idempotency key was used before, for another request."""

    exit_code = 112


class RequestBusyError(RequestError):
    """The same request is being answered already.

    Attributes:
        seconds: after which to ask again.
    """

    exit_code = 113

    def __init__(self, what: str, hint: str = "", *, seconds: int = 1) -> None:
        super().__init__(what, hint)
        self.seconds = seconds


class PreconditionError(RequestError):
    """What was to be changed is not any more what the request says that it is."""

    exit_code = 114


class UploadError(RequestError):
    """A part of an upload does not continue what is there, or the upload is finished."""

    exit_code = 115


class UploadDamagedError(UploadError):
    """What came is not what was sent, going by its digest."""

    exit_code = 117


class UploadExpiredError(RequestError):
    """An upload was not finished, or not used, in time."""

    exit_code = 116


class MediaTypeError(RequestError):
    """A body is of a type that is not taken here."""

    exit_code = 118


class ProtocolVersionError(RequestError):
    """A client speaks another version of the protocol of uploads."""

    exit_code = 119


class OverloadedError(RequestError):
    """Too much is asked for at one time; later it may go.

    Attributes:
        seconds: after which to ask again.
    """

    exit_code = 120

    def __init__(self, what: str, hint: str = "", *, seconds: int = 5) -> None:
        super().__init__(what, hint)
        self.seconds = seconds


class SupersededError(RequestError):
    """A newer request took the place of this one, whose answer nobody waits for any more."""

    exit_code = 123
