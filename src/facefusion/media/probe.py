"""What a file is, found from its bytes."""

from __future__ import annotations

from pathlib import Path

from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.load import load_picture_info
from facefusion.media.open import open_reader
from facefusion.media.select import EVERYTHING, Selection
from facefusion.media.sequence import is_sequence
from facefusion.media.sniff import open_input, sniff
from facefusion.options import LimitOptions


def probe(path: Path, limits: LimitOptions, selection: Selection = EVERYTHING) -> PictureInfo | VideoInfo:
    """Tell what is at `path`, without reading more than its headers and, of a video, the first frames selected.

    Args:
        path: of a picture, or of whatever `open_reader` opens.
        limits: what is refused.
        selection: what of a video would be given out.

    Raises:
        InputMissingError: there is no such file, or it may not be read.
        InputTypeError: it is neither a picture nor a video of a kind that is read.
        InputDamagedError: it is empty, or its headers are damaged.
        InputLimitError: it exceeds a limit.
        IsolationError: the system has no means for isolation.
        OptionsError: the selection leaves nothing of the video, or reaches out of its picture.
    """
    if not is_sequence(path):
        with open_input(path) as file:
            kind = sniff(file, path).kind
        if kind == "picture":
            return load_picture_info(path, limits)
    with open_reader(path, limits=limits, selection=selection) as reader:
        return reader.info
