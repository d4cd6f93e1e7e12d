"""What `docker compose` makes of the files of deploy/compose, as far as tests look at it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

COMPOSE = Path(__file__).parents[2] / "deploy" / "compose"
FILES = ("compose.yaml", "compose.gpu.yaml", "compose.monitoring.yaml", "compose.outward.yaml")
VARIABLES = {
    "PUBLIC_URL": "https://faces.example.com",
    **{
        f"{name}_IMAGE": f"{name.lower()}@sha256:{'a' * 64}"
        for name in ("FACEFUSION", "POSTGRESQL", "RABBITMQ", "SEAWEEDFS", "PROXY", "PROMETHEUS", "GRAFANA")
    },
}
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?:(?P<kind>:-|:\?)(?P<rest>[^}]*))?\}")


class UnsetError(Exception):
    """A variable has to be set and is not."""


def composed(*names: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return files of deploy/compose put together, with their variables filled in.

    Args:
        names: of the files, in order.
        variables: their values.

    Raises:
        UnsetError: one has to be set and is not.
    """
    values = VARIABLES if variables is None else variables
    whole: dict[str, Any] = {}
    for name in names:
        whole = _joined(whole, _filled(yaml.safe_load((COMPOSE / name).read_text()), values))
    return whole


def _filled(node: Any, values: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, values) for key, value in node.items() if not str(key).startswith("x-")}
    if isinstance(node, list):
        return [_filled(value, values) for value in node]
    if not isinstance(node, str):
        return node

    def value(found: re.Match[str]) -> str:
        given = values.get(found["name"], "")
        if not given and found["kind"] == ":?":
            raise UnsetError(found["name"])
        return given or (found["rest"] if found["kind"] == ":-" else "")

    return _VARIABLE.sub(value, node)


def _joined(first: Any, second: Any) -> Any:
    """Join mappings, and lists as Compose does those of networks, volumes and secrets; else the second holds."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {
            key: _joined(first[key], second[key]) if key in first and key in second else {**first, **second}[key]
            for key in [*first, *(key for key in second if key not in first)]
        }
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *(entry for entry in second if entry not in first)]
    return second
