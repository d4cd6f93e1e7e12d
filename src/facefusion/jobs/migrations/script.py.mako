"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
works_from = ${repr(down_revision or up_revision)}  # the oldest program that works with it


def upgrade() -> None:
    """Take the database to this version."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take it back to the version before."""
    ${downgrades if downgrades else "pass"}
