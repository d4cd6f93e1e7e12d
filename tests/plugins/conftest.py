from __future__ import annotations

import sys
import textwrap

import pytest


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package named `theirs`, as pip would: modules by name, and entry points by group."""

    def install(modules, points):
        site = tmp_path / "site"
        information = site / "theirs-1.5.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.5\n")
        lines = (f"[facefusion.{group}]\n{textwrap.dedent(text)}" for group, text in points.items())
        (information / "entry_points.txt").write_text("\n".join(lines))
        for name, text in {"__init__.py": "", **modules}.items():
            path = site / "theirs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(str(site))

    yield install
    for name in [name for name in sys.modules if name.split(".")[0] == "theirs"]:
        del sys.modules[name]
