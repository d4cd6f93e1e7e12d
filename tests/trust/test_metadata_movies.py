"""What must not move in films: nothing is copied where something can be appended."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import cv2
import pytest
from mark_material import MARKS, MOVIES, content, make, movie

from facefusion.errors import DisclosureError
from facefusion.media import forms
from facefusion.trust.metadata import embed, read_marks, stream_tags


def kinds(path: Path) -> list[bytes]:
    """Return the kinds of the boxes of a film."""
    found, position, size = [], 0, path.stat().st_size
    with path.open("rb") as file:
        while position < size:
            file.seek(position)
            head = file.read(16)
            length, kind = struct.unpack(">I4s", head[:8])
            found.append(kind)
            position += int.from_bytes(head[8:16]) if length == 1 else length
    return found


def test_the_index_stays_in_front_and_its_places_are_right(tmp_path):
    path, form = make(tmp_path, "front.mp4")
    before = content(path)
    embed(path, form, MARKS)
    assert kinds(path)[:2] == [b"ftyp", b"moov"]
    assert kinds(path)[-1] == b"uuid"
    assert content(path) == before


@pytest.mark.parametrize("name", ["back.mp4", "film.mkv", "film.webm"])
def test_a_film_that_ends_with_what_changes_is_not_copied(tmp_path, name):
    path, form = make(tmp_path, name)
    file = path.stat().st_ino
    embed(path, form, MARKS)
    assert path.stat().st_ino == file


def test_a_film_whose_muxer_wrote_the_object_is_not_copied(tmp_path):
    path = tmp_path / "a.mp4"
    movie(flags="+faststart+use_metadata_tags", tags=stream_tags(MARKS, forms.MP4) | {"title": "Spring"})(path)
    file, size = path.stat().st_ino, path.stat().st_size
    start = path.read_bytes()
    embed(path, forms.MP4, MARKS)
    assert path.stat().st_ino == file
    assert path.read_bytes()[:size] == start
    assert read_marks(path) == MARKS


def test_free_room_behind_the_index_is_used(tmp_path):
    path = tmp_path / "a.mp4"
    movie()(path)
    whole = path.read_bytes()
    index = whole.index(b"moov") - 4
    end = index + int.from_bytes(whole[index : index + 4])
    room = struct.pack(">I4s", 4096, b"free") + bytes(4088)
    with path.open("wb") as file:
        file.write(_shifted(whole[:end], 4096) + room + whole[end:])
    before, file_ = content(path), path.stat().st_ino
    embed(path, forms.MP4, MARKS)
    assert path.stat().st_ino == file_
    assert content(path) == before
    assert read_marks(path) == MARKS


def _shifted(front: bytes, by: int) -> bytes:
    """Return the front of a film with the places of its samples moved."""
    at = front.index(b"stco") + 8
    count = int.from_bytes(front[at : at + 4])
    places = struct.unpack_from(f">{count}I", front, at + 4)
    return front[: at + 4] + struct.pack(f">{count}I", *(place + by for place in places)) + front[at + 4 + 4 * count :]


def test_places_that_would_not_fit_send_the_index_to_the_end(tmp_path):
    path = tmp_path / "a.mp4"
    movie()(path)
    whole = bytearray(path.read_bytes())
    long = 0xFFFFFF00  # where the last samples lie, and so many bytes that they are there
    at = whole.index(b"stco") + 12
    whole[at : at + 4] = struct.pack(">I", long)
    data = whole.index(b"mdat") - 4
    whole[data - 8 : data + 8] = struct.pack(">I4sQ", 1, b"mdat", long + 4096 - data + 8)
    path.write_bytes(whole)
    with path.open("r+b") as file:
        file.truncate(long + 4096)  # a hole: nothing is on the disk
    embed(path, forms.MP4, MARKS)
    assert kinds(path) == [b"ftyp", b"free", b"mdat", b"moov", b"uuid"]
    assert read_marks(path) == MARKS
    with av.open(str(path)) as file:
        assert file.streams.video[0].frames == 10


def test_tags_of_the_player_and_a_cover_stay(tmp_path):
    path, form = make(tmp_path, "front.mp4")
    embed(path, form, MARKS)
    with av.open(str(path)) as file:
        assert (file.metadata["title"], file.metadata["comment"]) == ("Spring", "By the lake")


def test_a_film_in_fragments_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    movie(flags="+frag_keyframe+empty_moov")(path)
    with pytest.raises(DisclosureError, match="in fragments"):
        embed(path, forms.MP4, MARKS)


def test_a_recording_of_unknown_length_is_refused(tmp_path):
    path, form = make(tmp_path, "film.mkv")
    whole = bytearray(path.read_bytes())
    at = whole.index(b"\x18\x53\x80\x67") + 4
    whole[at : at + 8] = b"\x01" + b"\xff" * 7
    path.write_bytes(whole[:-40])
    with pytest.raises(DisclosureError, match="Matroska output cannot bear"):
        embed(path, form, MARKS)


@pytest.mark.parametrize("name", MOVIES)
def test_opencv_shows_the_same_frames(tmp_path, name):
    path, form = make(tmp_path, name)
    before = _frames(path)
    embed(path, form, MARKS)
    assert len(before) == 10
    assert all((old == new).all() for old, new in zip(before, _frames(path), strict=True))


def _frames(path):
    video, frames = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        frames.append(read[1])
    video.release()
    return frames


def test_players_find_a_place_in_a_marked_film(tmp_path):
    path, form = make(tmp_path, "film.mkv")
    embed(path, form, MARKS)
    with av.open(str(path)) as file:
        file.seek(500_000)
        assert next(file.decode(video=0)).time is not None
