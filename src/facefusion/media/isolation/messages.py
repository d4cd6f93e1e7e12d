"""What goes over a channel, as JSON and back, checked against its type."""

from __future__ import annotations

import errno
import inspect
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from facefusion import errors
from facefusion.errors import FaceFusionError, InputDamagedError, InputLimitError
from facefusion.media.isolation.channel import ChannelError
from facefusion.media.shown import shown

T = TypeVar("T")

_ERRORS: Final = {
    name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, FaceFusionError)
}
_LONGEST_SENTENCE: Final = 2000


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
        return kind(_sentence(message.get("what")), _sentence(message.get("hint")))
    if message["error"] == "memory":
        return InputLimitError(
            f"Decoding {subject} takes more memory than it may", "Raise --isolate-memory if you trust the file"
        )
    return InputDamagedError(f"{subject} cannot be decoded: {_sentence(message.get('what'))}", "Copy it again")


def _sentence(text: object) -> str:
    return shown(str(text or ""), _LONGEST_SENTENCE)
