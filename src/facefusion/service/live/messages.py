"""What goes through the WebSocket of a live session, as docs/live.md has it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from facefusion.engine.live.figures import LiveFigures
from facefusion.errors import RequestInvalidError, TooLargeError
from facefusion.service.problems import Problem, invalid
from facefusion.service.values import Body

MOST_FRAME: Final = 4 << 20
"""Bytes of one frame that comes in."""
MOST_TEXT: Final = 128 << 10
"""Bytes of one message of text."""
_CAME: Final = struct.Struct(">Id")
_LEAVES: Final = struct.Struct(">IdHxxf")
_MOST_FACES: Final = 65_535


class LiveWish(Body):
    """How frames are to be edited from now on."""

    type: Literal["options"]
    id: Annotated[int, Field(ge=0, lt=1 << 31, description="by which the answer calls it")] = 0
    sources: list[Annotated[str, Field(min_length=1, max_length=2000)]] = Field(default=[], max_length=16)
    options: dict[str, Any] = Field(default={}, description="as of a job, but for those of outputs")
    width: Annotated[int, Field(ge=64, le=4096, description="of the frames that will come, in pixels")]
    height: Annotated[int, Field(ge=64, le=4096)]
    quality: Annotated[int, Field(ge=40, le=95, description="of the JPEG pictures that are sent back")] = 85


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """A frame that came.

    Attributes:
        number: that the client gave it.
        sent: what the client says of when it sent it; it gets that back.
        content: a JPEG picture, or what should be one.
        came: when it was there, in seconds of `time.perf_counter`.
    """

    number: int
    sent: float
    content: bytes
    came: float

    @classmethod
    def of(cls, message: bytes, came: float) -> Incoming:
        """Read a message of bytes.

        Raises:
            RequestInvalidError: it is too short.
            TooLargeError: it is too long.
        """
        if len(message) > MOST_FRAME:
            raise TooLargeError(f"A live frame has more than {MOST_FRAME} bytes", "Send smaller pictures")
        if len(message) <= _CAME.size:
            raise RequestInvalidError("A message of bytes holds no frame", "See docs/live.md for what it is made of")
        number, sent = _CAME.unpack_from(message)
        return cls(number, sent, message[_CAME.size :], came)


def outgoing(frame: Incoming, content: bytes, faces: int, milliseconds: float) -> bytes:
    """Return an edited frame as a message.

    Args:
        frame: that came.
        content: a JPEG picture of it, edited.
        faces: that were edited in it.
        milliseconds: since it came.
    """
    return _LEAVES.pack(frame.number, frame.sent, min(faces, _MOST_FACES), milliseconds) + content


def wish_of(text: str) -> LiveWish | Problem:
    """Read a message of text; what is wrong with it where it is none that is understood.

    Raises:
        TooLargeError: it is too long.
    """
    if len(text) > MOST_TEXT:
        raise TooLargeError(f"A message has more than {MOST_TEXT} characters", "Say less at one time")
    try:
        return LiveWish.model_validate_json(text)
    except ValidationError as error:
        problem = invalid(error.errors(include_url=False, include_context=False, include_input=False))
        return problem.model_copy(update={"hint": "See docs/live.md for what is expected"})


def ready(wish: LiveWish, size: tuple[int, int]) -> dict[str, Any]:
    """Return the message that a wish holds from the next frame on.

    Args:
        wish: which.
        size: width and height of the frames as they will be shown.
    """
    return {"type": "ready", "id": wish.id, "width": size[0], "height": size[1]}


def note(text: str) -> dict[str, Any]:
    """Return the message of something that the user should know."""
    return {"type": "note", "text": text}


def figures(counted: LiveFigures) -> dict[str, Any]:
    """Return the message of how the service keeps up."""
    return {
        "type": "figures",
        "seconds": round(counted.seconds, 3),
        "received": counted.came,
        "shown": counted.shown,
        "dropped": counted.dropped,
        "faces": counted.faces,
        "latency": counted.latency,
        "latency95": counted.latency95,
    }


def failure(
    problem: Problem, *, wish: int | None = None, number: int | None = None, is_last: bool = False
) -> dict[str, Any]:
    """Return the message that tells of an error.

    Args:
        problem: as every answer of the service has it.
        wish: identifier of the wish that it refuses.
        number: of the frame that it is about.
        is_last: whether the session ends with it.
    """
    about = {name: value for name, value in (("id", wish), ("number", number)) if value is not None}
    return {"type": "error", **about, "ends": is_last, "problem": problem.model_dump(exclude_none=True)}
