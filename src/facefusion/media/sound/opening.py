"""Opening a file that holds sound: one of sound alone, or a video.

As with pictures, a file is what its first bytes say, and nothing but the one open file is ever read.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from facefusion.errors import InputDamagedError, InputTypeError
from facefusion.media import forms
from facefusion.media.complete import check_complete
from facefusion.media.sniff import sniff
from facefusion.media.source import explain, open_demuxer

_HEAD: Final = 16
_SIGNATURES: Final = (
    (b"RIFF", b"WAVE", "WAV", "wav"),
    (b"RF64", b"WAVE", "WAV", "wav"),
    (b"FORM", b"AIFF", "AIFF", "aiff"),
    (b"FORM", b"AIFC", "AIFF", "aiff"),
    (b"fLaC", b"", "FLAC", "flac"),
    (b"ID3", b"", "MP3", "mp3"),
    (b"caff", b"", "CAF", "caf"),
    (b"#!AMR", b"", "AMR", "amr"),
)
"""First bytes, bytes 8 to 11, the form's name, libav's demuxer."""
_WITHOUT_GAPS: Final = ("WAV", "FLAC", "AIFF")
_ADTS: Final = ("AAC", "aac")
_MP3: Final = ("MP3", "mp3")
SOUND_FORMS: Final = ("WAV", "MP3", "FLAC", "AAC", "M4A", "Ogg", "AIFF", "CAF", "AMR")
"""Files of sound alone that are read, by the names that people know."""


@dataclass(frozen=True, slots=True)
class OpenSound:
    """An open file with sound in it.

    Attributes:
        path: where it is.
        form: the name of its form.
        container: libav's demuxer.
        stream: its sound; of several the one that players choose.
        file: closed with this.
        is_complete: whether the file declares its size and has it; False where it may end anywhere.
    """

    path: Path
    form: str
    container: InputContainer
    stream: AudioStream
    file: FileIO
    is_complete: bool = False

    @property
    def has_gaps(self) -> bool:
        """Whether there may be times without sound: not in files of sound that have no times of their own."""
        return self.form not in _WITHOUT_GAPS

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.stream.codec_context.sample_rate or 48000

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return self.stream.codec_context.layout.nb_channels

    def close(self) -> None:
        """Close demuxer and file, as often as one likes."""
        self.container.close()
        self.file.close()


def open_sound(path: Path, file: FileIO) -> OpenSound:
    """Open a file that holds sound.

    Args:
        path: its name, for messages.
        file: the file; closed with what is returned, or when nothing is.

    Raises:
        InputTypeError: it is of a kind that is not read, or holds no sound.
        InputDamagedError: it is damaged.
    """
    try:
        form, reader, is_complete = _form(path, file)
        container = _opened(path, file, form, reader)
        try:
            return OpenSound(path, form, container, _best(path, container), file, is_complete)
        except BaseException:
            container.close()
            raise
    except BaseException:
        file.close()
        raise


def _form(path: Path, file: FileIO) -> tuple[str, str, bool]:
    """Return the name of a file's form, libav's name of its demuxer, and whether the file is known to be whole."""
    file.seek(0)
    head = file.read(_HEAD) or b""
    file.seek(0)
    for start, kind, name, reader in _SIGNATURES:
        if head.startswith(start) and (not kind or head[8:12] == kind):
            return name, reader, False
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:  # the eleven bits that each frame begins with
        return (*(_ADTS if head[1] & 0xF6 == 0xF0 else _MP3), False)
    try:
        form = sniff(file, path)
    except InputTypeError as error:
        raise InputTypeError(f"{error.what}, nor sound", f"Give one of {', '.join(SOUND_FORMS)}") from error
    if form.kind == "picture" or form in forms.ANIMATIONS:
        raise InputTypeError(f"The file {path} is a picture ({form.name}) and holds no sound", "Give a file of sound")
    return form.name, form.reader, check_complete(file, path, form)


def _opened(path: Path, file: FileIO, form: str, reader: str) -> InputContainer:
    try:
        return open_demuxer(file, reader)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputDamagedError(
            f"The {form} file {path} cannot be opened: {explain(error)}", "Copy it again or repair it"
        ) from error


def _best(path: Path, container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise InputTypeError(f"The file {path} holds no sound", "Give a file of speech with --source-audio")
    if stream.codec_context is None:
        raise InputTypeError(f"The sound of {path} is in a codec that is not known", "Convert it to WAV first")
    return stream
