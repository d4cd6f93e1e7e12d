"""Face files: what is kept of a face, and what is believed of a file."""

from __future__ import annotations

import hashlib
import json
import struct

import numpy as np
import pytest

import facefusion
from facefusion.engine.facefile.container import MAGIC, decode, encode
from facefusion.engine.facefile.file import is_face_file, read_face, write_face
from facefusion.engine.facefile.sheet import face_sheet
from facefusion.engine.plan import make_plan
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.errors import (
    InputDamagedError,
    InputLimitError,
    InputTypeError,
    OptionsError,
    OutputExistsError,
    OutputIsInputError,
    OutputTypeError,
    OutputUnwritableError,
)
from facefusion.options import Options
from facefusion.state import StateError
from material import ASTRONAUT, CAPTAIN, read


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A face file of one picture."""
    path = tmp_path_factory.mktemp("faces") / "captain.face"
    facefusion.build_face(CAPTAIN, path)
    return path


def test_a_face_file_gives_the_same_output_as_its_pictures(tmp_path, assets):
    pictures = sorted((assets / "pairs").glob("london-017-*.jpg"))
    face, direct = tmp_path / "a.face", tmp_path / "direct.png"
    facefusion.build_face(pictures, face)
    facefusion.process_image(ASTRONAUT, direct, source_paths=pictures)
    facefusion.process_image(ASTRONAUT, tmp_path / "kept.png", source_paths=face)
    assert (read(direct) == read(tmp_path / "kept.png")).all()


def test_what_is_kept(path):
    face = read_face(path)
    assert (face.name, face.software) == ("captain", facefusion.__version__)
    assert face.built.endswith("+00:00")
    [source], [view] = face.sources, face.views
    assert source.digest == hashlib.sha256(CAPTAIN.read_bytes()).hexdigest()
    assert (source.kind, view.source, view.time) == ("picture", 0, None)
    assert face.embeddings.shape == (1, 128)
    assert (face.embedding == face.embeddings[0]).all()
    assert CAPTAIN.stem.encode() not in path.read_bytes()


def test_building_again_keeps_the_same_of_the_same_pictures(path, tmp_path):
    again = facefusion.build_face(CAPTAIN, tmp_path / "again.face", name="captain")
    one, other = encode({"models": dict(read_face(path).models)}), encode({"models": dict(again.models)})
    assert one == other


def test_another_face_file_of_the_same_name_is_another_job(path, tmp_path, moving_portrait):
    def fingerprint(source):
        (tmp_path / "a.face").write_bytes(source.read_bytes())
        values = {
            "source_paths": tmp_path / "a.face",
            "target_path": moving_portrait,
            "output_path": tmp_path / "o.mp4",
        }
        return Fingerprint.of(make_plan(Options.parse(values), has_hooks=False), has_hooks=False, place={}).digest

    facefusion.build_face(ASTRONAUT, tmp_path / "other.face")
    assert fingerprint(path) == fingerprint(path)
    assert fingerprint(path) != fingerprint(tmp_path / "other.face")


def test_a_sheet_shows_the_face(path):
    sheet = face_sheet(read_face(path))
    assert sheet.ndim == 3
    assert sheet.shape[0] > 640


def test_a_clip_of_a_person(tmp_path, moving_portrait):
    face = facefusion.build_face(moving_portrait, tmp_path / "clip.face")
    assert face.sources[0].kind == "clip"
    assert len(face.views) > 1
    assert all(view.time is not None for view in face.views)


class TestOutput:
    def test_its_name_must_end_in_face(self, tmp_path):
        with pytest.raises(OutputTypeError, match=r"Let it end in \.face"):
            facefusion.build_face(CAPTAIN, tmp_path / "a.png")

    def test_a_file_that_is_there_is_replaced_only_if_that_is_allowed(self, tmp_path):
        path = tmp_path / "a.face"
        path.write_text("mine")
        with pytest.raises(OutputExistsError):
            facefusion.build_face(CAPTAIN, path, overwrite=False)
        assert path.read_text() == "mine"
        facefusion.build_face(CAPTAIN, path)
        assert is_face_file(path)

    def test_nothing_is_left_where_it_fails(self, tmp_path):
        with pytest.raises(InputTypeError):
            facefusion.build_face(__file__, tmp_path / "a.face")
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(OutputUnwritableError):
            facefusion.build_face(CAPTAIN, tmp_path / "nowhere" / "a.face")

    def test_a_face_file_is_no_picture_to_build_from(self, path, tmp_path):
        with pytest.raises(OptionsError, match="is a face file already"):
            facefusion.build_face(path, tmp_path / "b.face")
        with pytest.raises(OutputIsInputError):
            facefusion.build_face(path, path)

    def test_nothing_to_build_from(self, tmp_path):
        with pytest.raises(OptionsError, match="nothing to build a face from"):
            facefusion.build_face([], tmp_path / "a.face")


class TestStrangersFiles:
    @pytest.fixture
    def forged(self, path, tmp_path):
        """Write a face file, whole by its digest, that says something else."""

        def write(change):
            content = decode(path.read_bytes())
            change(content)
            forged = tmp_path / "forged.face"
            forged.write_bytes(encode(content))
            return forged

        return write

    @pytest.mark.parametrize("place", [0, 10, 40, 60, 3000, -1])
    def test_a_changed_byte_is_noticed(self, path, tmp_path, place):
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        damaged = tmp_path / "damaged.face"
        damaged.write_bytes(data)
        with pytest.raises((InputDamagedError, InputTypeError)):
            read_face(damaged)

    def test_a_cut_file_is_noticed(self, path, tmp_path):
        cut = tmp_path / "cut.face"
        cut.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(InputDamagedError, match="its digest is wrong"):
            read_face(cut)

    def test_a_newer_version_is_told_apart(self, tmp_path):
        newer = tmp_path / "newer.face"
        newer.write_bytes(MAGIC + b"2\n" + bytes(1000))
        with pytest.raises(InputTypeError, match="of a version that is not known here"):
            read_face(newer)

    def test_what_is_no_face_file(self):
        assert not is_face_file(CAPTAIN)
        with pytest.raises(InputTypeError, match="is no face file"):
            read_face(CAPTAIN)

    def test_a_face_file_is_no_target(self, path, tmp_path):
        with pytest.raises(InputTypeError, match="is a face file, which serves as a source alone"):
            facefusion.process_image(path, tmp_path / "a.png", source_paths=CAPTAIN)

    def test_a_huge_file_is_not_read(self, tmp_path):
        huge = tmp_path / "huge.face"
        with huge.open("wb") as file:
            file.write(MAGIC + b"1\n")
            file.truncate(65 << 20)
        with pytest.raises(InputLimitError, match="larger than 64 MiB"):
            read_face(huge)

    @pytest.mark.parametrize(
        "change",
        [
            lambda content: content.pop("name"),
            lambda content: content.update(further=1),
            lambda content: content.update(name="a" * 1000),
            lambda content: content.update(name=3),
            lambda content: content["sources"][0].update(digest="../../etc/passwd"),
            lambda content: content["views"][0].update(source=7),
            lambda content: content["views"][0].update(yaw=1e300),
            lambda content: content.update(views=[]),
            lambda content: content.update(embeddings=np.zeros((2, 128), np.float32)),
            lambda content: content.update(embeddings=np.full((1, 128), np.nan, np.float32)),
            lambda content: content.update(embeddings="none"),
            lambda content: content["models"].update(other={}),
            lambda content: content["models"]["mesh"].update(visibility=np.full(468, 7, np.float32)),
            lambda content: content["models"]["mesh"].update(textures=np.zeros((9, 9, 3), np.float32)),
        ],
    )
    def test_what_cannot_be_is_refused(self, forged, change):
        with pytest.raises(InputDamagedError, match="is damaged"):
            read_face(forged(change))

    @pytest.mark.parametrize(
        "head",
        [
            {"arrays": {"a": ["<f4", 1 << 40]}, "tree": "{}"},
            {"arrays": {"a": ["|O", 1]}, "tree": "{}"},
            {"arrays": {"a": ["<f4", -1]}, "tree": "{}"},
            {"arrays": {str(number): ["<f4", 0] for number in range(100)}, "tree": "{}"},
            {"arrays": {}, "tree": "[" * 100_000},
            {"arrays": {}, "tree": '{"a": {"\\u0000array": "b"}}'},
            {"arrays": {}, "tree": "[]"},
            {"arrays": [], "tree": "{}"},
            [],
        ],
    )
    def test_a_head_that_lies_is_refused(self, head):
        text = json.dumps(head).encode()
        body = struct.pack("<I", len(text)) + text
        with pytest.raises(StateError):
            decode(MAGIC + b"1\n" + hashlib.sha256(body).digest() + body)

    def test_names_cannot_write_over_the_terminal(self, path, tmp_path):
        face = read_face(path).model_copy(update={"name": "\x1b[2J"})
        write_face(tmp_path / "a.face", face)
        assert read_face(tmp_path / "a.face").name == "\x1b[2J"  # told by those who show it: see `face list`
