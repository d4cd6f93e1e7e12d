"""What `facefusion verify` reads of real files: metadata, watermark and the audit log beside the manifest."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import signed_files as files
from PIL import Image

from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.options import Options
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.metadata import Marks, embed
from facefusion.trust.provenance import LocalAuthority, sign
from facefusion.trust.verify import LayerState, Report, verify_file
from facefusion.trust.verify.opening import open_layers
from facefusion.trust.watermark import Watermark, new_payload

PRODUCE_ID = "0123456789abcdef"


class Place:
    """A place that marks pictures in every way."""

    def __init__(self, folder: Path) -> None:
        self.home = trust_home(folder / "trust")
        self.keys = KeyRing.open(self.home)
        self.authority = LocalAuthority.open(self.home, self.keys)
        self.payload = new_payload(self.keys.derived("watermark"), 77)
        base = Options()
        self.options = base.model_copy(update={"trust": base.trust.model_copy(update={"trust_dir": self.home})})

    def published(self, path: Path, form: Form = forms.JPEG, payload: int | None = None) -> Path:
        """Write a picture with all marks, and its entry into the log."""
        self.watermarked(path, self.payload if payload is None else payload)
        embed(path, form, Marks(content_producer="studio.example", produce_id=PRODUCE_ID, tool="FaceFusion"))
        marks = {"produce_id": PRODUCE_ID}
        sign(path, form, replace(files.FACTS, watermark=self.payload, marks=marks), self.authority.signer())
        log = AuditLog.open(self.home, AuditKeys.of(self.keys))
        facts = {
            "job": "0123456789ab",
            "outputs": [hashlib.sha256(path.read_bytes()).hexdigest()],
            "produce_id": PRODUCE_ID,
            "watermark": self.payload,
            "marks": ["watermark", "metadata", "provenance"],
        }
        log.append("published", tenant="default", actor="somebody", facts=facts)
        log.close()
        return path

    def watermarked(self, path: Path, payload: int) -> Path:
        picture = np.asarray(Image.fromarray(files.picture()).resize((768, 576), Image.Resampling.BICUBIC))
        marked = Watermark(self.keys.derived("watermark"), payload).mark_rgb(picture)
        Image.fromarray(np.asarray(marked, np.uint8)).save(path, quality=92)
        return path

    def report(self, path: Path) -> Report:
        return verify_file(path, open_layers(self.options), self.options.limits)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def states(report: Report) -> dict[str, str]:
    return {layer.layer: str(layer.state) for layer in report.layers}


def said(report: Report, name: str) -> str:
    return next(layer.what for layer in report.layers if layer.layer == name)


def test_every_layer_of_an_output_holds_and_its_entry_is_found(place, tmp_path):
    report = place.report(place.published(tmp_path / "out.jpg"))
    assert states(report) == dict.fromkeys(("provenance", "metadata", "watermark", "audit"), "holds")
    assert "this very file left here" in said(report, "audit")
    assert report.fault() is None


def test_a_copy_saved_anew_is_known_by_its_watermark_and_tells_what_was_taken_away(place, tmp_path):
    with Image.open(place.published(tmp_path / "out.jpg")) as picture:
        picture.save(tmp_path / "copy.jpg", quality=75)
    report = place.report(tmp_path / "copy.jpg")
    assert states(report) == {
        "provenance": "stripped",
        "metadata": "stripped",
        "watermark": "holds",
        "audit": "holds",
    }
    assert "a changed copy of what left here" in said(report, "audit")
    assert report.fault() is None


def test_a_watermark_that_the_log_does_not_know_is_said_to_be_unknown(place, tmp_path):
    place.published(tmp_path / "out.jpg")
    other = new_payload(place.keys.derived("watermark"), 78)
    report = place.report(place.watermarked(tmp_path / "other.png", other))
    assert (states(report)["watermark"], states(report)["audit"]) == ("holds", "absent")
    assert f"no entry of {other:016x}" in said(report, "audit")


def test_a_number_that_was_made_up_is_told(place, tmp_path):
    report = place.report(place.watermarked(tmp_path / "forged.png", place.payload ^ 1))
    assert states(report)["watermark"] == "broken"
    assert "not made here" in str(report.fault())


def test_a_watermark_of_another_output_contradicts_the_manifest(place, tmp_path):
    other = new_payload(place.keys.derived("watermark"), 78)
    report = place.report(place.published(tmp_path / "out.jpg", payload=other))
    assert states(report)["watermark"] == "broken"
    assert "not that of the provenance" in said(report, "watermark")


def test_marks_put_over_from_another_output_contradict(place, tmp_path):
    path = place.watermarked(tmp_path / "out.jpg", place.payload)
    embed(path, forms.JPEG, Marks(content_producer="studio.example", produce_id="fedcba9876543210", tool="x"))
    sign(path, forms.JPEG, replace(files.FACTS, watermark=place.payload), place.authority.signer())
    assert states(place.report(path))["metadata"] == "broken"


def test_elsewhere_only_what_needs_no_key_is_read(place, tmp_path):
    path = place.published(tmp_path / "out.jpg")
    base = Options()
    elsewhere = base.model_copy(update={"trust": base.trust.model_copy(update={"trust_dir": tmp_path / "none"})})
    report = verify_file(path, open_layers(elsewhere), elsewhere.limits)
    assert states(report) == {"provenance": "unknown", "metadata": "holds"}
    assert report.fault() is not None
    assert not (tmp_path / "none").exists()


def test_a_clip_is_read_by_some_of_its_frames(place, tmp_path):
    report = place.report(files.file_of("a.mp4", tmp_path))
    assert states(report)["watermark"] == str(LayerState.ABSENT)
