"""Policies: what they say, what none may say, and how a job may change them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from facefusion.errors import PolicyError
from facefusion.trust.policy import PROFILES, load_policy
from facefusion.trust.policy.loading import read_policy

HEAD = 'schema = 1\nname = "mine"\ndescription = "ours"\n'


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def extending(folder: Path, rules: str, base: str = "personal") -> Path:
    return written(folder, f'{HEAD}extends = "{base}"\n{rules}')


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_says_of_each_rule_why(name):
    policy = read_policy(name)
    assert policy.name == name
    rules = list(policy.rules())
    assert len(rules) > 20
    assert all(len(each.rule.why) > 20 for each in rules)


def test_the_profiles_ask_for_what_they_are_for():
    personal, studio, hosted, eu, cn = map(read_policy, PROFILES)
    assert personal.acknowledgement.required.value
    assert personal.consent.require.value == "none"
    assert (personal.disclosure.label.value, studio.disclosure.label.value) == ("none", "none")
    for policy in (personal, studio, hosted, eu, cn):
        assert policy.disclosure.watermark.value
        assert policy.disclosure.metadata.value
        assert policy.disclosure.provenance.value == "when-possible"
    assert studio.consent.require.value == hosted.consent.require.value == "sources"
    assert studio.models.licences.value == "commercial"
    assert studio.audit.retention_days.value == 183
    assert hosted.signed
    assert (eu.disclosure.label.value, eu.disclosure.label_place.value) == ("start", "top-right")
    assert (cn.disclosure.label.value, cn.disclosure.label_language.value) == ("start", "zh")
    assert cn.disclosure.aigc.value


def test_a_policy_may_extend_a_profile_and_change_some_rules(tmp_path):
    path = extending(tmp_path, '[disclosure]\nlabel = { value = "throughout", why = "customers ask for it" }', "studio")
    policy = read_policy(path)
    assert policy.disclosure.label.value == "throughout"
    assert policy.disclosure.label.why == "customers ask for it"
    assert policy.consent == read_policy("studio").consent


def test_a_policy_may_extend_a_file_beside_it(tmp_path):
    written(tmp_path, f'{HEAD}extends = "eu"\n[audit]\nretention_days = {{ value = 90, why = "ours" }}', "base.toml")
    policy = read_policy(written(tmp_path, f'{HEAD}extends = "base.toml"\n'))
    assert policy.audit.retention_days.value == 90
    assert policy.disclosure.label.value == "start"


def test_the_digest_is_of_what_is_said_not_of_how_it_is_written(tmp_path):
    one = extending(tmp_path, "")
    other = written(tmp_path, f"# ours\n{one.read_text()}\n\n", "other.toml")
    changed = extending(tmp_path, '[models]\nlicences = { value = "commercial", why = "ours" }')
    assert read_policy(other).digest != read_policy(changed).digest
    changed.write_text(other.read_text())
    assert read_policy(other).digest == read_policy(changed).digest


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ('[content]\nsource = { value = false, why = "x" }', "content.source is false, but no policy may have less"),
        ('[content]\noutput = { value = false, why = "x" }', "content.output is false"),
        ('[content]\nyoungest = { value = 17, why = "x" }', "content.youngest is 17, but no policy may have less"),
        ('[content]\nsampling_seconds = { value = 2.5, why = "x" }', "content.sampling_seconds is 2.5"),
        ('[content]\nthreshold_share = { value = 1.1, why = "x" }', "content.threshold_share is 1.1"),
        ('[disclosure]\nmetadata = { value = false, why = "x" }', "disclosure.metadata is false"),
        ('[disclosure]\nlabel_height = { value = 0.01, why = "x" }', "disclosure.label_height is 0.01"),
        ('[audit]\nrequired = { value = false, why = "x" }', "audit.required is false"),
        ('[audit]\nretention_days = { value = 0, why = "x" }', "audit.retention_days is 0"),
    ],
)
def test_no_policy_goes_below_what_holds_always(tmp_path, rules, what):
    with pytest.raises(PolicyError, match=what):
        read_policy(extending(tmp_path, rules))


@pytest.mark.parametrize(
    ("rules", "what", "hint"),
    [
        ('[disclosure]\nlable = { value = "none", why = "x" }', "there is no disclosure.lable", "label"),
        ("[discloser]", "there is no discloser", "disclosure"),
        ('[disclosure]\nlabel = "none"', "disclosure.label is no rule", "value = …, why = …|Write label"),
        ('[disclosure]\nlabel = { value = "start" }', "disclosure.label.why is missing", ""),
        ('[disclosure]\nlabel = { value = "often", why = "x" }', "disclosure.label.value: .*'often'", ""),
        ('[audit]\nretention_days = { value = "90", why = "x" }', "audit.retention_days.value", ""),
        ("[audit", "not valid TOML", ""),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, rules, what, hint):
    with pytest.raises(PolicyError, match=what) as caught:
        read_policy(extending(tmp_path, rules))
    assert caught.value.exit_code == 61
    if hint:
        assert any(part in caught.value.hint for part in hint.split("|"))


def test_a_policy_that_extends_nothing_has_to_say_everything(tmp_path):
    with pytest.raises(PolicyError, match="acknowledgement is missing") as caught:
        read_policy(written(tmp_path, HEAD))
    assert 'extends = "personal"' in caught.value.hint


def test_policies_cannot_extend_one_another_in_a_circle(tmp_path):
    one = written(tmp_path, f'{HEAD}extends = "two.toml"\n', "one.toml")
    written(tmp_path, f'{HEAD}extends = "one.toml"\n', "two.toml")
    with pytest.raises(PolicyError, match=r"in a circle: one\.toml -> two\.toml -> one\.toml"):
        read_policy(one)


def test_a_name_that_is_none_is_told_with_the_nearest():
    with pytest.raises(PolicyError, match="There is no policy studoi") as caught:
        read_policy("studoi")
    assert "studio" in caught.value.hint


def test_a_folder_bytes_and_a_huge_file_are_no_policies(tmp_path):
    damaged, huge = tmp_path / "damaged.toml", tmp_path / "huge.toml"
    damaged.write_bytes(b"\xff\xfe\x00")
    huge.write_bytes(b"#" * (2 << 20))
    for path in (tmp_path, damaged, huge):
        with pytest.raises(PolicyError):
            read_policy(path)


def test_a_job_may_ask_for_more():
    policy = read_policy("personal").tightened(
        {"disclosure.label": "start", "disclosure.label_place": "top-left", "consent.require": None}
    )
    assert policy.disclosure.label.value == "start"
    assert policy.disclosure.label_place.value == "top-left"
    assert policy.digest != read_policy("personal").digest
    assert read_policy("cn").tightened({"disclosure.label_language": "both"}).disclosure.label_language.value == "both"


@pytest.mark.parametrize(
    ("name", "rule", "value"),
    [
        ("eu", "disclosure.label", "none"),
        ("cn", "disclosure.label_language", "en"),
        ("cn", "disclosure.label_language", "any"),
        ("eu", "disclosure.label_place", "bottom-left"),
        ("studio", "models.licences", "any"),
        ("studio", "consent.require", "none"),
        ("studio", "blocklist.allow_overrides", True),
        ("personal", "disclosure.watermark", False),
        ("personal", "content.sampling_seconds", 3.0),
        ("hosted", "privacy.output_hours", 0),
        ("hosted", "privacy.output_hours", 1000),
    ],
)
def test_a_job_may_not_ask_for_less_and_is_told_why(name, rule, value):
    policy = read_policy(name)
    with pytest.raises(PolicyError, match=rf"requires .* for {rule}") as caught:
        policy.tightened({rule: value})
    [named] = [each for each in policy.rules() if each.name == rule]
    assert named.rule.why.rstrip(".") in caught.value.hint


def test_a_value_that_no_rule_has_is_no_value_for_a_job_either():
    with pytest.raises(PolicyError, match="as the job changes it"):
        read_policy("personal").tightened({"disclosure.label": "often"})


RULES = [each.name for each in read_policy("personal").rules()]
WORDS = ["none", "start", "throughout", "any", "zh", "both", "top-left", "required", "commercial", "memory"]
VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 400),
    st.floats(0, 10),
    st.sampled_from(
        ["none", "start", "throughout", "any", "zh", "both", "top-left", "required", "commercial", "memory"]
    ),
)


@settings(deadline=None)
@given(
    name=st.sampled_from(PROFILES),
    changes=st.dictionaries(st.sampled_from(RULES), VALUES, max_size=4),
)
def test_whatever_a_job_asks_for_no_rule_gets_weaker(name, changes):
    policy = read_policy(name)
    try:
        changed = policy.tightened(changes)
    except PolicyError:
        return
    for before, after in zip(policy.rules(), changed.rules(), strict=True):
        assert not after.order.is_weaker(after.rule.value, before.rule.value), before.name


def test_a_policy_is_a_value(tmp_path):
    policy = load_policy("personal", home=tmp_path)
    with pytest.raises(ValidationError):
        policy.disclosure.metadata.value = False


def test_the_example_of_the_manual_is_a_policy(tmp_path):
    manual = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
    policy = read_policy(written(tmp_path, manual.split("```toml\n")[1].split("```")[0]))
    assert (policy.name, policy.disclosure.label.value, policy.models.licences.value) == (
        "agency",
        "throughout",
        "commercial",
    )
