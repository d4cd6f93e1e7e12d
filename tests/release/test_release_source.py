"""The source as it is released: no secret in it, no weakness that tools find, and documents that are true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from release_material import ROOT

REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com")
TOOLS = Path(sys.executable).parent
IS_CHECKOUT = (ROOT / ".git").exists()


@cache
def files() -> tuple[str, ...]:
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


@cache
def test_names(path: Path) -> frozenset[str]:
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


test_names.__test__ = False  # type: ignore[attr-defined]


def test_each_test_that_the_list_of_threats_names_exists():
    text = (ROOT / "docs/security.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 100
    for file, name in named:
        assert name in test_names(ROOT / file), f"{file}::{name}"


def test_each_threat_has_a_measure_and_a_test():
    rows = re.findall(r"^\| (.+) \|$", (ROOT / "docs/security.md").read_text(), re.MULTILINE)
    threats = [row.split(" | ") for row in rows if row.count(" | ") == 2 and not row.startswith(("---", "threat"))]
    assert len(threats) > 40
    assert all(measure and "::" in tests for _, measure, tests in threats)


@pytest.mark.slow
@pytest.mark.skipif(not IS_CHECKOUT, reason="no checkout of git")
def test_no_secret_is_in_the_repository():
    command = [TOOLS / "detect-secrets-hook", "--baseline", ".secrets.baseline", *files()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not IS_CHECKOUT, reason="no checkout of git")
def test_a_secret_would_be_found(tmp_path):
    leak = tmp_path / "settings.py"
    key = "AKIA" + "IOSFODNN7EXAMPLF"
    leak.write_text(f'access = "{key}"\n')
    command = [TOOLS / "detect-secrets-hook", "--baseline", ".secrets.baseline", leak]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "AWS Access Key" in done.stdout


@pytest.mark.slow
def test_bandit_finds_nothing_that_was_not_looked_at():
    command = [TOOLS / "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", "src", "release"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not IS_CHECKOUT, reason="no checkout of git")
def test_no_file_names_a_registry_of_packages():
    for name in files():
        if name.endswith((".md", ".yml", ".yaml", ".json", ".toml", ".txt", ".in", ".cfg", ".npmrc")):
            text = (ROOT / name).read_text(errors="replace")
            assert not any(host in text for host in REGISTRIES), name
