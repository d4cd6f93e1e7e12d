"""Chains: processors with settings of their own, in all the ways in which they may be given."""

from __future__ import annotations

from fractions import Fraction

import pytest

from facefusion.errors import InputMissingError, InputTypeError, OptionsError, OutputExistsError
from facefusion.options import Link, Options, load_options
from facefusion.options.chain_files import (
    ChainFile,
    chains_folder,
    delete_chain,
    read_chain_file,
    saved_chains,
    saved_path,
    write_chain_file,
)
from facefusion.options.moments import Stretch

TWICE = [
    {"processor": "face_enhancer", "face_enhancer_blend": 40, "when": "00:10-00:20,00:40-"},
    {"processor": "face-swapper", "blend-ratio": "0.5"},
    {"processor": "face_enhancer", "region": [0, 0, 0.5, 1], "face_mask_blur": 0.1},
]


def links(**values):
    return Options.parse(values).links


def test_each_link_has_options_of_its_own_and_the_job_has_its_own():
    options = Options.parse({"chain": TWICE, "face_enhancer_blend": 90})
    assert options.processors == ("face_enhancer", "face_swapper", "face_enhancer")
    first, second, third = (options.for_link(link) for link in options.links)
    assert [each.face_enhancer.face_enhancer_blend for each in (first, second, third)] == [40, 90, 90]
    assert [each.face_swapper.blend_ratio for each in (first, second, third)] == [1, 0.5, 1]
    assert [each.face_masks.face_mask_blur for each in (first, third)] == [Options().face_masks.face_mask_blur, 0.1]


def test_a_link_without_options_has_those_of_the_job():
    options = Options.parse({"processors": "face_swapper"})
    assert options.for_link(options.links[0]) is options


def test_options_of_other_packages_stand_in_a_link_too():
    table = {"processor": "face_pixelator", "squares": 6}
    options = Options.parse({"chain": [table], "processor_options": ["face_pixelator.squares=9", "other.x=1"]})
    assert options.for_link(options.links[0]).processor_options == ("other.x=1", "face_pixelator.squares=6")


def test_flags_say_of_all_processors_or_of_one_when_and_where_they_work():
    given = {"processors": "face_swapper,face_enhancer", "when": "0-5,face_enhancer=00:10-00:20,00:40-"}
    swapper, enhancer = links(**given, region="face_enhancer=0,0,0.5,1")
    assert (swapper.when, enhancer.when) == (("0-5",), ("00:10-00:20", "00:40-"))
    assert (swapper.region, enhancer.region) == ((), (0, 0, 0.5, 1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"chain": [{"processor": "face_swapper", "face_enhancer_blend": 3}]}, "no option of face_swapper"),
        ({"chain": [{"processor": "face_swapper", "blend_ratio": 3}]}, "chain, face_swapper: .*blend-ratio"),
        ({"chain": [{"processor": "face_swapper", "blend": 1}]}, "blend_ratio"),
        ({"chain": [{"processor": "face_swapper", "when": "20-10"}]}, "ends before it begins"),
        ({"chain": [{"processor": "face_swapper", "when": "soon"}]}, "should look like 00:10-00:20"),
        ({"chain": [{"processor": "face_swapper", "region": [0.6, 0, 0.5, 1]}]}, "inside the frame"),
        ({"chain": [{"processor": "face_swapper", "feather": 2}]}, "feather"),
        ({"chain": [{"processor": "lip_syncer", "source_audio": "a.wav"}]}, "holds for the whole job"),
        ({"chain": [{"when": "0-5"}]}, "does not say which processor"),
        ({"chain": {"processor": "other", "options": {"region": 5}}}, "region of other cannot be said in a chain"),
        ({"chain": 7}, "is no chain"),
        ({"chain": TWICE, "processors": "face_swapper"}, "Both a chain and processors"),
        ({"chain": TWICE, "when": "0-5"}, "Both a chain and when"),
        ({"when": "face_enhancer=0-5"}, "face_enhancer is not among the processors"),
        ({"when": "face_swapper=0-5,face_swapper=7-8"}, "named twice"),
        ({"region": "0,0,1"}, "x,y,width,height"),
        ({"when": "1e9-2e9"}, "should look like"),
    ],
)
def test_what_is_impossible_is_refused_by_name(values, message):
    with pytest.raises(OptionsError, match=message):
        Options.parse(values)


