"""A film as an array of a real Slurm: the same bytes as on this machine alone, also where a task is begun again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.servers import MissingServerError, until
from manifests import ROOT
from slurm_cluster import Slurm, slurm

from material import ASTRONAUT, CAPTAIN, read, write_clip

SCRIPTS = ROOT / "deploy" / "slurm"
POLICY = ROOT / "tests" / "policy.toml"
SEGMENTS = 6


@pytest.fixture(scope="module")
def cluster() -> Iterator[Slurm]:
    try:
        with slurm() as begun:
            yield begun
    except MissingServerError as error:
        pytest.skip(str(error))


@pytest.fixture
def place(quiet_place: Path) -> dict[str, str]:
    """Variables with which jobs of the cluster and of this machine work with the same keys."""
    values = {"TRUST_DIR": "trust", "SCRATCH_DIR": "scratch"}
    own = {f"FACEFUSION_{name}": str(quiet_place / value) for name, value in values.items()}
    return own | {"FACEFUSION_POLICY": str(POLICY), "FACEFUSION_SCRATCH_FREE": "0"}


@pytest.fixture
def film(tmp_path: Path) -> tuple[str, ...]:
    """What is asked for: a clip of as many segments as there are tasks."""
    astronaut = read(ASTRONAUT)
    views = [astronaut[30:190, 120 + step : 280 + step] for step in range(16 * SEGMENTS)]
    clip = write_clip(tmp_path / "moving.mp4", views)
    return ("-s", str(CAPTAIN), "-t", str(clip), "-o", "film.mp4", "--segment-frames", "16")


def made_here(cluster: Slurm, place: dict[str, str], film: tuple[str, ...], folder: Path) -> bytes:
    """Return what the same steps give one after the other, without a cluster."""
    work = ("--work", str(folder / "here"))
    planned = json.loads(cluster.run("facefusion", "job", "plan", *work, *film, **place))
    assert planned["segments"] == SEGMENTS
    cluster.run("facefusion", "job", "run-segment", *work, "--number", "0", "--of", "1", **place)
    (folder / "results here").mkdir()
    cluster.run("facefusion", "job", "merge", *work, "--to", str(folder / "results here"), **place)
    return (folder / "results here" / "film.mp4").read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_array_of_six_segments_gives_the_bytes_of_one_machine(
    cluster: Slurm, place: dict[str, str], film: tuple[str, ...], tmp_path: Path
) -> None:
    work, results = tmp_path / "work", tmp_path / "results"
    merge = cluster.run(str(SCRIPTS / "film.sh"), str(work), str(results), *film, **place).strip()

    def ended() -> str | None:
        states = {job["JobId"]: job["JobState"] for job in cluster.jobs()}
        is_over = states[merge] not in {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING"}
        return states[merge] if is_over else None

    def running() -> list[str]:
        jobs = cluster.jobs()
        return [job["JobId"] for job in jobs if "ArrayTaskId" in job and job["JobState"] == "RUNNING"]

    cluster.run(cluster.programs["scontrol"], "requeue", until(running, seconds=60.0)[0])  # as a pre-emption does
    state = until(ended, seconds=500.0, pause=0.5)
    logs = {path.name: path.read_text() for path in sorted(Path(f"{work}.log").iterdir())}
    assert state == "COMPLETED", logs
    assert {f"{number}.log" for number in range(SEGMENTS)} | {"merge.log"} == set(logs)
    tasks = [job for job in cluster.jobs() if "ArrayTaskId" in job]
    assert {job["ArrayTaskId"]: job["JobState"] for job in tasks} == dict.fromkeys(
        map(str, range(SEGMENTS)), "COMPLETED"
    )
    assert sorted(job["Restarts"] for job in tasks) == ["0"] * (SEGMENTS - 1) + ["1"]
    assert (results / "film.mp4").read_bytes() == made_here(cluster, place, film, tmp_path)


def test_scripts_are_understood_and_say_what_they_need() -> None:
    for script in SCRIPTS.glob("*.sh"):
        subprocess.run(["bash", "-n", str(script)], check=True)
    done = subprocess.run([str(SCRIPTS / "film.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: film.sh" in done.stderr
