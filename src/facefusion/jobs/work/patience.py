"""Waiting for what is away and will be back: the database, the storage."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from facefusion.errors import FaceFusionError

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something is tried again that is away.

    Attributes:
        seconds: from the first failure on.
        wait: before the second try; twice as long each further time.
        most_wait: that is never waited longer than.
    """

    seconds: float
    wait: float = 0.2
    most_wait: float = 10.0

    def calling(
        self, call: Callable[[], T], *errors: type[FaceFusionError], cancel: threading.Event | None = None
    ) -> T:
        """Return what a call returns, made again while it fails in ways that pass.

        Args:
            call: may be made any number of times.
            errors: that pass.
            cancel: nothing is tried again once it is set.

        Raises:
            FaceFusionError: the call's own, when it does not pass or lasted too long.
        """
        cancel = cancel or threading.Event()
        wait, end = self.wait, time.monotonic() + self.seconds
        while True:
            try:
                return call()
            except errors as error:
                if time.monotonic() + wait > end:
                    raise
                _LOG.warning("%s; tried again in %.1f s", error.what, wait)
                if cancel.wait(wait):
                    raise
            wait = min(self.most_wait, 2 * wait)
