"""Memory: what a followed face looks like, so that what comes in front of it is noticed.

The face's texture, free of light and laid out on the canonical face, hardly changes from frame to frame. A hand, a
microphone or a cup that passes in front does change it, in one piece that reaches in from the outline.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facefusion.faces.mesh import canonical_vertices, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import sample
from facefusion.processors.face_swapper.mesh.filters import Field, blur, dilate, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.regions import near_edge

SIZE = 96
"""Side of the canonical layout in pixels."""
WARM_UP = 8
"""Frames before the memory is trusted."""

_RATE = 0.06
_FLOOR = np.array([9.0, 4.0, 4.0], np.float32)
_DEVIATIONS = 3.0
_SURE = 0.75
_LIKELY = 0.45
_LEAST_AREA = 0.012
_FORGET_AFTER = 50
_SLIDE = 2
_PERSISTENCE = 0.4


class FaceMemory:
    """Remembers one face; feed it every frame in which the face is seen."""

    def __init__(self) -> None:
        self._mean = np.zeros((SIZE, SIZE, 3), np.float32)
        self._deviation = np.zeros((SIZE, SIZE, 3), np.float32)
        self._seen = np.zeros((SIZE, SIZE), np.float32)
        self._covered = np.zeros((SIZE, SIZE), np.float32)
        self._front = np.zeros((SIZE, SIZE), np.float32)

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
        fields = layout.interpolate(np.column_stack([mesh[:, :2], visibility, near_edge()]).astype(np.float32))
        now = lookup(blur(texture, 1.0), np.ascontiguousarray(fields[:, :, :2]))
        seen = np.where(layout.numbers >= 0, smoothstep(fields[:, :, 2], 0.3, 0.8), 0)
        front = self._in_front(now, seen, fields[:, :, 3])
        self._learn(now, np.asarray(seen * (1 - front), np.float32), front)
        # A change that lasts a single frame is more often noise than a hand.
        self._front = np.asarray(_PERSISTENCE * self._front + (1 - _PERSISTENCE) * front, np.float32)
        return self._front

    def _in_front(self, now: Field, seen: Field, rim: Field) -> Field:
        """Find large changes in one piece that reach in from the outline."""
        limit = _FLOOR + np.float32(_DEVIATIONS) * self._deviation
        # A feature may slide a little over the mesh, glasses above all: only what is unlike all around it counts.
        above = now - dilate(self._mean, _SLIDE)
        below = -dilate(-self._mean, _SLIDE) - now
        light, red, yellow = cv2.split(np.maximum(above, below) / limit)
        largest = np.maximum(np.maximum(light, red), yellow)
        change = blur(np.asarray(largest * seen * (self._seen >= WARM_UP), np.float32), 2.5)
        likely = (change > _LIKELY).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(likely, connectivity=8)
        reaching = np.unique(labels[(rim > 0.6) & (likely > 0)])
        sure = np.unique(labels[change > _SURE])
        large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > _LEAST_AREA * SIZE * SIZE)
        kept = set(reaching.tolist()) & set(sure.tolist()) & set(large.tolist()) - {0}
        front = np.isin(labels, list(kept)).astype(np.float32)
        return np.clip(blur(dilate(front, 1), 1.0) * 1.3, 0, 1) if kept else front

    def _learn(self, now: Field, clear: Field, front: Field) -> None:
        """Take over what is clearly the face; what stays in front for long becomes the face."""
        self._covered = np.where(front > 0.5, self._covered + 1, 0).astype(np.float32)
        lasting = self._covered > _FORGET_AFTER
        clear = np.where(lasting, 1, clear)
        self._seen += clear
        rate = (clear * np.maximum(_RATE, 1 / np.maximum(self._seen, 1)))[:, :, None]
        difference = now - self._mean
        self._mean += rate * difference
        self._deviation += rate * (np.abs(difference) - self._deviation)


@cache
def canonical_layout() -> Points:
    """Return where each vertex lies on the canonical layout, float32 (468, 3), in pixels."""
    points = canonical_vertices()
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    scale = np.float32((SIZE - 8) / (high - low).max())
    centre = (low + high) / 2
    laid = points * scale
    laid[:, :2] += np.float32((SIZE - 1) / 2) - centre * scale
    return np.asarray(laid, np.float32)


@cache
def canonical_raster() -> MeshRaster:
    """Return the canonical layout's triangles, drawn."""
    laid = canonical_layout()
    return MeshRaster.draw(laid, vertex_normals(laid), (SIZE, SIZE))
