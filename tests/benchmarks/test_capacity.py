"""What `facefusion capacity` says is what was measured, and holds for a real job within a stated factor."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from facefusion.cli.main import main
from facefusion.errors import OptionsError
from facefusion.jobs import capacity as figures
from facefusion.jobs.capacity import Measured, Work, capacity, cpu_ms
from material import ASTRONAUT, CAPTAIN, read, write_clip

ROOT = Path(__file__).parents[2]
FACTOR = 4.0
"""By which a real job's processor time may differ from what is said, either way: machines differ by that."""
ROWS = {
    "decode": figures.DECODE,
    "encode": figures.ENCODE,
    "analyse": figures.ANALYSE,
    "process": figures.PROCESS,
    "models": figures.MODELS,
}


def table(name: str) -> dict[str, dict[str, float]]:
    """Return a table of the page on performance: by row and column."""
    page = (ROOT / "docs/performance.md").read_text()
    text = page.split(f"<!-- begin: {name},")[1].split(f"<!-- end: {name},")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    found: dict[str, dict[str, float]] = {}
    for row in rows[2:]:
        if len(row) == len(rows[0]):
            numbers = {column: re.match(r"-?[\d.]+", cell) for column, cell in zip(rows[0][1:], row[1:], strict=True)}
            found.setdefault(row[0], {column: float(each[0]) for column, each in numbers.items() if each})
    return found


@pytest.mark.parametrize("stage", ROWS)
def test_figures_are_those_of_the_page_on_performance(stage: str) -> None:
    row = table("mesh")[f"CPU ms/frame, {stage}"]
    assert Measured(row["mesh, 720, 100 s, veryfast"], row["mesh, 1080, 100 s, veryfast"]) == ROWS[stage]


def test_the_rest_of_them_too() -> None:
    mesh, network, bare = table("mesh"), table("network"), table("bare")
    short, large = "mesh, 720, 100 s, veryfast", "mesh, 1080, 100 s, veryfast"
    for size, column in (("at_720", short), ("at_1080", large)):
        rest = mesh["CPU ms/frame, between"][column] + mesh["CPU ms/frame, join"][column]
        assert getattr(figures.OTHERWISE, size) == pytest.approx(rest)
        assert getattr(figures.OUTPUT_BYTES, size) == mesh["output, bytes"][column] / mesh["frames"][column]
        whole = Work(frames=1, megapixels={"at_720": 0.9216, "at_1080": 2.0736}[size], workers=1)
        assert cpu_ms(whole) == pytest.approx(mesh["CPU ms/frame, all"][column], rel=0.01)
    process = network["CPU ms/frame, process"]
    assert Measured(*process.values()) == figures.PROCESS_OF_NETWORK
    rates = [each["networks: GFLOP a second of CPU time"] for each in (network, bare)]
    assert [next(iter(each.values())) for each in rates] == [rate for _, rate in figures.NETWORK_RATES]
    busy = mesh["frames/s without start-up"][short] * mesh["CPU ms/frame, all"][short] / 1000 / figures.CORES
    assert round(busy, 2) == figures.BUSY
    tiny = "tiny, 720, 10 s, veryfast"
    busy = network["frames/s without start-up"][tiny] * network["CPU ms/frame, all"][tiny] / 1000 / figures.CORES
    assert round(busy, 2) == figures.BUSY_WITH_NETWORK


def test_what_workers_lose_is_in_the_results() -> None:
    results = (ROOT / "benchmarks/RESULTS.md").read_text()
    [shares] = re.findall(r"\| time that went into work, % +\|(.+)\|", results)
    assert int(min(map(float, shares.split("|")))) / 100 <= figures.AT_WORK <= max(map(float, shares.split("|"))) / 100


def test_a_jobs_cost_is_of_the_order_of_what_results_say_of_its_parts() -> None:
    """RESULTS.md has analysis and swap of another face, on a machine that is about twice as fast."""
    [line] = re.findall(r"\| 720   \|(.+)\|", (ROOT / "benchmarks/RESULTS.md").read_text())
    analyse, _, swap, *_ = (float(each) for each in line.split("|")[1:-1])
    said = figures.ANALYSE.at_720 + figures.PROCESS.at_720 + figures.MODELS.at_720
    assert 1 / FACTOR < said / (analyse + swap) < FACTOR


