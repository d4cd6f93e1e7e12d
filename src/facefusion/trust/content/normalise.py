"""Texts as terms are looked for in them: without what only hides a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_DIGITS: Final = str.maketrans("0345@$", "oeasas") | {ord("7"): "t"}
_ONES: Final = ("i", "l")
"""What 1, ! and | may stand for."""
_ONE: Final = re.compile(r"[1!|]")
_SPACED: Final = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_])){3,}")
"""At least four single letters, one apart from the other."""
_REPEATED: Final = re.compile(r"(\w)\1{2,}")
_BETWEEN: Final = re.compile(r"[\W_]+")
_LOOKALIKES: Final = str.maketrans("асеорхуіѕјкмнтв", "aceopxyisjkmhtb")
"""Small Cyrillic letters that look like Latin ones."""
_LATIN: Final = re.compile("[a-z]")


def folded(text: str) -> str:
    """Return a text in one spelling: compatible characters, case, accents and characters without width are one."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    shown = (each for each in apart if unicodedata.category(each) not in ("Cf", "Mn", "Cc") or each.isspace())
    return unicodedata.normalize("NFC", "".join(shown))


def words_of(text: str) -> str:
    """Return a folded text as words with one space between them, and before and behind all."""
    return f" {_BETWEEN.sub(' ', text).strip()} "


def spellings(text: str) -> Iterator[str]:
    """Yield how a text may be meant, folded: as it stands, and with letters in place of what only looks like them.

    Args:
        text: as somebody wrote it.
    """
    plain = folded(text)
    yield plain
    joined = _SPACED.sub(lambda found: _BETWEEN.sub("", found.group()), plain)
    if _LATIN.search(joined):
        joined = joined.translate(_LOOKALIKES)
    for one in _ONES:
        letters = _ONE.sub(one, joined.translate(_DIGITS))
        yield letters
        yield _REPEATED.sub(r"\1", letters)
