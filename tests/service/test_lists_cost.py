"""What a page of a list costs, counted: the rows that a database looks at, however much others have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Engine, Table, event, insert, text

from facefusion.jobs.database import writing
from facefusion.jobs.outbox.tables import DELIVERIES, WEBHOOKS
from facefusion.jobs.schema import TENANTS
from facefusion.service.gateway.tables import USERS
from facefusion.service.paging import page_of
from facefusion.service.tables import FACES, OPERATIONS, UPLOADS
from facefusion.service.webhooks.deliveries import Deliveries
from facefusion.service.webhooks.values import DeliveryState

MANY = 10_000
OWNER = f"CASE WHEN i < {MANY} THEN 'studio' ELSE 'archive' END"
LISTS = {
    "uploads": (UPLOADS, "uploads_by_tenant"),
    "faces": (FACES, "faces_by_tenant"),
    "operations": (OPERATIONS, "operations_by_tenant"),
    "users": (USERS, "users_by_tenant"),
}


def filled(table: Table, whose: Column[Any]) -> str:
    """Return what fills a table: many rows of `studio`, then as many of another."""
    given = {"id": "'x' || i", "state": "'waiting'", whose.name: OWNER}
    for column in table.c:
        if not column.nullable and not column.primary_key and column.name not in given:
            given[column.name] = _plain(column)
    names = [name for name in given if name in table.c]
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {2 * MANY - 1})"
    values = ", ".join(given[name] for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) {numbers} SELECT {values} FROM n"


def _plain(column: Column[Any]) -> str:
    if isinstance(column.type, JSON):
        return "'{}'"
    return {bool: "false", int: "0", str: "'y' || i"}[column.type.python_type]


@contextmanager
def asked(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Give what a database is asked while a block lasts."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def planned(engine: Engine, statement: str, parameters: Any, table: Table) -> tuple[list[str], int | None]:
    """Return how a database goes about a query, and how many rows it looks at; SQLite does not tell these."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            return [row.detail for row in rows if table.name in row.detail], None
        explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        plan = connection.exec_driver_sql(explained, parameters).scalar_one()
    [whole] = json.loads(plan) if isinstance(plan, str) else plan
    scans = [node for node in _within(whole["Plan"]) if "Relation Name" in node]
    looked_at = sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans)
    return [f"{node['Node Type']} {node.get('Index Name')}" for node in scans], round(looked_at)


def _within(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _within(each)


def check_plan(engine: Engine, table: Table, index: str, found: list[tuple[str, Any]], most: int) -> None:
    """Make sure that the last query took an index, and looked at no more rows than it gave."""
    [scan], looked_at = planned(engine, *found[-1], table)
    assert index in scan and not scan.startswith(("SCAN", "Seq", "Bitmap")), scan
    assert looked_at is None or looked_at <= most


def fill(engine: Engine, table: Table, whose: Column[Any]) -> None:
    """Put rows of two tenants into a table, those of `studio` first."""
    with writing(engine) as connection:
        for tenant in ("studio", "archive"):
            connection.execute(insert(TENANTS).values(id=tenant))
        connection.execute(text(filled(table, whose)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ANALYZE {table.name}"))


@pytest.mark.parametrize("name", LISTS)
def test_a_page_is_found_by_an_index_however_much_other_tenants_have(jobs_engine: Engine, name: str) -> None:
    table, index = LISTS[name]
    fill(jobs_engine, table, table.c.tenant)
    for before, numbers in ((None, range(MANY, MANY - 11, -1)), (9, range(8, 0, -1))):
        with asked(jobs_engine) as found, jobs_engine.connect() as connection:
            rows = page_of(connection, (table.c.tenant, "studio"), table.c.number, before, 10)
        assert [row.number for row in rows] == list(numbers)
        check_plan(jobs_engine, table, index, found, 11)


@pytest.mark.parametrize("states", [(), ("waiting", "dead")])
def test_a_page_of_messages_is_found_by_an_index_however_much_goes_to_others(
    jobs_engine: Engine, states: tuple[DeliveryState, ...]
) -> None:
    fill(jobs_engine, DELIVERIES, DELIVERIES.c.webhook)
    webhook = {"id": "studio", "tenant": "studio", "url": "https://x", "description": "", "secret": b""}
    with writing(jobs_engine) as connection:
        connection.execute(insert(WEBHOOKS).values(**webhook, is_enabled=True, revision=1, created=0))
    with asked(jobs_engine) as found:
        deliveries = Deliveries(jobs_engine).deliveries("studio", "studio", states=states, before=None, limit=10)
    assert [each.number for each in deliveries] == list(range(MANY, MANY - 10, -1))
    check_plan(jobs_engine, DELIVERIES, "deliveries_of_webhook", found, 10)
