"""What may change from one version of the schema to the next while programs of both versions are at work.

A version only adds: tables, columns that may be empty or have a default of the database's own, indexes. What is to go
is first used no more by the code (`leaving.LEAVING`), and dropped by a later version, when no program that uses it is
left.
Names, types and what must not be empty are changed the same way: something new beside the old, then the old goes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from facefusion.jobs.migrations.leaving import LEAVING

_TIGHTER: Final = frozenset({"create_unique_constraint", "create_check_constraint", "create_foreign_key"})
_ADVICE: Final = "add what is new beside it, and drop what is old in a later version (docs/deploy/upgrade.md)"


def faults(source: str, *, leaving: Mapping[str, str] = LEAVING) -> list[str]:
    """Return in words what a version does that programs of the version before would not survive.

    Args:
        source: of its module.
        leaving: what no code uses any more, and from which version on.
    """
    module = ast.parse(source)
    said = dict(_said(module))
    number, works_from = said.get("revision"), said.get("works_from")
    if number is None or works_from is None or works_from > number:
        return ["it does not say `revision` and, not above it, `works_from`"]
    if said.get("down_revision") is None:
        return []  # nobody is at work before the first version
    change = _Version(number, works_from, said["down_revision"] or "", leaving)
    upgrade = next((each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == "upgrade"), None)
    calls = [] if upgrade is None else list(_calls(upgrade, ""))
    made = {_text(call, 0) for name, _, call in calls if name == "create_table"}
    found = [fault for name, table, call in calls if table not in made for fault in change.fault(name, table, call)]
    dropped = [each for name, table, call in calls for each in _dropped(name, table, call)]
    if works_from > change.before and not any(leaving.get(each) == works_from for each in dropped):
        found.append(f"programs of version {change.before} are shut out (works_from), and nothing is dropped for it")
    return found


@dataclass(frozen=True, slots=True)
class _Version:
    number: str
    works_from: str
    before: str
    leaving: Mapping[str, str]

    def fault(self, name: str, table: str, call: ast.Call) -> Iterator[str]:
        """Yield what is wrong with one call of Alembic."""
        for gone in _dropped(name, table, call):
            since = self.leaving.get(gone)
            if since is None:
                yield f"{gone} is dropped, and `LEAVING` does not say since when no code uses it; {_ADVICE}"
            elif since >= self.number or self.works_from < since:
                yield f"{gone} is dropped, and programs before version {since} use it; {_ADVICE}"
        if name == "rename_table":
            yield f"{_text(call, 0)} is renamed; {_ADVICE}"
        if name == "alter_column":
            yield from self._altered(f"{table}.{_text(call, 0)}", call)
        if name == "add_column" and _must_be_given(call):
            yield f"a column of {table} must not be empty, and older programs do not fill it; {_ADVICE}"
        if name in _TIGHTER:
            yield f"{table} takes less than before ({name}), and older programs may write it; {_ADVICE}"
        if name == "create_index" and _keyword(call, "unique") is True:
            yield f"{table} takes less than before (a unique index), and older programs may write it; {_ADVICE}"

    @staticmethod
    def _altered(column: str, call: ast.Call) -> Iterator[str]:
        names = {keyword.arg for keyword in call.keywords}
        if "new_column_name" in names:
            yield f"{column} is renamed; {_ADVICE}"
        if "type_" in names:
            yield f"{column} gets another type; {_ADVICE}"
        if _keyword(call, "nullable") is False:
            yield f"{column} must not be empty any more; {_ADVICE}"


def _said(module: ast.Module) -> Iterator[tuple[str, str | None]]:
    for each in module.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            value = each.value.value if isinstance(each.value, ast.Constant) else None
            yield each.targets[0].id, None if value is None else str(value)


def _calls(node: ast.AST, table: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Yield the calls of Alembic with their names and tables."""
    if isinstance(node, ast.With):
        opened = node.items[0].context_expr
        if isinstance(opened, ast.Call) and _name(opened) == "batch_alter_table":
            table = _text(opened, 0)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        owner, name = node.func.value.id, node.func.attr
        if owner == "batch_op":
            yield name, table, node
        elif owner == "op" and name != "batch_alter_table":
            is_of_table = name in {"drop_column", "add_column", "alter_column"}
            is_index = name in {"create_index", *_TIGHTER}
            whose = _text(node, 0) if is_of_table else _text(node, 1) if is_index else ""
            yield name, whose, _without_table(node) if is_of_table else node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, table)


def _without_table(call: ast.Call) -> ast.Call:
    return ast.Call(call.func, call.args[1:], call.keywords)


def _dropped(name: str, table: str, call: ast.Call) -> list[str]:
    if name == "drop_table":
        return [_text(call, 0)]
    return [f"{table}.{_text(call, 0)}"] if name == "drop_column" else []


def _must_be_given(call: ast.Call) -> bool:
    column = call.args[0] if call.args else None
    if not isinstance(column, ast.Call):
        return True
    return _keyword(column, "nullable") is False and not any(each.arg == "server_default" for each in column.keywords)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(call: ast.Call, place: int) -> str:
    given = call.args[place] if place < len(call.args) else None
    return str(given.value) if isinstance(given, ast.Constant) else "something"


def _keyword(call: ast.Call, name: str) -> object:
    for each in call.keywords:
        if each.arg == name and isinstance(each.value, ast.Constant):
            return each.value.value
    return None
