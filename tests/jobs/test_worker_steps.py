"""A job in steps over a folder, as a scheduler of one's own drives it, and jobs of the database as commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facefusion.cli.main import main
from material import ASTRONAUT, CAPTAIN, read, read_clip, save, write_clip

Run = Callable[..., Any]


@pytest.fixture
def command(quiet_place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command and returns what it prints, as JSON where it is."""
    values = {"JOBS_DATABASE": "jobs.db", "STORAGE": "files", "SCRATCH_DIR": "scratch", "SCRATCH_FREE": "0"}
    for name, value in values.items():
        monkeypatch.setenv(f"FACEFUSION_{name}", str(quiet_place / value) if name != "SCRATCH_FREE" else value)

    def run(*arguments: object, code: int = 0) -> Any:
        found = main([*map(str, arguments)])
        printed = capsys.readouterr()
        assert found == code, printed.err
        text = printed.out.strip()
        if code:
            return printed.err
        return json.loads(text.splitlines()[-1]) if text.startswith(("{", '{"')) and "\n}" not in text else text

    return run


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    astronaut = read(ASTRONAUT)
    views = [astronaut[30:222, 120 + step : 312 + step] for step in range(40)]
    return write_clip(tmp_path_factory.mktemp("clips") / "moving.mp4", views)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("small") / "captain.png", read(CAPTAIN)[:600:2, ::2])


def test_a_film_in_steps(command: Run, clip: Path, quiet_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = ("--work", quiet_place / "film")
    asked = ("-s", CAPTAIN, "-t", clip, "-o", "r.mp4", "--segment-frames", 16, "--blend-ratio", "0.9")
    assert "No job was planned" in command("job", "merge", *work, code=85)
    planned = command("job", "plan", *work, *asked)
    assert (planned["segments"], planned["frames"], planned["numbers"]) == (3, 40, [0, 1, 2])
    assert command("job", "plan", *work, *asked) == planned
    other = ("-s", CAPTAIN, "-t", clip, "-o", "other.mp4")
    assert "Another job" in command("job", "plan", *work, *other, code=85)

    assert command("job", "run-segment", *work, "--number", 1) == {"segment": 1, "made": True}
    assert command("job", "run-segment", *work, "--number", 1) == {"segment": 1, "made": False}
    assert "missing: 0, 2" in command("job", "merge", *work, code=85)
    assert "no segment 3" in command("job", "run-segment", *work, "--number", 3, code=85)
    assert "Nobody says" in command("job", "run-segment", *work, code=2)
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "0")
    assert command("job", "run-segment", *work, "--of", 2) == {"segment": 2, "made": True}

    result = command("job", "merge", *work, "--to", quiet_place)
    assert result["frames"] == 40
    assert result["files"] == [str(quiet_place / "r.mp4")]
    assert len(read_clip(quiet_place / "r.mp4")) == 40
    assert command("job", "merge", *work)["outputs"] == result["outputs"]  # it is there already

    # A segment that is damaged, or of another plan, is not taken.
    (quiet_place / "film" / "result.json").unlink()
    segment = quiet_place / "film" / "segments" / "1.json"
    segment.write_text(segment.read_text().replace(planned["plan"], "0" * 64))
    assert "another plan" in command("job", "merge", *work, code=85)
    segment.unlink()
    assert command("job", "run-segment", *work, "--number", 1) == {"segment": 1, "made": True}
    [file] = [path for path in (quiet_place / "film" / "default" / "jobs").rglob("*.segment") if "/0-" in str(path)]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    command("job", "merge", *work, code=92)


def test_jobs_of_the_database_as_commands(command: Run, small: Path, quiet_place: Path) -> None:
    job = command("job", "submit", "-s", ASTRONAUT, "-t", small, "-o", "r.png", "--priority", 3)
    listed = json.loads(command("job", "list", "--json"))["jobs"]
    assert [each["id"] for each in listed] == [job]
    shown = json.loads(command("job", "show", job, "--json"))
    assert (shown["state"], shown["priority"], shown["tenant"]) == ("queued", 3, "default")
    assert shown["request"]["output"] == "r.png"
    assert "paused" in command("job", "pause", job)
    assert "queued" in command("job", "resume", job)
    assert "  7  " in command("job", "priority", job, 7)
    assert "cancelled" in command("job", "cancel", job)
    command("job", "wait", job, code=130)
    assert "queued" in command("job", "retry", job)
    assert "job.cancelled" in command("job", "events", job)
    command("job", "wait", job, "--timeout", 0, code=124)
    command("job", "fetch", job, code=81)
    command("job", "show", "nobody", code=80)
    command("job", "show", job, "--tenant", "other", code=80)
    assert "names a folder" in command("job", "submit", "-s", ASTRONAUT, "-t", small, "-o", "x/r.png", code=2)

    from facefusion.jobs.opening import open_worker
    from facefusion.options import load_options, load_serving

    worker = open_worker(load_options({}), load_serving({}))
    with worker.watching():
        assert worker.work_once()
    assert "succeeded" in command("job", "wait", job)
    assert command("job", "fetch", job, "--to", quiet_place) == str(quiet_place / "r.png")
    command("job", "fetch", job, "--to", quiet_place, code=33)
    command("job", "fetch", job, "--to", quiet_place, "--overwrite")
    assert read(quiet_place / "r.png").shape == read(small).shape
    worker._engine.dispose()