def test_rates_are_those_that_were_measured() -> None:
    work = Work(frames=25 * 3600, megapixels=0.9216, workers=1)
    assert capacity(work).rate == pytest.approx(18.33, rel=0.02)
    assert capacity(Work(frames=1, megapixels=2.0736, workers=1)).rate == pytest.approx(15.94, rel=0.2)
    assert capacity(Work(frames=1, megapixels=0.9216, gmac=121.261, workers=1)).rate == pytest.approx(0.84, rel=0.1)


def test_workers_for_a_time_and_time_for_workers_agree() -> None:
    asked = Work(frames=9_000_000, megapixels=2.0736, hours=24, price_hour=2.0, price_month=0.1, keep_days=15)
    found = capacity(asked)
    assert found.hours <= 24 < found.hours * found.workers / (found.workers - 1)
    again = capacity(Work(frames=9_000_000, megapixels=2.0736, workers=found.workers))
    assert again.hours == pytest.approx(found.hours)
    assert found.work_cost == pytest.approx(found.hours * found.workers * 2.0)
    assert found.storage_cost == pytest.approx((found.input_gib + found.output_gib) * 0.1 / 2)
    assert found.peak_gib == pytest.approx(found.input_gib + 2 * found.output_gib)


def test_what_somebody_measured_counts_instead() -> None:
    found = capacity(Work(frames=3600 * 95, megapixels=2.0, rate=100.0, workers=1, bitrate_in=8.0, bitrate_out=4.0))
    assert (found.cpu_ms, found.cpu_hours, found.rate) == (None, None, 100.0)
    assert found.hours == pytest.approx(1.0)
    assert found.input_gib == pytest.approx(3600 * 95 / 25 * 1e6 / 2**30)


def test_more_work_takes_more_and_faster_cores_less() -> None:
    def cost(**more: float) -> float:
        return cpu_ms(Work(**({"frames": 1, "megapixels": 2.0, "workers": 1} | more)))

    assert cost(faces=3) > cost() > cost(faces=0) > cost(faces=0, megapixels=0.2) > 0
    assert cost(speed=2) == pytest.approx(cost() / 2)
    assert cost(gmac=200) > cost(gmac=121) > cost(gmac=30) > cost(gmac=2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": 0},
        {"megapixels": float("nan")},
        {"faces": -1},
        {"hours": 2.0},
        {"workers": None},
        {"speed": 0},
        {"rate": -5.0},
    ],
)
def test_what_is_no_work_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionsError):
        Work(**({"frames": 100, "megapixels": 1.0, "workers": 1} | wrong))


def test_the_command(quiet_place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["capacity", "--hours", "100", "--resolution", "1080p", "--deadline", "24", "--price-hour", "0.1"]
    assert main(flags) == 0
    out = capsys.readouterr().out
    assert "frames:   9,000,000 of 2.07 megapixels, 1 face(s)" in out and "by measured figures" in out
    assert main([*flags, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["asked"]["frames"] == 9_000_000 and report["found"]["workers"] > 1
    assert main(["capacity", "--frames", "10", "--cores", "5", "--rate", "50"]) == 0
    assert "workers:  2 (50.00 frames/s each; as you measured)" in capsys.readouterr().out
    for wrong in (["--frames", "10"], ["--cores", "2"], ["--frames", "1", "--cores", "2", "--resolution", "huge"]):
        assert main(["capacity", *wrong]) == 2


def job_seconds(folder: Path, frames: int) -> float:
    """Return the processor time of a job of so many frames, as its own process counts it."""
    picture = np.asarray(read(ASTRONAUT))
    # The face moves a little, so that it is followed, and nothing is the same twice.
    clip = write_clip(folder / f"clip{frames}.mp4", [np.roll(picture, number % 9, axis=1) for number in range(frames)])
    command = [sys.executable, "-m", "facefusion", "--source", str(CAPTAIN), "--target", str(clip)]
    command += ["--output", str(folder / f"result{frames}.mp4"), "--acknowledge", "--trust-dir", str(folder / "trust")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.slow
def test_a_real_job_takes_what_is_said_within_the_factor(tmp_path: Path) -> None:
    """Two jobs differ by their frames alone: what a process takes to begin, which a worker does once, is in both."""
    job_seconds(tmp_path, 6)  # fills what is kept from job to job
    short, long = (job_seconds(tmp_path, frames) for frames in (12, 132))
    measured = (long - short) / 120 * 1000
    said = cpu_ms(Work(frames=120, megapixels=512 * 512 / 1e6, workers=1))
    assert 1 / FACTOR < measured / said < FACTOR, (measured, said)
