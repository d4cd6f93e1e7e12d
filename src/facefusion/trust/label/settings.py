"""What a visible label says, where, and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from facefusion.trust.label.wording import Language

Place = Literal["top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"]
"""Corner or edge at which the label lies."""
Timing = Literal["start", "ends", "throughout"]
"""When a video shows it: at the start, at the start and at the end, or all the time."""

LEAST_SECONDS = 2.0
"""GB 45438-2025, 5.4: a video shows its label for no less than this."""
LEAST_HEIGHT = 0.05
"""Height of the text over the short side of the picture (GB 45438-2025, 5.3 and 5.4)."""
MOST_HEIGHT = 0.15
LONGEST_TEXT = 40
"""Characters that a user may put beside the disclosure."""

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """What a visible label says, where, and for how long.

    Attributes:
        language: of the disclosure: `en`, `zh`, or `both`, one below the other.
        place: corner or edge. The code of practice of the European Union asks for one that nothing covers and names the
            corner at the top right; GB 45438-2025 asks for any corner or edge.
        timing: when a video shows it; pictures always do.
        seconds: for how long, at the start and at the end each; no less than 2.
        height: of the text's capital letters over the short side of the picture, 0.05 to 0.15.
        text: words of the user's own, which stand below the disclosure and never take its place; up to 40 characters.
    """

    language: Language = "en"
    place: Place = "top-right"
    timing: Timing = "start"
    seconds: float = LEAST_SECONDS
    height: float = LEAST_HEIGHT
    text: str = ""

    def __post_init__(self) -> None:
        """Refuse what no rule allows.

        Raises:
            ValueError: it would be shown for less than two seconds or too small, or the text is too long or has several
                lines.
        """
        if not self.seconds >= LEAST_SECONDS:
            raise ValueError(f"a label is shown for {LEAST_SECONDS:g} seconds or more, not {self.seconds:g}")
        if not LEAST_HEIGHT <= self.height <= MOST_HEIGHT:
            raise ValueError(f"letters are {LEAST_HEIGHT:g} to {MOST_HEIGHT:g} of the short side, not {self.height:g}")
        if len(self.text) > LONGEST_TEXT or _BREAKS.search(self.text):
            raise ValueError(f"the text of a label is one line of up to {LONGEST_TEXT} characters")