def test_a_chain_and_processors_take_the_place_of_one_another_from_source_to_source(tmp_path):
    (tmp_path / "own.toml").write_text('[[chain]]\nprocessor = "face_enhancer"\nwhen = "0-5"\n')
    quiet = {"environment": {}, "config_path": tmp_path / "own.toml"}
    assert load_options({}, **quiet).processors == ("face_enhancer",)
    assert load_options({"processors": "face_swapper"}, **quiet).chain == ()
    chosen = load_options({"chain": TWICE}, environment={"FACEFUSION_PROCESSORS": "age_modifier"})
    assert len(chosen.processors) == len(TWICE)


def test_changing_one_of_the_two_changes_the_other():
    chained = Options().changed({"chain": TWICE})
    assert chained.processors == ("face_enhancer", "face_swapper", "face_enhancer")
    plain = chained.changed({"processors": ["face_swapper"]})
    assert (plain.chain, plain.processors) == ((), ("face_swapper",))
    assert chained.changed({"blend_ratio": 0.3}).chain == chained.chain
    with pytest.raises(OptionsError, match="Both a chain and when"):
        chained.changed({"when": "0-5"})


def test_a_saved_chain_is_given_by_its_name_and_a_file_by_its_path(quiet_place):
    tables = tuple(Link.model_validate(link).table() for link in Options.parse({"chain": TWICE}).links)
    write_chain_file(saved_path("old film"), ChainFile(tables, "for old film"), overwrite=False)
    assert saved_chains() == ["old film"]
    wanted = Options.parse({"chain": TWICE})
    for given in ("old film", ["old film"], saved_path("old film"), str(saved_path("old film"))):
        assert Options.parse({"chain": given}) == wanted
    assert len(Options.parse({"chain": ["old film", "old film"]}).links) == 2 * len(TWICE)
    assert read_chain_file(saved_path("old film")).description == "for old film"
    with pytest.raises(OutputExistsError):
        write_chain_file(saved_path("old film"), ChainFile(tables), overwrite=False)
    assert delete_chain("old film").parent == chains_folder()
    with pytest.raises(OptionsError, match="No chain 'old film' is saved"):
        Options.parse({"chain": "old film"})


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x.toml", "a" * 65])
def test_a_chain_cannot_be_called_anything(name, quiet_place):
    with pytest.raises(OptionsError, match="cannot be called"):
        saved_path(name)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("processors = 3", InputTypeError, "no .*chain.* tables"),
        ("chain = []", InputTypeError, "no .*chain.* tables"),
        ("[[chain]]\nprocessor = ", InputTypeError, "not valid TOML"),
        ('blend_ratio = 1\n[[chain]]\nprocessor = "face_swapper"', InputTypeError, "says 'blend_ratio' outside"),
        (None, InputMissingError, "cannot be read"),
    ],
)
def test_a_file_that_is_no_chain_is_told(text, error, message, tmp_path):
    if text is not None:
        (tmp_path / "own.toml").write_text(text)
    with pytest.raises(error, match=message):
        Options.parse({"chain": tmp_path / "own.toml"})


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("00:10-00:20", [(0, 10), (0, 19.9)], [(0, 9.9), (0, 20)]),
        ("00:40-", [(0, 40), (0, 4000)], [(0, 39)]),
        ("-5", [(0, 0), (0, 4.9)], [(0, 5)]),
        ("25f-50f", [(25, 0), (49, 0)], [(24, 0), (50, 0)]),
        ("1:00:00 - 1:00:01.5", [(0, 3600), (0, 3601.4)], [(0, 3601.5)]),
    ],
)
def test_a_stretch_begins_with_its_first_moment_and_ends_before_its_last(text, inside, outside):
    stretch = Stretch.parse(text)
    for where, expected in ((inside, True), (outside, False)):
        assert [stretch.holds(frame, Fraction(seconds)) for frame, seconds in where] == [expected] * len(where)
