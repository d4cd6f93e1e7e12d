"""What the label says.

In English it is what the icon of the European Union's code of practice says of content that was there before and was
altered: the capitals AI and the word MODIFIED. In Chinese it is what GB 45438-2025 (5.1 and 5.3) asks of every wording:
the element 人工智能 or AI together with 生成 or 合成, of which 合成 is what is said of faces that were put in.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh", "both"]
"""Language of the disclosure."""

_ENGLISH, _CHINESE = "AI MODIFIED", "AI合成"


def disclosure(language: Language) -> tuple[str, ...]:
    """Return the lines of the disclosure."""
    return {"en": (_ENGLISH,), "zh": (_CHINESE,), "both": (_ENGLISH, _CHINESE)}[language]
