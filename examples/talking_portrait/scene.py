"""People side by side, as a camera sees them, with their sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from facefusion.faces.analyser import FaceAnalyser
from facefusion.options import FaceSelectionOptions
from talking_portrait.actor import Actor
from talking_portrait.portrait import Image, Mesh, MeshFinder, read_portrait
from talking_portrait.script import Event, Script, default_events
from talking_portrait.truth import FaceTruth, GroundTruth
from talking_portrait.voice import Samples


class Scene:
    """One or more actors, each with an equal share of the picture.

    Args:
        actors: from left to right; their canvases are as high as each other.
    """

    def __init__(self, actors: Sequence[Actor]) -> None:
        self.actors = tuple(actors)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        shapes = [actor.portrait.image.shape for actor in self.actors]
        return sum(shape[1] for shape in shapes), shapes[0][0]

    def render(self, t: float) -> tuple[Image, GroundTruth]:
        """Draw the moment `t` seconds.

        Returns:
            RGB uint8 (height, width, 3), and what is to be seen in it.
        """
        views = [actor.render(t) for actor in self.actors]
        width, left, faces = self.size[0], 0, []
        for image, face in views:
            faces.append(_shift(face, left, width))
            left += image.shape[1]
        return np.hstack([image for image, _ in views]), GroundTruth(t, tuple(faces))

    def sound(self, first: int, count: int) -> Samples:
        """Return `count` samples from number `first` on, mono, 48 kHz, float32 -1..1; all voices at once."""
        voices = [actor.script.voice.samples(first, count) for actor in self.actors]
        return np.asarray(np.clip(np.sum(voices, axis=0), -1, 1), dtype=np.float32)


def make_scene(
    portraits: Sequence[Path],
    *,
    width: int = 1280,
    height: int = 720,
    seconds: float = 10.0,
    events: Sequence[Event] | None = None,
    seed: int = 0,
    liveliness: float = 1.0,
    find_mesh: MeshFinder | None = None,
) -> Scene:
    """Put portraits side by side and give them something to do.

    Args:
        portraits: a picture of each person, from left to right.
        width: of the whole picture in pixels, even.
        height: in pixels, even.
        seconds: length that the default events fill.
        events: what everybody does; everything at its time when None, people by turns to the other side.
        seed: decides idle motion and voices; the same seed gives the same frames.
        liveliness: size of the idle motion; 0 for heads that do only what `events` say.
        find_mesh: finds the face in a portrait; the product's analyser when None.

    Raises:
        ValueError: the size is odd, or a portrait cannot be used.
    """
    if width % 2 or height % 2 or width % len(portraits):
        raise ValueError(f"{width} x {height} must be even and divide evenly among {len(portraits)} people")
    finder = find_mesh or analyser_mesh()
    actors = []
    for number, path in enumerate(portraits):
        portrait = read_portrait(path, finder, width=width // len(portraits), height=height)
        script = _varied(default_events(seconds), number, len(portraits)) if events is None else events
        actors.append(Actor(portrait, Script(script, seed=seed + number, liveliness=liveliness)))
    return Scene(actors)


def analyser_mesh() -> MeshFinder:
    """Return a mesh finder that asks the product's own analyser."""
    analyser = FaceAnalyser.create(FaceSelectionOptions())

    def find(image: Image) -> Mesh:
        faces = analyser.find(image)
        if not faces:
            raise ValueError("there is no face in this portrait")
        return faces[0].mesh.astype(np.float64)

    return find


def _varied(events: Sequence[Event], number: int, people: int) -> list[Event]:
    """Let neighbours turn to different sides, and hands come from outside."""
    turned = -1 if number % 2 else 1
    outside = -1 if 2 * number + 1 < people else 1
    signs = {"turn": turned, "tilt": turned, "move": turned, "hand": outside}
    return [replace(event, amount=signs.get(event.kind, 1) * event.amount) for event in events]


def _shift(face: FaceTruth, left: int, width: int) -> FaceTruth:
    """Express what is known of one canvas in pixels of the whole picture."""
    own = face.hand_mask
    box = face.hand_box
    mask = None
    if own is not None:
        mask = cv2.copyMakeBorder(own, 0, 0, left, width - left - own.shape[1], cv2.BORDER_CONSTANT, value=0)
    return replace(
        face,
        landmarks=face.landmarks + np.array([left, 0], np.float32),
        hand_box=(box[0] + left, box[1], box[2] + left, box[3]) if box else None,
        hand_mask=np.asarray(mask, np.float32) if mask is not None else None,
    )
