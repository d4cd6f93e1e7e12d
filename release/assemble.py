"""Puts beside the packages what a release needs: bills of materials, licences, provenance, digests and signatures.

    python -m release.assemble FOLDER --key facefusion-release.key [--builder URI --repository URI --run URI]

Whatever else lies in the folder, such as bills of materials of images, is signed along.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from release.bom import console_bom, python_bom
from release.licences import read_reviewed, report
from release.locks import Package, bundled_packages, npm_packages, python_packages
from release.models_bom import WeightsError, models_bom, split_catalogue
from release.provenance import Builder, statement
from release.signing import SigningError, load_key, public_pem, sign_blob, sign_statement
from release.source import ROOT, Source, SourceError, read_source
from release.verify import KEYLESS, PROVENANCE, SUMS, SUMS_BUNDLE, digest_of

_PAGES_LICENCES = "facefusion/ui/static/licences.md"
_SIGNED_LATER = {PROVENANCE, SUMS, SUMS_BUNDLE}


class AssemblyError(Exception):
    """A release cannot be put together; the message says why, and what to do."""


def assemble(
    folder: Path, source: Source, key: ec.EllipticCurvePrivateKey, builder: Builder, *, root: Path = ROOT
) -> None:
    """Write everything into the folder that holds source package and wheel, and sign it.

    Raises:
        AssemblyError: a package is missing, or a licence is not on the reviewed list.
        WeightsError: bundled weights are not what the catalogue says.
    """
    describe(folder, source, root=root)
    files = {path.name: digest_of(path) for path in sorted(folder.iterdir()) if _is_subject(path)}
    locks = [*sorted((root / "requirements").glob("*.txt")), root / "console/package-lock.json"]
    _write(folder / PROVENANCE, sign_statement(key, statement(files, source, builder, locks)))
    files[PROVENANCE] = digest_of(folder / PROVENANCE)
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items())).encode()
    (folder / SUMS).write_bytes(sums)
    _write(folder / SUMS_BUNDLE, sign_blob(key, sums))


def describe(folder: Path, source: Source, *, root: Path = ROOT) -> None:
    """Write bills of materials and the report of licences beside the packages.

    Raises:
        AssemblyError: a package is missing, or a licence is not on the reviewed list.
        WeightsError: bundled weights are not what the catalogue says.
    """
    python, console = python_packages(root / "requirements"), _console_packages(folder, source, root)
    bundled, public = split_catalogue()
    reviewed = read_reviewed()
    problems = [reviewed.problem(package) for package in (*python, *console)]
    problems += [reviewed.problem_of_weights(card, shipped=True) for card in bundled]
    problems += [reviewed.problem_of_weights(card, shipped=False) for card in public]
    if found := [problem for problem in problems if problem]:
        raise AssemblyError("\n".join(found))
    name = f"facefusion-{source.version}"
    _write(folder / f"{name}.cdx.json", python_bom(python, reviewed, source))
    _write(folder / f"{name}-console.cdx.json", console_bom(console, reviewed, source))
    _write(folder / f"{name}-models.cdx.json", models_bom(source))
    (folder / f"{name}-licences.md").write_text(report((*python, *console), bundled, public), "utf-8")


def _console_packages(folder: Path, source: Source, root: Path) -> list[Package]:
    wheel = folder / f"facefusion-{source.version}-py3-none-any.whl"
    if not wheel.is_file():
        raise AssemblyError(f"{wheel} is missing: python -m release.packages {folder}")
    with zipfile.ZipFile(wheel) as pages, TemporaryDirectory() as place:
        bundled = bundled_packages(Path(pages.extract(_PAGES_LICENCES, place)))
    return npm_packages(root / "console/package-lock.json", bundled)


def _is_subject(path: Path) -> bool:
    return path.suffix != ".pub" and path.name not in _SIGNED_LATER and not path.name.endswith(KEYLESS)


def _write(path: Path, table: dict[str, Any]) -> None:
    path.write_text(json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


def main(arguments: list[str]) -> str | None:
    """Put a release together; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser(prog="release.assemble")
    parser.add_argument("folder", type=Path, help="holds source package and wheel")
    parser.add_argument("--key", type=Path, required=True, help="private key of releases, PEM")
    parser.add_argument("--builder", default=Builder().identity, help="URI of what builds")
    parser.add_argument("--repository", default=Builder().repository, help="URI of the repository")
    parser.add_argument("--run", default="", help="URI of this run")
    asked = parser.parse_args(arguments)
    try:
        key = load_key(asked.key)
        assemble(asked.folder, read_source(), key, Builder(asked.builder, asked.repository, asked.run))
    except (AssemblyError, SigningError, SourceError, WeightsError) as error:
        return str(error)
    (asked.folder / "facefusion-release.pub").write_bytes(public_pem(key))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
