"""Who calls, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Scope = Literal[
    "jobs:read",
    "jobs:write",
    "faces:read",
    "faces:write",
    "uploads:write",
    "models:read",
    "models:write",
    "consents:read",
    "consents:write",
    "review:write",
    "audit:read",
    "webhooks:read",
    "webhooks:write",
    "admin",
    "platform",
]
Role = Literal["viewer", "operator", "reviewer", "admin", "platform"]

SCOPES: Final[frozenset[Scope]] = frozenset(get_args(Scope))
_VIEWER: Final[frozenset[Scope]] = frozenset({"jobs:read", "faces:read", "models:read"})
_OPERATOR: Final[frozenset[Scope]] = _VIEWER | {
    "jobs:write",
    "faces:write",
    "uploads:write",
    "consents:read",
    "consents:write",
    "webhooks:read",
    "webhooks:write",
}
_REVIEWER: Final[frozenset[Scope]] = _VIEWER | {"review:write", "consents:read", "audit:read"}
ROLES: Final[Mapping[Role, frozenset[Scope]]] = {
    "viewer": _VIEWER,
    "operator": _OPERATOR,
    "reviewer": _REVIEWER,
    "admin": SCOPES - {"platform"},
    "platform": SCOPES,
}
"""What each role may do; a key or token may be given less. `platform` is for whoever runs the service for tenants."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in.

    Attributes:
        tenant: for whom they act; they see nothing of any other.
        actor: by what name the audit log knows them, such as `key:ab12` or `user:ada@example.com`.
        scopes: what they may do.
    """

    tenant: str
    actor: str
    scopes: frozenset[Scope]
