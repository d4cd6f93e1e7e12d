"""The source as it is released: no secret in it, no weakness that tools find, and documents that are true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from release.source import SourceError
from release_material import ROOT

from release import leaks

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


@pytest.mark.skipif(not IS_CHECKOUT, reason="no checkout of git")
def test_no_secret_is_in_the_repository():
    assert leaks.find() == ""


PLANTED = {
    "AWS Access Key": "AKIA" + "IOSFODNN7EXAMPLF",
    "Azure Storage Account access key": "AccountKey=" + "lJzRc1YdHaAA2KCNJJ1tkYwF" + "/" * 62 + "==",
    "Basic Auth Credentials": "postgresql://somebody:" + "hunter2024" + "@db.example/jobs",
    "GitHub Token": "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx",
    "GitLab Token": "glpat-" + "hellOworld380_testin",
    "JSON Web Token": "eyJhbGciOiJIUzI1NiJ9"
    + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    + "rosRsu3hCbgxOGwSzpJqGIGgxNuDhsPvUvz6WqUKYyY",
    "Private Key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "PyPI Token": "pypi-AgEIcHlwaS5" + "vcmc" + "CJDU3OTM1MjliLWIyYTYtNDEwOC05NzRkLTM0MjNiNmEwNWIzYgACF1s" * 2,
    "Slack Token": "xoxb-" + "23984754863-2348975623103",
    "Stripe Access Key": "sk_live_" + "ReTllpYQYfIZu2Jnf2lAPFjD",
    "Telegram Bot Token": "110201543" + ":AAHdqTcvCH1vGWJxfSe1ofSAs0K5PALDsaw",
}


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A checkout with a secret of each kind, and what is said of it."""
    place = tmp_path_factory.mktemp("leaking")
    subprocess.run(["git", "init", "--quiet", place], check=True)
    for number, text in enumerate(PLANTED.values()):
        (place / f"file{number}.py").write_text(f'value = "{text}"\n')
    return place, leaks.find(place)


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_would_be_found(leaking, kind):
    _, told = leaking
    place = f"file{list(PLANTED).index(kind)}.py:1"
    assert f"Secret Type: {kind}\nLocation:    {place}" in told


def test_a_known_one_may_move_within_its_file(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    text = f'value = "{PLANTED["AWS Access Key"]}"\n'
    (tmp_path / "file.py").write_text(text)
    command = [TOOLS / "detect-secrets", "scan", "--all-files", "file.py"]
    known = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    (tmp_path / "known.json").write_bytes(known)
    (tmp_path / "file.py").write_text(f"moved = True\n\n{text}")
    assert leaks.find(tmp_path, tmp_path / "known.json") == ""
    assert (tmp_path / "known.json").read_bytes() == known
    assert "AWS Access Key" in leaks.find(tmp_path)


def test_where_git_does_not_answer_nothing_counts_as_looked_at(tmp_path):
    with pytest.raises(SourceError, match="git grep failed"):
        leaks.find(tmp_path)


@pytest.mark.slow
def test_bandit_finds_nothing_that_was_not_looked_at():
    command = [
        TOOLS / "bandit",
        "--quiet",
        "--configfile",
        "pyproject.toml",
        "--recursive",
        "src",
        "release",
        "console/package.py",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not IS_CHECKOUT, reason="no checkout of git")
def test_no_file_names_a_registry_of_packages():
    for name in files():
        if name.endswith((".md", ".yml", ".yaml", ".json", ".toml", ".txt", ".in", ".cfg", ".npmrc")):
            text = (ROOT / name).read_text(errors="replace")
            assert not any(host in text for host in REGISTRIES), name
