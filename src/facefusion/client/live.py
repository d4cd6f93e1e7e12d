"""Live mode from a program: frames go through a WebSocket to the service and come back edited; see docs/live.md."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from facefusion.client.problems import error_named, error_of
from facefusion.client.settings import unreachable
from facefusion.errors import FaceFusionError, OptionsError, ServiceAnswerError, ServiceUnreachableError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_SENT: Final = struct.Struct(">Id")
_BACK: Final = struct.Struct(">IdHxxf")
_NUMBERS: Final = 1 << 32
_URN: Final = "urn:facefusion:error:"


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """An edited frame.

    Attributes:
        number: of the frame, as `LiveFrames.send` returned it.
        faces: that were edited in it.
        milliseconds: that it was in the service.
        content: a JPEG picture.
    """

    number: int
    faces: int
    milliseconds: float
    content: bytes


class LiveFrames:
    """One live session, as a context manager. One thread may send while another takes what comes back.

    Args:
        http: of the client; its address and its key are used.
        wish: how frames are edited, as docs/live.md has it.

    Raises:
        OptionsError: the package websockets is missing.
        ServiceUnreachableError: the service cannot be reached.
        FaceFusionError: it lets nobody in, or refuses the wish.
    """

    def __init__(self, http: httpx.Client, wish: Mapping[str, Any]) -> None:
        self._number = self._wish = 0
        self._values = dict(wish)
        self.figures: dict[str, Any] = {}
        """The newest figures of the service."""
        with ExitStack() as ending:
            self._socket = _connected(http, ending)
            self.change()
            self._ending = ending.pop_all()

    def __enter__(self) -> Self:
        """Begin; `close` is called at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the session."""
        self.close()

    def change(self, **values: Any) -> None:
        """Have frames edited in another way, and wait until that holds; frames that come back meanwhile are left out.

        Args:
            values: `sources`, `options`, `width`, `height`, `quality`; the others stay as they are.

        Raises:
            FaceFusionError: it is refused, and what held before holds on; or the session is over.
        """
        wanted = self._values | values
        self._wish += 1
        self._send(json.dumps({"type": "options", "id": self._wish, **wanted}))
        while True:
            message = self._received(None)
            if isinstance(message, dict) and message.get("id") == self._wish:
                break
        if message["type"] == "error":
            raise _error(message["problem"])
        self._values = wanted

    def send(self, content: bytes) -> int:
        """Send a frame, and return its number.

        Args:
            content: a JPEG picture.

        Raises:
            FaceFusionError: the session is over.
        """
        self._number = (self._number + 1) % _NUMBERS
        self._send(_SENT.pack(self._number, 0.0) + content)
        return self._number

    def next(self, timeout: float | None = None) -> LiveFrame:
        """Return the next frame that comes back.

        Args:
            timeout: seconds; without end when None.

        Raises:
            TimeoutError: none came in time.
            FaceFusionError: a frame that was sent cannot be read, or the session is over.
        """
        while True:
            message = self._received(timeout)
            if isinstance(message, LiveFrame):
                return message
            if message["type"] == "error":
                raise _error(message["problem"])

    def close(self) -> None:
        """End the session."""
        self._ending.close()

    def _send(self, data: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - an extra

        try:
            self._socket.send(data)
        except ConnectionClosed as error:
            raise ServiceUnreachableError("The live session is over", "Begin another") from error

    def _received(self, timeout: float | None) -> LiveFrame | dict[str, Any]:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - an extra

        try:
            message = self._socket.recv(timeout)
        except ConnectionClosed as error:
            raise ServiceUnreachableError("The live session is over", "Begin another") from error
        if isinstance(message, bytes):
            number, _, faces, milliseconds = _BACK.unpack_from(message)
            return LiveFrame(number, faces, milliseconds, message[_BACK.size :])
        told: dict[str, Any] = json.loads(message)
        if told["type"] == "figures":
            self.figures = told
        if told["type"] == "error" and told["ends"]:
            raise _error(told["problem"])
        return told


def live_wish(
    sources: Sequence[str], *, width: int, height: int, options: Mapping[str, Any] | None, quality: int
) -> dict[str, Any]:
    """Return a wish as docs/live.md has it; arguments as of `Client.live`."""
    values = {"sources": list(sources), "options": dict(options or {})}
    return {**values, "width": width, "height": height, "quality": quality}


def _connected(http: httpx.Client, ending: ExitStack) -> ClientConnection:
    try:
        from websockets.exceptions import InvalidStatus, WebSocketException  # noqa: PLC0415 - an extra
        from websockets.sync.client import connect  # noqa: PLC0415
    except ImportError as error:
        raise OptionsError("Live mode needs the package websockets", "pip install 'facefusion[service]'") from error
    address = http.base_url.join("v1/live")
    headers = {name: value for name, value in http.headers.items() if name.startswith(("authorization", "x-"))}
    target = str(address.copy_with(scheme="wss" if address.scheme == "https" else "ws"))
    try:
        return ending.enter_context(connect(target, additional_headers=headers, compression=None, max_size=None))
    except InvalidStatus as error:
        refused = error.response
        raise error_of(httpx.Response(refused.status_code, content=bytes(refused.body or b""))) from error
    except (OSError, WebSocketException) as error:
        raise unreachable(error) from error


def _error(problem: Mapping[str, Any]) -> FaceFusionError:
    kind, what = str(problem.get("type", "")), str(problem.get("detail", ""))
    if not kind.startswith(_URN):
        return ServiceAnswerError(what or "The service says something that is not understood")
    return error_named(kind.removeprefix(_URN), what, str(problem.get("hint", "")))
