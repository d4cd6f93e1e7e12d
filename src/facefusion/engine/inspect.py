"""Looking without editing: what a file is and which faces are found in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from facefusion.engine.sampling import sampled
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.draw import draw_faces
from facefusion.faces.quality import sharpness
from facefusion.faces.select import order_faces
from facefusion.faces.types import Face
from facefusion.inference.opening import open_sessions
from facefusion.media.frame import Image
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.output import atomic_output, check_output
from facefusion.media.picture import Picture, write_picture
from facefusion.media.probe import probe
from facefusion.options import Options

_CELL_WIDTH = 800


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face and how sharp it is.

    Attributes:
        face: where it is and how it is turned; without embedding.
        sharpness: 0 (blurred) to 1 (crisp).
    """

    face: Face
    sharpness: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture, or one frame of a video.

    Attributes:
        time: presentation time in seconds; None for a picture.
        faces: the faces found, in the order that the options ask for.
        annotated: the frame with its faces drawn.
    """

    time: Fraction | None
    faces: tuple[FoundFace, ...]
    annotated: Image


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a file.

    Attributes:
        info: what the file is.
        shots: the picture, or the frames of the video that were looked at.
    """

    info: PictureInfo | VideoInfo
    shots: tuple[Shot, ...]

    def sheet(self) -> Image:
        """Return one annotated picture: the picture itself in full size, or all frames side by side."""
        pictures = [shot.annotated for shot in self.shots]
        return pictures[0] if len(pictures) == 1 else _tile(pictures)


def inspect(path: Path, options: Options, *, samples: int = 8, output: Path | None = None) -> Inspection:
    """Find the faces in a picture, or in frames spread evenly over a video.

    Args:
        path: picture or video.
        options: detector, order, limits and execution providers to use.
        samples: how many frames of a video to look at.
        output: where to write the annotated picture; nowhere when None.

    Raises:
        InputError: the file cannot be read.
        OutputError: the annotated picture cannot be written.
        ProviderError: an execution provider is not there.
    """
    if output is not None:
        check_output(output, inputs=[path], overwrite=options.output.overwrite, kind="picture")
    info = probe(path, options.limits)
    sessions = open_sessions(options)
    try:
        analyser = FaceAnalyser.create(options.faces, sessions)
        moments = sampled(info, options.limits, samples)
        inspection = Inspection(info, tuple(_look(image, time, analyser, options) for time, image in moments))
    finally:
        sessions.unload()
    if output is not None:
        with atomic_output(output) as temporary:
            write_picture(temporary, Picture(inspection.sheet()), quality=options.output.output_image_quality)
    return inspection


def _look(image: Image, time: Fraction | None, analyser: FaceAnalyser, options: Options) -> Shot:
    faces = order_faces(analyser.find(image), options.faces.face_selector_order)
    note = "" if time is None else f"{float(time):.2f} s"
    found = tuple(FoundFace(face, sharpness(image, face)) for face in faces)
    return Shot(time, found, draw_faces(image, faces, note))


def _tile(pictures: list[Image]) -> Image:
    """Set pictures of one size in rows."""
    columns = 2 if len(pictures) <= 8 else math.ceil(math.sqrt(len(pictures)))
    height, width = pictures[0].shape[:2]
    size = (min(width, _CELL_WIDTH), max(1, round(height * min(1.0, _CELL_WIDTH / width))))
    cells = [np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8) for picture in pictures]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.concatenate(cells[start : start + columns], axis=1) for start in range(0, len(cells), columns)]
    return np.concatenate(rows)
