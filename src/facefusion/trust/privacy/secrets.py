"""What a secret looks like in a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_NAMED: Final = (
    r"password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|"
    r"authorization|cookie|credential|session[_-]?id|signature"
)
_SECRETS: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        # A key in PEM, whole or cut off.
        r"-----BEGIN [A-Z0-9 ]*-----(?:.*?-----END [A-Z0-9 ]*-----|.*)",
        # A JSON web token.
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",
        # Tokens that say by their first letters what they are.
        r"(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|hf_|npm_|pypi-|[srp]k_(?:live|test)_|AKIA|ASIA|AIza|SG\.)"
        r"[A-Za-z0-9]{16,}[A-Za-z0-9_.-]*",
        r"(?<![A-Za-z0-9])(?:sk-|xox[abeoprs]-|ya29\.)[A-Za-z0-9_./+=-]{16,}",
        # Keys of our own service, and its sessions.
        r"(?<![A-Za-z0-9])ff_[0-9a-f]{12}_[0-9A-Za-z]{8,}|(?<![A-Za-z0-9])ffl_[0-9a-f]{8,}",
        r"(?<![A-Za-z0-9])ffs_[0-9A-Za-z_-]{16,}",
        r"(?i)\b(?:bearer|basic|negotiate)\s+[A-Za-z0-9._~+/=-]{8,}",
        # Name and password in a URL.
        r"(?<=://)[^\s/@]*:[^\s/@]*(?=@)",
        # Whatever is called a secret, in any notation of a value with a name.
        rf"(?i)[\w.-]{{0,40}}(?:{_NAMED})s?[\"']?\s*(?:[:=]|=>)\s*(?:b?\"[^\"\n]*\"|b?'[^'\n]*'|(?:bearer|basic)\s+\S+|[^\s,;)}}\]]+)",
        rf"(?i)--[\w-]{{0,40}}(?:{_NAMED})[ =]\S+",
        # Parameters that sign a URL.
        r"(?i)(?<=[?&])(?:sig|key|x-amz-[a-z-]+|x-goog-[a-z-]+)=[^&\s\"']+",
    )
)
# Long runs of letters and digits that are no word and no number: keys, digests, encoded data. Names may look so.
_OPAQUE: Final = re.compile(
    r"(?<![A-Za-z0-9+_-])(?=[A-Za-z0-9+/_-]*[0-9])(?=[A-Za-z0-9+/_-]*[A-Za-z])[A-Za-z0-9+_-][A-Za-z0-9+/_-]{39,}={0,2}"
)


def holds_secret(text: str) -> bool:
    """Return whether something in a text looks like a key, a token or a password."""
    return any(pattern.search(text) for pattern in _SECRETS)


def without_secrets(text: str, stand_in: Callable[[str], str]) -> str:
    """Return a text with something in place of each part that looks like a secret.

    Args:
        text: any.
        stand_in: returns what stands there instead.
    """
    for pattern in (*_SECRETS, _OPAQUE):
        text = pattern.sub(lambda found: stand_in(found.group()), text)
    return text
