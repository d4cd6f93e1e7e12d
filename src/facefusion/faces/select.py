"""Selection: which of the faces found are worked on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facefusion.errors import NoFaceError, SeveralFacesError
from facefusion.faces.types import Face
from facefusion.options.selection import FaceOrder

_KEYS: dict[FaceOrder, Callable[[Face], float]] = {
    "large-small": lambda face: -face.width * face.height,
    "small-large": lambda face: face.width * face.height,
    "left-right": lambda face: float(face.box[0] + face.box[2]),
    "right-left": lambda face: -float(face.box[0] + face.box[2]),
    "top-bottom": lambda face: float(face.box[1] + face.box[3]),
    "bottom-top": lambda face: -float(face.box[1] + face.box[3]),
    "best-worst": lambda face: -face.score,
    "worst-best": lambda face: face.score,
}


def order_faces(faces: Sequence[Face], order: FaceOrder) -> list[Face]:
    """Return the faces in the order asked for."""
    return sorted(faces, key=_KEYS[order])


def pick_face(faces: Sequence[Face], position: int | None, *, name: str, option: str) -> Face:
    """Return the one face of a picture that is meant.

    Args:
        faces: faces found in the picture, in the order in which they are counted.
        position: which one; None when there must be only one.
        name: the picture's name for messages.
        option: the command-line option that sets the position, for messages.

    Raises:
        NoFaceError: none was found, or none at that position.
        SeveralFacesError: several were found and no position given.
    """
    if not faces:
        raise NoFaceError(f"No face was found in {name}", "Use a picture that shows a face clearly, from the front")
    if position is None and len(faces) > 1:
        raise SeveralFacesError(
            f"{len(faces)} faces were found in {name}, one was wanted",
            f"Choose with {option} 0 to {len(faces) - 1} (in --face-selector-order), or crop the picture",
        )
    if position is not None and position >= len(faces):
        raise NoFaceError(
            f"{name} shows {len(faces)} face(s), none at position {position}",
            f"Positions run from 0 to {len(faces) - 1}",
        )
    return faces[position or 0]
