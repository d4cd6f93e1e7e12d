"""What the options of label and producer accept is what label and marks take."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from facefusion.errors import DisclosureError
from facefusion.options.trust import TrustOptions
from facefusion.trust.label import LabelSettings
from facefusion.trust.label.settings import LONGEST_TEXT, Place, Timing
from facefusion.trust.label.wording import Language
from facefusion.trust.metadata import Marks


def is_option(**values):
    try:
        TrustOptions(**values)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("letter", [chr(point) for point in (*range(0x100), 0x3000, 0x4E2D)])
def test_a_producer_that_is_accepted_can_be_written(letter):
    try:
        Marks(content_producer=f"a{letter}b", produce_id="1").check()
    except DisclosureError:
        assert not is_option(content_producer=f"a{letter}b")
    else:
        assert is_option(content_producer=f"a{letter}b")


@pytest.mark.parametrize(
    "text", ["", "a\nb", "a\u2028b", "a\x7fb", "x" * (LONGEST_TEXT + 1), "春 Spring", "x" * LONGEST_TEXT]
)
def test_words_that_are_accepted_can_be_drawn(text):
    if is_option(label_text=text):
        assert LabelSettings(text=text).text == text
    elif text:
        with pytest.raises(ValueError, match="label"):
            LabelSettings(text=text)


@pytest.mark.parametrize(("name", "choices"), [("label", Timing), ("label_place", Place), ("label_language", Language)])
def test_choices_are_the_same(name, choices):
    annotation = TrustOptions.model_fields[name].annotation
    assert {choice for part in get_args(annotation) for choice in get_args(part)} == set(get_args(choices))
