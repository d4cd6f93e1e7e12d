"""The options that a job may set, as a JSON Schema: derived from the same tree as flags and files."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ConfigDict, create_model

from facefusion.jobs.allowed import allowed_options, use_of
from facefusion.options import Leaf

_FILES = {
    "input": "a file, named as upload:ID, person:ID/N, face:ID, job:ID or by an address",
    "output": "name of a file to write",
}


@cache
def options_schema() -> dict[str, Any]:
    """Return the schema of `options` in a job."""
    leaves = allowed_options()
    fields: dict[str, Any] = {name: (leaf.field.annotation, leaf.field) for name, leaf in leaves.items()}
    model = create_model("Options", __config__=ConfigDict(extra="forbid"), **fields)
    schema: dict[str, Any] = model.model_json_schema()
    schema["additionalProperties"] = False
    for name, leaf in leaves.items():
        schema["properties"][name] = _described(leaf, schema["properties"][name])
    return schema


def _described(leaf: Leaf, shown: dict[str, Any]) -> dict[str, Any]:
    use = use_of(leaf)
    group = {"x-group": leaf.path[-1]} if leaf.path else {}
    return shown | group | ({"x-use": use, "x-file": _FILES[use]} if use in _FILES else {})
