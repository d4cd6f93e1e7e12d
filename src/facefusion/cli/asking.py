"""The one question that a person is asked: whether the terms of use are known."""

from __future__ import annotations

import locale
import os
import sys
from pathlib import Path
from typing import TextIO

from facefusion.cli.terminal import Terminal
from facefusion.trust.acknowledgement import TEXTS, Language, acknowledge, is_acknowledged

_QUESTIONS: dict[Language, str] = {
    "en": "Do you know this, and keep to it? Type yes or no: ",
    "zh": "您是否知悉并遵守以上内容?请输入 yes 或 no:",
}
_YES = {"yes", "y", "是"}


def ask_once(home: Path, actor: str, terminal: Terminal, *, language: Language, answers: TextIO | None = None) -> None:
    """Ask a person who sits at the terminal, unless they said yes before; who says no is told by the job itself.

    Args:
        home: folder of this place, see `trust_home`.
        actor: who is asked.
        terminal: where the text is shown.
        language: of the text.
        answers: where the answer comes from; what the program reads when None.

    Raises:
        AcknowledgementError: a yes cannot be noted.
    """
    answers = sys.stdin if answers is None else answers
    if answers is None or not answers.isatty() or not terminal.is_interactive or is_acknowledged(home):
        return
    terminal.console.out(TEXTS[language])
    terminal.console.out(_QUESTIONS[language], end="")
    if answers.readline().strip().lower() in _YES:
        acknowledge(home, actor)


def machine_language() -> Language:
    """Return which of the languages of the terms this machine speaks."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if (named or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"
