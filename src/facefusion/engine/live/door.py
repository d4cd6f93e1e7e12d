"""The one place where live frames leave: what every one of them has to bear is put on here."""

from __future__ import annotations

from facefusion.media.frame import Frame
from facefusion.media.live.sinks import LiveSink


class Door:
    """Lets frames out to where they are shown. Nothing else hands a live frame to anybody.

    Args:
        sink: where they go.
    """

    def __init__(self, sink: LiveSink) -> None:
        self._sink = sink

    def leave(self, frame: Frame) -> bool:
        """Let a frame out; False when nobody wants any more.

        Raises:
            BrokenPipeError: whoever read the frames went away.
            OutputError: it cannot be taken.
        """
        return self._sink.show(frame)
