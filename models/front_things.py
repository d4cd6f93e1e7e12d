"""Things in front of faces, drawn at random: hands of any skin, microphones, paper, food, and glasses.

All of them are fields of one side: a share of each pixel, float32 (N, N), 0 to 1, and its colour, RGB (N, N, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.floating]
Drawn = tuple[Values, Values]
SKIN = (50, 280, 117, 346, 205, 425, 151, 108, 337, 187, 411, 101, 330)
"""Vertices that show plain skin."""
_TEXTURED = (50, 280, 151, 205, 425)
_TONES = ((224, 180, 155), (190, 140, 110), (120, 80, 60), (85, 58, 46))
_SUBPIXELS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces to draw in front of, and to take textures from.

    Attributes:
        crops: RGB uint8 (F, 160, 160, 3), as the landmarker sees them.
        meshes: float32 (F, 468, 2) in pixels of the crops.
    """

    crops: npt.NDArray[np.uint8]
    meshes: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What things are drawn into.

    Attributes:
        side: of the picture in pixels.
        outline: of the face in it, (N, 2).
        skin: its colour, RGB.
        faces: all of them.
    """

    side: int
    outline: Values
    skin: Values
    faces: Faces


def hand(rng: np.random.Generator, scene: Scene) -> Drawn:
    """Draw one to five fingers, often with a palm and a wrist behind them."""
    side, (end, angle, size) = scene.side, _reach_in(rng, scene)
    count, width = int(rng.choice([1, 1, 2, 3, 4, 4, 5])), size[0] * rng.uniform(0.045, 0.085)
    length, gap = size[0] * rng.uniform(0.4, 0.95), width * rng.uniform(1.7, 2.5)
    base = scene.skin if rng.random() < 0.8 else rng.choice(_TONES)
    tone = shifted(rng, base, 14, 3.5)
    texture = _skin(rng, scene, tone)
    light, curl, fan = rng.uniform(-0.6, 0.6), rng.uniform(0.1, 0.45), rng.normal(0, 0.05)
    share, colour = np.zeros((side, side)), np.zeros((side, side, 3))
    root = end - length * _towards(angle)
    if rng.random() < 0.6:
        share, colour = _palm(rng, texture, root, angle, radius=max(count, 3) * gap * 0.55, light=light, curl=curl)
    for number in rng.permutation(count):
        off = number - (count - 1) / 2
        start = root + off * gap * _towards(angle + np.pi / 2)
        reach = length * rng.uniform(0.75, 1.05) * (1 - 0.08 * abs(off))
        turn = angle + fan * off + rng.normal(0, 0.05)
        part = _Finger.draw(rng, side, start, turn, length=reach, width=width * rng.uniform(0.9, 1.1))
        lit = part.shaded(rng, texture, tone, light, curl)
        # A finger darkens what it lies on.
        near = np.clip(1.35 - part.distance, 0, 0.35) * rng.uniform(0.2, 1.2) * (1 - part.share)
        colour = _over(colour * (1 - near[..., None]), part.share, lit)
        share = np.maximum(share, part.share)
    return share, colour


def thing(rng: np.random.Generator, scene: Scene) -> Drawn:
    """Draw a microphone, a sheet, food, a fist or anything else."""
    kind = rng.random()
    if kind < 0.3:
        return _bar(rng, scene)
    if kind < 0.55:
        return _microphone(rng, scene)
    return _lump(rng, scene) if kind < 0.8 else _sheet(rng, scene)


def wearing_glasses(rng: np.random.Generator, image: Values, mesh: Values) -> Values:
    """Return a picture whose face wears drawn glasses: they are the face's own, and in front of nothing."""
    side, result = image.shape[0], image
    colour = rng.uniform(0, 90, 3) if rng.random() < 0.7 else rng.uniform(60, 255, 3)
    unit = float(np.linalg.norm(mesh[263] - mesh[33]))
    along, middle = (mesh[263] - mesh[33]) / unit, (mesh[263] + mesh[33]) / 2
    up = np.array([along[1], -along[0]])
    width, height = unit * rng.uniform(0.24, 0.34), unit * rng.uniform(0.14, 0.29)
    apart, power = rng.uniform(0.32, 0.4) * unit, int(rng.choice([2, 3, 5]))
    lines = [np.array([middle - (apart - width) * along, middle + (apart - width) * along])]
    angles = np.linspace(0, 2 * np.pi, 40)
    reach = (np.abs(np.cos(angles)) ** power + np.abs(np.sin(angles)) ** power) ** (-1 / power)
    for sign in (-1, 1):
        centre = middle + sign * apart * along - up * unit * rng.uniform(-0.02, 0.08)
        rim = centre + np.outer(width * reach * np.cos(angles), along) + np.outer(height * reach * np.sin(angles), up)
        hinge = centre + sign * width * along
        lines += [rim, np.array([hinge, hinge + sign * along * unit * 0.4])]
        if rng.random() < 0.25:
            result = _over(result, _polygon(side, rim) * rng.uniform(0.1, 0.95), colour)
    drawn = np.zeros((side, side), np.uint8)
    thickness = max(1, round(rng.uniform(0.5, 3.2) * side / 96))
    cv2.polylines(drawn, [_fixed(line) for line in lines], False, 255, thickness, cv2.LINE_AA, _SUBPIXELS)
    return _over(result, drawn / 255, colour)


