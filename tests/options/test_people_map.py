"""The option `map`: whose face each person gets, in all the ways in which that may be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefusion.cli.flags import option_values
from facefusion.cli.parser import parse
from facefusion.errors import OptionsError
from facefusion.options import Options, load_options

TWO = [(("a.jpg",), "r1.jpg"), (("b.jpg",), "r2.jpg")]


def who(value) -> list[tuple[tuple[str, ...], str | int]]:
    """Sources and person of each entry."""
    entries = Options.parse({"map": value}).face_map
    return [
        (tuple(map(str, entry.sources)), str(entry.reference) if entry.position is None else entry.position)
        for entry in entries
    ]


@pytest.mark.parametrize(
    "value",
    [
        ["a.jpg=r1.jpg", "b.jpg=r2.jpg"],
        "a.jpg=r1.jpg,b.jpg=r2.jpg",
        " a.jpg = r1.jpg , b.jpg=r2.jpg",
        {"a.jpg": "r1.jpg", "b.jpg": "r2.jpg"},
        {Path("a.jpg"): Path("r1.jpg"), "b.jpg": "r2.jpg"},
        [("a.jpg", "r1.jpg"), (["b.jpg"], "r2.jpg")],
        [{"source": "a.jpg", "reference": "r1.jpg"}, {"source": ["b.jpg"], "reference": "r2.jpg"}],
    ],
)
def test_text_mapping_pairs_and_tables_say_the_same(value):
    assert who(value) == TWO


def test_several_pictures_of_a_source_are_joined_by_commas_or_given_as_a_list():
    wanted = [(("a1.jpg", "a2.jpg"), "r.jpg"), (("b.jpg",), "s.jpg")]
    assert who("a1.jpg,a2.jpg=r.jpg,b.jpg=s.jpg") == wanted
    assert who(["a1.jpg,a2.jpg=r.jpg", "b.jpg=s.jpg"]) == wanted
    assert who({("a1.jpg", "a2.jpg"): "r.jpg", "b.jpg": "s.jpg"}) == wanted


def test_a_source_may_serve_several_people():
    assert who("a.jpg=r.jpg,a.jpg=s.jpg") == [(("a.jpg",), "r.jpg"), (("a.jpg",), "s.jpg")]


def test_signs_that_belong_to_a_name_are_doubled_in_text_and_single_elsewhere():
    assert who("a==b.jpg=c,,d.jpg") == [(("a=b.jpg",), "c,d.jpg")]
    assert who({"a=b.jpg": "c,d.jpg"}) == [(("a=b.jpg",), "c,d.jpg")]
    assert who([{"source": "a=b,c.jpg", "reference": "d=e.jpg"}]) == [(("a=b,c.jpg",), "d=e.jpg")]


def test_names_may_have_spaces():
    assert who(["my face.jpg=the other.jpg"]) == [(("my face.jpg",), "the other.jpg")]


@pytest.mark.parametrize("value", ["a.jpg=0,b.jpg=12", {"a.jpg": 0, "b.jpg": 12}, [("a.jpg", 0), ("b.jpg", "12")]])
def test_a_whole_number_is_a_position(value):
    assert who(value) == [(("a.jpg",), 0), (("b.jpg",), 12)]


@pytest.mark.parametrize(
    "value",
    [
        ["a.jpg=r.jpg shape=0.2 blend-ratio=0.7 reference_face_position=1"],
        [{"source": "a.jpg", "reference": "r.jpg", "shape": 0.2, "blend_ratio": 0.7, "reference_face_position": 1}],
    ],
)
def test_options_of_one_person_alone(value):
    options = Options.parse({"map": value, "shape": 0.9, "face_mask_blur": 0.1})
    [entry] = options.face_map
    own = options.for_person(entry)
    assert (own.face_swapper.shape, own.face_swapper.blend_ratio, own.face_swapper.face_mask_blur) == (0.2, 0.7, 0.1)
    assert (own.faces.reference_face_position, own.faces.reference_face_path) == (1, Path("r.jpg"))
    assert own.source_paths == (Path("a.jpg"),)
    assert options.face_swapper.shape == 0.9


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a.jpg", "Option map: 'a.jpg' does not say who gets whose face. Write it like a.jpg=them.jpg"),
        ("a=b=c", "does not say who gets whose face"),
        ("=b", "does not say who gets whose face"),
        ("a=", "does not say who gets whose face"),
        ("a=b,c", "does not say who gets whose face"),
        (5, "does not say who gets whose face"),
        ({"a": None}, "does not say who gets whose face"),
        ([{"source": "a"}], "does not say who gets whose face"),
        ([{"source": "a", "reference": "b", "position": 1}], "does not say who gets whose face"),
        ("", "does not say who gets whose face"),
        ("a=b shap=1", "Option map, for the person of b: There is no option 'shap'. Did you mean 'shape'"),
        ("a=3 shape=7", "Option map, for the face at 3: Option shape: input should be less than .* to 1, got '7'"),
        ("a=b shape=0.4 shape=0.6", "Option map: 'a=b shape=0.4 shape=0.6' gives shape twice"),
        ("a=b output_video_quality=3", "output-video-quality cannot differ from person to person. These can: .*shape"),
        ("a=b face_selector_mode=one", "face-selector-mode cannot differ from person to person"),
    ],
)
def test_a_mistake_is_said(value, message):
    with pytest.raises(OptionsError, match=message):
        Options.parse({"map": value})


def test_the_command_line():
    arguments = parse(["--map", "a.jpg=r1.jpg", "b.jpg=r2.jpg shape=0.1", "--map", "c.jpg=r3.jpg", "-t", "x.mp4"])
    options = load_options(option_values(arguments), environment={})
    assert [str(entry.reference) for entry in options.face_map] == ["r1.jpg", "r2.jpg", "r3.jpg"]
    assert options.face_map[1].options == {"shape": "0.1"}


def test_the_environment_and_the_file(quiet_place):
    assert len(load_options({}, environment={"FACEFUSION_MAP": "a.jpg=r1.jpg,b.jpg=r2.jpg"}).face_map) == 2
    for text in (
        'map = ["a.jpg=r1.jpg", "b.jpg=r2.jpg"]',
        '[map]\n"a.jpg" = "r1.jpg"\n"b.jpg" = "r2.jpg"',
        '[[map]]\nsource = "a.jpg"\nreference = "r1.jpg"\n'
        '[[map]]\nsource = ["b.jpg"]\nreference = "r2.jpg"\nshape = 0.1',
    ):
        Path("facefusion.toml").write_text(text)
        entries = load_options({}, environment={}).face_map
        assert [(str(entry.sources[0]), str(entry.reference)) for entry in entries] == [
            ("a.jpg", "r1.jpg"),
            ("b.jpg", "r2.jpg"),
        ]
    assert entries[1].options == {"shape": 0.1}
