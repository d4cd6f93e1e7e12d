"""From an answer that tells of a problem to the error that it tells of: the same classes as in the library itself."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from facefusion import errors
from facefusion.errors import FaceFusionError, ServiceAnswerError

_URN: Final = "urn:facefusion:error:"
_MOST_SECONDS: Final = 86400.0


def error_of(response: httpx.Response) -> FaceFusionError:
    """Return the error of an answer whose status is 400 or more, or that is no answer of the service.

    Args:
        response: with its body read.
    """
    problem = _problem(response)
    what, hint = str(problem.get("detail") or f"The service answered {response.status_code}"), problem.get("hint", "")
    kind = _kind(str(problem.get("type", "")))
    if kind is None:
        return _noted(ServiceAnswerError(what, str(hint), status=response.status_code, problem=problem), problem)
    return _noted(_made(kind, what, str(hint), wait_of(response)), problem)


def error_named(name: str, what: str, hint: str) -> FaceFusionError:
    """Return the error of a class that is called by its name; one of `ServiceAnswerError` where there is none such."""
    kind = _kind(f"{_URN}{name}")
    return ServiceAnswerError(what, hint) if kind is None else kind(what, hint)


def wait_of(response: httpx.Response) -> float | None:
    """Return the seconds that the service, or a proxy before it, asks to wait; None where nobody does.

    A date is held against that of the answer, so that clocks need not agree.
    """
    given = response.headers.get("retry-after", "")
    if given.isascii() and given.isdigit():
        return min(float(given[:9]), _MOST_SECONDS)
    try:
        until, now = (parsedate_to_datetime(each) for each in (given, response.headers.get("date", "")))
        return min(max(0.0, (until - now).total_seconds()), _MOST_SECONDS)
    except (TypeError, ValueError):
        return None


def _problem(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _kind(urn: str) -> type[FaceFusionError] | None:
    found = getattr(errors, urn.removeprefix(_URN), None) if urn.startswith(_URN) else None
    return found if inspect.isclass(found) and issubclass(found, FaceFusionError) else None


def _made(kind: type[FaceFusionError], what: str, hint: str, seconds: float | None) -> FaceFusionError:
    if seconds is not None and "seconds" in inspect.signature(kind).parameters:
        return kind(what, hint, seconds=int(seconds))  # type: ignore[call-arg]
    return kind(what, hint)


def _noted(error: FaceFusionError, problem: Mapping[str, Any]) -> FaceFusionError:
    """Add what is wrong with single fields."""
    for each in problem.get("errors") or ():
        if isinstance(each, dict):
            error.add_note(f"{each.get('field')}: {each.get('problem')}")
    return error
