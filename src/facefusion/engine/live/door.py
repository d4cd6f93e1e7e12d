"""The one place where live frames leave: what every one of them has to bear is put on here."""

from __future__ import annotations

from facefusion.engine.doors.door import Door
from facefusion.media.frame import Frame
from facefusion.media.live.sinks import LiveSink


class LiveDoor:
    """Lets frames out to where they are shown. Nothing else hands a live frame to anybody.

    Args:
        sink: where they go.
        door: of the work: what frames have to bear.
    """

    def __init__(self, sink: LiveSink, door: Door) -> None:
        self._sink, self._door = sink, door
        self._watch = door.watch("live output")

    @property
    def patience(self) -> float:
        """Seconds after which the sink wants to be called, frame or not."""
        return self._sink.patience

    def idle(self) -> bool:
        """Let the sink do what it has to while there is no frame; False when nobody wants any more."""
        return self._sink.idle()

    def leave(self, frame: Frame, faces: int) -> bool:
        """Let a frame out; False when nobody wants any more.

        Args:
            frame: as edited.
            faces: that were edited in it.

        Raises:
            AuditError: it cannot be recorded that frames are shown.
            BrokenPipeError: whoever read the frames went away.
            ContentRefusedError: it shows what is refused.
            OutputError: it cannot be taken.
        """
        self._watch.see(frame.image, float(frame.time))
        return self._sink.show(self._door.live(frame, faces))
