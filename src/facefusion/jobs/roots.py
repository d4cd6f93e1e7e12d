"""Below which addresses a tenant may name files of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_FOR_ONE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})=(.+)", re.DOTALL)
_TENANT: Final = "{tenant}"


def roots_of(allowed: Sequence[str], tenant: str) -> tuple[str, ...]:
    """Return the roots of one tenant.

    Args:
        allowed: the option `allowed_roots`: addresses in which `{tenant}` stands for the name, and which are for one
            tenant alone with `TENANT=` before them.
        tenant: whose they are.
    """
    roots = []
    for text in allowed:
        found = _FOR_ONE.fullmatch(text)
        if found is None or found[1] == tenant:
            roots.append((text if found is None else found[2]).replace(_TENANT, tenant))
    return tuple(roots)
