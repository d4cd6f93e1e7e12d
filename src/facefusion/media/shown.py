"""Texts of a file as they may be shown to people."""

from __future__ import annotations

_MOST = 80
_LONGEST_REASON = 200


def shown(text: str, most: int = _MOST) -> str:
    """Return a text on one line, without control characters, which could write over a terminal, and not too long.

    Args:
        text: of a stranger's file.
        most: letters that are kept.
    """
    kept = "".join(letter if letter.isprintable() else " " for letter in text[: most + 1])
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"


def reason(error: BaseException) -> str:
    """Return what a decoder says of a file, which may hold letters of that file, as part of a sentence."""
    return shown(str(getattr(error, "strerror", None) or error) or type(error).__name__, _LONGEST_REASON)
