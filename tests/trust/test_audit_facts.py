"""No entry holds a picture, a path, an embedding or a token, whatever somebody hands in."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from audit_material import JOB, job_facts, open_log, sha256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facefusion.errors import AuditError
from facefusion.trust.audit.facts import KINDS, Mark, Model, Rules, checked

PLANTED = (
    "/home/ada/Pictures/portrait.jpg",
    "portrait of ada.jpg",
    "C:\\Users\\ada\\clip.mp4",
    "../clip.mp4",
    "~/secret",
    "file:///srv/uploads/1",
    "s3://bucket/ada",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "hf_abcdefghijklmnopqrstuvwxyz012345",
    "sk-proj-0123456789abcdef0123",
    "AKIAIOSFODNN7EXAMPLE0",
    "password=hunter2",
    "-----BEGIN PRIVATE KEY-----",
    "0.0123, -0.4567, 0.8910",
    "data:image/png;base64,iVBORw0KGgo=",
    "Ada Lovelace",
    "ada@example.org",
)
EMBEDDING = [0.0123 * number for number in range(512)]
PIXELS = b"\x89PNG\r\n\x1a\n" + bytes(64)

anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(1 << 70), 1 << 70),
        st.floats(),
        st.text(max_size=80),
        st.binary(max_size=80),
        st.sampled_from([*PLANTED, PIXELS]),
        st.just(EMBEDDING),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)),
    max_leaves=8,
)
FIELDS = sorted({name for kind in KINDS.values() for name in kind.model_fields} | {"path", "image", "token"})


def refuses(kind, facts):
    with pytest.raises(AuditError) as raised:
        checked(kind, facts)
    return str(raised.value)


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("field", ["job", "produce_id", "watermark", "version", "error"])
def test_a_planted_text_is_refused_where_a_name_stands_and_not_repeated(planted, field):
    said = refuses("published", job_facts(outputs=[sha256("x")]) | {field: planted})
    assert planted not in said


@pytest.mark.parametrize("planted", [*PLANTED, EMBEDDING, PIXELS])
def test_what_is_planted_in_a_field_that_is_not_foreseen_is_refused(planted):
    said = refuses("admitted", {"job": JOB, "note": planted})
    assert str(planted) not in said
    assert "a field that is not foreseen" in said


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("field", ["processors", "models", "policy", "outputs", "inputs", "marks"])
def test_what_is_planted_among_names_and_digests_is_refused(planted, field):
    value = {
        "models": [{"name": planted, "digest": sha256("x")}],
        "policy": {"name": planted, "digest": sha256("x")},
    }.get(field, [planted])
    assert planted not in refuses("published", job_facts(outputs=[sha256("x")]) | {field: value})


def test_an_embedding_cannot_stand_in_a_number():
    for field in ("frames", "faces", "milliseconds"):
        for value in (EMBEDDING, 0.5, True, "7", -1, 1 << 60):
            refuses("published", job_facts(outputs=[sha256("x")]) | {field: value})


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(sorted(KINDS)), facts=st.dictionaries(st.sampled_from(FIELDS), anything, max_size=5))
def test_whatever_is_handed_in_is_refused_or_holds_nothing_planted(kind, facts):
    try:
        dumped = checked(kind, facts).model_dump(mode="json", exclude={"consents", "subjects"})
    except AuditError:
        return
    text = json.dumps(dumped)
    assert not any(json.dumps(planted)[1:-1] in text for planted in PLANTED)
    assert "0.0123" not in text
    assert len(text) < 5000


def test_people_are_named_by_pseudonyms_whatever_they_are_called(tmp_path):
    log = open_log(tmp_path / "home")
    facts = {"job": JOB, "consents": list(PLANTED), "subjects": list(PLANTED)}
    entry = log.append("admitted", tenant="default", actor=PLANTED[0], facts=facts)
    assert not any(planted in entry.line() for planted in PLANTED)
    assert {log.name(each) for each in entry.facts["subjects"]} == set(PLANTED)
    assert log.verify().entries == 1
    log.close()


def test_a_kind_that_is_not_known_is_refused():
    assert "The kinds are admitted" in refuses("note", {})


def test_the_schema_has_no_free_text_but_for_people_who_become_pseudonyms():
    free = {
        f"{kind.__name__}.{name}"
        for kind in (*KINDS.values(), Model, Rules)
        for name, schema in kind.model_json_schema(mode="serialization")["properties"].items()
        if any(_is_free(part) for part in _parts(schema))
    }
    assert {name.split(".")[1] for name in free} <= {"consents", "subjects"}
    assert get_args(Mark) == ("label", "notice", "watermark", "metadata", "provenance")


def _parts(schema):
    yield schema
    for name in ("items", "anyOf"):
        inner = schema.get(name, [])
        for part in inner if isinstance(inner, list) else [inner]:
            yield from _parts(part)


def _is_free(schema):
    return schema.get("type") == "string" and not {"pattern", "enum", "const"} & schema.keys()
