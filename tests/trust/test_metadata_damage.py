"""Files by others, and damaged ones: a plain answer, in little time and memory."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from mark_material import MADE, MARKS, make

from facefusion.errors import FaceFusionError, InputDamagedError, InputMissingError
from facefusion.trust.metadata import embed, read_marks

_VALUES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x01", b"\0\0\0\x08")


def _damaged(whole: bytes, chance: random.Random) -> bytes:
    """Return a file with some bytes changed, inserted, repeated or left out."""
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        place = min(chance.randrange(len(data)), chance.choice((16, 64, 400, 1500, len(data) - 1)))
        what = chance.random()
        if what < 0.5:
            data[place] = chance.choice((0, 255, 127, 128, 1, chance.randrange(256)))
        elif what < 0.7:
            data[place : place + 4] = chance.choice(_VALUES)
        elif what < 0.8:
            del data[place + 1 :]
        elif what < 0.9:
            data[place:place] = data[: chance.randrange(400)]
        else:
            del data[place : place + chance.randrange(min(50, len(data)))]
        data = data or bytearray(1)
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_no_damage_is_more_than_an_answer(tmp_path, name):
    path, form = make(tmp_path, name)
    embed(path, form, MARKS)
    whole, chance = path.read_bytes(), random.Random(name)
    for _ in range(150):
        path.write_bytes(_damaged(whole, chance))
        read_marks(path)
        try:
            embed(path, form, MARKS)
        except FaceFusionError as error:
            assert error.hint


@pytest.mark.parametrize("name", MADE)
def test_a_file_that_breaks_off_anywhere_is_read_as_far_as_it_goes(tmp_path, name):
    path, form = make(tmp_path, name)
    embed(path, form, MARKS)
    whole = path.read_bytes()
    for end in range(1, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:end])
        assert read_marks(path) is None or read_marks(path).produce_id in (MARKS.produce_id, "")


@pytest.mark.parametrize(
    "head",
    [
        b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xf0iTXtXML:com.adobe.xmp\0",
        b"RIFF\xff\xff\xff\xffWEBPXMP \xff\xff\xff\xf0",
        b"II*\0\x08\0\0\0\x01\0\xbc\x02\x01\0\xff\xff\xff\x7f\x10\0\0\0",
        b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x01moov\0\0\0\x7f\xff\xff\xff\xff",
        b"\x1aE\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x12\x54\xc3\x67\x01\0\0\x7f\xff\xff\xff\xff",
    ],
    ids=["PNG", "WebP", "TIFF", "MP4", "Matroska"],
)
def test_a_length_that_a_file_claims_is_not_believed(tmp_path, head):
    path = tmp_path / "claims"
    path.write_bytes(head + bytes(100_000))
    with path.open("r+b") as file:
        file.truncate(1 << 31)
    tracemalloc.start()
    assert read_marks(path) is None
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 64 << 20


def test_no_file_and_an_empty_one_are_told_apart_from_one_without_marks(tmp_path):
    with pytest.raises(InputMissingError):
        read_marks(tmp_path / "none.png")
    (tmp_path / "empty.png").touch()
    with pytest.raises(InputDamagedError):
        read_marks(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("no picture")
    assert read_marks(tmp_path / "text.png") is None
