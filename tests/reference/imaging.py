"""What networks that make pictures of pictures are given, and what is made of their answer: plain NumPy."""

from __future__ import annotations

import numpy as np
import onnxruntime

_WHITE = np.array([0.950456, 1.0, 1.088754])
_TO_XYZ = np.array([[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]])


def run(path, **inputs):
    """The outputs of a network."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def planes(image, mean=0.0, std=1.0):
    """RGB uint8 (H, W, 3) as float32 (1, 3, H, W)."""
    values = (image.astype(np.float64) / 255 - np.asarray(mean)) / np.asarray(std)
    return values.transpose(2, 0, 1)[None].astype(np.float32)


def picture(values, mean=0.0, std=1.0):
    """A network's (3, H, W) as RGB, float64 (H, W, 3), 0 to 255."""
    return np.clip(values.astype(np.float64).transpose(1, 2, 0) * np.asarray(std) + np.asarray(mean), 0, 1) * 255


def luma(image):
    """Y of BT.601, full range, 0 to 1."""
    return (image.astype(np.float64) @ [0.299, 0.587, 0.114]) / 255


def colour_differences(image):
    """Cr and Cb of BT.601, full range, 0 to 1, (H, W, 2)."""
    values = image.astype(np.float64) / 255
    y = luma(image)
    return np.dstack([(values[..., 0] - y) * 0.713 + 0.5, (values[..., 2] - y) * 0.564 + 0.5])


def from_luma(y, differences):
    """RGB, 0 to 255, of Y, Cr and Cb."""
    cr, cb = differences[..., 0] - 0.5, differences[..., 1] - 0.5
    rgb = np.dstack([y + 1.403 * cr, y - 0.714 * cr - 0.344 * cb, y + 1.773 * cb])
    return np.clip(rgb, 0, 1) * 255


def lab_of(image):
    """CIE Lab, D65, of sRGB uint8."""
    values = image.astype(np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lightness = np.where(xyz[..., 1] > 0.008856, 116 * f[..., 1] - 16, 903.3 * xyz[..., 1])
    return np.dstack([lightness, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])])


def of_lab(lab):
    """sRGB, float64, 0 to 255, not clipped, of CIE Lab."""
    fy = (lab[..., 0] + 16) / 116
    f = np.dstack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200])
    xyz = np.where(f > 0.206893, f**3, (f - 16 / 116) / 7.787) * _WHITE
    linear = xyz @ np.linalg.inv(_TO_XYZ).T
    values = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)
    return values * 255


def over(image, mask, colour):
    """Colour and opacity, 0 to 255, of a picture by its mask over a colour with opacity."""
    share, behind = mask[..., None], (1 - mask[..., None]) * colour[3] / 255
    whole = share + behind
    mixed = (share * image + behind * np.array(colour[:3], float)) / np.where(whole > 0, whole, 1)
    return np.where(whole > 0, mixed, image), whole[..., 0] * 255


def screen_key(image):
    """One less how green a pixel is, 0 to 1."""
    values = image.astype(np.float64) / 255
    return 1 - np.clip(2 * (values[..., 1] - np.maximum(values[..., 0], values[..., 2])), 0, 1)
