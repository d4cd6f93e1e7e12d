"""Where released files come from: an in-toto statement with SLSA's predicate of provenance, version 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.source import Source
from release.verify import PREDICATE_TYPE, STATEMENT_TYPE, digest_of

BUILD_TYPE = "urn:facefusion:build:packages:v1"
"""What `make release-check` and the release workflow do: docs/deploy/release.md."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Who builds.

    Attributes:
        identity: URI of what builds, such as the address of the workflow with its revision.
        repository: URI of the repository, as in `git+https://…`.
        run: URI of this very run; empty where there is none.
    """

    identity: str = "urn:facefusion:builder:local"
    repository: str = "git+file:///facefusion"
    run: str = ""


def statement(files: Mapping[str, str], source: Source, builder: Builder, locks: Iterable[Path]) -> dict[str, Any]:
    """Return the statement.

    Args:
        files: digests (SHA-256, hexadecimal) of what was built, by name.
        source: the commit.
        builder: who built.
        locks: the files that fix what it was built with.
    """
    sources: list[dict[str, Any]] = [
        {"uri": f"{builder.repository}@{source.commit}", "digest": {"gitCommit": source.commit}}
    ]
    sources += [{"name": f"{path.parent.name}/{path.name}", "digest": {"sha256": digest_of(path)}} for path in locks]
    run = {"metadata": {"invocationId": builder.run}} if builder.run else {}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(files.items())],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "repository": builder.repository,
                    "commit": source.commit,
                    "version": source.version,
                },
                "internalParameters": {"SOURCE_DATE_EPOCH": source.epoch},
                "resolvedDependencies": sources,
            },
            "runDetails": {"builder": {"id": builder.identity}} | run,
        },
    }