def shifted(rng: np.random.Generator, colour: npt.ArrayLike, lightness: float, chroma: float) -> Values:
    """Return an RGB colour moved at random in Lab."""
    lab = cv2.cvtColor(np.array([[np.clip(colour, 0, 255)]], np.uint8), cv2.COLOR_RGB2LAB)[0, 0].astype(float)
    lab += rng.normal(0, 1, 3) * [lightness, chroma, chroma]
    near = np.array([[np.clip(lab, 0, 255)]], np.uint8)
    return cv2.cvtColor(near, cv2.COLOR_LAB2RGB)[0, 0].astype(float)


def noise(rng: np.random.Generator, side: int, grain: float) -> Values:
    """Return noise of deviation 1, float32 (side, side)."""
    field = cv2.GaussianBlur(rng.standard_normal((side, side)).astype(np.float32), (0, 0), grain)
    return field / (field.std() + 1e-6)


@dataclass(frozen=True, slots=True, eq=False)
class _Finger:
    """One finger: share, distance from its axis in radii, way along it and to its side, and its joints."""

    share: Values
    distance: Values
    along: Values
    aside: Values
    joints: Values
    width: float

    @classmethod
    def draw(
        cls, rng: np.random.Generator, side: int, start: Values, angle: float, *, length: float, width: float
    ) -> _Finger:
        bend, joints = rng.normal(0, 0.18), [start]
        for _ in range(3):
            angle += bend + rng.normal(0, 0.05)
            joints.append(joints[-1] + length / 3 * _towards(angle))
        y, x = np.mgrid[:side, :side].astype(np.float32)
        nearest, along, aside = (np.full((side, side), start) for start in (9.0, 0.0, 0.0))
        for number, (a, b) in enumerate(pairwise(joints)):
            way = b - a
            square = max(float(way @ way), 1e-3)
            part = np.clip(((x - a[0]) * way[0] + (y - a[1]) * way[1]) / square, 0, 1)
            dx, dy, whole = x - a[0] - part * way[0], y - a[1] - part * way[1], (number + part) / 3
            radius = width * (1 - 0.22 * whole) * (1 + 0.06 * np.cos(whole * np.pi * 5))
            distance = np.hypot(dx, dy) / radius
            closer = distance < nearest
            nearest, along = np.where(closer, distance, nearest), np.where(closer, whole, along)
            aside = np.where(closer, (dy * way[0] - dx * way[1]) / np.sqrt(square) / radius, aside)
        share = np.clip((1 - nearest) * width + 0.5, 0, 1)
        return cls(share, nearest, along, aside, np.array(joints), width)

    def shaded(self, rng: np.random.Generator, texture: Values, tone: Values, light: float, curl: float) -> Values:
        """Return its colour: round, with knuckles, a red tip and at times a nail."""
        shade = 1 - light * 0.35 * self.aside - curl * np.clip(self.distance, 0, 1) ** 3
        for knuckle in (0.33, 0.66):
            if rng.random() < 0.6:
                shade -= rng.uniform(0.02, 0.12) * np.exp(-(((self.along - knuckle) / 0.02) ** 2))
        tip = np.clip(self.along - 0.7, 0, 1)[..., None] * rng.uniform(0, 2)
        colour = texture * shade[..., None] + rng.normal(0, 4) + np.array([10, -2, -2]) * tip
        return self._with_nail(rng, colour, tone) if rng.random() < 0.35 else colour

    def _with_nail(self, rng: np.random.Generator, colour: Values, tone: Values) -> Values:
        y, x = np.mgrid[: colour.shape[0], : colour.shape[1]]
        dx, dy = x - self.joints[-1, 0], y - self.joints[-1, 1]
        way = self.joints[-1] - self.joints[-2]
        c, s = way / max(float(np.linalg.norm(way)), 1e-6)
        reach = np.hypot((dx * c + dy * s) / (self.width * 0.8), (dy * c - dx * s) / (self.width * 0.6))
        varnish = shifted(rng, tone, 10, 4) + rng.uniform(5, 35) if rng.random() < 0.8 else rng.uniform(0, 255, 3)
        return _over(colour, np.clip(1.3 - reach, 0, 1) * 0.6, varnish)


