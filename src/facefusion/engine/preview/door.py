"""The door of a preview: what is asked before something is shown, and what that has to bear."""

from __future__ import annotations

from collections.abc import Hashable

from facefusion.engine.doors.door import Door
from facefusion.engine.doors.watching import Watch
from facefusion.engine.plan import Plan
from facefusion.faces.analyser import FaceAnalyser
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.processors.base import FaceFrame, Role


class PreviewDoor:
    """Lets frames of one preview out. Nothing else hands an edited frame to anybody.

    Args:
        door: of the preview.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._admitted: Hashable = None
        self._watches: tuple[Watch, Watch] | None = None

    def admit(
        self, plan: Plan, sessions: SessionFactory, roles: tuple[Role, ...], analyser: FaceAnalyser | None
    ) -> None:
        """Ask whether this may be shown, where sources, processors or target are others than the last time.

        Raises:
            TrustError: it may not.
        """
        key = (
            tuple(role.sources for role in roles),
            tuple(spec.name for spec in plan.processors),
            plan.target.path,
            id(sessions),
        )
        if key == self._admitted:
            return
        self._door.admit(plan, sessions, roles, analyser)
        self._door.begin_live()
        self._watches = self._door.watch("live target"), self._door.watch("live output")
        self._admitted = key

    def leave(self, frame: Frame, edited: FaceFrame, seconds: float | None) -> FaceFrame:
        """Return an edited frame as it may be shown.

        Args:
            frame: before any processor.
            edited: after all of them.
            seconds: when it is shown; None of a picture.

        Raises:
            ContentRefusedError: it shows what is refused.
            RuntimeError: nothing was admitted.
        """
        if self._watches is None:
            raise RuntimeError("a preview is admitted before anything leaves")
        target, output = self._watches
        target.see(frame.image, seconds)
        target.meet(frame.image, edited.faces, seconds)
        output.see(edited.frame.image, seconds)
        return edited.with_frame(self._door.live(edited.frame))
