"""What `facefusion verify` reads of real files: metadata, watermark and the audit log beside the manifest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import signed_files as files
from PIL import Image, PngImagePlugin

from facefusion.errors import InputError
from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.options import Options
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.metadata import Marks, embed
from facefusion.trust.metadata.xmp import RDF, TC260
from facefusion.trust.provenance import LocalAuthority, sign
from facefusion.trust.verify import LayerState, Report, verify_file
from facefusion.trust.verify.opening import open_layers
from facefusion.trust.watermark import Watermark, new_payload

PRODUCE_ID = "0123456789abcdef"
_PACKET = (
    f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description xmlns:t="{TC260}"><t:AIGC>{{}}</t:AIGC></rdf:Description></rdf:RDF>'
)


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
    assert states(report) == {
        "provenance": "unknown",
        "metadata": "holds",
        "watermark": "unread",
        "audit": "unread",
    }
    assert report.fault() is not None
    assert not (tmp_path / "none").exists()


def test_a_clip_is_read_by_some_of_its_frames(place, tmp_path):
    report = place.report(files.file_of("a.mp4", tmp_path))
    assert states(report)["watermark"] == str(LayerState.ABSENT)


def test_a_watermark_of_another_place_is_not_called_stripped(place, tmp_path):
    path = place.published(tmp_path / "out.jpg")
    report = Place(tmp_path / "elsewhere").report(path)
    assert states(report) == {
        "provenance": "unknown",
        "metadata": "holds",
        "watermark": "unread",
        "audit": "unread",
    }
    assert "only that place can read it" in said(report, "watermark")
    assert report.fault().exit_code == 70


def test_one_that_was_taken_out_here_is(place, tmp_path):
    path = files.file_of("a.jpg", tmp_path)
    sign(path, forms.JPEG, replace(files.FACTS, watermark=place.payload), place.authority.signer())
    assert states(place.report(path))["watermark"] == "stripped"


def test_a_number_copied_into_the_metadata_of_another_picture_vouches_for_nothing(place, tmp_path):
    place.published(tmp_path / "out.jpg")
    path = files.file_of("a.png", tmp_path)
    embed(path, forms.PNG, Marks(content_producer="studio.example", produce_id=PRODUCE_ID, tool="FaceFusion"))
    report = place.report(path)
    assert states(report)["audit"] == "unknown"
    assert "anybody may have written that" in said(report, "audit")
    assert report.fault().exit_code == 70


@pytest.mark.parametrize(
    "said_there",
    [r"\ud800\udfff\udc00", "x" * 1_000_000, r"a\u0000\u001b[31mb"],
    ids=["half characters", "a megabyte", "signs that move the cursor"],
)
def test_whatever_strangers_write_into_the_metadata_is_read_and_cut_short(place, tmp_path, said_there):
    path, info = tmp_path / "hostile.png", PngImagePlugin.PngInfo()
    aigc = f'{{"Label":"1","ContentProducer":"{said_there}","ProduceID":"{said_there}"}}'
    info.add_itxt("XML:com.adobe.xmp", _PACKET.format(aigc))
    Image.fromarray(files.picture()).save(path, pnginfo=info)
    place.published(tmp_path / "other.jpg")  # there is a log to look it up in
    report = place.report(path)
    assert states(report)["metadata"] == "holds"
    assert len(json.dumps(report.as_json())) < 20_000
    assert "no entry of" in said(report, "audit")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4", "a.mkv"])
def test_every_layer_of_a_damaged_file_is_named(place, tmp_path, name, monkeypatch):
    """Whatever is cut off, turned over or put elsewhere: an answer, and no layer is left out."""
    place.published(tmp_path / "other.jpg")
    path = files.file_of(name, tmp_path)
    if files.FORMS[name] in files.HOLDING.values():
        sign(path, files.FORMS[name], files.FACTS, place.authority.signer())
    # the search for a mark in what is left takes seconds: here it is only decoded
    monkeypatch.setattr("facefusion.trust.verify.watermark.read_watermark", lambda frames, _key: list(frames) and None)
    whole, dice = path.read_bytes(), Random(7)
    for _ in range(24):
        path.write_bytes(_damaged(whole, dice))
        try:
            report = place.report(path)
        except InputError:
            continue
        assert tuple(states(report)) == ("provenance", "metadata", "watermark", "audit")
        assert report.fault() is not None or path.read_bytes() == whole


def _damaged(whole: bytes, dice: Random) -> bytes:
    content, at = bytearray(whole), dice.randrange(len(whole))
    match dice.randrange(4):
        case 0:
            return whole[:at]
        case 1:
            content[at] ^= 1 << dice.randrange(8)
        case 2:
            content[at : at + 64] = dice.randbytes(dice.randrange(128))
        case _:
            kind = content.find(dice.choice((b"moov", b"mdat", b"stsz", b"jumb", b"caBX", b"IHDR", b"C2PA", b"avcC")))
            content[max(kind - 4, 0) : max(kind, 0)] = dice.choice((b"\xff" * 4, bytes(4), b"\0\0\0\1"))
    return bytes(content)
