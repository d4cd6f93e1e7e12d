"""What is written on a picture can be read whatever the script, and never does harm."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.faces.draw import draw_faces
from facefusion.media.frame import Image


def noted(note: str) -> Image:
    return draw_faces(np.zeros((80, 640, 3), np.uint8), [], note)


def test_characters_of_any_script_take_their_place() -> None:
    note = noted("No face was found in 张伟.png")
    assert note.any()
    assert not np.array_equal(note, noted("No face was found in ??????.png")), "one mark for each byte"


@pytest.mark.parametrize("broken", ["\udcff", "\n", "\0", "\x1b"], ids=ascii)
def test_what_cannot_be_drawn_is_one_question_mark(broken: str) -> None:
    assert np.array_equal(noted(f"No face was found in a{broken}b.png"), noted("No face was found in a?b.png"))
