"""One face of one swapped clip, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.common import Figures
from benchmarks.judging.film import Take, swapped_share
from benchmarks.judging.flicker import flicker
from benchmarks.judging.motion import eye_distance, jitter, lag, places
from benchmarks.pairs import Portrait
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image

_RECOGNISE_EVERY = 25


@dataclass(frozen=True, slots=True)
class ClipJudgement:
    """What was found.

    Attributes:
        frames: in which the face was followed.
        width: of the face, mean, pixels.
        flicker: change of lightness from frame to frame once motion is taken out, over that before the swap.
        own_flicker: that before the swap, L*.
        jitter: trembling of landmarks, over that before the swap.
        own_jitter: that before the swap, in eye distances.
        lag: frames by which the tracker is behind its own unsmoothed landmarks; None where the head is at rest.
        swapped: share of all faces of all frames of the clip that were replaced.
        to_source: identity distance of result and source, mean over every 25th frame.
        to_target: of result and the frame before the swap.
    """

    frames: int
    width: float
    flicker: float
    own_flicker: float
    jitter: float
    own_jitter: float
    lag: float | None
    swapped: float
    to_source: float
    to_target: float

    @property
    def figures(self) -> Figures:
        """All of it by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A face of one frame.

    Attributes:
        take: the frame.
        tracked: the face, as the tracker smoothed it.
        before: fitted to the frame before the swap; None where no face is seen.
        after: fitted to the frame after it.
    """

    take: Take
    tracked: Face
    before: Face | None
    after: Face | None

    @classmethod
    def fit(cls, analyser: FaceAnalyser, take: Take, number: int) -> _Fitted:
        tracked = take.faces[number]
        region = [region_of_mesh(tracked.mesh)]
        before, after = (analyser.fit(image, region)[0] for image in (take.before, take.after))
        return cls(take, tracked, before, after)


def judge_clip(analyser: FaceAnalyser, source: Portrait, takes: Sequence[Take], number: int) -> ClipJudgement:
    """Judge one face of a clip.

    Args:
        analyser: fits and recognises faces.
        source: whose face was put there.
        takes: all frames of the clip.
        number: track of the face.
    """
    fits = [_Fitted.fit(analyser, take, number) for take in takes if number in take.faces]
    unit = float(np.mean([eye_distance(fit.tracked.mesh) for fit in fits]))
    after, before = flicker(takes, number)
    trembling, own_trembling = jitter([_meshes(fit) for fit in fits], unit)
    seen = [(fit.tracked, fit.before) for fit in fits if fit.before is not None]
    to_source, to_target = _identity(analyser, source, fits[::_RECOGNISE_EVERY])
    return ClipJudgement(
        frames=len(fits),
        width=float(np.mean([fit.tracked.width for fit in fits])),
        flicker=after / max(before, 1e-3),
        own_flicker=before,
        jitter=trembling / max(own_trembling, 1e-6),
        own_jitter=own_trembling,
        lag=lag(places([face for face, _ in seen]), places([face for _, face in seen]), unit),
        swapped=swapped_share(takes),
        to_source=to_source,
        to_target=to_target,
    )


def _meshes(fit: _Fitted) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the meshes after and before the swap, where there are both."""
    return None if fit.after is None or fit.before is None else (fit.after.mesh, fit.before.mesh)


def _identity(analyser: FaceAnalyser, source: Portrait, fits: Sequence[_Fitted]) -> tuple[float, float]:
    """Return the mean identity distances of the result to source and target."""
    distances = []
    for fit in fits:
        result = _embedding(analyser, fit.take.after, fit.after or fit.tracked)
        target = _embedding(analyser, fit.take.before, fit.before or fit.tracked)
        distances.append((identity_distance(result, source.embedding), identity_distance(result, target)))
    to_source, to_target = np.mean(distances, axis=0)
    return float(to_source), float(to_target)


def _embedding(analyser: FaceAnalyser, image: Image, face: Face) -> Vector:
    return analyser.recogniser.embed(image, [face.mesh])[0]
