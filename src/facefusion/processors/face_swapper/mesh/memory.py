"""Memory: what a followed face looks like, so that what comes in front of it is noticed.

The face's texture, free of light and laid out on the canonical face, hardly changes from frame to frame. A hand, a
microphone or a cup that passes in front does change it, in one piece that reaches in from the outline.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from facefusion.faces.mesh import VERTICES
from facefusion.faces.types import Points, Pose
from facefusion.processors.face_swapper.mesh.canonical import SIZE, canonical_layout, canonical_raster, canonical_rim
from facefusion.processors.face_swapper.mesh.colour import sample
from facefusion.processors.face_swapper.mesh.continuity import Continuity
from facefusion.processors.face_swapper.mesh.expression import Rest
from facefusion.processors.face_swapper.mesh.eyecolour import EyeMemory
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    blur,
    dilate,
    erode,
    lookup,
    planes_of,
    smoothstep,
)
from facefusion.processors.face_swapper.mesh.front import FrontWatch
from facefusion.processors.face_swapper.mesh.glasses.watch import GlassesWatch
from facefusion.processors.face_swapper.mesh.pieces import pieces_reaching
from facefusion.processors.face_swapper.mesh.tone import ToneMemory
from facefusion.state import State

WARM_UP = 8
"""Frames before the memory is trusted."""
_MEMORIES = 24
"""Faces that are remembered at a time."""
_ABSENT = 8
"""Times that each face could have been asked for, after which one that was not has left: a track that is lost comes
back sooner or never."""
_VISIBLE = (0.3, 0.8)
"""Visibility: below the first a pixel is not looked at, above the second fully."""
_RATE = 0.06
"""Share of a look in the running means, once they have settled."""
_FLOOR = np.array([9.0, 4.0, 4.0], np.float32)
"""Limit of change where nothing has ever changed, in Lab units."""
_DEVIATIONS = 3.0
"""Mean absolute deviations by which the limit grows."""
_SLIDE = 2
"""Pixels of the layout by which a feature may slide over the mesh."""
_PIECE_BLUR = 2.5
"""Smoothing of changes before they are taken as pieces, in pixels of the layout."""
_SURE, _LIKELY = 0.75, 0.45
"""Smoothed change, in limits, that a piece reaches somewhere, and everywhere."""
_RIM = 0.6
"""Nearness of the outline at which a piece reaches in."""
_LEAST_AREA = 0.012 * SIZE * SIZE
"""Pixels of the layout that a piece must exceed."""
_EDGE_GAIN = 1.3
"""Factor on the smoothed piece, so that smoothing takes little off the piece itself."""
_PERSISTENCE = 0.4
"""Share of what was in front in the last frame that is still taken to be there."""
_STAYS = 1e-3
"""Mean change of the share in front, over the layout, below which it stays as it is."""
_COVERED = 0.5
"""Share in front from which a pixel counts as covered."""
_SHAPE_FRAMES, _FRONTAL_POWER = 50.0, 6
"""Frames, as many as if the face looked into the camera, after which its shape is known."""
_FORGET_AFTER = 50
"""Looks after which what covers a face is taken for the face."""


class Memories:
    """One memory for each face that is followed.

    Whoever has left is forgotten. Where very many are in the picture, newcomers go without, for else everybody would
    lose theirs in every frame.
    """

    def __init__(self) -> None:
        self._faces: dict[int, FaceMemory] = {}
        self._asked: dict[int, int] = {}
        self._now = 0

    def of(self, track_id: int | None) -> FaceMemory | None:
        """Return what is remembered of a face; None for one that is not followed, or for which there is no room."""
        if track_id is None:
            return None
        self._now += 1
        self._forget_who_left()
        if track_id not in self._faces and len(self._faces) >= _MEMORIES:
            return None
        memory = self._faces.pop(track_id, None) or FaceMemory()
        self._faces[track_id], self._asked[track_id] = memory, self._now
        return memory

    def _forget_who_left(self) -> None:
        """Forget who was not asked for in a while; the first was not for longest."""
        oldest = next(iter(self._faces), None)
        if oldest is not None and self._now - self._asked[oldest] > _ABSENT * len(self._faces):
            del self._faces[oldest], self._asked[oldest]

    def state(self) -> State:
        """Return all memories, those not asked for longest first; see `facefusion.state`."""
        faces = [[track_id, self._asked[track_id], memory.state()] for track_id, memory in self._faces.items()]
        return {"faces": faces, "now": self._now}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._faces = {track_id: FaceMemory.of_state(saved) for track_id, _, saved in state["faces"]}
        self._asked = {track_id: asked for track_id, asked, _ in state["faces"]}
        self._now = state["now"]


class FaceMemory:
    """Remembers one face; feed it the frames in which the face is looked at.

    Attributes:
        continuity: what was laid over it.
        eyes: the colour of its eyes.
        ahead: what was in front of it from the first frame on.
        glasses: that the face wears, or does not.
        rest: its skin at rest, as of the last `update`.
        tone: the colour of its skin.
        is_settled: whether what is in front of it was the same in that as before, mostly nothing.
        difference: what follows from its shape once that is known, see `shape.shape_difference`; reckoned anew, and so
            no part of the state, after a restart.
    """

    def __init__(self) -> None:
        self._mean = np.zeros((SIZE, SIZE, 3), np.float32)
        self._deviation = np.zeros((SIZE, SIZE, 3), np.float32)
        self._seen = np.zeros((SIZE, SIZE), np.float32)
        self._covered = np.zeros((SIZE, SIZE), np.float32)
        self._front = np.zeros((SIZE, SIZE), np.float32)
        self.continuity = Continuity()
        self._shape = np.zeros((VERTICES, 3), np.float32)
        self._shape_seen = 0.0
        self.eyes = EyeMemory()
        self.ahead = FrontWatch()
        self.glasses = GlassesWatch()
        self.rest = Rest(SIZE)
        self.tone = ToneMemory()
        self.is_settled = False
        self.difference: Points | None = None

    @property
    def knows_shape(self) -> bool:
        """Whether `own_shape` gives the same from now on."""
        return self._shape_seen >= _SHAPE_FRAMES

    def own_shape(self, level: Points, pose: Pose) -> Points:
        """Return how the face's features lie, float32 (468, 3), as the mean of what was seen of it so far.

        It settles and then stays: a shape that followed each frame would take part in what the face expresses.

        Args:
            level: what this frame shows, see `shape.level_shape`.
            pose: of the head; turned heads tell less.
        """
        weight = max(float(np.cos(np.radians(pose.yaw)) * np.cos(np.radians(pose.pitch))), 0.0) ** _FRONTAL_POWER
        if self._shape_seen < _SHAPE_FRAMES:
            self._shape_seen += weight
            self._shape += np.float32(weight / max(self._shape_seen, 1e-6)) * (level - self._shape)
        return self._shape.copy()

    def clear_vertices(self) -> Field:
        """Return which vertices had nothing in front of them in the last frame, 0 to 1, float32 (468,)."""
        return np.asarray(1 - sample(self._front, canonical_layout()), np.float32)

    def update(self, texture: Field, mesh: Points, visibility: Field) -> Field:
        """Return what is in front of the face, on the canonical layout, float32 (SIZE, SIZE), 0 to 1.

        Args:
            texture: the face without its light, Lab differences, float32 (H, W, 3).
            mesh: the face in pixels of `texture`, float32 (468, 3).
            visibility: how well each vertex is seen, 0 to 1, float32 (468,).
        """
        layout = canonical_raster()
        fields = spread(layout, place=mesh[:, :2], visibility=visibility)
        now = lookup(blur(texture, 1.0), fields["place"])
        seen = smoothstep(fields["visibility"], *_VISIBLE) * (layout.numbers >= 0)
        front = self._in_front(now, seen, canonical_rim())
        clear = np.asarray(seen * (1 - front), np.float32)
        self._learn(now, clear, front)
        self.rest.update(now[:, :, 0], clear)
        # A change that lasts a single frame is more often noise than a hand.
        front = np.asarray(_PERSISTENCE * self._front + (1 - _PERSISTENCE) * front, np.float32)
        self.is_settled = float(np.abs(front - self._front).mean()) < _STAYS
        self._front = front
        return self._front

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {
            "mean": self._mean.copy(),
            "deviation": self._deviation.copy(),
            "seen": self._seen.copy(),
            "covered": self._covered.copy(),
            "front": self._front.copy(),
            "shape": self._shape.copy(),
            "shape_seen": self._shape_seen,
            "continuity": self.continuity.state(),
            "eyes": self.eyes.state(),
            "ahead": self.ahead.state(),
            "glasses": self.glasses.state(),
            "rest": self.rest.state(),
            "tone": self.tone.state(),
            "is_settled": self.is_settled,
        }

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a memory that goes on from a state."""
        memory = cls()
        memory._mean, memory._deviation = state["mean"].copy(), state["deviation"].copy()
        memory._seen, memory._covered = state["seen"].copy(), state["covered"].copy()
        memory._front = state["front"].copy()
        memory._shape, memory._shape_seen = state["shape"].copy(), state["shape_seen"]
        memory.continuity = Continuity.of_state(state["continuity"])
        memory.eyes = EyeMemory.of_state(state["eyes"])
        memory.ahead = FrontWatch.of_state(state["ahead"])
        memory.glasses = GlassesWatch.of_state(state["glasses"])
        memory.rest = Rest.of_state(state["rest"])
        memory.tone = ToneMemory.of_state(state["tone"])
        memory.is_settled = state["is_settled"]
        return memory

    def _in_front(self, now: Field, seen: Field, rim: Field) -> Field:
        """Find large changes in one piece that reach in from the outline."""
        limit = _FLOOR + np.float32(_DEVIATIONS) * self._deviation
        # A feature may slide a little over the mesh, glasses above all: only what is unlike all around it counts.
        above = now - dilate(self._mean, _SLIDE)
        below = erode(self._mean, _SLIDE) - now
        light, red, yellow = planes_of(np.asarray(np.maximum(above, below) / limit, np.float32))
        largest = np.maximum(np.maximum(light, red), yellow)
        change = blur(np.asarray(largest * seen * (self._seen >= WARM_UP), np.float32), _PIECE_BLUR)
        pieces = pieces_reaching(change > _LIKELY, rim > _RIM, core=change > _SURE, least_area=_LEAST_AREA)
        front = blur(dilate(pieces.astype(np.float32), 1), 1.0) * _EDGE_GAIN
        return np.asarray(np.clip(front, 0, 1), np.float32)

    def _learn(self, now: Field, clear: Field, front: Field) -> None:
        """Take over what is clearly the face; what stays in front for long becomes the face."""
        self._covered = np.where(front > _COVERED, self._covered + 1, 0).astype(np.float32)
        lasting = self._covered > _FORGET_AFTER
        clear = np.where(lasting, 1, clear)
        self._seen += clear
        rate = (clear * np.maximum(_RATE, 1 / np.maximum(self._seen, 1)))[:, :, None]
        difference = now - self._mean
        self._mean += rate * difference
        self._deviation += rate * (np.abs(difference) - self._deviation)
