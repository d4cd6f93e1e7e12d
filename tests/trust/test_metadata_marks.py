"""Marks in the metadata of every form that is written."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import av
import cv2
import pytest
from mark_material import MADE, MARKS, MOVIES, content, exiftool, make, movie
from PIL import Image as Pillow

from facefusion.errors import DisclosureError
from facefusion.media import forms
from facefusion.trust.metadata import COMPOSITE, Marks, embed, read_marks, stream_tags

PICTURES = [name for name in MADE if name not in MOVIES]
FIELDS = {
    "Label": "1",
    "ContentProducer": "001191110102MAD55U9H0F10002",
    "ProduceID": "01J9ZK3T5Q",
    "ReservedCode1": "",
    "ContentPropagator": "example.com",
    "PropagateID": "v-77",
    "ReservedCode2": "",
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_written_is_read_back(tmp_path, name):
    path, form = make(tmp_path, name)
    assert read_marks(path) is None
    embed(path, form, MARKS)
    assert read_marks(path) == MARKS


@pytest.mark.parametrize("name", MADE)
def test_pixels_packets_profiles_and_tags_stay_as_they_are(tmp_path, name):
    path, form = make(tmp_path, name)
    before = content(path)
    embed(path, form, MARKS)
    assert content(path) == before
    if name in PICTURES and not name.endswith((".avif", ".apng", ".gif")):
        assert cv2.imread(str(path)) is not None


@pytest.mark.parametrize("name", MADE)
def test_marking_twice_is_marking_once(tmp_path, name):
    path, form = make(tmp_path, name)
    embed(path, form, MARKS)
    once = path.read_bytes()
    embed(path, form, MARKS)
    assert path.read_bytes() == once


@pytest.mark.parametrize("name", MADE)
def test_new_marks_take_the_place_of_old_ones(tmp_path, name):
    path, form = make(tmp_path, name)
    before = content(path)
    embed(path, form, Marks(content_producer="another-producer-with-a-long-name.example", produce_id="1"))
    embed(path, form, MARKS)
    assert read_marks(path) == MARKS
    assert content(path) == before
    found = exiftool("-ee", "-a", "-s3", "-AIGC", str(path)).strip().splitlines()
    assert [json.loads(line) for line in found] == [FIELDS]


@pytest.mark.parametrize("name", MADE)
def test_another_program_reads_the_object_and_the_source_type(tmp_path, name):
    path, form = make(tmp_path, name)
    embed(path, form, MARKS)
    told = json.loads(exiftool("-ee", "-j", "-AIGC", "-DigitalSourceType", "-Description-zh", str(path)))[0]
    object_ = told.get("AIGC", told.get("Aigc"))
    assert (object_ if isinstance(object_, dict) else json.loads(object_)) == FIELDS
    assert told["DigitalSourceType"] == COMPOSITE


@pytest.mark.parametrize("name", MADE)
def test_another_program_finds_nothing_to_complain_of(tmp_path, name):
    path, form = make(tmp_path, name)
    before = exiftool("-validate", "-warning", "-error", "-a", str(path))
    embed(path, form, MARKS)
    assert exiftool("-validate", "-warning", "-error", "-a", str(path)) == before


@pytest.mark.parametrize("name", [name for name in PICTURES if not name.endswith((".gif", ".apng"))])
def test_pillow_finds_the_packet(tmp_path, name):
    path, form = make(tmp_path, name)
    embed(path, form, MARKS)
    with Pillow.open(path) as image:
        image.load()
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or image.getexif().get(700)
    text = packet if isinstance(packet, str) else packet.decode()
    assert "<TC260:AIGC>" in text
    assert COMPOSITE in text


@pytest.mark.parametrize("name", [name for name in MOVIES if name.endswith((".mkv", ".webm", ".mp4", ".mov", ".m4v"))])
def test_libav_finds_the_object(tmp_path, name):
    path, form = make(tmp_path, name)
    embed(path, form, MARKS)
    with av.open(str(path)) as file:
        assert json.loads(file.metadata["AIGC"]) == FIELDS


@pytest.mark.parametrize(("name", "form"), [("a.mkv", forms.MATROSKA), ("a.webm", forms.WEBM)])
def test_a_muxer_writes_the_same_marks_and_nothing_is_added_later(tmp_path, name, form):
    path = tmp_path / name
    movie(tags=stream_tags(MARKS, form))(path)
    written = path.read_bytes()
    assert read_marks(path) == MARKS
    embed(path, form, MARKS)
    assert path.read_bytes() == written


def test_pictures_have_no_tags_for_a_muxer():
    assert stream_tags(MARKS, forms.PNG) == {}


def test_bigtiff_and_the_other_byte_order_are_marked_too(tmp_path):
    for name, big, order in (("a.tiff", True, "<"), ("b.tiff", False, ">"), ("c.tiff", True, ">")):
        path = tmp_path / name
        _tiff(path, big=big, order=order)
        embed(path, forms.TIFF, MARKS)
        assert read_marks(path) == MARKS
        if name != "c.tiff":  # which Pillow does not read
            with Pillow.open(path) as image:
                assert image.tobytes() == bytes(range(16)) * 16
        assert COMPOSITE in exiftool("-DigitalSourceType", str(path))


def _tiff(path: Path, *, big: bool, order: str) -> None:
    """Write a grey picture by hand: no writer at hand makes all four kinds."""
    head, place, many, entry = (16, "Q", "Q", "HHQQ") if big else (8, "I", "H", "HHII")
    pixels = bytes(range(16)) * 16
    start = head + len(pixels)
    tags = [
        (256, 4, 16),
        (257, 4, 16),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, head),
        (277, 3, 1),
        (278, 4, 16),
    ]
    tags.append((279, 4, len(pixels)))
    body = struct.pack(order + many, len(tags))
    for tag, kind, value in tags:
        width = "Q" if big else "I"
        stored = struct.pack(order + "H", value).ljust(struct.calcsize(width), b"\0") if kind == 3 else b""
        stored = stored or struct.pack(order + "I", value).ljust(struct.calcsize(width), b"\0")
        body += struct.pack(order + entry, tag, kind, 1, 0)[: -struct.calcsize(width)] + stored
    mark = b"II" if order == "<" else b"MM"
    version = struct.pack(order + "HHH", 43, 8, 0) if big else struct.pack(order + "H", 42)
    path.write_bytes(mark + version + struct.pack(order + place, start) + pixels + body + struct.pack(order + place, 0))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"content_producer": ""}, "ContentProducer"),
        ({"produce_id": ""}, "ProduceID"),
        ({"content_producer": "某公司"}, "ContentProducer"),
        ({"content_producer": "two words"}, "ContentProducer"),
        ({"produce_id": 'a"b'}, "ProduceID"),
        ({"reserved_code1": "x" * 2000}, "ReservedCode1"),
    ],
)
def test_fields_that_the_standard_does_not_allow_are_refused_before_anything_is_written(tmp_path, change, field):
    path, form = make(tmp_path, "whole.png")
    before = path.read_bytes()
    with pytest.raises(DisclosureError, match=field):
        embed(path, form, Marks(**{"content_producer": "example.com", "produce_id": "1", **change}))
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["whole.jpg", "whole.png"])
def test_a_signed_manifest_beside_the_marks_is_left_as_it_is(tmp_path, name):
    path, form = make(tmp_path, name)
    whole = path.read_bytes()
    if name.endswith("jpg"):
        manifest, place = b"\xff\xeb\0\x20JP\0\x01" + b"jumb" * 6, 2
    else:
        body = b"caBX" + b"jumb" * 6
        manifest, place = struct.pack(">I", 24) + body + struct.pack(">I", zlib.crc32(body)), 33
    path.write_bytes(whole[:place] + manifest + whole[place:])
    before = content(path)
    embed(path, form, MARKS)
    assert manifest in path.read_bytes()
    assert read_marks(path) == MARKS
    assert content(path) == before


def test_a_form_that_holds_no_marks_says_so(tmp_path):
    path = tmp_path / "a.bmp"
    Pillow.new("RGB", (8, 8)).save(path)
    with pytest.raises(DisclosureError, match="BMP output cannot bear its metadata marks"):
        embed(path, forms.BMP, MARKS)
    assert read_marks(path) is None
