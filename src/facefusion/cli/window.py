"""A window that shows live frames, by Tk, which comes with Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as Pillow

from facefusion.errors import OutputUnwritableError
from facefusion.media.frame import Frame, Image, resized
from facefusion.media.info import VideoInfo
from facefusion.media.planes.opacity import on_white, shown
from facefusion.media.region import Rectangle

if TYPE_CHECKING:
    import tkinter

_ELSEWHERE: Final = "Send frames elsewhere with --output: - for stdout, a file, or a virtual camera"
_KEYS: Final = ("<Escape>", "q")
_OF_SCREEN: Final = 0.9


class WindowSink:
    """Shows frames in a window until it is closed, or Escape or q is pressed.

    Args:
        title: of the window.
        mirror: whether the picture is shown as in a mirror.

    Raises:
        OutputUnwritableError: there is no display, or this Python has no Tk.
    """

    patience = 0.02  # the window answers as quickly as this

    def __init__(self, title: str, *, mirror: bool) -> None:
        try:
            import tkinter  # noqa: PLC0415 - some systems leave it out of Python

            from PIL import ImageTk  # noqa: PLC0415 - needs the same
        except ImportError as error:
            raise OutputUnwritableError(
                f"No window can be opened: this Python has no Tk ({error})",
                f"Install it (Debian and Ubuntu: python3-tk). {_ELSEWHERE}",
            ) from error
        self._mirror, self._image_tk, self._error = mirror, ImageTk, tkinter.TclError
        try:
            self._root = tkinter.Tk(className="facefusion")
        except tkinter.TclError as error:
            raise OutputUnwritableError(f"No window can be opened: {error}", _ELSEWHERE) from error
        self._root.title(title)
        self._is_open = True
        self._picture: ImageTk.PhotoImage | None = None
        self._label = tkinter.Label(self._root, borderwidth=0, background="black")
        self._label.pack(fill="both", expand=True)
        self._root.protocol("WM_DELETE_WINDOW", self._leave)
        for key in _KEYS:
            self._root.bind(key, self._leave)

    def begin(self, info: VideoInfo) -> None:
        """Open the window as large as the frames, or as the screen has room."""
        room = self._root.winfo_screenwidth() * _OF_SCREEN, self._root.winfo_screenheight() * _OF_SCREEN
        factor = min(1.0, room[0] / info.shown_width, room[1] / info.height)
        self._size = max(1, round(info.shown_width * factor)), max(1, round(info.height * factor))
        self._root.geometry(f"{self._size[0]}x{self._size[1]}")
        self._root.resizable(False, False)
        self._root.update()

    def show(self, frame: Frame) -> bool:
        """Show a frame; False once the window is closed."""
        opacity = shown(frame.opacity, frame.opaque)
        image = frame.image if opacity is None else on_white(frame.image, opacity)
        image = resized(mirrored(image, frame.opaque) if self._mirror else image, *self._size)
        picture = Pillow.fromarray(np.ascontiguousarray(image))
        if not self._is_open:
            return False
        if self._picture is None:
            self._picture = self._image_tk.PhotoImage(picture, master=self._root)
            self._label.configure(image=self._picture)
        else:
            self._picture.paste(picture)
        return self.idle()

    def idle(self) -> bool:
        """Let the window answer; False once it is closed."""
        try:
            if self._is_open:
                self._root.update()
        except self._error:
            self._is_open = False
        return self._is_open

    def close(self) -> None:
        """Close the window."""
        self._picture = None
        try:
            self._root.destroy()
        except self._error:
            self._is_open = False

    def _leave(self, event: tkinter.Event[tkinter.Misc] | None = None) -> None:
        self._is_open = False


def mirrored(image: Image, part: Rectangle | None) -> Image:
    """Return a picture, RGB uint8 (height, width, 3), as in a mirror, but for a part of it that is to be read."""
    result = image[:, ::-1].copy()
    if part is not None:
        left = image.shape[1] - part.x - part.width
        result[part.y : part.y + part.height, left : left + part.width] = image[part.slices]
    return result
