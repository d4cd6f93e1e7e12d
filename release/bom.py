"""What the product is made of, as CycloneDX 1.6: one document for Python, one for the console.

They are written as plain tables and not by a library's classes, because two builds must give the same bytes, and the
classes know no model cards (release/models_bom.py). Tests hold them against the schema of CycloneDX by the library that
its makers keep.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from release.licences import Reviewed
from release.locks import Package
from release.source import Source

SPECIFICATION = "1.6"
LICENCE = "MIT AND Apache-2.0 AND CC0-1.0 AND OFL-1.1"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:facefusion:bom")


def python_bom(packages: Iterable[Package], reviewed: Reviewed, source: Source) -> dict[str, Any]:
    """Return the document of the Python package and of what develops and checks it."""
    return document(product(source), [component(package, reviewed) for package in packages], source)


def console_bom(packages: Iterable[Package], reviewed: Reviewed, source: Source) -> dict[str, Any]:
    """Return the document of the web console and of what builds it."""
    root = {
        "type": "application",
        "bom-ref": f"console@{source.version}",
        "name": "facefusion-console",
        "version": source.version,
        "licenses": [{"license": {"id": "MIT"}}],
    }
    taken = list(packages)
    needs = {package.url: package.needs for package in taken}
    return document(root, [component(package, reviewed) for package in taken], source, needs)


def product(source: Source) -> dict[str, Any]:
    """Return the component that all documents of the package are about."""
    reference = f"pkg:pypi/facefusion@{source.version}"
    return {
        "type": "application",
        "bom-ref": reference,
        "name": "facefusion",
        "version": source.version,
        "purl": reference,
        "licenses": [{"expression": LICENCE}],
    }


def component(package: Package, reviewed: Reviewed) -> dict[str, Any]:
    """Return the component of a package; several digests stand for the several files it may be installed from."""
    digests = [{"alg": "SHA-256", "content": digest} for digest in package.sha256]
    digests += [{"alg": "SHA-512", "content": package.sha512}] if package.sha512 else []
    return library(package.url, package.name, package.version, package.scope) | {
        "licenses": [{"expression": reviewed.expression(package)}],
        "hashes": digests,
        "properties": [{"name": "facefusion:locks", "value": ", ".join(package.locks)}],
    }


def library(url: str, name: str, version: str, scope: str = "required") -> dict[str, Any]:
    """Return what every component that is a library tells of itself.

    Args:
        url: its package URL (purl).
        name: as its index calls it.
        version: of it.
        scope: of CycloneDX: `required`, `optional` or `excluded`.
    """
    return {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url, "scope": scope}


def document(
    root: dict[str, Any],
    components: list[dict[str, Any]],
    source: Source,
    needs: dict[str, tuple[str, ...]] | None = None,
) -> dict[str, Any]:
    """Return a document whose number follows from what it says, and whose time is that of the commit.

    Args:
        root: what it is about.
        components: what that is made of.
        source: the commit.
        needs: what each component needs, by reference, where it is known.
    """
    edges = [{"ref": root["bom-ref"], "dependsOn": [part["bom-ref"] for part in components if _is_part(part)]}]
    edges += [{"ref": ref, "dependsOn": list(others)} for ref, others in (needs or {}).items()]
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "timestamp": source.moment,
            "lifecycles": [{"phase": "build"}],
            "component": root,
            "properties": [{"name": "facefusion:commit", "value": source.commit}],
        },
        "components": components,
        "dependencies": edges,
    }
    number = uuid.uuid5(_NAMESPACE, json.dumps(body, sort_keys=True))
    return body | {"serialNumber": f"urn:uuid:{number}"}


def _is_part(part: dict[str, Any]) -> bool:
    return bool(part.get("scope") != "excluded")
