"""The one question that a person is asked: whether the terms of use are known."""

from __future__ import annotations

import locale
import os
import sys
from typing import TYPE_CHECKING, TextIO

from facefusion.cli.terminal import Terminal
from facefusion.options.trust import TrustOptions

if TYPE_CHECKING:
    from facefusion.trust.acknowledgement import Language

_QUESTIONS: dict[Language, str] = {
    "en": "Do you know this, and keep to it? Type yes or no: ",
    "zh": "您是否知悉并遵守以上内容?请输入 yes 或 no:",
}
_YES = {"yes", "y", "是"}


def ask_once(options: TrustOptions, terminal: Terminal, *, answers: TextIO | None = None) -> None:
    """Ask a person who sits at the terminal, unless they said yes before; who says no is told by the job itself.

    Args:
        options: of the place.
        terminal: where the text is shown.
        answers: where the answer comes from; what the program reads when None.

    Raises:
        TrustError: a yes cannot be noted, or the place or its policy cannot be used.
    """
    if options.acknowledge or not _somebody_is_there(terminal, answers):
        return
    from facefusion.trust.acknowledgement import is_acknowledged  # noqa: PLC0415 - scripts need none of this
    from facefusion.trust.home import trust_home  # noqa: PLC0415
    from facefusion.trust.policy import policy_in_force  # noqa: PLC0415

    home = trust_home(options.trust_dir, options.trust_key_file)
    if is_acknowledged(home) or not policy_in_force(options.policy, home=home).policy.acknowledgement.required.value:
        return
    ask(options, terminal, language=machine_language(), answers=answers)


def ask(options: TrustOptions, terminal: Terminal, *, language: Language, answers: TextIO | None = None) -> bool:
    """Show the text and ask; return whether somebody was there to be asked. Arguments and errors as of `ask_once`."""
    if not _somebody_is_there(terminal, answers):
        return False
    from facefusion.trust.acknowledgement import TEXTS  # noqa: PLC0415

    terminal.console.out(TEXTS[language])
    terminal.console.out(_QUESTIONS[language], end="")
    if (answers or sys.stdin).readline().strip().lower() in _YES:
        accept(options)
    return True


def accept(options: TrustOptions) -> None:
    """Note that the terms of use are known at a place, and tell the audit log.

    Raises:
        TrustError: it cannot be noted.
    """
    from facefusion.cli.records import note_change  # noqa: PLC0415
    from facefusion.trust.acknowledgement import acknowledge  # noqa: PLC0415
    from facefusion.trust.actor import actor_of  # noqa: PLC0415
    from facefusion.trust.home import trust_home  # noqa: PLC0415

    acknowledge(trust_home(options.trust_dir, options.trust_key_file), actor_of(options))
    note_change(options, "acknowledgement", "added")


def machine_language() -> Language:
    """Return which of the languages of the terms this machine speaks."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if (named or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def _somebody_is_there(terminal: Terminal, answers: TextIO | None) -> bool:
    answers = sys.stdin if answers is None else answers
    return answers is not None and answers.isatty() and terminal.is_interactive
