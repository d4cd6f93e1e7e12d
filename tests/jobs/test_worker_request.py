"""What a request may say, and what it is refused for."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefusion.errors import OptionsError, StorageAddressError
from facefusion.jobs.allowed import allowed_options, refusal, use_of
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.roots import roots_of
from facefusion.jobs.storage.addresses import parsed_address
from facefusion.options import Options, iter_leaves

LEAST = {"target": "upload:t", "output": "r.mp4"}


def request(**more: Any) -> JobRequest:
    return JobRequest.parse({**LEAST, **more})


def test_references_and_names_take_the_places_of_files() -> None:
    asked = request(
        sources=["upload:a", "face:b"],
        options={
            "map": [{"source": "upload:x", "reference": "job:y", "shape": 0.4}, ["s3://bucket/a,b.jpg", 0]],
            "renditions": "'small one.mp4' size=720p",
            "reference-face-path": "upload:z",
            "thumbnail": "t.jpg",
            "blend_ratio": 0.5,
            "processors": "face_swapper",
        },
    )
    assert asked.references() == (
        *("upload:t", "upload:a", "face:b", "upload:x", "job:y", "s3://bucket/a,b.jpg", "upload:z"),
    )
    assert asked.outputs() == ("r.mp4", "small one.mp4", "t.jpg")
    values = asked.values(lambda text: Path("/in") / text.replace("/", "_"), lambda name: Path("/out dir") / name)
    options = Options.parse(values)
    assert options.source_paths == (Path("/in/upload:a"), Path("/in/face:b"))
    assert options.target_path == Path("/in/upload:t")
    assert [entry.sources for entry in options.face_map] == [
        (Path("/in/upload:x"),),
        (Path("/in/s3:__bucket_a,b.jpg"),),
    ]
    assert options.output.thumbnail == Path("/out dir/t.jpg")
    assert options.output.renditions == ("'/out dir/small one.mp4' size=720p",)
    assert asked.options["processors"] == ["face_swapper"]
    assert JobRequest.parse(asked.to_json()) == asked


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"target": "/etc/passwd"}, "upload:ID"),
        ({"target": "upload:../x"}, "identifier"),
        ({"target": 5}, "string"),
        ({"target": "file:///a\nb"}, "upload:ID"),
        ({"target": "s3://b/a\u202eb.mp4"}, "upload:ID"),
        ({"target": "s3://b/a\ud800.mp4"}, "upload:ID"),
        ({"target": "s3://b/a.mp4 "}, "upload:ID"),
        ({"sources": ["upload:a"] * 65}, "64"),
        ({"sources": "upload:a"}, "tuple"),
        ({"output": "../r.mp4"}, "plain name"),
        ({"output": ".r.mp4"}, "plain name"),
        ({"output": "r%04d.png"}, "plain name"),
        ({"output": "r.exe"}, "no form"),
        ({"output": "r" * 200 + ".mp4"}, "150 bytes"),
        ({"deliver_to": "upload:a"}, "address"),
        ({"more": 1}, "more"),
        ({"options": []}, "dictionary"),
        ({"options": {"no_such": 1}}, "no option 'no_such'"),
        ({"options": {"trust_dir": "/x"}}, "whoever runs the service"),
        ({"options": {"max_pixels": 10**9}}, "whoever runs the service"),
        ({"options": {"max_memory": 64}}, "each worker"),
        ({"options": {"overwrite": True}}, "never writes over"),
        ({"options": {"target": "upload:x"}}, "the field target"),
        ({"options": {"license_policy": "any"}}, "commercial"),
        ({"options": {"source_audio": "/etc/passwd"}}, "upload:ID"),
        ({"options": {"thumbnail": "/etc/t.jpg"}}, "plain name"),
        ({"options": {"thumbnail": "R.mp4"}}, "one name"),
        ({"options": {"renditions": ["/etc/a.mp4"]}}, "plain name"),
        ({"options": {"renditions": "'"}}, "not understood"),
        ({"options": {"map": "/etc/a.jpg=upload:b"}}, "upload:ID"),
        ({"options": {"map": 7}}, "who gets whose face"),
        ({"options": {"blend_ratio": 3}}, "blend-ratio"),
        ({"options": {"blend_ratio": 0.5, "blend-ratio": 0.5}}, "twice"),
        ({"options": {"label_text": "x" * 70_000}}, "65536"),
        ({"digests": {"upload:other": "0" * 64}}, "nowhere else"),
        ({"digests": {"upload:t": "zz"}}, "pattern"),
    ],
)
def test_what_is_refused_says_why(more: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionsError, match=says):
        request(**more)


def test_every_option_is_either_allowed_or_refused_with_a_reason() -> None:
    refused = {leaf.name for leaf in iter_leaves(Options) if refusal(leaf)}
    assert refused | set(allowed_options()) == {leaf.name for leaf in iter_leaves(Options)}
    groups = {leaf.path[0] for leaf in iter_leaves(Options) if leaf.path and leaf.name in refused}
    assert groups == {"trust", "signing", "limits", "models", "runtime", "live", "output"}
    files = {name: use_of(leaf) for name, leaf in allowed_options().items() if leaf.kind is Path}
    assert files == {
        "reference_face_path": "input",
        "source_audio": "input",
        "expression_restorer_driving": "input",
        "stylizer_lut": "input",
        "makeup_reference": "input",
        "colour_matcher_reference": "input",
        "thumbnail": "output",
        "contact_sheet": "output",
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["target", "output", "options", "sources", "digests", "map", "renditions"])
                | st.text(max_size=5),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_comes_is_understood_or_refused(values: object) -> None:
    with contextlib.suppress(OptionsError):
        JobRequest.parse(values)


def test_a_pinned_request_keeps_what_it_had() -> None:
    pinned = request().pinned({"upload:t": "1" * 64})
    assert pinned.digests == {"upload:t": "1" * 64}
    assert str(Reference.parse("upload:t")) == "upload:t"


def test_roots_are_those_of_the_tenant() -> None:
    allowed = ("s3://media/{tenant}", "acme=file:///srv/acme", "other=gs://theirs")
    assert roots_of(allowed, "acme") == ("s3://media/acme", "file:///srv/acme")
    assert roots_of(allowed, "other") == ("s3://media/other", "gs://theirs")


@pytest.mark.parametrize(
    "name",
    [
        *("größe.mp4", "映画　一.mp4", "my clip (1)+%20.mp4", "فیلم\u200cها.mp4", "👩\u200d👩\u200d👧.png"),
        *("e\u0301te.mp4", "\u00e9te.mp4", "ﬁlm.mp4", "a%2e%2e%2fb.mp4"),
    ],
)
def test_objects_are_named_letter_by_letter_in_any_script(name: str) -> None:
    address = f"s3://bucket/in/{name}"
    assert str(Reference.parse(address)) == address
    assert JobRequest.parse(request(target=address).to_json()).target == address
    assert parsed_address(address).path == f"in/{name}", "nothing is unescaped, composed or folded"


@pytest.mark.parametrize(
    "sign", ["\n", "\0", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800"]
)
def test_what_is_unseen_names_no_object(sign: str) -> None:
    for address in (f"s3://bucket/a{sign}b.mp4", f"s3://bucket/{sign}", f"s3://bucket/a.mp4{sign}"):
        with pytest.raises(ValueError, match="by an address"):
            Reference.parse(address)


@pytest.mark.parametrize("key", ["../b.mp4", "a/../b.mp4", "a//b.mp4", "./b.mp4", "a\\b.mp4"])
def test_no_name_leads_up(key: str) -> None:
    """And none that looks as if it did: what is escaped, or of another width, is a letter like others."""
    with pytest.raises(StorageAddressError):
        parsed_address(f"s3://bucket/in/{key}")
    for name in ("．．／b.mp4", "%2e%2e/b.mp4", "‥/b.mp4"):
        assert parsed_address(f"s3://bucket/in/{name}").path == f"in/{name}"


def test_a_chain_is_given_as_tables_whose_files_are_references() -> None:
    driven = {"processor": "expression-restorer", "expression_restorer_driving": "upload:d", "when": "0-5"}
    asked = request(options={"chain": [{"processor": "face_swapper", "blend_ratio": 0.5}, driven]})
    assert asked.options["processors"] == ["face_swapper", "expression_restorer"]
    assert asked.references() == ("upload:t", "upload:d")
    links = Options.parse(asked.values(lambda text: Path("/in") / text, Path)).chain
    assert links[1].options == {"expression_restorer_driving": Path("/in/upload:d")}
    assert JobRequest.parse(asked.to_json()) == asked


@pytest.mark.parametrize(
    ("chain", "says"),
    [
        ("mine", "names none that is saved"),
        (["/etc/mine.toml"], "names none that is saved"),
        ([{"processor": "face_swapper", "overwrite": True}], "a request does not set overwrite"),
        ([{"processor": "face_swapper", "when": "9-3"}], "ends before it begins"),
        ([{"processor": "expression_restorer", "expression_restorer_driving": "/etc/passwd"}], "a file is named as"),
        ([{"processor": "face_swapper"}] * 65, "at most 64 links"),
        ([{"processor": "face_swapper", "face_enhancer_blend": 3}], "no option of face_swapper"),
    ],
)
def test_what_a_chain_may_not_say(chain: Any, says: str) -> None:
    with pytest.raises(OptionsError, match=says):
        request(options={"chain": chain})
