"""No output leaves without saying that software edited it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefusion.errors import DisclosureError, PolicyError
from facefusion.trust.policy import PROFILES, check_disclosed, required_layers
from facefusion.trust.policy.loading import read_policy

ALL = frozenset({"label", "watermark", "metadata", "provenance"})
LAYERS = st.frozensets(st.sampled_from(sorted(ALL)))


def test_what_an_output_must_bear_follows_from_the_policy_and_the_form():
    personal, eu = read_policy("personal"), read_policy("eu")
    assert required_layers(personal, ALL) == {"watermark", "metadata", "provenance"}
    assert required_layers(personal, {"label", "watermark", "metadata"}) == {"watermark", "metadata"}
    assert required_layers(personal, {"label", "watermark"}) == {"watermark"}
    assert required_layers(eu, ALL) == ALL


def test_a_form_that_cannot_hold_what_is_insisted_on_is_refused():
    strict = read_policy("personal").tightened({"disclosure.provenance": "required"})
    with pytest.raises(DisclosureError, match="can bear no provenance, which the policy personal requires") as caught:
        required_layers(strict, {"watermark", "metadata"})
    assert caught.value.exit_code == 69


def test_a_layer_that_is_missing_keeps_an_output_from_being_published():
    with pytest.raises(DisclosureError, match="lacks what the policy personal requires: provenance, watermark"):
        check_disclosed(read_policy("personal"), {"metadata"}, ALL)
    check_disclosed(read_policy("personal"), ALL, ALL)


@given(
    name=st.sampled_from(PROFILES),
    label=st.sampled_from(["none", "start", "throughout", None]),
    provenance=st.sampled_from(["none", "when-possible", "required", None]),
    present=LAYERS,
    possible=LAYERS,
)
def test_nothing_that_passes_is_without_a_mark(name, label, provenance, present, possible):
    try:
        policy = read_policy(name).tightened({"disclosure.label": label, "disclosure.provenance": provenance})
        check_disclosed(policy, present, possible)
    except (DisclosureError, PolicyError):
        return
    assert present
    assert present >= required_layers(policy, possible)
