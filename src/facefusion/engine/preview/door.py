"""The door of a preview: what is asked before something is shown, and what that has to bear."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from facefusion.engine.doors.door import Count, Door
from facefusion.engine.plan import Plan
from facefusion.faces.analyser import FaceAnalyser
from facefusion.inference.session import SessionFactory
from facefusion.media.picture import Picture
from facefusion.processors.base import FaceFrame, Role

_ASKED_EVERY = 5.0
"""Seconds after which it is asked again whether a consent holds still."""


class PreviewDoor:
    """Lets frames of one preview out. Nothing else hands an edited frame to anybody.

    Args:
        door: of the preview.
        clock: tells seconds.
    """

    def __init__(self, door: Door, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._door, self._clock = door, clock
        self._admitted: Hashable = None
        self._asked = 0.0

    def admit(
        self, plan: Plan, sessions: SessionFactory, roles: tuple[Role, ...], analyser: FaceAnalyser | None
    ) -> None:
        """Ask whether this may be shown, where sources, processors or target are others than the last time.

        Raises:
            TrustError: it may not, or a consent was revoked meanwhile.
        """
        names = tuple(spec.name for spec in plan.processors)
        shown = tuple((role.sources, *role.worn.values()) for role in roles)
        key = (shown, names, plan.target.path, id(sessions))
        if key == self._admitted:
            self._check_still()
            return
        self._door.admit(plan, sessions, roles, analyser)
        self._door.begin_live()
        self._admitted, self._asked = key, self._clock()

    def enter(self, item: FaceFrame, seconds: float | None) -> None:
        """Look at a frame before any processor: each time, as a picture of its own, in whatever order they are shown.

        Args:
            item: the frame, and its faces that are to be worked on.
            seconds: when it is shown; None of a picture.

        Raises:
            ContentRefusedError: it shows what is refused.
            FaceBlockedError: a face is not to be used.
        """
        watch = self._door.watch("target")
        watch.see(item.frame.image, seconds)
        watch.meet(item.frame.image, [replace(face, track_id=None) for face in item.faces], seconds)

    def leave(self, edited: FaceFrame, seconds: float | None) -> FaceFrame:
        """Return an edited frame as it may be shown.

        Args:
            edited: after all processors.
            seconds: when it is shown; None of a picture.

        Raises:
            ContentRefusedError: it shows what is refused.
            RuntimeError: nothing was admitted.
        """
        if self._admitted is None:
            raise RuntimeError("a preview is admitted before anything leaves")
        self._door.watch("output").see(edited.frame.image, seconds)
        return edited.with_frame(self._door.live(edited.frame, len(edited.faces)))

    def watched(self) -> AbstractContextManager[None]:
        """Give a block in which every refusal is recorded."""
        return self._door.watched()

    def _check_still(self) -> None:
        """Ask now and then whether all still holds by which a preview was let in that stays open for long."""
        if self._clock() - self._asked >= _ASKED_EVERY:
            self._door.still_open()
            self._asked = self._clock()

    def write(self, path: Path, picture: Picture, *, faces: int, quality: int) -> None:
        """Write a picture of what was shown, sealed and recorded as every output is.

        Args:
            path: file to write.
            picture: of it.
            faces: that were edited in it.
            quality: as of `write_picture`.

        Raises:
            TrustError: it may not leave.
            OutputError: it cannot be written.
            RuntimeError: nothing was shown.
        """
        with self._door.leaving(Count(1, faces)) as way:
            way.picture(path, picture, quality=quality, is_labelled=True)
