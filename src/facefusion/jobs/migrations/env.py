"""What Alembic runs: migrations over the connection that it was handed, within the transaction that is open there."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from facefusion.jobs.migrations import VERSION_TABLE
from facefusion.jobs.migrations.leaving import LEAVING
from facefusion.jobs.schema import METADATA


def _is_ours(thing: Any, name: str | None, kind: str, is_reflected: bool, _other: Any) -> bool:
    """Leave alone what else the database holds, such as the records of trust, and what waits to be dropped."""
    if not is_reflected:
        return True
    if kind == "column":
        return f"{thing.table.name}.{name}" not in LEAVING
    return kind != "table" or name in METADATA.tables


def _plain(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Write a type of ours as what the database knows, so that a version does not change with our code."""
    return f"sa.{value.impl!r}" if kind == "type" and isinstance(value, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    include_object=_is_ours,
    render_item=_plain,
)
with context.begin_transaction():
    context.run_migrations()
