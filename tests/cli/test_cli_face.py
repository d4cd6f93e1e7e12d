"""`face`: build, list and show face files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from facefusion.engine.facefile.file import read_face

PORTRAITS = Path(__file__).parents[2] / "examples" / "portraits"
CAPTAIN, ASTRONAUT = PORTRAITS / "grace_hopper.jpg", PORTRAITS / "astronaut.png"


@pytest.fixture
def face(facefusion, capsys) -> Path:
    """A face file in the working directory."""
    assert facefusion("face", "build", str(CAPTAIN), "--output", "grace.face") == 0
    capsys.readouterr()
    return Path("grace.face")


def test_build_writes_a_file_and_says_what_is_in_it(facefusion, capsys):
    assert facefusion("face", "build", str(CAPTAIN), "-o", "grace.face", "--name", "Grace") == 0
    out, err = capsys.readouterr()
    assert out == "grace.face\n"
    assert err.startswith("Grace: from 1 picture, texture ")
    assert "picture 0               100% of the face" in err


def test_a_name_that_is_no_text_or_none_or_too_long_for_one(facefusion, capsysbinary):
    odd = os.fsdecode(b"b\xffd.face")
    assert facefusion("face", "build", str(CAPTAIN), "-o", odd) == 0
    assert capsysbinary.readouterr().out == b"b\xffd.face\n"
    assert read_face(Path(odd)).name == "b\N{REPLACEMENT CHARACTER}d"
    assert facefusion("face", "build", str(CAPTAIN), "-o", "grace.face", "--name", "x" * 201) == 2
    assert b"The name has 201 characters" in capsysbinary.readouterr().err
    assert facefusion("face", "build", str(CAPTAIN), "-o", "grace.face", "--name", " ") == 2
    assert b"The name is empty" in capsysbinary.readouterr().err


def test_build_as_json(facefusion, capsys):
    assert facefusion("face", "build", str(CAPTAIN), "-o", "grace.face", "--json", "--quiet") == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["path"], report["name"], len(report["views"])) == ("grace.face", "grace", 1)
    assert report["views"][0]["share"] == 1
    assert err == ""


def test_build_refuses_different_people(facefusion, capsys):
    assert facefusion("face", "build", str(CAPTAIN), str(ASTRONAUT), "-o", "a.face") == 26
    assert "shows another person than" in capsys.readouterr().err
    assert not Path("a.face").exists()


def test_build_leaves_a_file_that_it_may_not_replace(facefusion, capsys, face):
    before = face.read_bytes()
    assert facefusion("face", "build", str(CAPTAIN), "-o", str(face), "--no-overwrite") == 33
    assert face.read_bytes() == before


def test_list_shows_the_face_files_of_a_folder(facefusion, capsys, face):
    assert facefusion("face", "list") == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("grace.face: grace: from 1 picture, texture ")


def test_list_of_a_folder_without_face_files_is_empty(facefusion, capsys, quiet_place):
    assert facefusion("face", "list") == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "There are no face files here\n")


def test_list_names_those_that_cannot_be_used(facefusion, capsys, face):
    Path("broken.face").write_bytes(face.read_bytes()[:-1])
    assert facefusion("face", "list", ".") == 12
    broken, whole = capsys.readouterr().out.splitlines()
    assert broken.startswith("broken.face: cannot be used: The face file broken.face is damaged")
    assert whole.startswith("grace.face: grace")
    assert facefusion("face", "list", "--json", "grace.face") == 0
    [report] = json.loads(capsys.readouterr().out)["faces"]
    assert report["path"] == "grace.face"


def test_show(facefusion, capsys, face):
    assert facefusion("face", "show", str(face), "--output", "sheet.png") == 0
    out, err = capsys.readouterr()
    assert "other half of the face  0%" in out
    assert err == "sheet: sheet.png\n"
    with Image.open("sheet.png") as sheet:
        assert sheet.size[1] > 640


def test_show_as_json_tells_nothing_of_identity(facefusion, capsys, face):
    assert facefusion("face", "show", str(face), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"path", "name", "built", "software", "sources", "views", "mirrored_share", "texture"}


def test_control_characters_in_a_strangers_file_do_not_reach_the_terminal(facefusion, capsys):
    assert facefusion("face", "build", str(CAPTAIN), "-o", "a.face", "--name", "a\x1b[2Jb", "--quiet") == 0
    assert facefusion("face", "list") == 0
    assert facefusion("face", "show", "a.face") == 0
    assert "\x1b" not in "".join(capsys.readouterr())


def test_a_mistyped_verb_and_help(facefusion, capsys):
    assert facefusion("face", "biuld") == 2
    assert "There is no command 'face biuld'. Perhaps you meant build." in capsys.readouterr().err
    for argv in (["face"], ["face", "--help"], ["face", "build", "--help"], ["face", "list", "-h"]):
        assert facefusion(*argv) == 0
    assert "--source-face-max-distance" in capsys.readouterr().out
