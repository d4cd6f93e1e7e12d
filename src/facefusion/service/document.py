"""The OpenAPI document: made from the routes, and kept in `docs/openapi.json`.

`python -m facefusion.service.document FILE` writes it; without a file it goes to the standard output.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from facefusion.client.call import KEY_HEADER
from facefusion.service.problems import FieldProblem, Problem, SpotProblem, documented

_UNUSED = ("HTTPValidationError", "ValidationError")


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application.

    Args:
        app: of `create_app`.
    """
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, openapi_version="3.1.0"
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, FieldProblem, SpotProblem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    for name in _UNUSED:
        schemas.pop(name, None)
    _tell_of_keys(document)
    return document


def _tell_of_keys(document: dict[str, Any]) -> None:
    """Tell how every operation answers while the same request is being answered, where it knows idempotency keys."""
    for operation in (each for methods in document["paths"].values() for each in methods.values()):
        if any(each["name"] == KEY_HEADER for each in operation.get("parameters", ())):
            operation["responses"].setdefault("409", documented(409)[409])


def document_text() -> str:
    """Return the document of this version as text."""
    from facefusion.service.app import bare_app  # noqa: PLC0415 - it imports this module
    from facefusion.service.triggers.routes import triggers_router  # noqa: PLC0415
    from facefusion.service.webhooks.routes import webhooks_router  # noqa: PLC0415

    nothing: Any = None  # that routes are there can be told without what they work with
    further = (webhooks_router(nothing, nothing), triggers_router(nothing, nothing, nothing))
    return json.dumps(bare_app(further).openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the document.

    Args:
        arguments: the file; none for the standard output.
    """
    if arguments:
        Path(arguments[0]).write_text(document_text(), "utf-8")
    else:
        sys.stdout.write(document_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
