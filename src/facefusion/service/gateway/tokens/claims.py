"""What the claims of a token say of whoever comes with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from facefusion.errors import AuthenticationError, NotAllowedError
from facefusion.options.gateway import IdentityOptions
from facefusion.service.gateway.caller import ROLES, Caller, Role, Scope

_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_NAME: Final = 190
_MOST_ROLES: Final = 500
_ABOVE_TENANTS: Final[Role] = "platform"
"""No token gives it: a claim of that name may mean something else where it was made."""


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Which claims say what.

    Attributes:
        actor: claim that says who it is; dots lead into objects.
        tenant: of everybody; None where a claim says it.
        tenant_claim: which.
        roles_claim: which says what roles they have: a list, or words with spaces or commas between them.
        roles: what its values mean.
    """

    actor: str = "sub"
    tenant: str | None = None
    tenant_claim: str = "tenant"
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=lambda: {role: role for role in ROLES if role != _ABOVE_TENANTS})

    @classmethod
    def of(cls, options: IdentityOptions) -> ClaimRules:
        """Return what the options say."""
        rules = cls(
            options.oidc_actor_claim, options.oidc_tenant, options.oidc_tenant_claim, options.oidc_roles_claim
        )  # fmt: skip
        if not options.oidc_roles:
            return rules
        meanings = (entry.rpartition("=") for entry in options.oidc_roles)
        roles = {value: cast("Role", role) for value, _, role in meanings}
        return cls(rules.actor, rules.tenant, rules.tenant_claim, rules.roles_claim, roles)

    def caller(self, claims: Mapping[str, Any]) -> Caller:
        """Return who comes with a token whose signature holds.

        Raises:
            AuthenticationError: it does not say who.
            NotAllowedError: it does not say for which tenant.
        """
        name = _claim(claims, self.actor)
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise AuthenticationError(
                "The token does not say who comes with it", f"It needs the claim {self.actor}", reason="token-claims",
                is_given=True,
            )  # fmt: skip
        tenant = self.tenant or _claim(claims, self.tenant_claim)
        if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
            raise NotAllowedError(
                "The token does not say for which tenant", f"It needs the claim {self.tenant_claim}", reason="no-tenant"
            )
        return Caller(tenant, f"user:{name}", self._scopes(_claim(claims, self.roles_claim)))

    def _scopes(self, value: object) -> frozenset[Scope]:
        named = _words(value)
        return frozenset[Scope]().union(*(ROLES[self.roles[name]] for name in named if name in self.roles))


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, which may hold dots itself, or by the way that dots show into objects."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _words(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return re.split(r"[\s,]+", value)[:_MOST_ROLES]
    return [each for each in value[:_MOST_ROLES] if isinstance(each, str)] if isinstance(value, list) else ()
