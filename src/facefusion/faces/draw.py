"""Drawing: a picture that shows which faces were found and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, OVAL, RIGHT_EYE
from facefusion.faces.types import Face

_LINE = (64, 220, 255)
_TEXT = (255, 255, 255)
_BACK = (24, 24, 24)


def draw_faces(image: npt.NDArray[np.uint8], faces: Sequence[Face], note: str = "") -> npt.NDArray[np.uint8]:
    """Return a copy of the picture with each face's box, outlines and number.

    Args:
        image: RGB uint8 (H, W, 3).
        faces: faces found in it, in the order in which they are numbered.
        note: a sentence written along the top.
    """
    canvas = image.copy()
    unit = max(image.shape[:2]) / 1000
    for number, face in enumerate(faces):
        _draw_face(canvas, face, unit)
        label = f"{number}: {face.width:.0f} px, yaw {face.pose.yaw:+.0f}, score {face.score:.2f}"
        write(canvas, label, (face.box[0], face.box[1]), unit)
    if note:
        write(canvas, note, (0, 40 * unit), unit)
    return canvas


def _draw_face(canvas: npt.NDArray[np.uint8], face: Face, unit: float) -> None:
    thickness = max(1, round(2 * unit))
    left, top, right, bottom = (round(float(value)) for value in face.box)
    cv2.rectangle(canvas, (left, top), (right, bottom), _LINE, thickness, cv2.LINE_AA)
    outlines = [np.round(face.mesh[list(rim), :2]).astype(np.int32) for rim in (OVAL, LEFT_EYE, RIGHT_EYE, OUTER_LIPS)]
    outlines.append(np.round(face.mesh[list(INNER_LIPS), :2]).astype(np.int32))
    cv2.polylines(canvas, outlines, True, _LINE, thickness, cv2.LINE_AA)


def write(canvas: npt.NDArray[np.uint8], text: str, corner: Sequence[float], unit: float) -> None:
    """Write on a dark plate whose bottom-left corner is given, moved to lie within the picture."""
    scale, thickness = max(0.35, 0.8 * unit), max(1, round(1.6 * unit))
    text = _drawable(text)
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    if width > canvas.shape[1] - 4:
        scale *= (canvas.shape[1] - 4) / width
        (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    x = int(np.clip(corner[0], 0, max(0, canvas.shape[1] - width - 4)))
    y = int(np.clip(corner[1], height + base + 4, canvas.shape[0] - 1))
    cv2.rectangle(canvas, (x, y - height - base - 4), (x + width + 4, y), _BACK, cv2.FILLED)
    cv2.putText(canvas, text, (x + 2, y - base - 2), cv2.FONT_HERSHEY_SIMPLEX, scale, _TEXT, thickness, cv2.LINE_AA)


def _drawable(text: str) -> str:
    """Put one `?` for each character that OpenCV cannot draw.

    Half a surrogate pair, which stands in file names for bytes that are no text, makes OpenCV 5 crash; before version 5
    it knows ASCII alone, and puts a `?` for each byte of anything else.
    """
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if hasattr(cv2, "FontFace") else text.replace("°", " deg").encode("ascii", "replace").decode()
