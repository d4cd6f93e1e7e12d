"""What has to be done now and then: uploads that nobody finished, answers that nobody asks for again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from facefusion.errors import FaceFusionError
from facefusion.service.idempotency import IdempotencyStore
from facefusion.service.parts import ServiceParts

_SECONDS: Final = 30.0
_KEPT_SECONDS: Final = 7 * 24 * 3600.0
_LOG: Final = logging.getLogger(__name__)


class Upkeep:
    """Does it in a thread, as long as the service runs.

    Args:
        parts: of the service.
        seconds: between two rounds.
    """

    def __init__(self, parts: ServiceParts, *, seconds: float = _SECONDS) -> None:
        self._parts, self._seconds = parts, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="facefusion upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the round that goes on."""
        self._over.set()
        self._thread.join()

    def round(self) -> None:
        """Do all of it once; what cannot be done now is done in the next round."""
        parts = self._parts
        answers = IdempotencyStore(parts.engine, parts.settings.idempotency_seconds)
        for name, call in (
            ("uploads", parts.uploads.sweep),
            ("answers", answers.sweep),
            ("operations", lambda: parts.operations.sweep(keep_seconds=_KEPT_SECONDS)),
        ):
            _tried(name, call)

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            self.round()


def _tried(name: str, call: Callable[[], Any]) -> None:
    try:
        call()
    except FaceFusionError as error:
        _LOG.warning("Old %s could not be removed: %s", name, error.what)
    except Exception:  # noqa: BLE001 - told with its traceback; the next round may go through
        _LOG.exception("An unexpected error while old %s were removed", name)
