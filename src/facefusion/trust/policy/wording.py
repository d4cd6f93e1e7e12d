"""What is wrong with a policy, in words."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError


def first_problem(error: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong first, and what to do about it.

    Args:
        error: of the schema.
        model: what was to be made.
    """
    first = error.errors()[0]
    place = tuple(str(part) for part in first["loc"])
    name = ".".join(place)
    if first["type"] == "extra_forbidden":
        return f"there is no {name}", _meant(place, model)
    if first["type"] == "missing":
        is_rule = len(place) <= 2
        hint = 'Add it, or begin from a profile: extends = "personal"' if is_rule else "A rule has a value and a why"
        return f"{name} is missing", hint
    if first["type"].startswith("model_") and len(place) == 2:
        return f"{name} is no rule", f'Write {place[-1]} = {{ value = …, why = "…" }}'
    message = first["msg"].removeprefix("Value error, ")
    if not name:
        return message, "Take the rule away, or make it stricter"
    return f"{name}: {message[:1].lower()}{message[1:]}, got {first['input']!r}", ""


def _meant(place: tuple[str, ...], model: type[BaseModel]) -> str:
    known = _names(place[:-1], model)
    near = difflib.get_close_matches(place[-1], known, n=1)
    return f"Perhaps you meant {near[0]}" if near else f"There are {', '.join(known)}"


def _names(place: tuple[str, ...], model: type[BaseModel]) -> list[str]:
    """Return the keys that may stand at a place."""
    for part in place:
        kind: Any = model.model_fields[part].annotation
        model = kind
    return [str(field.alias or name) for name, field in model.model_fields.items()]
