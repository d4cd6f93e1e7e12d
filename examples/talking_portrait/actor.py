"""One person on their canvas: the portrait, set in motion."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.depth import build_surface
from talking_portrait.eyelids import Eyelids
from talking_portrait.hand import Hand
from talking_portrait.light import Lamp
from talking_portrait.lips import Mouth
from talking_portrait.portrait import Image, Portrait
from talking_portrait.pose import HeadMotion
from talking_portrait.raster import Planes, grid_triangles, inverse_map
from talking_portrait.script import Script, State
from talking_portrait.truth import FaceTruth

Array = npt.NDArray[np.float64]


class Actor:
    """Plays a script with the face of a portrait.

    A frame is made in the order in which it comes to be: expression in the portrait's own frame (lids, mouth), lamp,
    head in space, hand in front.

    Args:
        portrait: the person at rest.
        script: what they do.
    """

    def __init__(self, portrait: Portrait, script: Script) -> None:
        self.portrait = portrait
        self.script = script
        self._surface = build_surface(portrait, spacing=portrait.face_width / 38)
        self._triangles = grid_triangles(*self._surface.depth.shape)
        height, width = portrait.image.shape[:2]
        low, high = self._surface.points[0, 0], self._surface.points[-1, -1]
        self._corner = np.maximum(np.ceil(low) + 2, 0).astype(int)
        self._size = np.minimum(np.floor(high) - 2, [width, height]).astype(int) - self._corner
        self._eyelids, self._mouth = Eyelids(portrait), Mouth(portrait)
        self._lamp, self._hand = Lamp(self._surface), Hand(portrait)

    def render(self, t: float) -> tuple[Image, FaceTruth]:
        """Draw the moment `t` seconds; the same `t` gives the same picture in whatever order it is asked for."""
        state = self.script.at(t)
        motion = HeadMotion.of(state, pivot=self._surface.pivot, face_width=self.portrait.face_width)
        image = self.portrait.image.copy()
        self._eyelids.draw(image, state.blink)
        self._mouth.draw(image, state)
        gain = self._lamp.gain(state)
        if gain is not None:
            image = self._lamp.shine(image, gain)
        places, edges = self._look_up(state, motion)
        (x, y), (width, height) = self._corner, self._size
        image[y : y + height, x : x + width] = _warp(image, places, edges)
        hand = self._hand.view(state)
        if hand is not None:
            image = hand.put_over(image)
        posed = self._mouth.move(self._eyelids.move(self.portrait.mesh[:, :2], state.blink), state)
        landmarks = self._project(self.portrait.mesh[:, :2], posed, motion)
        return image, FaceTruth(
            landmarks=landmarks.astype(np.float32),
            visible=self._visible(landmarks, posed, places),
            yaw=state.yaw,
            pitch=state.pitch,
            roll=state.roll,
            eye_openness=1 - state.blink,
            mouth_opening=self._mouth.opening(state),
            light_gain=1.0 if gain is None else float(self._surface.sample(gain.astype(np.float64), posed).mean()),
            hand_box=hand.box if hand else None,
            hand_mask=hand.mask if hand else None,
        )

    def _project(self, rest: Array, posed: Array, motion: HeadMotion) -> Array:
        surface = self._surface
        depth, turning, carried = (
            surface.sample(grid, places)
            for grid, places in ((surface.depth, rest), (surface.turning, rest), (surface.carried, posed))
        )
        return motion(posed, depth, turning, carried)[0]

    def _look_up(self, state: State, motion: HeadMotion) -> tuple[Planes, Planes]:
        """Return for each pixel around the head where to look in the portrait, and where one part hides another."""
        surface = self._surface
        points = surface.points.reshape(-1, 2)
        origin = self._mouth.backward(points, state)
        depth, turning = surface.sample(surface.depth, origin), surface.sample(surface.turning, origin)
        moved, moved_depth = motion(points, depth, turning, surface.carried.ravel())
        size = int(self._size[0]), int(self._size[1])
        return inverse_map(moved - self._corner, moved_depth, points, self._triangles, size)

    def _visible(self, landmarks: Array, posed: Array, places: Planes) -> npt.NDArray[np.bool_]:
        """Tell which landmarks are what the picture shows where they are."""
        place = np.rint(landmarks - self._corner).astype(int)
        inside = np.all((place >= 0) & (place < self._size), axis=1)
        x, y = np.clip(place, 0, self._size - 1).T
        shown = places[y, x]
        return np.asarray(inside & (np.linalg.norm(shown - posed, axis=1) < 0.04 * self.portrait.face_width))


def _warp(image: Image, places: Planes, edges: Planes) -> Image:
    """Fetch every pixel from its place; soften the edges a little, as a lens would."""
    warped = cv2.remap(image, places[..., 0], places[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    if edges.any():
        soft = cv2.GaussianBlur(warped, (0, 0), 1.0).astype(np.float32)
        warped = np.rint(warped + edges[..., None] * (soft - warped)).astype(np.uint8)
    return np.asarray(warped, dtype=np.uint8)
