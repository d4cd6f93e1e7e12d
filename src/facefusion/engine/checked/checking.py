"""Checking: is a file good as a source, or as a target, before a job is asked for?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from facefusion.engine.checked.values import Advice, Checked, CheckedFace, CheckedLook, Use, Verdict
from facefusion.engine.sampling import sampled
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.mesh import OVAL
from facefusion.faces.quality import sharpness
from facefusion.faces.select import order_faces
from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.media.probe import probe
from facefusion.options import FaceSelectionOptions, Options
from facefusion.processors.face_swapper.mesh.front import FrontFinder

SAMPLES: Final = 8
"""Moments of a clip that are looked at."""
_DARK, _BRIGHT = 42.0, 215.0
"""Mean grey level of a face below and above which it tells too little."""
_COVERED = 0.06
"""Share of a face in front of which something lies, from which that shows in a result."""
_LIKELY = 0.6
"""How likely a pixel has to be in front."""
_CUT_OFF = 0.03
"""Share of a face's box that may lie beyond the border of the picture."""
_FEW, _TURNED = 100.0, 35.0
"""Width in pixels of a source below which, and its turn in degrees from which, results are less good."""
_NEAR = 0.5
"""A face narrower than this, beside the widest of a clip, is somebody in the background."""
_GRAVEST: Final[tuple[Verdict, ...]] = (
    *("no-face", "several-faces", "too-small", "too-far-turned", "blurred", "cut-off", "covered", "too-dark"),
    "too-bright",
)
_HELPS: Final = MappingProxyType[Verdict, tuple[Advice, ...]](
    {
        "no-face": ("use-a-picture-with-a-face",),
        "several-faces": ("choose-a-face", "crop-to-one-face"),
        "too-small": ("use-a-larger-picture",),
        "too-far-turned": ("use-a-view-from-the-front",),
        "blurred": ("use-a-sharper-picture",),
        "covered": ("uncover-the-face",),
        "cut-off": ("show-the-whole-face",),
        "too-dark": ("use-more-light",),
        "too-bright": ("use-less-light",),
    }
)


def check(path: Path, use: Use, options: Options, sessions: SessionFactory) -> Checked:
    """Say whether a picture or a clip serves, and what is wrong where it does not.

    Args:
        path: picture or clip.
        use: for what it is wanted.
        options: what a job takes, how faces are found, limits; of a source, `source_face_position` says which face.
        sessions: opens models.

    Raises:
        InputError: it cannot be read.
    """
    info = probe(path, options.limits)
    eye = _Eye(FaceAnalyser.create(options.faces, sessions), FrontFinder(sessions.open("front")), use, options.faces)
    looks, size = [], (info.width, info.height)
    for time, image in sampled(info, options.limits, SAMPLES):
        looks.append(eye.look(None if time is None else float(time), image))
        size = image.shape[1], image.shape[0]
    verdict, is_usable = _verdict(looks, use, options.faces.source_face_position)
    return Checked(use, verdict, is_usable, _HELPS.get(verdict, ()), *size, tuple(looks))


class _Eye:
    """Looks at pictures."""

    def __init__(self, analyser: FaceAnalyser, front: FrontFinder, use: Use, options: FaceSelectionOptions) -> None:
        self._analyser, self._front, self._use, self._options = analyser, front, use, options

    def look(self, seconds: float | None, image: Image) -> CheckedLook:
        found = order_faces(self._analyser.find(image), self._options.face_selector_order)
        return CheckedLook(seconds, tuple(self._checked(image, face) for face in found))

    def _checked(self, image: Image, face: Face) -> CheckedFace:
        sharp, bright = sharpness(image, face), _brightness(image, face)
        covered = _covered(self._front, image, face)
        refused = set(self._refused(face, sharp))
        weak = {*refused, *_weak(image, face, bright, covered), *(_weak_source(face) if self._use == "source" else ())}
        problems = tuple(each for each in _GRAVEST if each in weak)
        return CheckedFace(face, sharp, bright, covered, problems, not refused)

    def _refused(self, face: Face, sharp: float) -> Iterator[Verdict]:
        """Yield for what a job refuses a face, or leaves it as it is."""
        options, is_source = self._options, self._use == "source"
        if face.width < (options.source_face_min_size if is_source else options.face_min_size):
            yield "too-small"
        if abs(face.pose.yaw) > (options.source_face_max_yaw if is_source else options.face_max_yaw):
            yield "too-far-turned"
        if is_source and sharp < options.source_face_min_sharpness:
            yield "blurred"


def _weak_source(face: Face) -> Iterator[Verdict]:
    if face.width < _FEW:
        yield "too-small"
    if abs(face.pose.yaw) > _TURNED:
        yield "too-far-turned"


def _weak(image: Image, face: Face, bright: float, covered: float) -> Iterator[Verdict]:
    """Yield for what a face gives less good results, though a job takes it."""
    height, width = image.shape[:2]
    inside = np.clip(face.box, 0, [width, height, width, height])
    area = (inside[2] - inside[0]) * (inside[3] - inside[1])
    if 1 - float(area) / max(face.width * face.height, 1.0) > _CUT_OFF:
        yield "cut-off"
    if bright < _DARK:
        yield "too-dark"
    elif bright > _BRIGHT:
        yield "too-bright"
    if covered > _COVERED:
        yield "covered"


def _brightness(image: Image, face: Face) -> float:
    """Return the mean grey level of a face, 0 to 255."""
    left, top = np.floor(face.box[:2]).astype(int).clip(0)
    right, bottom = np.ceil(face.box[2:]).astype(int)
    part = image[top:bottom, left:right]
    if not part.size:
        return 0.0
    mask = np.zeros(part.shape[:2], np.uint8)
    outline = np.round(face.mesh[list(OVAL), :2] - [left, top]).astype(np.int32)
    cv2.fillPoly(mask, [outline], 255)
    return float(cv2.mean(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), mask)[0])


def _covered(front: FrontFinder, image: Image, face: Face) -> float:
    likely = front.likely(image, face.mesh)
    return float((likely > _LIKELY).mean())


def _verdict(looks: Sequence[CheckedLook], use: Use, position: int | None) -> tuple[Verdict, bool]:
    """Return the gravest of what is wrong with the best of all looks, and whether a job takes the file."""
    seen = [_of_look(look, use, position) for look in looks]
    found = [each for each in seen if each[0] != "no-face"]
    if not found:
        return "no-face", False
    if any(verdict == "several-faces" for verdict, _ in found):
        return "several-faces", False
    return min(found, key=lambda each: (not each[1], each[0] != "good", -_rank(each[0])))


def _of_look(look: CheckedLook, use: Use, position: int | None) -> tuple[Verdict, bool]:
    faces = look.faces
    if not faces or (use == "source" and position is not None and position >= len(faces)):
        return "no-face", False
    if use == "source" and position is None and len(faces) > 1:
        widest = max(each.face.width for each in faces)
        if look.seconds is None or sum(each.face.width > _NEAR * widest for each in faces) > 1:
            return "several-faces", False
    best = faces[position] if use == "source" and position is not None else _best(faces)
    return (best.problems[0] if best.problems else "good"), best.is_usable


def _best(faces: Sequence[CheckedFace]) -> CheckedFace:
    return max(faces, key=lambda each: (each.is_usable, not each.problems, each.face.width))


def _rank(verdict: Verdict) -> int:
    return _GRAVEST.index(verdict) if verdict in _GRAVEST else len(_GRAVEST)
