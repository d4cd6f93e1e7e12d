"""Workflows and the configuration of updates: valid, with few rights, and nothing that others can exchange."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from release_material import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = {
    "actions/checkout": "de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "actions/setup-python": "a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0",
    "actions/upload-artifact": "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1",
    "github/codeql-action/analyze": "cdf488f595d80d6e07e03d4674febd5ab45fa938 # v4.37.9",
    "github/codeql-action/init": "cdf488f595d80d6e07e03d4674febd5ab45fa938 # v4.37.9",
    "sigstore/cosign-installer": "faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0",
}
"""Commits that somebody has looked up; what Renovate proposes is looked up again and put here."""
RIGHTS = {
    ("ci", "test"): {"contents: read"},
    ("security", "code"): {"contents: read"},
    ("security", "audit"): {"contents: read"},
    ("security", "codeql"): {"actions: read", "contents: read", "security-events: write"},
    ("security", "secrets"): {"contents: read"},
    ("security", "files"): {"contents: read"},
    ("security", "image"): {"contents: read"},
    ("release", "test"): {"contents: read"},
    ("release", "packages"): {"contents: read"},
    ("release", "images"): {"contents: read", "id-token: write", "packages: write"},
    ("release", "release"): {"contents: write", "id-token: write"},
}


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path.stem, name, job) for path in WORKFLOWS for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    ]


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.renovate", [ROOT / "renovate.json"])],
    ids=["workflows", "renovate"],
)
def test_files_are_as_their_schemas_want_them(schema, files):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_named_by_commit():
    for path in WORKFLOWS:
        for action, revision in re.findall(r"uses: ([^\s@]+)(?:@(.+))?$", path.read_text(), re.MULTILINE):
            if action.startswith("./"):
                assert (ROOT / action).is_file()
            else:
                assert revision == ACTIONS[action], f"{path.name}: {action}"


def test_no_job_has_more_rights_than_its_work_needs():
    assert all(yaml.safe_load(path.read_text())["permissions"] == {} for path in WORKFLOWS)
    told = {
        (file, name): {f"{right}: {how}" for right, how in job["permissions"].items()} for file, name, job in jobs()
    }
    assert told == RIGHTS


def test_secrets_are_in_jobs_that_a_second_person_approves():
    for _, name, job in jobs():
        if "secrets." in json.dumps(job):
            assert job["environment"] == "release", name


def test_no_checkout_leaves_its_token_behind():
    steps = [step for _, _, job in jobs() for step in job.get("steps", [])]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_script_takes_text_of_others_as_program():
    for file, name, job in jobs():
        for step in job.get("steps", []):
            assert "${{" not in step.get("run", ""), f"{file}: {name}"


def test_no_job_runs_for_ever():
    assert all("timeout-minutes" in job or "uses" in job for _, _, job in jobs())


def test_images_that_workflows_run_are_named_by_digest():
    for path in WORKFLOWS:
        for tag, digest in re.findall(r"TRIVY: (\S+?)(@sha256:[0-9a-f]{64})?$", path.read_text(), re.MULTILINE):
            assert tag.startswith("aquasec/trivy:")
            assert digest


def test_nothing_is_released_that_was_not_tested_built_twice_and_verified():
    release = next(job for file, name, job in jobs() if (file, name) == ("release", "release"))
    assert {"test", "packages", "images"} <= set(release["needs"])
    lines = [step.get("run", "") for step in release["steps"]]
    order = [
        next(place for place, line in enumerate(lines) if text in line)
        for text in ("diff --recursive", "release.assemble", "release/verify.py", "gh release create")
    ]
    assert order == sorted(order)


def test_what_workflows_run_is_there():
    makefile = (ROOT / "Makefile").read_text()
    for path in WORKFLOWS:
        text = path.read_text()
        for target in re.findall(r"make ([a-z-]+)", text):
            assert f"\n{target}:" in makefile
        for module in re.findall(r"-m (release\.\w+)", text):
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_renovate_finds_the_tools_that_workflows_name():
    manager = json.loads((ROOT / "renovate.json").read_text())["customManagers"][0]
    pattern = re.sub(r"\(\?<(\w+)>", r"(?P<\1>", manager["matchStrings"][0])
    found = {
        (match["depName"], match["currentValue"], bool(match["currentDigest"]))
        for path in WORKFLOWS
        for match in re.finditer(pattern, path.read_text())
    }
    assert found == {
        ("aquasec/trivy", "0.74.0", True),
        ("github.com/zricethezav/gitleaks/v8", "v8.30.1", False),
    }


def test_weaknesses_of_workflows_are_looked_for():
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", "--no-progress", *WORKFLOWS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
