"""The check of pictures and faces, over all models that are here; what cannot be checked is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from facefusion.errors import CancelledError, ContentUncheckedError, FaceFusionError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.options import FaceSelectionOptions
from facefusion.trust.content.active import PRIMARY, ActiveChecks, active_checks
from facefusion.trust.content.ages import apparent_ages
from facefusion.trust.content.base import DETECTOR_TASK, ContentModel, Seen
from facefusion.trust.content.finding import Finding, Verdict, surest_first
from facefusion.trust.content.framing import Picture, pieces
from facefusion.trust.content.second_look import confirmed

_AGREE: Final = 2
"""Models that have to agree where the detector alone is not sure."""


class ContentCheck:
    """Looks at pictures and at faces; the networks are loaded once for each `SessionFactory`.

    Args:
        primary: the detector that decides alone.
        further: other models, two of which have to agree, or one with what the detector suspects.
        sessions: opens the models that find faces, where a second look needs them.
        classifier: tells ages; None where no model is here that does.
        active: which models these are.
        share: of the usual limits from which a picture is refused, above 0 and at most 1; smaller refuses more.

    Attributes:
        active: as given.
    """

    def __init__(
        self,
        primary: ContentModel,
        further: Sequence[ContentModel],
        sessions: SessionFactory,
        classifier: Any,
        active: ActiveChecks,
        *,
        share: float = 1.0,
    ) -> None:
        self._primary = primary
        self._further = tuple(further)
        self._sessions = sessions
        self._classifier = classifier
        self._analyser: FaceAnalyser | None = None
        self._share = share
        self.active = active

    @classmethod
    def create(cls, sessions: SessionFactory, *, age_model: str = "fairface", share: float = 1.0) -> ContentCheck:
        """Open all models that check content and are here.

        Args:
            sessions: opens them.
            age_model: the model that tells ages, where it is here; else whichever is.
            share: as of the class.

        Raises:
            ContentUncheckedError: the detector is not here, or a model is damaged or cannot be run.
        """
        with _closed("The content check cannot be made"):
            active = active_checks(sessions.catalogue, sessions.is_here, age_model=age_model)
            primary = sessions.load(PRIMARY, DETECTOR_TASK)
            further = [sessions.load(name, task) for name, task in active.further]
            classifier = None if active.age is None else sessions.load(active.age, "face_classifier")
        return cls(primary, further, sessions, classifier, active, share=share)

    @property
    def tells_ages(self) -> bool:
        """Whether a model is here that tells ages."""
        return self._classifier is not None

    def look(self, images: Sequence[Picture]) -> list[Verdict]:
        """Return the verdict on each picture; none is kept.

        Args:
            images: RGB uint8 (H, W, 3) each, of any sizes.

        Raises:
            ContentUncheckedError: a picture is none, or a model failed.
        """
        with _closed("A picture could not be checked"):
            parts = [(place, *piece) for place, image in enumerate(map(_picture, images)) for piece in pieces(image)]
            verdicts = self._look([piece for *_, piece in parts])
        found: list[list[Verdict]] = [[] for _ in images]
        for (place, x, y, _), verdict in zip(parts, verdicts, strict=True):
            moved = tuple(finding.moved(x, y) for finding in verdict.findings)
            found[place].append(Verdict(moved, verdict.is_explicit, verdict.nearness))
        return [_joined(each) for each in found]

    def ages(self, views: Sequence[FaceView]) -> list[float | None]:
        """Return the apparent age of each face in years; None where it cannot be told.

        Args:
            views: faces and the pictures that show them.

        Raises:
            ContentUncheckedError: the model failed.
        """
        if self._classifier is None:
            return [None] * len(views)
        with _closed("The age of a face could not be checked"):
            return apparent_ages(self._classifier, views)

    def _look(self, images: Sequence[Picture]) -> list[Verdict]:
        firsts = self._primary.look(images, share=self._share)
        further = [model.look(images, share=self._share) for model in self._further]
        return [
            self._verdict(self._confirmed(image, first), [seen[place] for seen in further])
            for place, (image, first) in enumerate(zip(images, firsts, strict=True))
        ]

    def _confirmed(self, image: Picture, first: Seen) -> Seen:
        if not first.findings:
            return first
        return confirmed(self._primary, self._faces, image, first, share=self._share)

    def _verdict(self, primary: Seen, further: Sequence[Seen]) -> Verdict:
        """Put together what all models say of one picture."""
        agreed = sum(any(finding.counts for finding in seen.findings) for seen in further) + bool(primary.findings)
        is_explicit = any(finding.counts for finding in primary.findings) or agreed >= _AGREE
        findings: list[Finding] = [each for seen in (primary, *further) for each in seen.findings]
        nearness = 1.0 if is_explicit else min(1.0, max(seen.nearness for seen in (primary, *further)))
        return Verdict(surest_first(findings), is_explicit, nearness)

    def _faces(self, image: Picture) -> list[Face]:
        if self._analyser is None:
            self._analyser = FaceAnalyser.create(FaceSelectionOptions(), self._sessions)
        return self._analyser.find(image)


def _joined(parts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a picture from those on its pieces."""
    if len(parts) == 1:
        return parts[0]
    findings = surest_first([finding for part in parts for finding in part.findings])
    return Verdict(findings, any(part.is_explicit for part in parts), max(part.nearness for part in parts))


def _picture(image: Any) -> Picture:
    if not (isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3):
        raise ValueError("it is no RGB picture of 8 bits")
    if 0 in image.shape:
        raise ValueError("it has no pixels")
    return image


@contextmanager
def _closed(what: str) -> Iterator[None]:
    """Turn whatever keeps content from being checked into the one error for that."""
    try:
        yield
    except (CancelledError, ContentUncheckedError):
        raise
    except FaceFusionError as error:
        hint = error.hint or "Mend that; what is not checked is refused"
        raise ContentUncheckedError(f"{what}: {error.what}", hint) from error
    except Exception as error:
        # Models may be of plug-ins, which may raise anything; whatever it is, nothing was checked.
        raise ContentUncheckedError(f"{what}: {error}", "Try again; what is not checked is refused") from error
