"""LivePortrait's pre- and post-processing, written from what is published of it: plain NumPy, one face at a time."""

from __future__ import annotations

import numpy as np
import onnxruntime

UPPER, LOWER = (1, 2, 6, 10, 11, 12, 13, 15, 16), (3, 7, 14, 17, 18, 19, 20)
MOTION_NAMES = ("pitch", "yaw", "roll", "scale", "translation", "expression", "motion_points")


class Nets:
    """The networks of a folder, run as they are."""

    def __init__(self, folder):
        self._folder, self._sessions = folder, {}

    def run(self, name, **inputs):
        if name not in self._sessions:
            path = self._folder / f"{name}.onnx"
            self._sessions[name] = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return self._sessions[name].run(None, {key: np.asarray(value, np.float32) for key, value in inputs.items()})

    def motion(self, crop):
        values = self.run("live_portrait_motion_extractor", input=network_input(crop))
        motion = {name: np.asarray(value, np.float64) for name, value in zip(MOTION_NAMES, values, strict=True)}
        for name in ("expression", "motion_points"):
            motion[name] = motion[name].reshape(21, 3)
        return motion

    def shown(self, crop, wanted, given):
        """RGB, 0 to 255, (512, 512, 3)."""
        [features] = self.run("live_portrait_feature_extractor", input=network_input(crop))
        [values] = self.run("live_portrait", feature_volume=features, source=wanted[None], target=given[None])
        return np.clip(values[0].transpose(1, 2, 0), 0, 1) * 255

    def restored(self, crop, before, factor, areas):
        """A crop with another's expression."""
        now = self.motion(crop)
        wanted = mixed(now["expression"], self.motion(before)["expression"], factor, areas)
        return self.shown(crop, points(now, wanted), points(now, now["expression"]))


def network_input(crop):
    """RGB uint8 (512, 512, 3) as float32 (1, 3, 256, 256)."""
    means = crop.reshape(256, 2, 256, 2, 3).astype(np.float64).mean((1, 3))
    return (np.rint(means) / 255).transpose(2, 0, 1)[None].astype(np.float32)


def rotation(pitch, yaw, roll):
    """About the fixed axes x, y, z, one after the other."""
    a, b, c = np.radians([float(pitch), float(yaw), float(roll)])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def points(motion, expression, turn=None):
    """Key points (21, 3)."""
    turn = rotation(motion["pitch"], motion["yaw"], motion["roll"]) if turn is None else turn
    result = np.zeros((21, 3))
    for place in range(21):
        result[place] = float(motion["scale"]) * (turn @ motion["motion_points"][place] + expression[place])
    return result + motion["translation"].reshape(3)


def mixed(now, wanted, factor, areas):
    """An expression on its way to another."""
    share = np.interp(factor, [0, 1], [0, 1.2])
    result = now.copy()
    for place in (UPPER if "upper-face" in areas else ()) + (LOWER if "lower-face" in areas else ()):
        result[place] = wanted[place] * share + now[place] * (1 - share)
    return result


def head(motion, pitch, yaw, roll):
    """The rotation of a head that sliders turn: pitch and yaw the other way round."""
    angles = []
    for name, by, most in (("pitch", -20 * pitch, 30), ("yaw", -60 * yaw, 60), ("roll", 15 * roll, 20)):
        angle = float(motion[name])
        angles.append(min(max(angle + by, min(angle, -most)), max(angle, most)))
    return rotation(*angles)


def distance_ratio(points68, first, second, third, fourth):
    return np.linalg.norm(points68[first] - points68[second]) / np.linalg.norm(points68[third] - points68[fourth])


def eye_ratio(points68, first):
    """Height between the middles of the lids, by width."""
    p = points68[first : first + 6]
    return np.linalg.norm((p[1] + p[2]) / 2 - (p[4] + p[5]) / 2) / np.linalg.norm(p[0] - p[3])
