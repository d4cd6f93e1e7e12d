"""What pages on Kubernetes, clouds and Slurm tell to type: it runs here, or bears a mark that it needs a cluster."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from manifests import KUBERNETES, OVERLAYS, ROOT, rendered

from facefusion.cli.parser import parse

PAGES = ("kubernetes", "cloud", "slurm")
ELSEWHERE = ("deploy/slurm/film.sh",)
"""What a test of its own runs."""


def commands(name: str) -> list[tuple[str, str]]:
    """Return the commands of a page, each with what it needs; nothing where it runs anywhere."""
    text = (ROOT / "docs" / "deploy" / f"{name}.md").read_text()
    lines = [line[4:] for line in text.replace("\\\n", " ").splitlines() if line.startswith("    ")]
    found = [re.fullmatch(r"(.*?)(?:\s+# needs (.*))?", line) for line in lines]
    return [(match[1], match[2] or "") for match in found if match is not None and not match[1].startswith("POST ")]


@pytest.mark.parametrize("name", PAGES)
def test_every_command_is_understood(name: str) -> None:
    for command, _ in commands(name):
        words = [word for word in re.split(r"\s", command) if word]
        for at, word in enumerate(words):
            if word == "facefusion" and (at == 0 or words[at - 1] != "-n"):  # which is the namespace
                end = words.index("&&", at) if "&&" in words[at:] else len(words)
                parse(words[at + 1 : end])
            if word.startswith(("deploy/", "@deploy/")):
                assert (ROOT / word.removeprefix("@")).exists(), word


@pytest.mark.slow
def test_what_needs_no_cluster_runs(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (tmp_path / "policy.toml").write_text('schema = 1\nname = "ours"\nextends = "hosted"\n')
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "FACEFUSION_TRUST_DIR": str(tmp_path / "other")}
    ran = 0
    for command, needs in commands("kubernetes"):
        if needs or (command.startswith("kubectl") and shutil.which("kubectl") is None):
            continue
        subprocess.run(shlex.split(command), cwd=tmp_path, env=environment, check=True, capture_output=True)
        ran += 1
    assert ran >= 4
    assert {"place", "operator.pem", "policy.toml.sig"} <= {each.name for each in tmp_path.iterdir()}
    for name in ("cloud", "slurm"):
        assert all(needs or command.startswith(ELSEWHERE) for command, needs in commands(name))


def test_secrets_that_manifests_mount_are_told_of() -> None:
    text = "".join((ROOT / "docs" / "deploy" / f"{name}.md").read_text() for name in PAGES)
    named = set(re.findall(r"secretName: ([\w-]+)", "".join(path.read_text() for path in KUBERNETES.rglob("*.yaml"))))
    assert len(named) >= 8
    assert not {name for name in named if f"`{name}`" not in text and f"generic {name}" not in text}


def test_all_overlays_and_components_are_told_of() -> None:
    text = (ROOT / "docs" / "deploy" / "kubernetes.md").read_text()
    names = [*OVERLAYS, *(path.name for path in (KUBERNETES / "components").iterdir())]
    assert not [name for name in names if f"`{name}`" not in text]
    assert all(rendered(KUBERNETES / "overlays" / name) for name in OVERLAYS)
