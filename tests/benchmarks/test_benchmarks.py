"""Each benchmark runs on little data, prints its table and writes its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmark_calls import begun, needs_assets, run
from benchmarks.common import ROOT


def figures(done: subprocess.CompletedProcess[str], path: Path) -> dict[str, Any]:
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "name",
    [
        *("identity", "analysers", "poses", "superres", "swap_identity", "sources"),
        *("contact_sheet", "quality", "steadiness", "outside", "content", "watermark"),
        *("enlarging", "clearer", "finishing"),
    ],
)
def test_says_plainly_where_the_material_is_absent(name, tmp_path):
    done = run(name, FACEFUSION_TEST_ASSETS=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("Nothing was measured: ")
    assert "FACEFUSION_TEST_ASSETS" in done.stderr
    assert "Traceback" not in done.stderr


def test_they_are_commands(tmp_path):
    done = begun("identity", FACEFUSION_TEST_ASSETS=str(tmp_path))
    said = run("identity", FACEFUSION_TEST_ASSETS=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (said.returncode, said.stdout, said.stderr)


def test_all_of_them_are_known_by_name():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "There is no benchmark speed; there are identity, " in done.stderr


@needs_assets
def test_angles_of_the_mesh_agree_with_another_network(tmp_path):
    done = run("poses", "--most", 12, "--json", tmp_path / "f.json")
    for angle in figures(done, tmp_path / "f.json")["angles"]:
        assert angle["faces"] >= 10
        assert angle["median"] < 6


@needs_assets
def test_small_networks_enlarge_better_than_bicubic(tmp_path):
    done = run("superres", "--most", 4, "--json", tmp_path / "f.json")
    gains = {(row["name"], row["shrunk_by"]): row["gain"] for row in figures(done, tmp_path / "f.json")["networks"]}
    assert gains["espcn_x2", "bicubic"] > 0
    assert gains["fsrcnn_x2", "bicubic"] > 0
    assert gains["subpixel_cnn_x3", "area"] > -1, "the oldest one is nearly as good, shrunk as it was trained"


@needs_assets
def test_identity_tells_people_apart(tmp_path):
    done = run("identity", "--people", 4, "--json", tmp_path / "f.json")
    found = figures(done, tmp_path / "f.json")
    assert found["faces"] == 12
    assert found["measures"]["distance"]["same_mean"] < found["measures"]["distance"]["different_mean"]
    assert "balanced accuracy" in done.stdout


@needs_assets
@pytest.mark.slow
def test_sources_compares_one_picture_with_several(tmp_path):
    done = run("sources", "--people", 1, "--times", 1, "--json", tmp_path / "f.json")
    found = figures(done, tmp_path / "f.json")
    assert found["identity"]["both pictures"]["results"] == 9
    assert found["face_files"]["two pictures"]["megabytes"] < 64


@needs_assets
@pytest.mark.slow
def test_swap_identity_compares_with_source_and_target(tmp_path):
    done = run("swap_identity", "--pairs", 4, "--turned", 0, "--most", 8, "--json", tmp_path / "f.json")
    bands = figures(done, tmp_path / "f.json")["bands"]
    assert sum(band["pairs"] for band in bands) == 4
    assert bands[0]["to_source"] < bands[0]["to_target"]


@needs_assets
def test_contact_sheet_lays_out_pairs(tmp_path):
    sheet, found = tmp_path / "sheet.png", tmp_path / "f.json"
    done = run("contact_sheet", "--pairs", "05:29", "28:04", "--tile", 96, "--output", sheet, "--json", found)
    assert [pair["pair"] for pair in figures(done, found)["pairs"]] == ["05:29", "28:04"]
    assert sheet.is_file()


@needs_assets
def test_quality_judges_pairs_and_shows_what_changed(tmp_path):
    found = tmp_path / "f.json"
    result = figures(run("quality", "--pairs", "05:29", "--json", found), found)
    assert [pair["pair"] for pair in result["pairs"]] == ["05:29"]
    assert set(result["summary"]) == {"nearer", "liker", "expression", "pose", "gradient", "colour", "hair"}
    again = run("quality", "--pairs", "05:29", "--compare", found, "--sheet", tmp_path, "--tile", 96)
    assert "(+0.00)" in again.stdout
    assert (tmp_path / "pairs-01.png").is_file()


@needs_assets
@pytest.mark.slow
def test_steadiness_judges_each_face_of_a_clip_and_shows_what_changed(tmp_path):
    found = tmp_path / "f.json"
    done = run("steadiness", "--clips", "head_turning_female", "--strips", tmp_path, "--tile", 64, "--json", found)
    result = figures(done, found)
    clip = result["clips"][0]
    assert (clip["clip"], clip["frames"], clip["swapped"]) == ("head_turning_female", 23, 1.0)
    assert clip["own_flicker"] > 0
    assert clip["own_jitter"] > 0
    assert set(result["summary"]) == {"flicker", "jitter"}
    assert (tmp_path / "head_turning_female.png").is_file()
    again = run("steadiness", "--clips", "head_turning_female", "--compare", found)
    assert "(+0.00)" in again.stdout


@needs_assets
@pytest.mark.slow
def test_steadiness_holds_the_tracker_against_a_known_movement(tmp_path):
    done = run("steadiness", "--clips", "moved_slowly", "--json", tmp_path / "f.json")
    moved = figures(done, tmp_path / "f.json")["moved"][0]
    assert moved["frames"] == 75
    assert 0 < moved["mean"] <= moved["worst"] < 20
    assert 0 < moved["raw_mean"] <= moved["raw_worst"] < 20


@needs_assets
def test_outside_finds_pictures_and_sound_unchanged(tmp_path):
    picture, video = "pictures/derived/roll35.jpg", "video/male_with_*.mp4"
    found = tmp_path / "f.json"
    done = run("outside", "--pictures", picture, "--videos", video, "--seconds", 0, "--json", found)
    result = figures(done, found)
    assert result["wrong"] == 0
    assert result["pictures"][0]["changed"] > 0
    assert result["videos"][0]["frames"] == result["videos"][0]["written"] > 0
    assert result["videos"][0]["packets"] > 0


@pytest.mark.slow
def test_cost_tells_what_a_frame_and_a_source_take(kept, tmp_path):
    found = tmp_path / "f.json"
    done = run("cost", "--frames", 5, "--seconds", 0.8, "--clips", kept / "clips", "--json", found)
    result = figures(done, found)
    assert [size["lines"] for size in result["frames"]] == [720, 1080]
    assert all(0 < size["networks"] < size["analyse"] for size in result["frames"])
    assert all(0 < size["swap"] < size["rest"] for size in result["frames"])
    assert all(0 < built["build"] < built["find"] + built["build"] for built in result["sources"])
    assert "| astronaut.png" in done.stdout


def test_media_table_tells_of_each_file_what_came_out(tmp_path):
    found, document = tmp_path / "f.json", ROOT / "docs" / "media.md"
    before = document.read_bytes()
    done = run("media_table", "--only", "turned-1.", "--json", found)
    result = figures(done, found)
    assert (result["files"], result["wrong"]) == (1, 0)
    row = result["rows"][0]
    assert row["frames"] == [12, 12]
    assert row["upright"]
    assert row["samples"]
    assert "| turned 90 | .mp4 | .mp4 | 12 of 12 |" in done.stdout
    assert document.read_bytes() == before, "part of the files makes no document"


@pytest.mark.slow
def test_a_batch_is_faster_than_single_runs(tmp_path):
    done = begun(
        "batch", "--count", 4, "--singles", 1, "--sizes", "picture", "--jobs", 2, "--json", tmp_path / "f.json"
    )
    [row] = figures(done, tmp_path / "f.json")["sizes"]
    batch = row["batches"]["2"]
    assert batch["cpu_a_clip"] < row["single"]["cpu"]
    assert "4 x picture" in done.stdout


@pytest.mark.slow
def test_preview_measures_each_kind_of_look(kept, tmp_path):
    found = tmp_path / "f.json"
    small = ("--sizes", "720p", "--seconds", 0.8, "--times", 2, "--clips", kept / "clips")
    result = figures(done := begun("preview", *small, "--json", found), found)
    assert [(row["size"], row["key frames every"]) for row in result["rows"]] == [("720p", "2 s"), ("720p", "10 s")]
    looks = ("next frame", "frame before", "option changed", "any frame", "the same frame")
    assert all(row[look]["median_ms"] <= row[look]["p95_ms"] for row in result["rows"] for look in looks)
    assert result["off"]["by_history"]["12"] < result["off"]["by_history"]["0"] < result["off"]["edit"]
    assert "| option changed" in done.stdout


@needs_assets
def test_ordinary_pictures_pass_the_content_check(tmp_path):
    done = run("content", "--most", 2, "--json", tmp_path / "f.json")
    refused = figures(done, tmp_path / "f.json")["refused"]
    assert {kind: refused[kind]["refused"] for kind in ("pictures", "close-ups of faces", "frames")} == {
        "pictures": [],
        "close-ups of faces": [],
        "frames": [],
    }


def test_gateway_tells_what_it_costs_a_request(tmp_path):
    done = run("gateway", "--requests", 20, "--json", tmp_path / "f.json")
    assert all(value > 0 for value in figures(done, tmp_path / "f.json").values())


def test_audit_tells_what_an_entry_costs(tmp_path):
    done = run("audit", "--entries", 20, "--megabytes", 4, "--json", tmp_path / "f.json")
    assert all(value > 0 for value in figures(done, tmp_path / "f.json").values())


@pytest.mark.slow
@needs_assets
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_watermark_is_read_after_what_is_done_to_it(tmp_path):
    path = tmp_path / "figures.json"
    found = figures(run("watermark", "--clips", 1, "--attacks", 2, "--unmarked", 24, "--json", path), path)
    reads = [read for clip in found["clips"] for read in clip["reads"].values()]
    assert len(reads) == 4
    assert all(read["found"] and not read["wrong"] for read in reads)


def test_provenance(kept, tmp_path):
    path = tmp_path / "figures.json"
    small = ("--step", 2000, "--seconds", 0.8, "--large", 1, "--times", 1, "--width", 1000, "--clips", kept / "clips")
    found = figures(run("provenance", *small, "--json", path), path)
    assert [each["unnoticed"] for each in found["bytes"].values()] == [0, 0, 0, 0]
    assert all(each["sign"] > 0 for each in found["cost"].values())
