"""Licences: all that is used has one, and somebody has reviewed it."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import metadata

import pytest
from license_expression import ExpressionError
from release.licences import Reviewed, allows, read_reviewed, report
from release.locks import Package, npm_packages, python_packages
from release.models_bom import split_catalogue
from release_material import ROOT

from facefusion.inference.catalogue import Catalogue

MAY = frozenset({"MIT", "Apache-2.0", "LicenseRef-House"})


@pytest.fixture(scope="module")
def reviewed() -> Reviewed:
    return read_reviewed()


@pytest.fixture(scope="module")
def packages() -> list[Package]:
    return python_packages(ROOT / "requirements") + npm_packages(
        ROOT / "console/package-lock.json", frozenset({"svelte"})
    )


def test_each_locked_package_has_a_licence_that_was_reviewed(reviewed, packages):
    assert [problem for package in packages if (problem := reviewed.problem(package))] == []


def test_all_weights_have_a_licence_that_was_reviewed(reviewed):
    bundled, public = split_catalogue()
    assert {card.name for card in bundled} == {card.name for card in Catalogue.bundled()}
    problems = [reviewed.problem_of_weights(card, shipped=True) for card in bundled]
    problems += [reviewed.problem_of_weights(card, shipped=False) for card in public]
    assert [problem for problem in problems if problem] == []


def test_what_is_listed_is_what_installed_packages_say_of_themselves(reviewed):
    for found in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
        stated = found.metadata.get("License-Expression")
        if stated and name in reviewed.stated:
            assert reviewed.stated[name] == stated, name


def test_exceptions_and_notes_are_of_packages_that_are_locked(reviewed, packages):
    python, npm = ({package.name for package in packages if package.ecosystem == kind} for kind in ("pypi", "npm"))
    assert {*reviewed.exceptions, *reviewed.notes} <= python
    assert set(reviewed.npm) <= npm


@pytest.mark.parametrize(
    ("expression", "is_allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("LicenseRef-House", True),
    ],
)
def test_an_expression_is_allowed_where_it_can_be_fulfilled(expression, is_allowed):
    assert allows(expression, MAY) is is_allowed


def test_an_expression_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="SPDX does not know BSD"):
        allows("BSD OR MIT", MAY)
    with pytest.raises(ExpressionError):
        allows("MIT OR", MAY)


def test_a_licence_that_nobody_reviewed_is_a_problem(reviewed):
    package = Package("npm", "new", "1.0", "excluded", ("package-lock",), licence="AGPL-3.0-only")
    assert "does not let it have" in reviewed.problem(package)
    assert "has no licence" in reviewed.problem(replace(package, licence=""))
    assert "has no licence" in reviewed.problem(Package("pypi", "nobody-knows-it", "1", "required", ("runtime",)))


def test_what_tools_may_have_users_do_not_get_and_what_they_may_choose_they_are_not_made_to(reviewed):
    tool = Package("pypi", "semgrep", "1", "excluded", ("security",))
    assert reviewed.problem(tool) is None
    assert "does not let it have" in reviewed.problem(replace(tool, scope="optional"))
    extra = Package("pypi", "psycopg", "1", "optional", ("image",))
    assert reviewed.problem(extra) is None
    assert "does not let it have" in reviewed.problem(replace(extra, scope="required"))


def test_an_exception_is_for_one_package(reviewed):
    detector = Package("pypi", "nudenet", "1", "required", ("runtime",))
    assert reviewed.problem(detector) is None
    other = replace(reviewed, stated={"another": "AGPL-3.0-only"})
    assert "does not let it have" in other.problem(replace(detector, name="another"))


def test_weights_that_ship_or_claim_too_much_are_a_problem(reviewed):
    card = next(iter(Catalogue.bundled()))
    closed = card.model_copy(update={"licence": "LicenseRef-NonCommercial"})
    assert "is not allowed" in reviewed.problem_of_weights(closed, shipped=True)
    assert "does not fit commercial = true" in reviewed.problem_of_weights(closed, shipped=False)
    unknown = card.model_copy(update={"licence": "LicenseRef-New"})
    assert "does not know" in reviewed.problem_of_weights(unknown, shipped=False)


def test_the_report_names_everything_with_what_it_is_for(reviewed, packages):
    bundled, public = split_catalogue()
    text = report(packages, bundled, public)
    assert all(f": {package.name} | {package.version} | " in text for package in packages)
    assert "| pypi: av | " in text
    assert "FFmpeg with x264 and x265, GPL-2.0-or-later) | in the product or needed by it |" in text
    assert all(f"| {card.name} | {card.licence} | " in text for card in (*bundled, *public))


def test_notice_names_all_weights_in_the_package():
    notice = (ROOT / "NOTICE").read_text()
    listed = notice.replace("blazeface_*.onnx", "blazeface_full_range.onnx blazeface_short_range.onnx")
    assert all(card.file in listed for card in Catalogue.bundled())
