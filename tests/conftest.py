from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# As the program itself has it (facefusion.__main__), and asked for when NumPy and OpenCV are imported: a second thread
# for each small field mostly waits, and each worker of the tests has less than one core.
for _name in ("OPENCV_FOR_THREADS_NUM", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from facefusion.engine.warm.parts import WarmParts  # noqa: E402
from facefusion.faces.analyser import FaceAnalyser  # noqa: E402
from facefusion.faces.types import Face  # noqa: E402
from facefusion.options import FaceSelectionOptions  # noqa: E402
from material import ASTRONAUT, CAPTAIN, Array, read, write_clip  # noqa: E402

pytest_plugins = ["servers", "job_databases"]

# What a busy machine takes for an example says nothing of what is tested.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

POLICY = Path(__file__).with_name("policy.toml")
"""What tests run under that are not about marks; see the file."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for servers, workers and leases."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return usable + 1


def pytest_collection_finish() -> None:
    """Leave thousands of tests out of what the collector of garbage looks through again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> Path:
    """An empty working directory, with no configuration file and no variables of ours in sight.

    Its cache knows one thing alone: which networks take batches. To try it anew would take longer than most tests do.
    """
    for name in [name for name in os.environ if name.startswith("FACEFUSION_")]:
        monkeypatch.delenv(name)
    for kind in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path.with_name(f"{tmp_path.name} {kind.lower()}")))
    known, here = (Path(folder, "facefusion", "batching") for folder in (own_cache, os.environ["XDG_CACHE_HOME"]))
    for folder in (known, here.parent):
        folder.mkdir(parents=True, exist_ok=True)
    here.symlink_to(known, target_is_directory=True)
    monkeypatch.setenv("FACEFUSION_POLICY", str(POLICY))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def warm() -> WarmParts:
    """What makes no difference to any output, for the jobs of all tests; what jobs do without is tested elsewhere."""
    return WarmParts()


@pytest.fixture
def kept_warm(warm: WarmParts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has jobs that are asked for one by one share what an engine's jobs share."""
    monkeypatch.setattr("facefusion.engine.run.WarmParts", lambda **_: warm)


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of our own, so that nothing is remembered from one run to the next."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True, scope="session")
def own_records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keys, consents and an audit log of our own, and a policy under which pixels can be compared."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("data")
        patch.setenv("XDG_DATA_HOME", str(folder))
        patch.setenv("FACEFUSION_POLICY", str(POLICY))
        yield folder


@pytest.fixture(scope="session")
def assets() -> Path:
    """Real pictures and clips."""
    beside = Path(__file__).parents[1].parent / "shared" / "assets"
    folder = Path(os.environ.get("FACEFUSION_TEST_ASSETS", beside))
    if not folder.is_dir():
        pytest.skip(f"the shared test material is not at {folder} (set FACEFUSION_TEST_ASSETS)")
    return folder


@pytest.fixture(scope="session")
def analyser() -> FaceAnalyser:
    """The models, loaded once."""
    return FaceAnalyser.create(FaceSelectionOptions())


@pytest.fixture(scope="session")
def astronaut() -> Array:
    """A portrait: one face about 96 pixels wide, looking into the camera."""
    return read(ASTRONAUT)


@pytest.fixture(scope="session")
def captain() -> Array:
    """Another."""
    return read(CAPTAIN)


@pytest.fixture(scope="session")
def astronaut_face(analyser: FaceAnalyser, astronaut: Array) -> Face:
    [face] = analyser.find(astronaut)
    return face


@pytest.fixture(scope="session")
def captain_face(analyser: FaceAnalyser, captain: Array) -> Face:
    [face] = analyser.find(captain)
    return face


@pytest.fixture(scope="session")
def moving_portrait(tmp_path_factory: pytest.TempPathFactory, astronaut: Array) -> Path:
    """A clip of 20 frames, 192 pixels square, in which the portrait drifts a pixel a frame."""
    views = [astronaut[30:222, 120 + step : 312 + step] for step in range(20)]
    return write_clip(tmp_path_factory.mktemp("clips") / "moving portrait.mp4", views)
