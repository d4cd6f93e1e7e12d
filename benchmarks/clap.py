"""Sound against picture: a flash and a click every second, and how far they have moved apart in the output."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import cast

import av
import numpy as np

from benchmarks.common import Figures, command, finish, parser, table
from facefusion import process_video
from facefusion.media.frame import Image

SIZE = (160, 90)
RATE = 48_000
BLOCK = 1024
BRIGHT = 128
LOUD = 0.25
MOST = Fraction(1, 1000)
_HEADS = ("clip", "output", "frames", "claps", "apart before, ms", "apart after, ms", "moved, ms")


@dataclass(frozen=True)
class Case:
    """A clip, and what is made of it.

    Attributes:
        name: of the frames' times.
        container: ending of the clip.
        sound: its codec.
        outputs: endings of what is written.
    """

    name: str
    container: str
    sound: str
    outputs: tuple[str, ...]


CASES = (
    Case("25", ".mp4", "aac", (".mp4", ".mkv")),
    Case("29.97", ".mp4", "aac", (".mp4", ".mov")),
    Case("variable, 90 kHz", ".mp4", "aac", (".mp4", ".mkv")),
    Case("variable, ms", ".mkv", "flac", (".mp4", ".mkv")),
)
_CLOCKS = {
    "25": Fraction(1, 25),
    "29.97": Fraction(1001, 30_000),
    "variable, 90 kHz": Fraction(1, 90_000),
    "variable, ms": Fraction(1, 1000),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit code 1 when sound and picture have moved apart by more than a millisecond."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for case in CASES for row in measure(case, options, Path(folder))]
    print(table(_HEADS, [list(row.values()) for row in rows]) + "\n")
    worst = max(row["moved"] for row in rows)
    print(f"At the most, a click has moved against its flash by {worst:.3f} ms in {options.minutes:g} minutes.")
    finish({"minutes": options.minutes, "rows": rows, "worst": worst}, options.json)
    return 1 if worst > float(MOST * 1000) else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("clap", __doc__)
    made.add_argument("--minutes", type=float, default=30, help="length of each clip (%(default)g)")
    made.add_argument("--chunk", type=int, default=500, help="frames in a segment (%(default)d)")
    return made.parse_args(arguments)


def measure(case: Case, options: argparse.Namespace, folder: Path) -> Iterator[Figures]:
    """Make a clip, send it through the product, and compare both."""
    clip = make_clip(case, folder / f"clip{case.container}", seconds=round(options.minutes * 60))
    before = claps(clip)
    for ending in case.outputs:
        output = folder / f"out{ending}"
        result = process_video(
            clip,
            output,
            pre_processor=unchanged,
            output_video_preset="ultrafast",
            video_chunk_size=options.chunk,
        )
        after = claps(output)
        if len(after) != len(before):
            raise SystemExit(f"{case.name}: {len(before)} claps went in, {len(after)} came out")
        moved = max(abs(a - b) for a, b in zip(after, before, strict=True))
        yield {
            "clip": f"{case.name} {case.container}",
            "output": ending,
            "frames": result.frames,
            "claps": len(after),
            "before": _milliseconds(max(map(abs, before))),
            "after": _milliseconds(max(map(abs, after))),
            "moved": _milliseconds(moved),
        }
        output.unlink()
    clip.unlink()


def unchanged(image: Image) -> Image:
    """Do nothing to a frame."""
    return image


def make_clip(case: Case, path: Path, *, seconds: int) -> Path:
    """Write a dark clip that flashes and clicks once a second, at the very time of the frame."""
    time_base = _CLOCKS[case.name]
    ticks = {"video_track_timescale": str(time_base.denominator)} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", container_options=ticks) as output:
        video = output.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "30"})
        video.codec_context.time_base = time_base
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        sound = cast("av.AudioStream", output.add_stream(case.sound, rate=RATE, layout="mono"))
        clicks = _Clicks(output, sound)
        claps_made = 0
        for pts in _times(case.name, seconds):
            is_clap = pts * time_base >= claps_made + Fraction(1, 2)
            if is_clap:
                claps_made += 1
                clicks.add(round(pts * time_base * RATE))
            frame = _picture(235 if is_clap else 20)
            frame.pts, frame.time_base = pts, time_base
            output.mux(video.encode(frame))
            clicks.write_until(round(pts * time_base * RATE))
        output.mux(video.encode(None))
        clicks.write_until(seconds * RATE)
        output.mux(sound.encode(None))
    return path


def _times(name: str, seconds: int) -> Iterator[int]:
    """Yield the frames' times in ticks: regular, or as a phone in bad light makes them."""
    clock = _CLOCKS[name]
    chance = random.Random(1)
    pts = 0
    while pts * clock < seconds:
        yield pts
        pts += 1 if not name.startswith("variable") else round(Fraction(chance.randint(9, 90), 1000) / clock)


def _picture(value: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), value, np.uint8)).reformat(format="yuv420p")


class _Clicks:
    """Writes silence with clicks in it, one sample each, in blocks."""

    def __init__(self, output: av.container.OutputContainer, stream: av.AudioStream) -> None:
        self._output = output
        self._stream = stream
        self._places: list[int] = []
        self._written = 0

    def add(self, place: int) -> None:
        """Set a click, at or after what is written."""
        self._places.append(place)

    def write_until(self, place: int) -> None:
        """Write the blocks that end at or before a sample."""
        while self._written + BLOCK <= place:
            name = self._stream.format.name
            samples = np.zeros((1, BLOCK), np.float32 if name.startswith("flt") else np.int16)
            inside = [p for p in self._places if p < self._written + BLOCK]
            for click in inside:
                samples[0, click - self._written] = 0.9 if name.startswith("flt") else 29_000
            self._places = self._places[len(inside) :]
            frame = av.AudioFrame.from_ndarray(samples, format=name, layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._written, Fraction(1, RATE)
            self._output.mux(self._stream.encode(frame))
            self._written += BLOCK


def claps(path: Path) -> list[Fraction]:
    """Return, for each flash of a file, by how many seconds its click is later, as libav alone decodes them."""
    seen, heard = list(_flashes(path)), list(_heard(path))
    return [min((click - flash for click in _near(heard, flash)), key=abs) for flash in seen]


def _near(heard: Sequence[Fraction], flash: Fraction) -> Sequence[Fraction]:
    """Return the clicks around a flash; there is one a second."""
    place = max(0, int(flash) - 2)
    return list(islice(heard, place, place + 5))


def _flashes(path: Path) -> Iterator[Fraction]:
    with av.open(str(path)) as clip:
        clip.streams.video[0].thread_type = "AUTO"
        for frame in clip.decode(video=0):
            if frame.to_ndarray()[0, 0] > BRIGHT:
                yield _time(frame)


def _heard(path: Path) -> Iterator[Fraction]:
    with av.open(str(path)) as clip:
        for frame in clip.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(np.float64)).reshape(-1)
            samples /= 1.0 if frame.format.name.startswith("flt") else 32768.0
            if samples.max() > LOUD:
                yield _time(frame) + Fraction(int(samples.argmax()), RATE)


def _time(frame: av.VideoFrame | av.AudioFrame) -> Fraction:
    """Return when a frame is due, in seconds; libav knows it of every frame of these clips."""
    return (frame.pts or 0) * (frame.time_base or Fraction(1))


def _milliseconds(seconds: Fraction) -> float:
    return float(seconds * 1000)


if __name__ == "__main__":
    command(main)
