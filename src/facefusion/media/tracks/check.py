"""Finding out before any work what an output will hold beside the moving picture."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

from facefusion.media.files import NAMED, Files
from facefusion.media.forms import Form
from facefusion.media.muxing import holds_tracks
from facefusion.media.sequence import is_sequence
from facefusion.media.source import VideoSource
from facefusion.media.tracks.choose import wanted_streams
from facefusion.media.tracks.source import SourceTracks, has_tracks
from facefusion.options import OutputOptions

_NAMES = {"audio": "sound", "subtitle": "subtitles", "video": "cover art"}


def check_tracks(source: Path, form: Form, options: OutputOptions, *, files: Files = NAMED) -> tuple[str, ...]:
    """Find out before any work whether an output can hold the sound of a source, and what else it cannot hold.

    Opens the source, and containers in memory, exactly as `join` does on disk.

    Args:
        source: the video; animated pictures and sequences of pictures have nothing that could be lost.
        form: of the output, be it a video or pictures.
        options: what is wanted.
        files: opens the source.

    Returns:
        A sentence for each thing that cannot be carried on, or only in part.

    Raises:
        OutputTypeError: the form does not hold this sound; says which form would.
        InputError: the source cannot be read.
    """
    if is_sequence(source) or not has_tracks(source, files.source(source)):
        return ()
    if not holds_tracks(form):
        return _left_out(source, files.source(source), form, options)
    tracks = SourceTracks(source, files.source(source), form, options)
    tracks.close()
    return tracks.chosen.notes


def _left_out(source: Path, file: FileIO, form: Form, options: OutputOptions) -> tuple[str, ...]:
    """Say what a form that holds pictures alone cannot hold."""
    opened = VideoSource(source, file=file)
    try:
        kinds = dict.fromkeys(_NAMES[stream.type] for stream in wanted_streams(opened, options))
    finally:
        opened.close()
    if not kinds:
        return ()
    return (f"{form.name} files hold pictures alone; left out: {', '.join(kinds)}",)
