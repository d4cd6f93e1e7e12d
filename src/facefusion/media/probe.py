"""What a file is, found from its bytes."""

from __future__ import annotations

from pathlib import Path

from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.picture import picture_info
from facefusion.media.reader import VideoReader
from facefusion.media.sniff import open_input, sniff
from facefusion.options import LimitOptions


def probe(path: Path, limits: LimitOptions) -> PictureInfo | VideoInfo:
    """Tell what the file at `path` is, without reading more than its headers and, of a video, its first frame.

    Raises:
        InputMissingError: there is no such file, or it may not be read.
        InputTypeError: it is neither a picture nor a video of a kind that is read.
        InputDamagedError: it is empty, or its headers are damaged.
        InputLimitError: it has more pixels than `limits.max_pixels`.
    """
    with open_input(path) as file:
        kind = sniff(file, path).kind
    if kind == "picture":
        return picture_info(path, limits)
    with VideoReader(path, limits) as reader:
        return reader.info
