"""Names of users, and when two of them are one."""

from __future__ import annotations

import unicodedata
from typing import Final

from facefusion.errors import OptionsError

_LONGEST: Final = 100
_LONGEST_FOLDED: Final = 200


def folded(name: str) -> str:
    """Return a name as it is looked for: great and small letters, and other forms of the same letters, are one.

    Args:
        name: any text.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def checked_name(name: str) -> tuple[str, str]:
    """Return a name as it is kept, and as it is looked for.

    Raises:
        OptionsError: it cannot be one.
    """
    kept = unicodedata.normalize("NFC", name)
    looked_for = folded(kept)
    if (
        not 0 < len(kept) <= _LONGEST
        or not 0 < len(looked_for) <= _LONGEST_FOLDED
        or kept != kept.strip()
        or not kept.isprintable()
    ):
        raise OptionsError(
            f"A user has a name of up to {_LONGEST} letters, with no spaces at its ends", "Such as ada@example.com"
        )
    return kept, looked_for
