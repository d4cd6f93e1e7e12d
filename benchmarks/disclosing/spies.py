"""What watches marks as they are put in, and answers in place of the content check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from facefusion.engine.doors import door
from facefusion.errors import ContentUncheckedError
from facefusion.inference.session import SessionFactory
from facefusion.trust.content import ContentCheck
from facefusion.trust.content.finding import Finding, Verdict
from facefusion.trust.label import Label
from facefusion.trust.watermark import Watermark


@dataclass(slots=True)
class Seen:
    """What happened in one job.

    Attributes:
        payloads: of watermarks that were made.
        frames: frames and pictures that a mark was put into.
        labels: that were drawn, and width and height of the pictures that they were drawn on.
        looks: at pictures, by the content check.
    """

    payloads: list[int] = field(default_factory=list)
    frames: int = 0
    labels: dict[int, tuple[Label, tuple[int, int]]] = field(default_factory=dict)
    looks: int = 0


@dataclass(slots=True)
class Spies:
    """Watches one job after the other.

    Attributes:
        seen: in the job that runs.
        script: what the content check finds in it, as `Case.looks`.
    """

    seen: Seen = field(default_factory=Seen)
    script: str = "clean"

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch within the block."""
        with ExitStack() as patches:
            for name in ("mark_luma", "mark_rgb"):
                patches.enter_context(patch.object(Watermark, name, self._counted(getattr(Watermark, name))))
            patches.enter_context(patch.object(door, "new_payload", self._payload(door.new_payload)))
            patches.enter_context(patch.object(Label, "drawn", self._drawn(Label.drawn)))
            patches.enter_context(patch.object(ContentCheck, "create", self._created(ContentCheck.create)))
            yield

    def _counted(self, mark: Any) -> Any:
        def marked(*arguments: Any) -> Any:
            self.seen.frames += 1
            return mark(*arguments)

        return marked

    def _payload(self, make: Any) -> Any:
        def made(*arguments: Any) -> int:
            self.seen.payloads.append(make(*arguments))
            return self.seen.payloads[-1]

        return made

    def _drawn(self, draw: Any) -> Any:
        def drawn(label: Label, image: Any, seconds: float) -> Any:
            self.seen.labels[id(label)] = label, (image.shape[1], image.shape[0])
            return draw(label, image, seconds)

        return drawn

    def _created(self, create: Any) -> Any:
        def created(sessions: SessionFactory, **options: Any) -> ContentCheck:
            return create(sessions, **options) if self.script == "real" else _Scripted(self)

        return created


class _Scripted(ContentCheck):
    """Finds what a script says."""

    def __init__(self, spies: Spies) -> None:
        self._spies = spies
        self._classifier = None

    def look(self, images: Sequence[Any]) -> list[Verdict]:
        spies = self._spies
        spies.seen.looks += 1
        if spies.script == "unchecked":
            raise ContentUncheckedError("The content check broke", "")
        is_explicit = spies.script == "explicit at first" or (spies.script == "explicit later" and spies.seen.looks > 1)
        found = (Finding("script", "explicit", 1.0, 0.5),) if is_explicit else ()
        return [Verdict(found, is_explicit, float(is_explicit)) for _ in images]
