"""What people are told when content is refused: where, and no more than they need to know."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.errors import ContentRefusedError
from facefusion.faces.types import Face
from facefusion.trust.content.finding import Verdict

_POLICY = "which every policy refuses"


def where_in_source(number: int, count: int = 1, *, person: int | None = None) -> str:
    """Return how messages call a source.

    Args:
        number: which of those that were given of a person, from 1.
        count: how many were given.
        person: which person, from 1, where there are several.
    """
    source = "The source" if count == 1 else f"Source {number}"
    return source if person is None else f"{source} of person {person}"


def where_in_video(what: str, seconds: float | None = None) -> str:
    """Return how messages call a place in a target, an output or a performance.

    Args:
        what: `target`, `output` or `performance`.
        seconds: when the frame is shown; None of a picture.
    """
    return f"The {what}" if seconds is None else f"The {what} at {seconds:.1f} s"


def refuse(verdict: Verdict, where: str) -> None:
    """End the work where a picture is explicit.

    Args:
        verdict: on the picture.
        where: how the message calls it, as `where_in_source` and `where_in_video` do.

    Raises:
        ContentRefusedError: it is.
    """
    if verdict.is_explicit:
        raise ContentRefusedError(f"{where} shows explicit sexual content, {_POLICY}", "Choose other material")


def refuse_minors(minors: Sequence[Face], where: str) -> None:
    """End the work where a face that is worked on seems to be a minor's.

    Args:
        minors: faces that do.
        where: how the message calls the picture, as `where_in_source` and `where_in_video` do.

    Raises:
        ContentRefusedError: there is one.
    """
    if minors:
        raise ContentRefusedError(
            f"{where} shows somebody who seems to be a minor, {_POLICY}",
            "Choose other material, or other faces with --face-selector-mode",
        )
