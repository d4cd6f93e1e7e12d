"""What goes over a channel, as JSON and back, checked against its type."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from facefusion.errors import (
    DiskFullError,
    FaceFusionError,
    InputDamagedError,
    InputLimitError,
    InputMissingError,
    InputTypeError,
    IsolationError,
    OutputTypeError,
    OutputUnwritableError,
)
from facefusion.media.isolation.channel import ChannelError
from facefusion.media.shown import shown

T = TypeVar("T")

_ERRORS: Final[Mapping[str, type[FaceFusionError]]] = {
    kind.__name__: kind
    for kind in (
        *(InputDamagedError, InputLimitError, InputMissingError, InputTypeError, IsolationError),
        *(DiskFullError, OutputTypeError, OutputUnwritableError),
    )
}
"""Errors that the child may tell of; of others, such as that somebody stopped the job, it knows nothing."""
_LONGEST_TEXT: Final = 4000


class Schema(Generic[T]):
    """How values of one type go over a channel.

    Args:
        kind: the type, such as a dataclass.
    """

    def __init__(self, kind: type[T]) -> None:
        self._name = kind.__name__
        self._adapter = TypeAdapter(kind)  # made on import: its parts cannot be looked up in a locked process

    def dump(self, value: T) -> Any:
        """Return a value as JSON values."""
        return self._adapter.dump_python(value, mode="json")

    def load(self, values: Any) -> T:
        """Return the value that JSON values stand for.

        Raises:
            ChannelError: they stand for none.
        """
        try:
            return self._adapter.validate_python(values)
        except (ValidationError, TypeError, ZeroDivisionError) as error:
            raise ChannelError(f"no {self._name}") from error


SHAPES: Final = Schema(dict[str, list[int]])
"""What `Arena.put` returns."""


def dumped_error(error: Exception) -> dict[str, Any]:
    """Return an error that decoding raised as a message."""
    if isinstance(error, FaceFusionError):
        return {"error": type(error).__name__, "what": error.what, "hint": error.hint}
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return {"error": "memory"}
    return {"error": "other", "what": f"{type(error).__name__}: {error}"}


def loaded_error(message: Mapping[str, Any], subject: str) -> FaceFusionError:
    """Return the error that a message stands for.

    Args:
        message: from `dumped_error`.
        subject: what was decoded, for messages.
    """
    kind = _ERRORS.get(str(message["error"]))
    if kind is not None:
        return kind(_text(message.get("what")), _text(message.get("hint")))
    if message["error"] == "memory":
        return InputLimitError(
            f"Decoding {subject} takes more memory than it may", "Raise --isolate-memory if you trust the file"
        )
    return InputDamagedError(f"{subject} cannot be decoded: {_text(message.get('what'))}", "Copy it again")


def cleaned(value: Any) -> Any:
    """Return JSON values with their texts as they may be shown; see `shown`."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {_text(name): cleaned(one) for name, one in value.items()}
    return value


def _text(text: object) -> str:
    return shown(str(text or ""), _LONGEST_TEXT)
