"""Texts of a file as they may be shown to people."""

from __future__ import annotations

_MOST = 80


def shown(text: str, most: int = _MOST) -> str:
    """Return a text on one line, without control characters, which could write over a terminal, and not too long.

    Args:
        text: of a stranger's file.
        most: letters that are kept.
    """
    kept = "".join(letter if letter.isprintable() else " " for letter in text[: most + 1])
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"
