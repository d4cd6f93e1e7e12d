"""What has to be done now and then: letting go of uploads, results, answers and models that nobody needs any more."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from facefusion.errors import FaceFusionError
from facefusion.service.background.supervised import Failed, paused
from facefusion.service.expiry import remove_expired
from facefusion.service.idempotency import IdempotencyStore
from facefusion.service.parts import ServiceParts

_SECONDS: Final = 30.0
_KEPT_SECONDS: Final = 7 * 24 * 3600.0
_LOG: Final = logging.getLogger(__name__)


class Upkeep:
    """Does it as long as the service runs.

    Args:
        parts: of the service.
        seconds: between two rounds.
    """

    def __init__(self, parts: ServiceParts, *, seconds: float = _SECONDS) -> None:
        self._parts, self._seconds = parts, seconds

    async def run(self, stopping: asyncio.Event, failed: Failed) -> None:
        """Do one round after the other until it is told to stop."""
        while not await paused(stopping, self._seconds):
            await self.round(failed)

    async def round(self, failed: Failed) -> None:
        """Do all of it once; what cannot be done now is done in the next round."""
        parts = self._parts
        answers = IdempotencyStore(parts.engine, parts.settings.idempotency_seconds)
        for name, call in (
            ("uploads", parts.uploads.sweep),
            ("answers", answers.sweep),
            ("operations", lambda: parts.operations.sweep(keep_seconds=_KEPT_SECONDS)),
            ("results", lambda: remove_expired(parts)),
            ("previews", parts.shown.cool),
            ("clips", parts.clips.cool),
            ("models", parts.warm.cool),
        ):
            [ended] = await asyncio.gather(asyncio.to_thread(call), return_exceptions=True)
            if isinstance(ended, FaceFusionError):
                _LOG.warning("Old %s could not be removed: %s", name, ended.what)
            elif isinstance(ended, BaseException):
                failed(ended)
