"""Renditions as requests give them: a name, and words behind it."""

from __future__ import annotations

import shlex


def rendition_parts(text: object) -> tuple[str, list[str]]:
    """Return the name of a rendition, and the words behind it.

    Raises:
        ValueError: it is no such text.
    """
    try:
        name, *words = shlex.split(str(text))
    except ValueError:
        raise ValueError(f"the rendition {text!r} is not understood") from None
    return name, words


def rendition_at(path: str, words: list[str]) -> str:
    """Return a rendition that is written to a path."""
    return shlex.join([path, *words])
