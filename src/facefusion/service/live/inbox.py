"""What waits for the thread of a live session: the newest frame, and the newest wish."""

from __future__ import annotations

import threading

from facefusion.service.live.messages import Incoming, LiveWish


class Inbox:
    """Holds one frame and one wish until they are taken; newer ones take their places."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Incoming | None = None
        self._wish: LiveWish | None = None
        self.is_over = False
        """Whether nothing more is taken."""

    def put_frame(self, frame: Incoming) -> bool:
        """Put a frame in; return whether another, which nobody took, had to go for it."""
        with self._changed:
            is_replaced = self._frame is not None
            self._frame = frame
            self._changed.notify()
            return is_replaced

    def put_wish(self, wish: LiveWish) -> None:
        """Put a wish in."""
        with self._changed:
            self._wish = wish
            self._changed.notify()

    def take(self, seconds: float) -> LiveWish | Incoming | None:
        """Return the newest wish, else the newest frame, waiting for one; None where none comes in time.

        Args:
            seconds: that are waited.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._wish or self._frame or self.is_over, seconds)
            if self.is_over:
                return None
            if self._wish is not None:
                wish, self._wish = self._wish, None
                return wish
            frame, self._frame = self._frame, None
            return frame

    def finish(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self.is_over = True
            self._changed.notify_all()
