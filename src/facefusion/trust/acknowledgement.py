"""What everybody has to know before the first work, and that they said so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from facefusion.errors import AcknowledgementError, SecretError
from facefusion.trust.keys.file import read_private, write_private

Language = Literal["en", "zh"]
TEXTS: Final[dict[Language, str]] = {
    "en": """\
This software puts one person's face in place of another's.
  * Use a face only if its owner agreed to it, or the law allows it without.
  * Never make anything sexual, of minors, to defraud, to threaten or to humiliate. Some of that is refused
    technically; all of it is forbidden.
  * Outputs say in their file, and in an invisible mark, that software edited them. Do not remove that. Say it
    yourself where you publish them: in many countries the law asks for it.
  * An audit log on this machine keeps when what kind of work was done, without pictures, names of files or faces.
You alone answer for what you make.""",
    "zh": """\
本软件会用一个人的面部替换另一个人的面部。
  * 仅在面部本人同意，或法律允许无需同意时，才可使用其面部。
  * 不得制作色情内容、涉及未成年人的内容，不得用于诈骗、威胁或羞辱他人。其中一部分在技术上会被拒绝，全部均被禁止。
  * 输出文件会在元数据和不可见水印中注明其经过软件编辑。请勿去除。发布时请自行声明：许多国家的法律有此要求。
  * 本机的审计日志会记录何时进行了何种操作，不含图片、文件名或面部信息。
您对自己制作的内容承担全部责任。""",
}
VERSION: Final = hashlib.sha256("\0".join(TEXTS.values()).encode()).hexdigest()[:16]
"""Changes with every letter of the text, so that a new text is asked for anew."""
_FILE: Final = "acknowledged.json"


def is_acknowledged(home: Path) -> bool:
    """Return whether somebody said at this place that they know the text as it is now.

    Args:
        home: folder of this place, see `trust_home`.
    """
    try:
        found = json.loads(read_private(home / _FILE))
    except (OSError, ValueError, SecretError):
        return False  # one that cannot be read is no acknowledgement: people are asked again
    return isinstance(found, dict) and found.get("version") == VERSION


def acknowledge(home: Path, actor: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Note that somebody knows the text.

    Args:
        home: folder of this place.
        actor: who.
        clock: returns the time.

    Raises:
        AcknowledgementError: it cannot be noted.
    """
    content = {"version": VERSION, "actor": actor, "at": clock().isoformat(timespec="seconds")}
    try:
        write_private(home / _FILE, json.dumps(content).encode())
    except OSError as error:
        raise AcknowledgementError(
            f"That the terms of use are known cannot be noted in {home}: {error.strerror}",
            "Choose another folder with --trust-dir",
        ) from error


def ensure_acknowledged(home: Path, actor: str, *, given: bool) -> bool:
    """Make sure that the text is known; note it where the job says so, and return whether that was done now.

    Args:
        home: folder of this place.
        actor: who does the work.
        given: the option `acknowledge`.

    Raises:
        AcknowledgementError: nobody has said so.
    """
    if is_acknowledged(home):
        return False
    if not given:
        raise AcknowledgementError(
            "Nobody has said yet, at this place, that the terms of use are known",
            "Read and accept them with `facefusion trust acknowledge`; scripts give --acknowledge, or set "
            "acknowledge = true in facefusion.toml or FACEFUSION_ACKNOWLEDGE=1",
        )
    acknowledge(home, actor)
    return True
