"""Passwords: which are taken, and how they are kept.

The rules are those of NIST SP 800-63B: at least 12 characters, no rules of what they have to be made of, no end after
which one has to be replaced; refused is what is guessed first. They are kept by Argon2id with the parameters that
RFC 9106 names for machines with little memory (64 MiB, 3 passes, 4 lanes).
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from functools import cache
from importlib import resources
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from facefusion.errors import PasswordError
from facefusion.service.gateway.users.name import folded

SHORTEST: Final = 12
LONGEST: Final = 256
_FEWEST_DIFFERENT: Final = 5
_SHORTEST_NAME: Final = 4
_SERVICE: Final = "facefusion"
_COMMON: Final = "common.txt"
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiop")
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for one another
_AT_ONCE: Final = 2
_GROUPS: Final = 5
_IN_A_GROUP: Final = 4


class Passwords:
    """Makes and checks what is kept of passwords; each call takes some 64 MiB and a tenth of a second.

    Safe to use from several threads, of which the others wait: so many who ask at one time take no more memory.

    Args:
        hasher: does it; with the parameters above when None.
        at_once: calls that are worked on at one time.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = _AT_ONCE) -> None:
        self._turns = BoundedSemaphore(at_once)
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._nobodys = _of_nobody(self._hasher)

    def hashed(self, password: str) -> str:
        """Return what is kept of a password."""
        with self._turns:
            return self._hasher.hash(normal(password))

    def is_right(self, kept: str | None, password: str) -> bool:
        """Return whether a password is the one; it takes as long where there is none to compare it with.

        Args:
            kept: what is kept of the right one; None where there is nobody of that name.
            password: what was given.
        """
        try:
            with self._turns:
                is_right = self._hasher.verify(self._nobodys if kept is None else kept, normal(password))
            return is_right and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, kept: str) -> bool:
        """Return whether it is kept by other parameters than those that hold now."""
        return self._hasher.check_needs_rehash(kept)


def normal(password: str) -> str:
    """Return a password in one form, whichever keyboard it was typed on (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, name: str) -> None:
    """Make sure that a password may be somebody's.

    Args:
        password: that is to be.
        name: of the user.

    Raises:
        PasswordError: it is too short, too long, or guessed too easily. Its words hold nothing of it.
    """
    text = normal(password)
    if len(text) < SHORTEST:
        raise PasswordError(f"A password has at least {SHORTEST} characters", "A few words make a good one")
    if len(text) > LONGEST:
        raise PasswordError(f"A password has at most {LONGEST} characters", "Take a shorter one")
    if not all(each == " " or each.isprintable() for each in text):
        raise PasswordError("A password has no control characters", "Letters, digits, signs and spaces make it")
    plain = folded(text)
    named = [each for each in (folded(name), *folded(name).split("@")[:1]) if len(each) >= _SHORTEST_NAME]
    if any(each in plain for each in (*named, _SERVICE)):
        raise PasswordError("The password holds the name of the user or of the service", "Take other words")
    if len(set(plain)) < _FEWEST_DIFFERENT or plain in _common() or _is_run(plain):
        raise PasswordError("The password is one of those that are tried first", "Take a few words of your own")


def made_password() -> str:
    """Return a password that somebody is given for the first time: 20 letters and digits by chance (99 bits)."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_IN_A_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


@cache
def _common() -> frozenset[str]:
    text = resources.files(__package__).joinpath(_COMMON).read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line)


def _is_run(plain: str) -> bool:
    """Whether it goes along the alphabet, the digits or a row of keys, or says one thing again and again."""
    if any(plain in run * 2 or plain in run[::-1] * 2 for run in _RUNS):
        return True
    return plain in (plain + plain)[1:-1]


def _of_nobody(hasher: PasswordHasher) -> str:
    """Return what nothing is the password of, which takes as long to find out as for any other."""
    salt, digest = (
        base64.b64encode(bytes(length)).decode().rstrip("=") for length in (hasher.salt_len, hasher.hash_len)
    )
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"
