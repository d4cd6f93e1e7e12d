"""The vocabulary: names, spellings, limits, and what an impossible value is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facefusion.errors import OptionsError
from facefusion.options import Leaf, Options, iter_leaves, load_options
from facefusion.options.leaves import leaf_table

LEAVES = list(iter_leaves(Options))


def leaf(name: str) -> Leaf:
    return leaf_table(Options)[name]


def test_every_spelling_belongs_to_one_option():
    spellings = [spelling for entry in LEAVES for spelling in (entry.name, *entry.names.also)]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("entry", LEAVES, ids=lambda entry: entry.name)
def test_every_option_says_what_it_is_for(entry):
    assert entry.field.description
    assert not entry.field.description.endswith(".")


def test_what_is_shown_is_a_spelling():
    assert all(entry.names.shown in ("", *entry.names.also) for entry in LEAVES)


@pytest.mark.parametrize(
    ("name", "kind", "is_list", "is_flag"),
    [
        ("source_paths", Path, True, False),
        ("target_path", Path, False, False),
        ("face_mask_types", str, True, False),
        ("max_memory", float, False, False),
        ("face_position", int, False, False),
        ("keep_audio", bool, False, True),
    ],
)
def test_kind_of_an_option(name, kind, is_list, is_flag):
    assert (leaf(name).kind, leaf(name).is_list, leaf(name).is_flag) == (kind, is_list, is_flag)


@pytest.mark.parametrize(
    ("name", "limits"),
    [("blend_ratio", "0 to 1"), ("face_position", "from 0"), ("max_memory", "above 0"), ("processors", "")],
)
def test_limits_in_words(name, limits):
    assert leaf(name).limits == limits


def test_choices():
    assert leaf("face_selector_mode").choices == ("many", "one", "reference")
    assert leaf("face_mask_types").choices == ("mesh", "ellipse", "box", "area", "occlusion", "region")
    assert leaf("blend_ratio").choices == ()


@pytest.mark.parametrize("value", ["a,b", ["a", "b"], ["a,b"], ("a", "b"), "a , b,"])
def test_lists_may_be_written_in_several_ways(value):
    assert Options.parse({"processors": value}).processors == ("a", "b")


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters=",", categories=["L", "N"]), min_size=1)))
def test_joining_with_commas_is_the_same_as_a_list(names):
    if names:
        assert Options.parse({"processors": ",".join(names)}) == Options.parse({"processors": names})


def test_aliases_and_dashes_are_the_same_option():
    assert Options.parse({"frame-processors": "x"}) == Options.parse({"processors": ["x"]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"blend_rato": 1}, "There is no option 'blend_rato'. Did you mean 'blend_ratio'"),
        ({"source": "a", "source_paths": "b"}, "Option source_paths is given twice"),
        ({"blend_ratio": -1}, "Option blend-ratio: input should be greater than or equal to 0, got -1"),
        ({"face_mask_types": []}, "Option face-mask-types"),
        ({"keep_audio": "perhaps"}, "Option keep-audio"),
    ],
)
def test_a_mistake_names_the_option(values, message):
    with pytest.raises(OptionsError, match=message):
        Options.parse(values)


def test_options_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Options().processors = ("x",)  # type: ignore[misc]


@pytest.mark.parametrize("value", ["inf", "nan", float("inf")])
def test_numbers_without_an_end_are_refused(value):
    with pytest.raises(OptionsError, match="max-memory"):
        Options.parse({"max_memory": value})


def test_a_source_that_is_given_twice_counts_once():
    options = Options.parse({"source_paths": ["b.jpg", "a.jpg", "b.jpg"]})
    assert options.source_paths == (Path("b.jpg"), Path("a.jpg"))


@pytest.mark.parametrize(
    "values",
    [
        {"target": "a\0b.mp4"},
        {"source": ["a.png", "b\0"]},
        {"thumbnail": "\0.png"},
        {"shared_models_dirs": ["\0"]},
        {"face_map": [{"sources": ["a\0"], "position": 1}]},
        {"output": "a\ud800.mp4"},
    ],
)
def test_a_path_that_no_system_takes_is_refused(values):
    with pytest.raises(OptionsError, match=r"NUL|surrogates"):
        load_options(values)