def _palm(
    rng: np.random.Generator,
    texture: Values,
    root: Values,
    angle: float,
    *,
    radius: float,
    light: float,
    curl: float,
) -> Drawn:
    """Draw a palm with a wrist."""
    y, x = np.mgrid[: texture.shape[0], : texture.shape[1]].astype(np.float32)
    centre, (c, s) = root - radius * 0.8 * _towards(angle), _towards(angle)
    ahead = ((x - centre[0]) * c + (y - centre[1]) * s) / (radius * rng.uniform(1.1, 1.5))
    aside = ((y - centre[1]) * c - (x - centre[0]) * s) / radius
    distance = np.hypot(np.where(ahead < 0, ahead * 0.4, ahead), aside)
    share = np.clip((1 - distance) * radius + 0.5, 0, 1)
    shade = 1 + light * 0.25 * aside - curl * 0.6 * np.clip(distance, 0, 1) ** 4
    return share, texture * shade[..., None] * share[..., None]


def _bar(rng: np.random.Generator, scene: Scene) -> Drawn:
    end, angle, size = _reach_in(rng, scene)
    way, across = _towards(angle), _towards(angle + np.pi / 2) * size[0] * rng.uniform(0.1, 0.5)
    far = end - scene.side * way
    slant = rng.normal(0, 0.15, 2)[:, None] * way * np.linalg.norm(across)
    corners = [far - across * rng.uniform(0.8, 1.2), end - across + slant[0], end + across + slant[1]]
    return _polygon(scene.side, np.array([*corners, far + across * rng.uniform(0.8, 1.2)])), _stuff(rng, scene)


def _microphone(rng: np.random.Generator, scene: Scene) -> Drawn:
    side, (end, angle, size) = scene.side, _reach_in(rng, scene)
    way, across = _towards(angle), _towards(angle + np.pi / 2)
    thick, far = across * size[0] * rng.uniform(0.015, 0.07), end - 1.2 * side * way
    stick = _polygon(side, np.array([far - thick, end - thick, end + thick, far + thick]))
    radius = size[0] * rng.uniform(0.08, 0.2)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    place = np.stack([x - end[0], y - end[1]], -1)
    distance = np.hypot(place @ way / rng.uniform(1, 1.4), place @ across) / radius
    head = np.clip((1 - distance) * radius + 0.5, 0, 1)
    colour, knob = _stuff(rng, scene), _stuff(rng, scene)
    if rng.random() < 0.6:
        colour = np.full((side, side, 3), rng.uniform(8, 60))
        knob = rng.uniform(10, 150) + noise(rng, side, 0.8)[..., None] * rng.uniform(0, 25, 1) + np.zeros(3)
    shade = 1.15 - 0.5 * np.clip(distance, 0, 1) ** 3 - 0.3 * place[..., 0] / radius * rng.normal(0, 0.5)
    return np.maximum(stick, head), _over(colour, head, knob * shade[..., None])


def _lump(rng: np.random.Generator, scene: Scene) -> Drawn:
    end, angle, size = _reach_in(rng, scene)
    centre = end if rng.random() < 0.4 else end - _towards(angle) * size * rng.uniform(0.1, 0.5)
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    reach, flat = size[0] * rng.uniform(0.1, 0.45) * (1 + rng.normal(0, 0.12, 14)), rng.uniform(0.6, 1.6)
    rim = centre + np.stack([reach * np.cos(angles) * flat, reach * np.sin(angles) / flat], 1)
    solid = (cv2.GaussianBlur(_polygon(scene.side, rim), (0, 0), 4) > 0.5).astype(np.float32)
    of_skin = rng.random() < 0.4
    colour = _skin(rng, scene, shifted(rng, scene.skin, 12, 4)) if of_skin else _stuff(rng, scene)
    depth = cv2.distanceTransform(solid.astype(np.uint8), cv2.DIST_L2, 3)
    shade = 1 - rng.uniform(0, 0.5) * np.exp(-depth / rng.uniform(2, 12))
    return cv2.GaussianBlur(solid, (0, 0), 0.8), colour * shade[..., None]


