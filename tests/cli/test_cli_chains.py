"""`chains`: processors with settings of their own, saved under a name and passed on as files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from facefusion.options import Options

SAVE = (
    *("chains", "save", "soft", "--processors", "face_swapper", "face_enhancer"),
    *("--blend-ratio", "0.7", "--face-mask-blur", "0.5", "--when", "face_enhancer=0-5", "--description", "a soft look"),
)


def test_what_was_typed_is_saved_and_given_to_a_job_by_its_name(facefusion, capsys):
    assert facefusion(*SAVE) == 0
    path = Path(capsys.readouterr().out.strip())
    assert tomllib.loads(path.read_text()) == {
        "description": "a soft look",
        "chain": [
            {"processor": "face_swapper", "blend_ratio": 0.7, "face_mask_blur": 0.5},
            {"processor": "face_enhancer", "when": ["0-5"], "face_mask_blur": 0.5},
        ],
    }
    options = Options.parse({"chain": "soft"})
    assert options.for_link(options.links[0]).face_swapper.blend_ratio == 0.7
    assert facefusion("chains", "list") == 0
    assert capsys.readouterr().out == "soft: face_swapper, face_enhancer with when (a soft look)\n"
    assert facefusion("chains", "show", "soft") == 0
    assert tomllib.loads(capsys.readouterr().out) == tomllib.loads(path.read_text())


def test_a_chain_is_passed_on_as_a_file(facefusion, capsys, quiet_place):
    facefusion(*SAVE)
    assert facefusion("chains", "export", "soft", "shared.toml") == 0
    assert facefusion("chains", "delete", "soft") == 0
    assert facefusion("chains", "import", "shared.toml", "--name", "theirs") == 0
    assert facefusion("chains", "import", "shared.toml", "--name", "theirs") == 33
    assert facefusion("chains", "import", "shared.toml", "--name", "theirs", "--overwrite") == 0
    capsys.readouterr()
    assert facefusion("chains", "list", "--json") == 0
    [chain] = json.loads(capsys.readouterr().out)["chains"]
    assert (chain["name"], [link["processor"] for link in chain["chain"]]) == (
        "theirs", ["face_swapper", "face_enhancer"],
    )  # fmt: skip
    assert facefusion("chains", "save", "copy", "--chain", "theirs") == 0
    assert facefusion("chains", "delete", "soft") == 2


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (
            ("save", "x", "--processors", "face_swapper", "--face-enhancer-blend", "5"),
            2,
            "concerns none of face_swapper",
        ),
        (("save", "x", "--processors", "face_lifter"), 43, "no processor 'face_lifter'"),
        (("save", "../x", "--processors", "face_swapper"), 2, "cannot be called"),
        (("show", "nothing"), 2, "No chain 'nothing' is saved"),
        (("import", "nothing.toml"), 10, "cannot be read"),
        (("import", "wrong.toml"), 2, "no option of face_swapper"),
    ],
)
@pytest.mark.usefixtures("quiet_place")
def test_what_cannot_be_done_is_told(facefusion, capsys, words, status, says):
    Path("wrong.toml").write_text('[[chain]]\nprocessor = "face_swapper"\nface_enhancer_blend = 5\n')
    assert facefusion("chains", *words) == status
    assert says in capsys.readouterr().err


def test_one_that_cannot_be_used_any_more_is_listed_with_the_reason(facefusion, capsys, quiet_place):
    facefusion(*SAVE)
    path = Path(capsys.readouterr().out.strip())
    path.with_name("old.toml").write_text('[[chain]]\nprocessor = "gone"\n')
    assert facefusion("chains", "list") == 0
    assert "old: cannot be used: There is no processor 'gone'" in capsys.readouterr().out
