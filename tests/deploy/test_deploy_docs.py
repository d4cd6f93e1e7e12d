"""What pages on images and Compose tell to type: run where it needs no engine, else held against what there is."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from facefusion.cli.parser import parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "deploy" / f"{name}.md" for name in ("images", "compose", "air-gap")]
BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
IMAGE = re.compile(r"facefusion(-carried)?:[a-z-]+|service")


def blocks(kind: str) -> list[str]:
    texts = [page.read_text() for page in PAGES]
    return [found["text"] for text in texts for found in BLOCK.finditer(text) if found["kind"] == kind]


def commands(text: str) -> list[list[str]]:
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.strip()]


def test_every_block_says_whether_it_needs_docker() -> None:
    kinds = {found["kind"] for page in PAGES for found in BLOCK.finditer(page.read_text())}
    assert kinds == {"sh", "sh needs-docker"}


def checkout(folder: Path) -> Path:
    """The part of a checkout that the commands write into."""
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns(".env", "secrets", "__pycache__"))
    return folder


@pytest.mark.parametrize("text", blocks("sh"))
def test_what_needs_no_engine_works_as_it_stands(text: str, quiet_place: Path) -> None:
    here = checkout(quiet_place)
    program = f'facefusion() {{ {shlex.quote(sys.executable)} -m facefusion "$@"; }}\n'
    done = subprocess.run(["bash", "-euc", program + text], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", blocks("sh needs-docker"))
def test_what_needs_docker_names_what_there_is(text: str) -> None:
    for words in commands(text):
        for word in words:
            if word.startswith("deploy/") and not word.startswith("deploy/compose/models"):
                assert (ROOT / word).exists(), word
        if "build" in words and "--target" in words:
            assert f" AS {words[words.index('--target') + 1]}\n" in (ROOT / "Dockerfile").read_text() + "\n"
        if words[0] == "docker" and "run" in words:
            [at] = [number for number, word in enumerate(words) if IMAGE.fullmatch(word)]
            assert parse(words[at + 1 :]).command
