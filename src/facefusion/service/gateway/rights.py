"""What somebody may hand on: no more than they may do themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from facefusion.errors import NotAllowedError
from facefusion.service.gateway.caller import Caller, Scope

_ABOVE_TENANTS: Final[Scope] = "platform"


def check_gives(caller: Caller, scopes: Iterable[Scope]) -> None:
    """Make sure that nobody gives away more than they have.

    Args:
        caller: who gives.
        scopes: that a key or a user would have.

    Raises:
        NotAllowedError: it is more; or whoever has it would stand above tenants, which the command line alone allows.
    """
    wanted = frozenset(scopes)
    if _ABOVE_TENANTS in wanted:
        raise _too_much("Keys and users of those who run the service are made by the command line alone")
    if more := sorted(wanted - caller.scopes):
        raise _too_much(f"Nobody gives away what they may not do themselves: {', '.join(more)}")


def check_rules_over(caller: Caller, scopes: Iterable[Scope]) -> None:
    """Make sure that nobody changes or takes away what may do more than they may.

    Args:
        caller: who changes something.
        scopes: that the key or the user has.

    Raises:
        NotAllowedError: it has more.
    """
    if not frozenset(scopes) <= caller.scopes:
        raise _too_much("What may do more than its caller is not changed by them")


def _too_much(what: str) -> NotAllowedError:
    return NotAllowedError(
        what, "Ask whoever runs the service: facefusion keys, facefusion users", reason="more-than-own"
    )
