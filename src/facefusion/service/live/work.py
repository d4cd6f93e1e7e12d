"""The thread of a live session: takes wishes and frames as they come, and hands edited frames back."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any, Final

from facefusion.engine.live.figures import Tally
from facefusion.engine.live.session import LiveSession
from facefusion.errors import (
    FaceFusionError,
    InputError,
    IsolationError,
    RequestInvalidError,
)
from facefusion.media.frame import Image
from facefusion.media.live.jpeg import JpegFrames, jpeg_of
from facefusion.options import Options
from facefusion.service.gateway.caller import Caller
from facefusion.service.live import messages
from facefusion.service.live.inbox import Inbox
from facefusion.service.live.messages import Incoming, LiveWish
from facefusion.service.live.orders import LiveOrders
from facefusion.service.parts import ServiceParts
from facefusion.service.problems import Problem, problem_of
from facefusion.service.staging import Stage, stage, without_folder

Tell = Callable[[dict[str, Any]], None]
"""Sends a message of text."""
Hand = Callable[[Incoming, bytes, int], None]
"""Sends an edited frame: what it was, a JPEG picture, and how many faces were edited."""

_PATIENCE: Final = 0.5
"""Seconds after which it is looked whether there is anything else to do."""
_MOST_BROKEN: Final = 10
"""Frames in a row that cannot be read, after which the sender is given up."""
_BETWEEN_SIZES: Final = 1.0
"""Seconds between two times that everything begins anew for frames of another size."""
_BETWEEN_CONSENTS: Final = 30.0
"""Seconds between two looks whether consents still hold."""


class LiveWork:
    """Edits the frames of one live session. For one thread, which `run` takes.

    Args:
        parts: of the service.
        caller: for whom.
        inbox: holds what comes.
        tell: sends a message.
        hand: sends an edited frame.
        tally: counts frames.
    """

    def __init__(
        self, parts: ServiceParts, caller: Caller, inbox: Inbox, *, tell: Tell, hand: Hand, tally: Tally
    ) -> None:
        self._parts, self._caller, self._inbox, self._tally = parts, caller, inbox, tally
        self._tell, self._hand = tell, hand
        self._session: LiveSession | None = None
        self._wish: LiveWish | None = None
        self._options: Options | None = None
        self._broken = 0
        self._resized = self._asked = time.monotonic() - _BETWEEN_SIZES

    def run(self) -> None:
        """Work until the inbox is over.

        Raises:
            TrustError: what is shown is refused, or cannot be recorded.
            FaceFusionError: the session cannot go on.
        """
        with stage(self._parts.storage, self._parts.scratch) as self._place, ExitStack() as self._ending:
            self._warm = self._ending.enter_context(self._parts.warm.used())
            self._decoder = self._ending.enter_context(closing(JpegFrames(self._parts.options.limits)))
            self._orders = LiveOrders(self._parts, self._caller, self._place)
            while not self._inbox.is_over:
                taken = self._inbox.take(_PATIENCE)
                if isinstance(taken, LiveWish):
                    self._try(taken)
                elif taken is not None:
                    self._edit(taken)
                self._ask_again()

    def _try(self, wish: LiveWish) -> None:
        """Let a wish hold; where it is refused, that is told, and the one before holds on."""
        try:
            options = self._orders.options(wish)
            self._open(options, (wish.width, wish.height))
        except FaceFusionError as error:
            self._tell(messages.failure(_told(error, self._place), wish=wish.id))
            if self._wish is not None:
                self._orders.keep_only(self._wish)
            return
        self._wish, self._options = wish, options
        self._orders.keep_only(wish)
        self._tell_ready(wish)

    def _open(self, options: Options, size: tuple[int, int]) -> LiveSession:
        if self._session is None:
            made = LiveSession(options, size, warm=self._warm, notify=self._note)
            self._session = self._ending.enter_context(made)
        else:
            self._session.change(options, size)
        return self._session

    def _note(self, text: str) -> None:
        self._tell(messages.note(without_folder(text, self._place.folder)))

    def _tell_ready(self, wish: LiveWish) -> None:
        if self._session is not None:
            self._tell(messages.ready(wish, self._session.shown_size))

    def _edit(self, frame: Incoming) -> None:
        """Edit a frame and hand it back; one that cannot be read is told of."""
        session, wish = self._session, self._wish
        if session is None or wish is None:
            self._tally.dropped()
            return
        image = self._decoded(frame)
        if image is None or not self._fits(image, session, wish):
            self._tally.dropped()
            return
        shown = session.edit(image, frame.came)
        self._hand(frame, jpeg_of(shown.image, wish.quality), shown.faces)

    def _decoded(self, frame: Incoming) -> Image | None:
        try:
            image = self._decoder.decode(frame.content)
        except IsolationError:
            raise
        except InputError as error:
            self._broken += 1
            if self._broken >= _MOST_BROKEN:
                raise RequestInvalidError(
                    f"{_MOST_BROKEN} frames in a row cannot be read: {error.what}", error.hint
                ) from error
            self._tell(messages.failure(problem_of(error), number=frame.number))
            return None
        self._broken = 0
        return image

    def _fits(self, image: Image, session: LiveSession, wish: LiveWish) -> bool:
        """Whether a frame is of the size that is edited; all begins anew for another, now and then."""
        size = image.shape[1], image.shape[0]
        if size == session.size:
            return True
        now = time.monotonic()
        if now - self._resized < _BETWEEN_SIZES or self._options is None:
            return False
        self._resized = now
        session.change(self._options, size)
        self._tell_ready(wish)
        return True

    def _ask_again(self) -> None:
        """Make sure now and then that sources may be used still."""
        now = time.monotonic()
        if self._session is None or now - self._asked < _BETWEEN_CONSENTS:
            return
        self._asked = now
        self._session.check_still()


def _told(error: FaceFusionError, place: Stage) -> Problem:
    """Return what is told of an error, in which files are called by their names alone."""
    problem = problem_of(error)
    texts = {name: without_folder(getattr(problem, name), place.folder) for name in ("detail", "hint")}
    return problem.model_copy(update=texts)
