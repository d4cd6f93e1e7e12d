"""Operations of people who sign in with a password."""

from __future__ import annotations

from facefusion.client.call import Ask, nothing, operation, values


@operation("GET", "/v1/users", values)
def page(*, limit: int = 50, cursor: str | None = None) -> Ask:
    """Return users of the tenant, as JSON values.

    Args:
        limit: most users.
        cursor: `next` of the page before.
    """
    return Ask(query={"limit": limit, "cursor": cursor})


@operation("GET", "/v1/users/{user_id}", values)
def show(user_id: str) -> Ask:
    """Return what is known of a user, as JSON values."""
    return Ask({"user_id": user_id})


@operation("POST", "/v1/users", values, has_key=False)
def create(name: str, role: str, *, password: str | None = None) -> Ask:
    """Make a user; a `password` that the service chose is in the answer this once.

    Args:
        name: by which they sign in.
        role: which they have.
        password: their first; one is chosen when None.
    """
    return Ask(json={"name": name, "role": role, "password": password})


@operation("PATCH", "/v1/users/{user_id}", values)
def change(user_id: str, *, role: str | None = None, active: bool | None = None) -> Ask:
    """Give a user another role, shut them out, or let them in again.

    Args:
        user_id: of the user.
        role: which they have from now on; the same when None.
        active: whether they are let in; as before when None.
    """
    return Ask({"user_id": user_id}, json={"role": role, "active": active})


@operation("POST", "/v1/users/{user_id}/password", values, has_key=False)
def set_password(user_id: str, *, password: str | None = None) -> Ask:
    """Give a user another password, which they have to replace; all their sessions end."""
    return Ask({"user_id": user_id}, json={"password": password})


@operation("DELETE", "/v1/users/{user_id}", nothing)
def remove(user_id: str) -> Ask:
    """Remove a user; what they made stays."""
    return Ask({"user_id": user_id})
