"""What has to be done now and then: letting go of uploads, results, answers and models that nobody needs any more.

The process tells by it that it is there, and when all of that was last done without a fault.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from facefusion.errors import FaceFusionError
from facefusion.jobs.alike import Alike, found_alike
from facefusion.service.background.supervised import Failed, paused
from facefusion.service.expiry import remove_expired
from facefusion.service.idempotency import IdempotencyStore
from facefusion.service.parts import ServiceParts
from facefusion.service.presence import Presence

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
        self._presence = Presence(parts.engine)

    async def run(self, stopping: asyncio.Event, failed: Failed) -> None:
        """Do one round after the other until it is told to stop."""
        parts = self._parts
        with Alike(self._presence.facts, lambda: found_alike(parts.options, parts.storage)).looking():
            await self._tell(failed)
            while not await paused(stopping, self._seconds):
                await self.round(failed)
        with suppress(FaceFusionError):  # it is forgotten after a day in any case
            await asyncio.to_thread(self._presence.gone)

    async def round(self, failed: Failed) -> None:
        """Do all of it once; what cannot be done now is done in the next round."""
        parts = self._parts
        answers = IdempotencyStore(parts.engine, parts.settings.idempotency_seconds)
        is_well = True
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
            is_well = is_well and not isinstance(ended, BaseException)
            if isinstance(ended, FaceFusionError):
                _LOG.warning("Old %s could not be removed: %s", name, ended.what)
            elif isinstance(ended, BaseException):
                failed(ended)
        if is_well:
            self._presence.facts["upkeep"] = datetime.now(UTC).isoformat(timespec="seconds")
        await self._tell(failed)

    async def _tell(self, failed: Failed) -> None:
        [ended] = await asyncio.gather(asyncio.to_thread(self._presence.seen), return_exceptions=True)
        if isinstance(ended, FaceFusionError):
            _LOG.warning("That the service is there could not be told: %s", ended.what)
        elif isinstance(ended, BaseException):
            failed(ended)
