"""Previews that stay open between requests: what was found out of target and sources is not found out again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from facefusion.engine.preview.preview import Preview
from facefusion.engine.preview.shown import Shown
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import FaceError
from facefusion.inference.kept import Kept
from facefusion.options import Options
from facefusion.service.editing.kept import KeptOpen
from facefusion.service.editing.places import Files
from facefusion.service.editing.spots import name_spot
from facefusion.service.editing.turns import Turns
from facefusion.service.staging import calling_by_name

MOST: Final = 4
"""Previews that stay open while nobody asks for a frame of them."""
SECONDS: Final = 300.0
"""For which one stays open that nobody asks for a frame of."""
LONGEST: Final = 900.0
"""Seconds after which one is opened anew, so that a policy or a key that changed holds for it."""
MEMORY: Final = 96 << 20
"""Bytes of frames that each keeps."""
_SOURCES: Final = 64 << 20
"""Bytes of what each keeps that was made of sources."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which frame is wanted, and what of it.

    Attributes:
        frame: its number; None where `time` says which.
        time: a moment instead, in seconds.
        max_side: longest side in pixels; None for its own.
        changes: whether it is told where it was changed.
    """

    frame: int | None
    time: float | None
    max_side: int | None
    changes: bool


class OpenPreview:
    """A preview and the files that it uses.

    Args:
        files: of the session; closed with it.
        ending: closed at the end.
        warm: keeps models.
    """

    def __init__(self, files: Files, ending: ExitStack, warm: WarmParts) -> None:
        self.files, self._ending, self._warm = files, ending, warm
        self._kept = Kept(_SOURCES)
        self._preview: Preview | None = None

    def show(self, options: Callable[[Files], Options], wanted: Wanted) -> tuple[Shown, int]:
        """Return a frame, and how many there are.

        Args:
            options: returns those of the request, given its files, which it brings.
            wanted: which frame.

        Raises:
            FaceFusionError: it cannot be shown; names of files stand in place of where they lie here.
        """
        with calling_by_name(self.files.folder):
            try:
                preview = self._with(options(self.files))
                seen = preview.show(wanted.frame, time=wanted.time, max_side=wanted.max_side, changes=wanted.changes)
                return seen, preview.count
            except FaceError as error:
                name_spot(error, self.files.reference)
                raise

    def close(self) -> None:
        """Let go of everything."""
        preview, self._preview = self._preview, None
        self._kept.clear()
        with self._ending:
            if preview is not None:
                preview.close()

    def _with(self, options: Options) -> Preview:
        if self._preview is None:
            self._preview = Preview(options, memory=MEMORY, warm=self._warm, kept=self._kept)
        else:
            self._preview.become(options)
        return self._preview


class OpenPreviews:
    """The previews that are open in this process, one for each session of a caller.

    Args:
        most: that stay open while nobody asks for a frame of them.
        seconds: for which one stays open that nobody asks for a frame of.
    """

    def __init__(self, most: int = MOST, seconds: float = SECONDS) -> None:
        self._kept: KeptOpen[OpenPreview] = KeptOpen(most, seconds, longest=LONGEST)
        self._turns = Turns()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._kept)

    def turn(self, session: Hashable) -> Callable[[], None]:
        """Take a place in the row of a session; return what raises `SupersededError` where a newer one was taken."""
        number = self._turns.taken(session)
        return lambda: self._turns.check(session, number)

    def show(
        self,
        session: Hashable,
        make: Callable[[], OpenPreview],
        options: Callable[[Files], Options],
        wanted: Wanted,
        check: Callable[[], None],
    ) -> tuple[Shown, int]:
        """Return a frame, and how many there are.

        A request that cannot be done leaves the preview as it was: a slider goes on, and so does the page.

        Args:
            session: whose preview it is.
            make: opens one.
            options: of the request; see `OpenPreview.show`.
            wanted: which frame.
            check: of `turn`.

        Raises:
            SupersededError: a newer request of the session waits.
            FaceFusionError: it cannot be shown.
        """
        with self._kept.used(session, make) as preview:
            check()
            return preview.show(options, wanted)

    def forget(self, tenant: str) -> None:
        """Close what is open for a tenant, as is done where a file of theirs goes, which may be a part of it."""
        self._kept.forget(lambda key: isinstance(key, SessionKey) and key.tenant == tenant)

    def cool(self) -> None:
        """Close what nobody asked for long."""
        self._kept.cool()

    def close(self) -> None:
        """Close everything."""
        self._kept.close()


@dataclass(frozen=True, slots=True)
class SessionKey:
    """Whose session it is.

    Attributes:
        tenant: of the caller.
        actor: who calls.
        name: by which they call the session.
    """

    tenant: str
    actor: str
    name: str
