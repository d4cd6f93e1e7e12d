"""`doctor` and `processors`: what this machine can do."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest

from facefusion.engine import doctor
from facefusion.engine.doctor import Check
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.machine import total_memory
from facefusion.inference.store import ModelStore


def checks(**arguments: Path) -> dict[str, Check]:
    return {check.name: check for check in doctor.examine(**arguments)}


def test_a_sound_machine(facefusion, capsys):
    assert facefusion("doctor") == 0
    out, err = capsys.readouterr()
    assert out.endswith("The main job can run.\n")
    assert "ok   ffmpeg in PyAV: libx264 there; libavcodec" in out
    assert err == ""


def test_json_holds_the_same(facefusion, capsys):
    assert facefusion("doctor", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["fit"] is True
    names = {check["name"] for check in report["checks"]}
    assert {"facefusion", "python", "platform", "package numpy", "execution providers", "memory", "disk"} <= names
    assert {"status", "found", "advice"} < set(report["checks"][0])


def test_every_bundled_model_is_verified(quiet_place):
    found = {name: check for name, check in checks().items() if name.startswith("model ")}
    assert len(found) == len(list(Catalogue.bundled()))
    assert all(check.status == "ok" and "sha256 verified" in check.found for check in found.values())
    assert all("commercial use" in check.found for check in found.values())


def test_altered_weights_fail_and_say_what_to_do(quiet_place):
    card = next(iter(Catalogue.bundled()))
    (quiet_place / card.file).write_bytes(b"other")
    check = doctor._model(card, ModelStore(quiet_place))
    assert check.status == "fail"
    assert "are not the catalogue's" in check.found
    assert "pip install" in check.advice


def test_a_missing_package_fails(quiet_place, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["no-such-package>=1"])
    assert checks()["package no-such-package"] == Check(
        "package no-such-package", "fail", "missing", "pip install no-such-package"
    )


def test_another_build_of_the_runtime_will_do(monkeypatch):
    def version(name: str) -> str:
        if name != "onnxruntime-gpu":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.30"

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert doctor._package("onnxruntime") == Check("package onnxruntime-gpu", "ok", "1.30")


def test_extras_are_not_missed(monkeypatch):
    needs = ["numpy>=2", "onnxruntime-gpu[cuda]>=1; (sys_platform != 'darwin') and extra == 'cuda'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: needs)
    assert doctor._requirements() == ["numpy"]


def test_how_to_get_other_execution_providers(quiet_place):
    check = checks()["execution providers"]
    assert "cpu" in check.found
    if "cuda" not in check.found:
        assert "for cuda: pip install" in check.advice


def test_a_package_that_cannot_be_imported_is_a_finding():
    def look(name: str) -> Check:
        raise ImportError("libfoo.so is missing")

    assert doctor._guarded("ffmpeg", look).found == "cannot be imported: libfoo.so is missing"


def test_the_configuration_in_force_is_named(quiet_place):
    assert checks()["configuration"].found == "none (defaults and environment)"
    Path("facefusion.toml").write_text("blend_ratio = 0.5\n")
    assert checks()["configuration"].found == "facefusion.toml"


def test_a_wrong_configuration_means_that_nothing_can_run(facefusion, capsys):
    Path("facefusion.toml").write_text("blend_ratio = 5\n")
    assert facefusion("doctor") == 1
    out = capsys.readouterr().out
    assert "fail configuration: In the configuration file facefusion.toml: Option blend-ratio" in out
    assert out.endswith("The main job cannot run: see `fail`.\n")


@pytest.mark.parametrize(("content", "total"), [("1073741824\n", 2**30), ("max\n", None)])
def test_memory_is_the_containers(quiet_place, content, total):
    limit = quiet_place / "memory.max"
    limit.write_text(content)
    assert total_memory(limit) == (total or total_memory(quiet_place / "none"))


def test_little_memory_is_a_warning():
    assert doctor._memory(2**30).status == "warn"
    assert doctor._memory(2**33).status == "ok"
    assert doctor._memory(None).status == "warn"


def test_processors_are_listed_with_what_they_need(facefusion, capsys):
    assert facefusion("processors") == 0
    out = capsys.readouterr().out
    assert "face_swapper: can run now with mesh, which needs no weights\n  puts the source's face" in out
    assert "face_enhancer: can run now with clarity, which needs no weights\n" in out
    assert "age_modifier: cannot run with fran: not here (" in out
    assert "\n  -> facefusion models pull fran\n" in out
    assert "background_remover: cannot run with modnet: not here (" in out
    assert "face_translator: cannot run: no model is named" in out
    assert "then --face-translator-model NAME\n" in out


def test_processors_say_what_to_do_where_a_model_has_no_address(facefusion, capsys, monkeypatch):
    monkeypatch.setenv("FACEFUSION_BACKGROUND_REMOVER_MODEL", "corridor_key_1024")
    assert facefusion("processors") == 0
    out = capsys.readouterr().out
    assert "  -> Put corridor_key_1024.onnx into " in out
    assert "; others: `facefusion models list background_remover`\n" in out


def test_processors_take_the_model_that_the_configuration_names(facefusion, capsys, quiet_place):
    (quiet_place / "facefusion.toml").write_text('face_enhancer_model = "codeformer"\n')
    assert facefusion("processors", "--json") == 0
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)["processors"]}
    enhancer = listed["face_enhancer"]
    assert (enhancer["can_run"], enhancer["model"], enhancer["package"]) == (False, "codeformer", "facefusion")
    assert enhancer["command"] == "facefusion models pull codeformer"
    assert enhancer["licence"] and enhancer["commercial"] in {True, False}
    assert listed["face_swapper"] | {"can_run": True, "model": "mesh", "command": ""} == listed["face_swapper"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("nonesuch", "there is no model nonesuch"),
        ("iris", "model iris is of task iris_landmarker, not frame_colorizer"),
    ],
)
def test_processors_say_what_is_wrong_with_a_model(facefusion, capsys, monkeypatch, model, said):
    monkeypatch.setenv("FACEFUSION_FRAME_COLORIZER_MODEL", model)
    assert facefusion("processors") == 0
    assert f"frame_colorizer: cannot run: {said}" in capsys.readouterr().out
