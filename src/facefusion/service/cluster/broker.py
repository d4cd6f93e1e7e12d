"""The broker."""

from __future__ import annotations

from facefusion.errors import OptionsError
from facefusion.service.cluster.values import Finding, Place, shown_address


def look_broker(place: Place) -> Finding:
    """Look whether it answers, how many messages wait, and how many were laid aside."""
    url = place.serving.jobs.broker
    if url is None:
        return Finding("ok", "none is named: workers look for themselves, which is enough for some ten of them")
    try:
        from facefusion.jobs.celery.broker import Broker  # noqa: PLC0415 - an extra
        from facefusion.jobs.celery.link import Link  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise OptionsError(
            "A broker needs packages that are not installed", "Run pip install 'facefusion[celery]'"
        ) from error
    link = Link(Broker(url))
    try:
        waiting, aside = link.waiting(), link.laid_aside()
    finally:
        link.close()
    found = f"{shown_address(url.split(';')[0])} answers, {waiting} messages wait"
    if aside:
        return Finding(
            "warn",
            f"{found}, {aside} were laid aside",
            "look into the queue facefusion.work.dead: somebody else writes to the broker, or workers die of a task",
        )
    return Finding("ok", found)
