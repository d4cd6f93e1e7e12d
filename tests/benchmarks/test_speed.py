"""What throughput and its kin measure: short runs whose figures must be sane, whatever the machine is busy with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from benchmark_calls import run
from benchmarks.flame import own_time, warm
from benchmarks.flops import count_macs, without_weights
from benchmarks.generated import models_folder, swapper_name, weights
from benchmarks.speed.compare import compare
from benchmarks.speed.flames import Frame, draw, grown
from benchmarks.speed.peak import device_peak

from benchmarks import gpu, networks, performance, throughput
from facefusion.inference.opening import open_sessions
from facefusion.options import Options

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unbound():
    """Benchmarks bind their process to certain cores, which here is that of the tests."""
    cores = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture(scope="module")
def peak():
    """The best rate of the processor, measured once."""
    return device_peak("cpu", 1)


@pytest.fixture
def known_peak(peak, monkeypatch):
    """Has benchmarks know that rate, which takes longer to measure than all else that they do here."""
    for module in (throughput, gpu):
        monkeypatch.setattr(module, "device_peak", lambda *_: peak)


def check(run, frames):
    """Hold the figures of a run against what must be so on any machine."""
    cpu = run["cpu_ms"]
    assert run["frames"] == frames
    assert {"decode", "analyse", "process", "encode", "join", "models", "between"} <= set(cpu)
    assert all(cpu[stage] > 0 for stage in ("decode", "analyse", "process", "models"))
    assert run["cpu_all_ms"] == pytest.approx(sum(cpu.values()))
    codecs = cpu["decode"] + cpu["encode"] + cpu["join"]
    assert run["cpu_own_ms"] == pytest.approx(run["cpu_all_ms"] - codecs - cpu["models"])
    assert 0 < run["cpu_not_models"] < 1
    assert 0 < run["wall_not_models"] < 1
    assert run["model_wall_ms"] < 1e3 / run["rate_warm"]
    assert 0 < run["loading_s"] < run["first_frame_s"] < run["start_up_s"] + run["work_s"]
    assert all(0 <= channel["fill"] <= 1 for channel in run["channels"].values())
    assert {"decode", "process"} <= set(run["channels"])
    assert run["peak_mib"] > 0.95 * run["work_peak_mib"], "the kernel counts coarsely"
    assert run["work_peak_mib"] > run["weights_mib"] > 0
    assert run["files_beside"] == []


@pytest.mark.slow
def test_throughput_measures_clips_of_several_lengths(kept, tmp_path, known_peak):
    found = tmp_path / "f.json"
    done = run("throughput", "--frames", 10, 20, "--sizes", 720, "--kept", kept, "--json", found)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(found.read_text("utf-8"))
    for each, frames in zip(result["runs"], (10, 20), strict=True):
        check(each, frames)
        assert each["output_bytes"] > 0
        assert each["macs"] / frames > 1e8, "a detector and the mesh at least"
    assert result["peaks"]["cpu"]["flops"] > 1e9
    assert "Peak memory, mesh, 720, 0.8 s, veryfast, against mesh, 720, 0.4 s, veryfast" in done.stdout
    again = run("throughput", "--compare", found, found)
    assert "| mesh, 720, 0.4 s, veryfast |" in again.stdout
    assert "+0.0%" in again.stdout


@pytest.mark.slow
def test_throughput_holds_a_network_against_a_bare_session_with_and_without_the_encoder(kept, tmp_path, known_peak):
    found = tmp_path / "f.json"
    asked = ("--swapper", "tiny", "--frames", 10, "--sizes", 720, "--bare", "--no-encoder")
    done = run("throughput", *asked, "--kept", kept, "--json", found)
    assert done.returncode == 0, done.stdout + done.stderr
    whole, thrown_away = json.loads(found.read_text("utf-8"))["runs"]
    for each in (whole, thrown_away):
        check(each, 10)
        swapper = next(model for model in each["models"] if model["model"] == swapper_name("tiny"))
        assert swapper["items"] == 10
        assert swapper["macs"] == pytest.approx(2.01e10, rel=0.01)
        assert each["bare"]["crops"] == 10
        assert each["bare"]["ratio"] > 0
    assert thrown_away["output_bytes"] == 0
    assert thrown_away["cpu_ms"]["encode"] < whole["cpu_ms"]["encode"]


@pytest.mark.slow
def test_gpu_prints_its_tables_for_any_provider(kept, tmp_path, known_peak):
    found = tmp_path / "f.json"
    asked = ("--providers", "cpu", "--swapper", "tiny", "--batches", 1, 2, "--sizes", 720, "--seconds", 0.4)
    done = run("gpu", *asked, "--each", 0.2, "--kept", kept, "--json", found)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(found.read_text("utf-8"))
    assert [row["batch"] for row in result["sweeps"]] == [1, 2]
    assert all(row["share"] > 0 for row in result["sweeps"])
    assert all(limit["decode"] > 0 and limit["encode"] > 0 for limit in result["limits"])


def test_gpu_says_plainly_where_there_is_no_card():
    done = run("gpu", "--providers", "no_such_provider")
    assert done.returncode == 2
    assert "Nothing was measured" in done.stdout
    assert "Traceback" not in done.stderr


def test_results_with_nothing_in_common_are_not_compared():
    assert compare({"runs": []}, {"runs": []}) == "The two results have no setting in common"


def test_every_part_of_the_page_on_performance_can_be_written():
    text = performance.DOCUMENT.read_text("utf-8")
    for part in (*performance.PARTS, "flame", "targets"):
        once = performance.replaced(text, part, "| a table |")
        assert once.count("| a table |") == 1
        assert performance.replaced(once, part, "| a table |") == once
    with pytest.raises(ValueError, match="no part weather"):
        performance.replaced(text, "weather", "")


def test_targets_tell_what_is_reached():
    setting = {"swapper": "tiny", "lines": 720, "seconds": 10.0}
    common = {"first_frame_s": 2.5, "loading_s": 0.6, "files_beside": [], "weights_mib": 100, "cpu_own_ms": 12.5}
    short = common | {"title": "short", "setting": setting, "peak_mib": 500, "bare": {"ratio": 1.05}}
    long = common | {"title": "long", "setting": setting | {"seconds": 100.0}, "peak_mib": 750}
    reached = {(line[0], line[1]): line[-1] for line in performance.targets([{"runs": [short, long]}])}
    assert reached["CPU ms/frame, ours alone", "short"] == "not reached"
    assert reached["first frame, s, without loading models", "short"] == "reached"
    assert reached["job / bare session", "short"] == "reached"
    assert reached["peak memory beside the weights, MiB", "short"] == "reached"
    assert reached["peak memory beside the weights, MiB", "long"] == "not reached"
    assert reached["peak memory against the short clip", "long / short"] == "not reached"


def test_multiplications_are_counted_from_the_graph():
    content = networks.multiplier(16, 3, side=8, kernel=3)
    inside, ends = 3 * 16 * 16 * 9 * 64, 2 * 3 * 16 * 64
    assert count_macs(content, {"target": (1, 3, 8, 8)}) == inside + ends
    assert count_macs(content, {"target": (5, 3, 8, 8)}) == 5 * (inside + ends)
    assert count_macs(without_weights(content), {"target": (1, 3, 8, 8)}) == inside + ends


def test_generated_swappers_are_found_as_a_users_own_models_are(kept):
    folder = models_folder(kept / "models", "tiny")
    assert weights(folder, "tiny").is_file()
    sessions = open_sessions(Options.model_validate({"models": {"models_dir": folder}}))
    assert sessions.load(swapper_name("tiny"), "face_swapper").size == 128


def test_a_flame_graph_holds_the_stages_of_a_warm_job_and_no_paths():
    start = "main (facefusion/__main__.py:3);run (facefusion/engine/run.py:80)"
    stage = f"{start};_VideoJob._edit (facefusion/engine/video.py:100)"
    lines = [
        f"{start};_prepare (facefusion/engine/run.py:115);find (facefusion/faces/search.py:9) 50",
        f"{stage};VideoEdit.edit (facefusion/engine/editing.py:49);resize (cv2/__init__.py:1) 3",
        f"{stage};VideoEdit.edit (facefusion/engine/editing.py:49);<listcomp> (x.py:1);blur (/home/me/x.py:2) 1",
        f"{stage};Condition.wait (threading.py:280) 99",
    ]
    stacks = Counter(dict(warm(lines)))
    assert own_time(stacks) == {Frame("resize", "cv2"): 3, Frame("blur", ""): 1}
    drawn = draw(grown(stacks), "a <title>")
    assert "VideoEdit.edit, engine/editing: 100.0 %" in drawn
    assert "a &lt;title&gt;" in drawn
    assert "/home" not in drawn
    assert "listcomp" not in drawn


def test_flame_says_plainly_what_it_lacks(tmp_path):
    command = [sys.executable, "-m", "benchmarks.flame", "--output", tmp_path / "flame.svg"]
    nowhere = "import shutil; shutil.which = lambda *_, **__: None; import benchmarks.flame as f; f.command(f.main)"
    done = subprocess.run(
        [sys.executable, "-c", nowhere, *command[3:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "py-spy is not installed: pip install --requirement requirements/bench.txt" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("py-spy", path=Path(sys.executable).parent) is None, reason="py-spy (requirements/bench.txt) is absent"
)
def test_flame_draws_a_job(kept, tmp_path):
    picture, found = tmp_path / "flame.svg", tmp_path / "f.json"
    done = run("flame", "--seconds", 0.8, "--output", picture, "--kept", kept, "--json", found)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(found.read_text("utf-8"))["samples"] > 20
    assert 0 < picture.stat().st_size < 300_000
    assert str(ROOT) not in picture.read_text("utf-8")
