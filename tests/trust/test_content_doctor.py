"""`doctor` says by what content is checked, and fails where it cannot be."""

from __future__ import annotations

import pytest

from facefusion.engine import doctor
from facefusion.inference.store import store
from generated.builder import Shelf
from generated.content import told_classifier
from generated.face_classifier import fixed_fairface
from generated.installed import install


@pytest.fixture
def found(quiet_place):
    return lambda: next(check for check in doctor.examine() if check.name == "content check")


def test_what_comes_with_the_package_is_enough(found):
    check = found()
    assert (check.status, check.found) == (
        "ok",
        "explicit content by nudenet_320n; no age model, so apparent minors are not looked for",
    )
    assert check.advice.endswith("facefusion models pull fairface")


def test_further_models_and_an_age_model_are_named(found, quiet_place, monkeypatch):
    shelf = Shelf(quiet_place)
    settings = {"size": 384, "explicit": [0], "ordinary": [1]}
    shelf.put("own_judge", "content_classifier", "content_classifier", told_classifier(1, 0), settings=settings)
    shelf.put("own_ages", "face_classifier", "fairface", fixed_fairface(0, 0, 3))
    monkeypatch.setenv("FACEFUSION_MODELS_DIR", str(install(shelf)["models_dir"]))
    check = found()
    assert check.found == "explicit content by nudenet_320n, with own_judge; apparent minors by own_ages"
    assert check.advice == ""


def test_without_the_detector_the_main_job_cannot_run(found, monkeypatch):
    monkeypatch.setattr(store, "found_in_package", lambda requirement, name: None)
    check = found()
    assert check.status == "fail"
    assert check.advice == "pip install nudenet==3.4.2"


def test_nor_with_another_file_in_its_place(found, quiet_place, monkeypatch):
    (quiet_place / "320n.onnx").write_bytes(b"other")
    monkeypatch.setattr(store, "found_in_package", lambda requirement, name: quiet_place / name)
    check = found()
    assert check.status == "fail"
    assert "are not the catalogue's" in check.found