def _sheet(rng: np.random.Generator, scene: Scene) -> Drawn:
    end, _, size = _reach_in(rng, scene)
    (width, height), turn = size * rng.uniform(0.1, 0.5, 2), rng.normal(0, 0.4)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]])
    turned = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return _polygon(scene.side, turned + end + [0, rng.uniform(0, 0.8) * height]), _stuff(rng, scene)


def _stuff(rng: np.random.Generator, scene: Scene) -> Values:
    """Return a surface: plain, white, black, like skin, or a piece of another picture; shaded, rough, striped."""
    side, kind = scene.side, rng.random()
    if kind < 0.72:
        choices = {0.3: rng.uniform(0, 255, 3), 0.45: np.full(3, rng.uniform(150, 255))}
        choices |= {0.62: np.full(3, rng.uniform(5, 70)), 0.72: shifted(rng, scene.skin, 22, 8)}
        colour = np.tile(next(plain for limit, plain in choices.items() if kind < limit), (side, side, 1))
    else:
        crop, size = rng.choice(scene.faces.crops), int(rng.integers(24, 120))
        x, y = rng.integers(0, crop.shape[0] - size, 2)
        piece = np.rot90(crop[y : y + size, x : x + size], int(rng.integers(4)))
        colour = cv2.resize(np.ascontiguousarray(piece), (side, side)) * rng.uniform(0.5, 1.1)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    colour = colour * (1 + rng.normal(0, 0.2) * x + rng.normal(0, 0.2) * y)[..., None]
    colour += noise(rng, side, rng.uniform(0.6, 8))[..., None] * rng.uniform(0, 10)
    if rng.random() < 0.2:
        angle, pace = rng.uniform(0, np.pi), rng.uniform(0.1, 0.8) * side / 2
        stripes = np.sin((x * np.cos(angle) + y * np.sin(angle)) * pace) > rng.uniform(-0.5, 0.5)
        colour += stripes[..., None] * rng.uniform(-90, 90, 3)
    return colour


def _skin(rng: np.random.Generator, scene: Scene, tone: Values) -> Values:
    """Return skin of a tone, with the texture of somebody's."""
    side, number = scene.side, int(rng.integers(len(scene.faces.crops)))
    x, y = np.clip(scene.faces.meshes[number, rng.choice(_TEXTURED)].astype(int), 14, 145)
    patch = scene.faces.crops[number, y - 12 : y + 12, x - 12 : x + 12].astype(np.float32)
    patch -= patch.mean((0, 1))
    mirrored = np.vstack([np.hstack([patch, patch[:, ::-1]]), np.hstack([patch[::-1], patch[::-1, ::-1]])])
    skin = tone + cv2.resize(mirrored, (side, side)) * rng.uniform(0.3, 1)
    skin += noise(rng, side, rng.uniform(6, 16))[..., None] * rng.uniform(0, 6) * np.array([1, 1.1, 1.1])
    return skin + noise(rng, side, 0.9)[..., None] * rng.uniform(0, 4)


def _reach_in(rng: np.random.Generator, scene: Scene) -> tuple[Values, float, Values]:
    """Return a place on the face, the way in which a thing gets there, in radians, and the size of the face."""
    size = np.ptp(scene.outline, axis=0)
    end, from_where = scene.outline.mean(0) + rng.uniform(-0.42, 0.42, 2) * size, rng.random()
    if from_where < 0.5:
        return end, -np.pi / 2 + rng.normal(0, 0.55), size
    if from_where < 0.88:
        return end, (0 if rng.random() < 0.5 else np.pi) + rng.normal(0, 0.5), size
    return end, np.pi / 2 + rng.normal(0, 0.5), size


def _over(below: Values, share: Values, above: Values) -> Values:
    return below * (1 - share[..., None]) + above * share[..., None]


def _towards(angle: float) -> Values:
    return np.array([np.cos(angle), np.sin(angle)])


def _polygon(side: int, corners: Values) -> Values:
    drawn = np.zeros((side, side), np.uint8)
    cv2.fillPoly(drawn, [_fixed(corners)], 255, cv2.LINE_AA, _SUBPIXELS)
    return drawn.astype(np.float32) / 255


def _fixed(points: Values) -> npt.NDArray[np.int32]:
    return np.round(points * (1 << _SUBPIXELS)).astype(np.int32)
