"""Operations of administrators: keys, what tenants may have, the policy, and how the system is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from facefusion.client.call import Ask, operation, values


@operation("GET", "/v1/keys", values)
def keys(*, ended: bool = False) -> Ask:
    """Return the keys of the tenant, as JSON values.

    Args:
        ended: whether those that do not hold any more are among them.
    """
    return Ask(query={"all": ended})


@operation("GET", "/v1/keys/{key_id}", values)
def show_key(key_id: str) -> Ask:
    """Return what is known of a key, as JSON values."""
    return Ask({"key_id": key_id})


@operation("POST", "/v1/keys", values)
def create_key(name: str, *, role: str | None = None, scopes: Sequence[str] = (), days: int | None = None) -> Ask:
    """Make a key; its `secret` is in the answer this once.

    Args:
        name: what it is for.
        role: which it has; None for scopes of its own.
        scopes: what it lets its holder do, where it has no role.
        days: that it lives; as the service is set up when None.
    """
    return Ask(json={"name": name, "role": role, "scopes": list(scopes), "days": days})


@operation("POST", "/v1/keys/{key_id}/rotate", values)
def rotate_key(key_id: str, *, overlap_hours: float = 24.0, days: int | None = None) -> Ask:
    """Make a key in another's place; its `secret` is in the answer this once.

    Args:
        key_id: of the old one.
        overlap_hours: that the old one goes on to hold.
        days: that the new one lives; as the service is set up when None.
    """
    return Ask({"key_id": key_id}, json={"overlap_hours": overlap_hours, "days": days})


@operation("DELETE", "/v1/keys/{key_id}", values)
def revoke_key(key_id: str) -> Ask:
    """Take a key back."""
    return Ask({"key_id": key_id})


@operation("GET", "/v1/usage", values)
def usage() -> Ask:
    """Return what the tenant may have, and has, as JSON values."""
    return Ask()


@operation("GET", "/v1/tenants", values)
def tenants(*, limit: int = 50, after: str | None = None) -> Ask:
    """Return tenants by name, with what each may have and has, as JSON values.

    Args:
        limit: most of them.
        after: `next` of the page before; None for the first.
    """
    return Ask(query={"limit": limit, "after": after})


@operation("PUT", "/v1/tenants/{tenant}", values)
def set_limits(tenant: str, **limits: Any) -> Ask:
    """Set what a tenant may have.

    Args:
        tenant: its name.
        limits: such as `max_queued`; what is not given is without a limit, or as usual.
    """
    return Ask({"tenant": tenant}, json=limits)


@operation("GET", "/v1/policy", values)
def policy() -> Ask:
    """Return the policy in force, rule by rule, as JSON values."""
    return Ask()


@operation("PUT", "/v1/policy", values)
def set_policy(extends: str, *, name: str, description: str, rules: Mapping[str, Mapping[str, Any]]) -> Ask:
    """Set the policy of the service's place.

    Args:
        extends: a profile.
        name: as records show it.
        description: for whom it is.
        rules: what differs: by name a `value` and a `why`.
    """
    order = {"extends": extends, "name": name, "description": description}
    return Ask(json=order | {"rules": {rule: dict(said) for rule, said in rules.items()}})


@operation("GET", "/v1/system", values)
def system() -> Ask:
    """Return how the service, its machine, its workers and its queue are, as JSON values."""
    return Ask()


@operation("GET", "/v1/system/history", values)
def history(*, minutes: int = 60) -> Ask:
    """Return how machine and queue were, as the process that answers saw it, as JSON values.

    Args:
        minutes: how far back.
    """
    return Ask(query={"minutes": minutes})
