"""The source model as it stands in a face file: written field by field, and believed only within bounds."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import numpy as np

from facefusion.faces.mesh import VERTICES
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.texture import pyramid
from facefusion.processors.face_swapper.mesh.view import MAX_SIDE
from facefusion.state import State, StateError

_Record = TypeVar("_Record")
_TEXTURES = "textures"
_LEAST_SIDE = 8


@dataclass(frozen=True, slots=True)
class Expected:
    """What a value of the model can be.

    Attributes:
        shape: sides of an array, None where any will do; empty for a plain number.
        low: least value.
        high: greatest.
        dtype: of an array.
    """

    shape: tuple[int | None, ...]
    low: float
    high: float
    dtype: str = "<f4"


EXPECTED = {
    "textures": Expected((None, None, 3), -1024, 1024),
    "mesh": Expected((VERTICES, 3), -4 * MAX_SIDE, 4 * MAX_SIDE),
    "visibility": Expected((VERTICES,), 0, 1),
    "light.directional": Expected((VERTICES, 3), -4096, 4096),
    "light.remainder": Expected((VERTICES, 3), -4096, 4096),
    "light.spread": Expected((3,), 0, 4096, "<f8"),
    "light.mean": Expected((3,), -4096, 4096, "<f8"),
    "light.contrast": Expected((), 0, 4096),
    "light.beard": Expected((), 0, 1),
    "shape": Expected((VERTICES, 3), -16, 16),
    "eyes.iris": Expected((3,), -16, 272),
    "eyes.white": Expected((3,), -16, 272),
    "eyes.black": Expected((3,), -16, 272),
    "eyes.trust": Expected((), 0, 1),
    "origins": Expected((None, VERTICES), 0, 1.01),
}
"""Every value of the model by its name; that of a field of a field has a dot."""


def model_state(model: SourceModel) -> State:
    """Return the model as plain values, of the textures the first alone: the others are made from it."""
    return _taken(model)


def restored_model(state: State) -> SourceModel:
    """Return the model that `model_state` was given.

    Raises:
        StateError: there can be no such model.
    """
    model = _made(SourceModel, state)
    height, width = model.textures[0].shape[:2]
    within = (model.mesh[:, :2] > -8) & (model.mesh[:, :2] < np.array([width, height]) + 8)
    if not _LEAST_SIDE <= min(height, width) <= max(height, width) <= 2 * MAX_SIDE or not within.all():
        raise StateError("the texture does not fit its mesh")
    return model


def _taken(record: Any) -> State:
    """Return the fields of a dataclass, nested ones as dictionaries."""
    state: State = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name == _TEXTURES:
            value = value[0]
        state[field.name] = _taken(value) if is_dataclass(value) else value
    return state


def _made(kind: type[_Record], state: object, before: str = "") -> _Record:
    """Make a dataclass from its fields."""
    if not isinstance(state, dict) or set(state) != {field.name for field in fields(kind)}:  # type: ignore[arg-type]
        raise StateError(f"{before or 'the model'} has other fields")
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        place = before + name
        value = state[name]
        values[name] = (
            _made(hint, value, f"{place}.")
            if isinstance(hint, type) and is_dataclass(hint)
            else _believed(place, value)
        )
    if _TEXTURES in values:
        values[_TEXTURES] = pyramid(values[_TEXTURES])
    return kind(**values)


def _believed(place: str, value: object) -> object:
    """Return a value if there can be such a one."""
    expected = EXPECTED[place]
    if not expected.shape:
        if type(value) is not float or not expected.low <= value <= expected.high:
            raise StateError(f"{place} is out of range")
        return value
    if not isinstance(value, np.ndarray) or value.dtype != expected.dtype or value.ndim != len(expected.shape):
        raise StateError(f"{place} is of another kind")
    if any(side not in (None, own) for side, own in zip(expected.shape, value.shape, strict=True)) or not value.size:
        raise StateError(f"{place} has another shape")
    if not (np.isfinite(value).all() and expected.low <= value.min() and value.max() <= expected.high):
        raise StateError(f"{place} is out of range")
    return value
