"""Tables that are made where they are missing."""

from __future__ import annotations

from sqlalchemy import Engine, MetaData, inspect

from facefusion.trust.database import alone


def make_missing(engine: Engine, metadata: MetaData) -> None:
    """Make the tables that are not there; safe for several processes at once.

    Args:
        engine: the database.
        metadata: definitions of the tables.

    Raises:
        SQLAlchemyError: the database cannot be used.
    """
    present = set(inspect(engine).get_table_names())
    if all(name in present for name in metadata.tables):
        return
    with alone(engine, "tables") as connection:
        metadata.create_all(connection)
