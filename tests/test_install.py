"""Setting up: lock files, the script that installs them, and what the wheel holds."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.fixture
def install(tmp_path: Path) -> ModuleType:
    """The install script, looking at a checkout that is empty but for its lock files."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "requirements" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in ("pyproject.toml", "requirements/runtime.txt", "requirements/dev.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    module.ROOT, module.ENVIRONMENT = tmp_path, tmp_path / ".venv"
    module.PYTHON, module.MARK = module.ENVIRONMENT / "bin/python", module.ENVIRONMENT / "installed.txt"
    return module


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_names_versions_and_hashes_and_no_address(lock):
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert all(re.match(r"[a-z0-9-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock.read_text()


def test_the_lock_of_the_console_holds_no_address_either():
    lock = ROOT / "console" / "package-lock.json"
    assert "://" not in lock.read_text(), "npm notes who funds a package: take its `funding` out again"


def test_other_environments_stand_on_the_versions_of_the_runtime():
    runtime, dev, openvino = (
        set(re.findall(r"^[^\s\\]+==[^\s\\]+", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("runtime.txt", "dev.txt", "openvino.txt")
    )
    assert runtime <= dev
    assert {entry for entry in runtime if not entry.startswith("onnxruntime==")} <= openvino


def test_an_environment_that_is_not_there_is_not_sound(install):
    assert not install.environment_is_sound()


def test_an_environment_is_sound_until_it_is_moved_or_left_unfinished(install, tmp_path):
    install.venv.create(install.ENVIRONMENT, with_pip=False, system_site_packages=True)
    settings = install.ENVIRONMENT / "pyvenv.cfg"
    as_made = settings.read_text()
    install.runs = lambda *arguments: True
    assert install.environment_is_sound()
    install.MARK.write_text(install.UNFINISHED)
    assert not install.environment_is_sound()
    install.MARK.unlink()
    settings.write_text(as_made.replace(str(tmp_path), "/elsewhere"))
    assert not install.environment_is_sound()


def test_an_environment_without_its_python_is_not_sound(install):
    install.venv.create(install.ENVIRONMENT, with_pip=False)
    for link in (install.ENVIRONMENT / "bin").glob("python*"):
        link.unlink()
    assert not install.environment_is_sound()


def test_nothing_happens_when_all_is_there(install, monkeypatch):
    install.ENVIRONMENT.mkdir()
    install.MARK.write_text("\n".join(install.fingerprints("dev")))
    monkeypatch.setattr(install, "environment_is_sound", lambda: True)
    monkeypatch.setattr(install, "pip", lambda *arguments: pytest.fail("nothing to install"))
    assert install.main(["runtime"]) is None
    assert install.main(["dev"]) is None


def test_another_lock_means_another_installation(install, monkeypatch):
    calls: list[str] = []
    install.ENVIRONMENT.mkdir()
    install.MARK.write_text("\n".join(install.fingerprints("runtime")))
    monkeypatch.setattr(install, "environment_is_sound", lambda: True)
    monkeypatch.setattr(install, "pip", lambda *arguments: calls.append(" ".join(arguments)))
    (install.ROOT / "requirements" / "runtime.txt").write_text("numpy==2.0\n")
    assert install.main(["runtime"]) is None
    assert calls[0].startswith("install --require-hashes")
    assert set(install.read_mark()) == set(install.fingerprints("runtime"))


def test_a_broken_installation_is_remembered_as_unfinished(install, monkeypatch):
    def fail(*arguments: str) -> None:
        raise SystemExit(1)

    install.ENVIRONMENT.mkdir()
    monkeypatch.setattr(install, "environment_is_sound", lambda: True)
    monkeypatch.setattr(install, "pip", fail)
    with pytest.raises(SystemExit):
        install.main(["runtime"])
    assert install.read_mark() == [install.UNFINISHED]


def test_a_python_without_its_venv_module_is_told_what_to_install(install, monkeypatch):
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    assert "apt-get install python3-venv" in install.main(["runtime"])


def test_the_wheel_holds_weights_catalogue_and_licences(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    package = ROOT / "src" / "facefusion"
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert f"facefusion/{path.relative_to(package).as_posix()}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
