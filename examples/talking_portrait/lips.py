"""The mouth: lower lip and jaw go down, the upper lip rises a little, and what lies between is drawn."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep
from talking_portrait.indices import CHIN, LOWER_LIP, LOWER_LIP_INNER, UPPER_LIP_INNER
from talking_portrait.portrait import Image, Portrait
from talking_portrait.script import State

Array = npt.NDArray[np.float64]
_WIDEST = 0.26  # of the mouth's width, at the loudest open vowel
_RISE = 0.12  # share of the opening that the upper lip takes
_TEETH = np.array([246.0, 214.0, 186.0])
_DARK = np.array([50.0, 22.0, 19.0])
_TONGUE = np.array([122.0, 60.0, 58.0])


class Mouth:
    """The mouth of one portrait.

    All geometry is by columns of the canvas: the edges of the lips are curves y(x).
    """

    def __init__(self, portrait: Portrait) -> None:
        mesh = portrait.mesh
        self._portrait = portrait
        self._left, self._right = float(mesh[UPPER_LIP_INNER[0], 0]), float(mesh[UPPER_LIP_INNER[-1], 0])
        self.width = self._right - self._left
        self._middle = (self._left + self._right) / 2
        chin, reach = float(mesh[CHIN, 1]), 0.45 * portrait.face_height
        self._chin, self._reach = chin, reach
        top = int(mesh[list(UPPER_LIP_INNER), 1].min() - 0.45 * self.width)
        height, width = portrait.image.shape[:2]
        side = 1.5 * self.width
        self._x = np.arange(max(0, int(self._middle - side)), min(width, int(self._middle + side)))
        self._y = np.arange(max(0, top), min(height, int(chin + reach)))
        upper, lower = self._edges(self._x)
        self._rest = lower - upper
        smile = float(self._rest.max()) / self.width
        self._shows_teeth = smile > 0.07
        self._widest = _WIDEST - 0.6 * smile

    def opening(self, state: State) -> float:
        """Return the gap between the lips in the middle over the mouth's width."""
        middle = np.array([self._middle])
        return float(self._gap(middle, state)[0] / self.width)

    def move(self, points: Array, state: State) -> Array:
        """Move the 468 landmarks (468, 2) as the picture moves."""
        if state.speaking == 0:
            return points
        moved = points.copy()
        upper, lower = self._edges(points[:, 0])
        below = points[:, 1] > (upper + lower) / 2
        below[list(LOWER_LIP)] = True
        below[[*UPPER_LIP_INNER, 0, 11, 12]] = False
        down, up = self._drop(points[:, 0], points[:, 1], state), self._lift(points[:, 0], points[:, 1], state)
        moved[:, 1] += np.where(below, down, up)
        return moved

    def backward(self, points: Array, state: State) -> Array:
        """Return about where moved skin `points` (..., 2) came from."""
        if state.speaking == 0:
            return points
        x, y = points[..., 0], points[..., 1]
        origin = y
        for _ in range(6):
            origin = 0.5 * origin + 0.5 * (y - self._drop(x, origin, state))
        return np.stack([x, origin], axis=-1)

    def draw(self, image: Image, state: State) -> None:
        """Draw the mouth of `state` into `image`, which shows the portrait at rest."""
        if state.speaking == 0:
            return
        part = np.s_[self._y[0] : self._y[-1] + 1, self._x[0] : self._x[-1] + 1]
        rest = np.ascontiguousarray(image[part])
        upper, lower = self._edges(self._x)
        new_upper = upper + self._lift(self._x, upper, state)
        new_lower = lower + self._drop(self._x, lower, state)
        y = self._y[:, None].astype(float)
        above = self._sheet(rest, lambda x, v: v + self._lift(x, v, state))
        below = self._sheet(rest, lambda x, v: v + self._drop(x, v, state))
        inside = self._interior(above, upper, lower, new_upper, new_lower)
        soft = 0.012 * self.width
        low = smoothstep(new_lower - soft, new_lower + soft, y)[..., None]
        high = smoothstep(new_upper - soft, new_upper + soft, y)[..., None]
        # beyond the corners the two sheets meet and there is no interior
        closed = smoothstep(0.0, 2.0, new_lower - new_upper)[None, :, None]
        lips = above * (1 - low) + below * low
        gap = high * (1 - low) * closed
        image[part] = np.rint(lips * (1 - gap) + inside * gap).astype(np.uint8)

    def _edges(self, x: Array | npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Return y of the inner edges of upper and lower lip; beyond the corners both are the corner's."""
        mesh = self._portrait.mesh
        upper = np.interp(x, *mesh[list(UPPER_LIP_INNER), :2].T)
        lower = np.interp(x, *mesh[list(LOWER_LIP_INNER), :2].T)
        middle = (upper + lower) / 2
        return np.minimum(upper, middle), np.maximum(lower, middle)

    def _lens(self, x: Array) -> Array:
        u = (x - self._middle) / (self.width / 2)
        return np.asarray(np.clip(1 - u**2, 0, None) ** 0.9)

    def _gap(self, x: Array, state: State) -> Array:
        """Return the gap asked for; speech starts from lips nearly closed, also where the portrait smiles."""
        upper, lower = self._edges(x)
        resting = 1 - 0.5 * state.speaking * (1 - state.mouth)
        opening = self._widest * state.mouth * state.speaking * self.width
        return np.asarray((lower - upper) * resting + opening * self._lens(x))

    def _growth(self, x: Array, state: State) -> Array:
        upper, lower = self._edges(x)
        return np.asarray(self._gap(x, state) - (lower - upper))

    def _lift(self, x: Array, y: Array, state: State) -> Array:
        """Return the way of places of the upper sheet, negative is up."""
        upper, _ = self._edges(x)
        fade = 1 - smoothstep(0, 0.3 * self.width, upper - y)
        return np.asarray(-_RISE * np.maximum(self._growth(x, state), 0) * fade)

    def _drop(self, x: Array, y: Array, state: State) -> Array:
        """Return the way of places of the lower sheet: the lip's own at its edge, the jaw's further down."""
        _, lower = self._edges(x)
        growth = self._growth(x, state)
        lip = np.where(growth > 0, (1 - _RISE) * growth, growth)
        jaw_middle = float(self._growth(np.array([self._middle]), state)[0])
        wide = 1 - smoothstep(0.15, 1.5, np.abs(x - self._middle) / self.width)
        jaw = (0.8 if jaw_middle > 0 else 0.5) * jaw_middle * wide
        share = smoothstep(0.0, 0.5 * self.width, y - lower)
        fade = 1 - smoothstep(self._chin, self._chin + self._reach, y)
        return np.asarray((lip + share * (jaw - lip)) * np.where(y < lower, 1.0, fade))

    def _sheet(self, rest: Image, forward: Callable[[Array, Array], Array]) -> Array:
        """Warp the whole part by a motion along its columns, found by inverting it column by column."""
        columns = self._x[::3].astype(float)
        if columns[-1] != self._x[-1]:
            columns = np.append(columns, float(self._x[-1]))
        grid = np.arange(self._y[0] - 60, self._y[-1] + 61, 2.0)
        x, v = np.meshgrid(columns, grid)
        moved = forward(x, v)
        origin = np.stack([np.interp(self._y, moved[:, i], grid) for i in range(len(columns))], axis=1)
        full = cv2.resize(origin.astype(np.float32), (len(self._x), len(self._y)), interpolation=cv2.INTER_LINEAR)
        across = np.tile((self._x - self._x[0]).astype(np.float32), (len(self._y), 1))
        down = full - np.float32(self._y[0])
        warped = cv2.remap(rest, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, dtype=np.float64)

    def _interior(self, above: Array, upper: Array, lower: Array, new_upper: Array, new_lower: Array) -> Array:
        """Draw the inside of the mouth: teeth where the portrait shows them, else a hint of them; dark; a tongue."""
        y = self._y[:, None].astype(float)
        gap = np.maximum(new_lower - new_upper, 1e-3)
        depth = (y - new_upper) / gap
        across = np.clip(self._lens(self._x), 0, 1)
        tongue = smoothstep(0.55, 1.0, depth)[..., None] * across[None, :, None] ** 2
        inside = _DARK + tongue * (_TONGUE - _DARK)
        if self._shows_teeth:
            # the portrait's own teeth hang below the upper lip; what lay at the lower lip is left out
            edge = new_upper + (lower - upper) - 0.05 * self.width
            own = 1 - smoothstep(edge - 0.03 * self.width, edge + 0.03 * self.width, y)
            return np.asarray(inside + own[..., None] * (above - inside))
        length = min(0.075 * self.width, 0.4 * float(gap.max()))
        from_lip = (y - new_upper) / max(length, 1e-3)
        u = (self._x - self._middle) / (0.085 * self.width)
        parting = 0.8 + 0.2 * np.abs(np.cos(np.pi * u / 2)) ** 0.4
        hint = smoothstep(1.35, 0.55, from_lip) * (0.35 + 0.55 * smoothstep(0.0, 0.8, from_lip))
        hint = hint * smoothstep(0.35, 0.95, across) * parting
        return np.asarray(inside + hint[..., None] * (_TEETH - inside))
