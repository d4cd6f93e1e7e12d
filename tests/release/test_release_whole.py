"""A whole release, as `make release-check` makes it: built twice alike, described, signed, verified."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from release.packages import MODULES, BuildError, build, differences
from release.source import Source, SourceError, read_source
from release_material import ROOT

CAN_BUILD = (ROOT / ".git").exists() and (ROOT / MODULES).is_dir()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not CAN_BUILD, reason="no checkout with the tools of the console")
def test_a_release_is_made_twice_alike_and_verified(tmp_path):
    folder = tmp_path / "release"
    command = [sys.executable, "-m", "release.check", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    version = read_source().version
    name = f"facefusion-{version}"
    written = {path.name for path in folder.iterdir()}
    assert written == {
        f"{name}-py3-none-any.whl",
        f"{name}.tar.gz",
        f"{name}.cdx.json",
        f"{name}-console.cdx.json",
        f"{name}-models.cdx.json",
        f"{name}-licences.md",
        "provenance.sigstore.json",
        "SHA256SUMS",
        "SHA256SUMS.sigstore.json",
    }
    assert len([line for line in done.stdout.splitlines() if line.startswith("verified  ")]) == 7
    for bom in folder.glob("*.cdx.json"):
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom.read_text()) is None
    _check_packages(folder, name)


def _check_packages(folder: Path, name: str) -> None:
    """The built pages are in both packages, and times are those of the commit."""
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl") as wheel:
        pages = {item.filename for item in wheel.infolist() if item.filename.startswith("facefusion/ui/static/")}
        assert len({item.date_time for item in wheel.infolist()}) == 1
    with tarfile.open(folder / f"{name}.tar.gz") as source:
        items = source.getmembers()
    inner = f"{name}/src/"
    assert pages == {item.name.removeprefix(inner) for item in items if "/ui/static/" in item.name and item.isfile()}
    assert "facefusion/ui/static/index.html" in pages
    assert {item.mtime for item in items} == {read_source().epoch}
    assert {(item.uid, item.gid) for item in items} == {(0, 0)}
    assert not [item.name for item in items if "node_modules" in item.name]
    assert f"{name}/release/verify.py" in {item.name for item in items}


def test_what_two_builds_do_not_have_alike_is_named(tmp_path):
    for folder, text, stamp in (("a", "one", 1), ("b", "two", 2)):
        place = tmp_path / folder
        place.mkdir()
        with zipfile.ZipFile(place / "x.whl", "w") as wheel:
            wheel.writestr(zipfile.ZipInfo("same.py", (2020, 1, 1, 0, 0, 0)), "same")
            wheel.writestr(zipfile.ZipInfo("other.py", (2020, 1, 1, 0, 0, 0)), text)
        with tarfile.open(place / "x.tar.gz", "w:gz") as archive:
            item = tarfile.TarInfo("x/file.py")
            item.mtime = stamp
            archive.addfile(item)
    (tmp_path / "a" / "extra").write_text("")
    assert differences(tmp_path / "a", tmp_path / "b") == [
        "extra is in one of them alone",
        "x.tar.gz: x/file.py",
        "x.whl: other.py",
    ]
    assert differences(tmp_path / "a", tmp_path / "a") == []


def test_a_checkout_without_the_tools_of_the_console_says_what_to_run(tmp_path):
    with pytest.raises(BuildError, match="run make console"):
        build(Source("0" * 40, 0, "1"), tmp_path / "dist", root=tmp_path)


def test_a_folder_that_is_no_checkout_is_told(tmp_path):
    with pytest.raises(SourceError, match="git log failed"):
        read_source(root=tmp_path)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no checkout of git")
def test_a_commit_tells_its_time_and_version():
    source = read_source()
    assert len(source.commit) == 40
    assert source.moment.endswith("Z")
    assert f'__version__ = "{source.version}"' in (ROOT / "src/facefusion/__init__.py").read_text()
    with pytest.raises(SourceError, match="failed"):
        read_source("no-such-revision")
