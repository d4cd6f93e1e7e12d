"""Bills of materials: as the schema of CycloneDX wants them, complete, and the same each time."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from release.bom import LICENCE, console_bom, python_bom
from release.licences import read_reviewed
from release.locks import bundled_packages, npm_packages, python_lock, python_packages
from release.models_bom import WeightsError
from release_material import ROOT, SOURCE

from facefusion.inference import pack
from facefusion.inference.catalogue import Catalogue
from release import models_bom

PAGES = ROOT / "src/facefusion/ui/static/licences.md"
BUNDLED = frozenset({"svelte", "openapi-fetch", "tus-js-client", "@lucide/svelte"})


@pytest.fixture(scope="module")
def boms() -> dict[str, dict[str, Any]]:
    reviewed = read_reviewed()
    return {
        "python": python_bom(python_packages(ROOT / "requirements"), reviewed, SOURCE),
        "console": console_bom(npm_packages(ROOT / "console/package-lock.json", BUNDLED), reviewed, SOURCE),
        "models": models_bom.models_bom(SOURCE),
    }


@pytest.mark.parametrize("name", ["python", "console", "models"])
def test_each_is_as_the_schema_of_cyclonedx_wants_it(boms, name):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(boms[name])) is None


@pytest.mark.parametrize("name", ["python", "console", "models"])
def test_each_names_every_part_once_and_leads_nowhere_else(boms, name):
    references = [part["bom-ref"] for part in boms[name]["components"]]
    assert len(references) == len(set(references)) > 0
    known = {*references, boms[name]["metadata"]["component"]["bom-ref"]}
    edges = boms[name]["dependencies"]
    assert {edge["ref"] for edge in edges} | {other for edge in edges for other in edge["dependsOn"]} <= known
    assert len({edge["ref"] for edge in edges}) == len(edges)


def test_package_urls_are_read_by_their_library(boms):
    for part in boms["python"]["components"] + boms["console"]["components"]:
        url = PackageURL.from_string(part["purl"])
        assert (f"{url.namespace}/{url.name}" if url.namespace else url.name, url.version) == (
            part["name"],
            part["version"],
        )


def test_the_same_commit_has_the_same_bill_and_another_another(boms):
    packages, reviewed = python_packages(ROOT / "requirements"), read_reviewed()
    assert python_bom(packages, reviewed, SOURCE) == boms["python"]
    assert python_bom(packages[1:], reviewed, SOURCE)["serialNumber"] != boms["python"]["serialNumber"]
    assert boms["python"]["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"


def test_every_locked_python_package_is_there_with_the_digests_of_its_files(boms):
    parts = {(part["name"], part["version"]): part for part in boms["python"]["components"]}
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        for entry in re.split(r"\n(?=\S)", lock.read_text().strip()):
            name, version = re.match(r"(\S+?)==(\S+)", entry).groups()  # type: ignore[union-attr]
            told = {digest["content"] for digest in parts[name, version]["hashes"]}
            assert set(re.findall("sha256:([0-9a-f]{64})", entry)) <= told


def test_what_the_product_needs_is_told_from_what_makes_and_checks_it(boms):
    scopes = {part["purl"]: part["scope"] for part in boms["python"]["components"]}
    assert {scopes[package.url] for package in python_lock(ROOT / "requirements/runtime.txt")} == {"required"}
    names = {part["name"]: part["scope"] for part in boms["python"]["components"]}
    assert names["pytest"] == names["pip-audit"] == names["torch"] == "excluded"


def test_a_lock_of_something_that_runs_is_by_choice(tmp_path):
    (tmp_path / "dev.txt").write_text("fastapi==1 \\\n    --hash=sha256:" + "0" * 64 + "\npytest==1\n")
    (tmp_path / "image.txt").write_text("fastapi==1 ; sys_platform == 'linux'\nfastapi==2\n")
    found = {package.url: (package.scope, package.locks) for package in python_packages(tmp_path)}
    assert found == {
        "pkg:pypi/fastapi@1": ("optional", ("dev", "image")),
        "pkg:pypi/fastapi@2": ("optional", ("image",)),
        "pkg:pypi/pytest@1": ("excluded", ("dev",)),
    }


def test_what_the_console_needs_is_found_as_node_finds_it(tmp_path):
    lock = tmp_path / "package-lock.json"
    inner = {"version": "2.0.0", "license": "MIT"}
    packages = {
        "": {"name": "console"},
        "node_modules/a": {"version": "1.0.0", "license": "MIT", "dependencies": {"b": "2", "@s/c": "1", "gone": "1"}},
        "node_modules/a/node_modules/b": inner | {"dependencies": {"@s/c": "1"}},
        "node_modules/b": {"version": "1.0.0", "license": "MIT"},
        "node_modules/@s/c": {"version": "1.0.0", "license": "ISC", "integrity": "sha512-AAAA"},
    }
    lock.write_text(json.dumps({"packages": packages}))
    found = {package.url: package for package in npm_packages(lock, frozenset({"a"}))}
    assert found["pkg:npm/a@1.0.0"].needs == ("pkg:npm/%40s/c@1.0.0", "pkg:npm/b@2.0.0")
    assert found["pkg:npm/b@2.0.0"].needs == ("pkg:npm/%40s/c@1.0.0",)
    assert found["pkg:npm/%40s/c@1.0.0"].sha512 == "000000"
    assert [url for url, package in found.items() if package.scope == "required"] == ["pkg:npm/a@1.0.0"]


@pytest.mark.skipif(not PAGES.is_file(), reason="the pages of the console are not built")
def test_libraries_inside_the_pages_are_those_that_notice_names():
    bundled = bundled_packages(PAGES)
    assert bundled >= BUNDLED
    assert bundled <= {package.name for package in npm_packages(ROOT / "console/package-lock.json", frozenset())}
    notice = (ROOT / "NOTICE").read_text()
    assert all(name.rpartition("/")[0].lstrip("@") in notice or name in notice for name in BUNDLED)


def test_every_bundled_network_has_a_model_card_with_its_limits_and_digest(boms):
    parts = {part["name"]: part for part in boms["models"]["components"]}
    for file in sorted(Path(next(iter(pack.__path__))).glob("*.onnx")):
        part = parts[file.stem]
        assert part["type"] == "machine-learning-model"
        assert part["scope"] == "required"
        assert part["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}]
        assert len(part["modelCard"]["considerations"]["technicalLimitations"][0]) > 200
        assert part["description"]


def test_every_public_network_tells_licence_origin_and_addresses(boms):
    parts = {part["name"]: part for part in boms["models"]["components"]}
    assert set(parts) == {card.name for card in Catalogue.known()}
    for card in Catalogue.known():
        licence = parts[card.name]["licenses"][0]["license"]
        assert card.licence in (licence.get("id"), licence.get("name"))
        told = [entry["value"] for entry in parts[card.name]["properties"] if entry["name"] == "facefusion:origin"]
        assert told == list(card.origin)
        assert [entry["url"] for entry in parts[card.name].get("externalReferences", [])] == list(card.urls)


def test_weights_that_are_not_those_of_their_entry_stop_a_release():
    card = next(iter(Catalogue.bundled())).model_copy(update={"sha256": "0" * 64})
    with pytest.raises(WeightsError, match="its entry says 000"):
        models_bom.bundled_weights(card, SOURCE)


def test_the_licence_of_the_product_is_that_of_its_package():
    assert f'license = "{LICENCE}"' in (ROOT / "pyproject.toml").read_text()
