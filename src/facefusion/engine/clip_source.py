"""A clip as a source: its best frames of one person, sharp, well lit and turned in different ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from facefusion.engine.problem import shown_beside, spot_of
from facefusion.engine.sampling import sampled
from facefusion.errors import FaceError, NoFaceError, SeveralFacesError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.face_mesh import region_of_detection
from facefusion.faces.quality import check_source, merit, sharpness
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.select import order_faces
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.media.probe import probe
from facefusion.options import Options
from facefusion.processors.base import SourceFace

SAMPLES = 32
"""Frames of a clip that are looked at."""
MOST_VIEWS = 8
"""Frames of a clip that are kept."""
_PASSER_BY = 0.5
"""A face narrower than this, beside the widest, is somebody in the background."""
_MARGIN = 0.25
"""Margin around a face that is kept of its frame, as a share of its longer side."""
_NOVEL = 15.0
"""Turn in degrees from which a view shows other sides of the head."""
_LEAST_NOVEL = 0.2
"""Worth of a view that is turned like another, beside one that is not."""


def load_clip(analyser: FaceAnalyser, path: Path, options: Options, output: Path) -> tuple[SourceFace, ...]:
    """Look at frames spread evenly over a clip and keep the best of one person.

    Args:
        analyser: finds faces.
        path: a video, an animation or a sequence of pictures.
        options: position, limits.
        output: path of the job's output, beside which problems are shown.

    Raises:
        InputError: it cannot be read.
        NoFaceError: no frame shows a face.
        SeveralFacesError: a frame shows several, and none was chosen.
        FaceError: no frame has a usable face; the error is that of the first.
    """
    search = _Search(analyser, path, options, output)
    for time, image in sampled(probe(path, options.limits), options.limits, SAMPLES):
        search.look(image, time or Fraction(0))
    return search.result()


def choose_views(sources: Sequence[SourceFace], most: int) -> tuple[SourceFace, ...]:
    """Return the best of many views, and of those the ones that show different sides, in the order given.

    Args:
        sources: views of one person.
        most: how many to keep.
    """
    if len(sources) <= most:
        return tuple(sources)
    merits = [merit(source.face, source.sharpness) for source in sources]
    turns = np.array([(source.face.pose.yaw, source.face.pose.pitch) for source in sources])
    chosen = [int(np.argmax(merits))]
    while len(chosen) < most:
        apart = np.linalg.norm(turns[:, None] - turns[chosen], axis=2).min(1)
        worth = merits * np.clip(apart / _NOVEL, _LEAST_NOVEL, 1)
        worth[chosen] = -1
        chosen.append(int(worth.argmax()))
    return tuple(sources[place] for place in sorted(chosen))


class _Search:
    """Goes through the frames of a clip, holding no more of them than are of use."""

    def __init__(self, analyser: FaceAnalyser, path: Path, options: Options, output: Path) -> None:
        self._analyser = analyser
        self._path = path
        self._options = options
        self._output = output
        self._kept: list[SourceFace] = []
        self._anchor: Face | None = None
        self._problem: FaceError | None = None

    def look(self, image: Image, time: Fraction) -> None:
        """Look at the next frame."""
        name = f"{self._path} at {float(time):.2f} s"
        found = order_faces(self._find(image), self._options.faces.face_selector_order)
        seconds, overwrite = float(time), self._options.output.overwrite
        with shown_beside(self._output, image, found, of=self._path, seconds=seconds, overwrite=overwrite):
            face = self._pick(image, found, name)
        if face is None:
            return
        try:
            check_source(image, face, name, self._options.faces)
        except FaceError as error:
            error.spot = spot_of(self._path, seconds, image, [face])
            self._problem = self._problem or error
            return
        source = SourceFace(image, face, sharpness(image, face), self._path, seconds)
        self._kept = [*choose_views([*self._kept, cut_out(source)], MOST_VIEWS)]

    def result(self) -> tuple[SourceFace, ...]:
        """Return the frames kept."""
        if self._kept:
            return tuple(self._kept)
        if self._problem is not None:
            raise self._problem
        raise NoFaceError(f"No face was found in {self._path}", "Use a clip that shows a face clearly, from the front")

    def _find(self, image: Image) -> list[Face]:
        """Find upright faces quickly, and where there are none, any."""
        regions = [region_of_detection(found) for found in self._analyser.detect(image)]
        fitted = [face for face in self._analyser.fit(image, regions, refine=True) if face is not None]
        return fitted or self._analyser.find(image)

    def _pick(self, image: Image, found: Sequence[Face], name: str) -> Face | None:
        """Return the person's face; None where the frame does not show it."""
        position = self._options.faces.source_face_position
        if not found:
            return None
        if position is not None:
            return self._at_position(image, found, position)
        widest = max(found, key=lambda face: face.width)
        near = [face for face in found if face.width > _PASSER_BY * widest.width]
        if len(near) > 1:
            raise SeveralFacesError(
                f"{len(near)} faces were found in {name}, one was wanted",
                f"Choose with --source-face-position 0 to {len(found) - 1} (in --face-selector-order)",
            )
        return widest

    def _at_position(self, image: Image, found: Sequence[Face], position: int) -> Face | None:
        """Return the face at a position of the first frame that has one there; later, the one most like it."""
        if self._anchor is None:
            if position >= len(found):
                return None
            self._anchor = self._analyser.embed(image, [found[position]])[0]
            return self._anchor
        known = self._analyser.embed(image, found)
        distances = [_distance(face, self._anchor) for face in known]
        nearest = int(np.argmin(distances))
        return known[nearest] if distances[nearest] <= self._options.faces.source_face_max_distance else None


def cut_out(source: SourceFace) -> SourceFace:
    """Return a view with no more of its picture than is of use."""
    low, high = source.face.mesh[:, :2].min(0), source.face.mesh[:, :2].max(0)
    margin = (high - low).max() * _MARGIN
    left, top = np.maximum(np.floor(low - margin).astype(int), 0).tolist()
    right, bottom = np.minimum(np.ceil(high + margin).astype(int), source.image.shape[1::-1]).tolist()
    face = source.face.moved(-left, -top)
    return replace(source, image=source.image[top:bottom, left:right].copy(), face=face)


def _distance(face: Face, other: Face) -> float:
    if face.embedding is None or other.embedding is None:
        return float("inf")
    return identity_distance(face.embedding, other.embedding)
