"""What processors that run without weights hold in memory, and whether it grows with a clip.

Each of them gets the same frames over and over: a head that drifts, with cuts, and every frame edited before, as in a
chain, so that two pictures of it count. Measured are the peak of the process's memory at the end of a short clip and of
a long one of small frames, and, after some larger frames, the arrays that the processor leads to, beside those that it
had when it was made: what it keeps back, and what it remembers.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FunctionType, ModuleType
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.clips import SOURCE, TARGET, talking_clip
from benchmarks.common import Figures, command, finish, parser, table
from benchmarks.weightless import NAMES, Form, forms
from facefusion.engine.casting import cast
from facefusion.engine.warm.parts import WarmParts
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.enrich import FaceEnricher
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame
from facefusion.media.picture import read_picture
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, Processor, ProcessorContext, delay_of, run_processor, spec_held

RATE: Final = 10
_DIFFERENT: Final = 50
"""Frames after which they begin anew."""
_FACE: Final = 96
"""Side of the part of a frame that shows the head."""
_EDITED: Final = 6
"""Bytes a pixel that are counted for each frame that is held: its picture, and that before any edit. What was decoded
counts besides, and frames of this benchmark have none."""
_MIB: Final = 2**20
_HEADS: Final = (
    "processor",
    "kept back",
    "counted, bytes a pixel",
    "held, bytes a pixel",
    "peak, MiB",
    "grows by, MiB",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("chain_memory", __doc__)
    made.add_argument("--seconds", type=float, nargs=2, default=(5, 50), help="of both clips (default: 5 50)")
    made.add_argument("--side", type=int, default=160, help="of their frames in pixels (default: %(default)s)")
    made.add_argument("--held-side", type=int, default=720, help="of the larger frames (default: %(default)s)")
    made.add_argument("--forms", nargs="+", choices=NAMES, default=NAMES, help="which processors (default: all)")
    options = made.parse_args(arguments)
    with _Opened(options.side) as bench:
        figures = [bench.grown(name, *options.seconds) for name in options.forms]
    with _Opened(options.held_side) as bench:
        figures = [{**one, "held": bench.held(one["name"])} for one in figures]
    short, long = (f"{seconds:g} s" for seconds in options.seconds)
    print(f"Clips of {short} and {long}, {RATE} frames a second, {options.side} pixels square;")
    print(f"held: of frames {options.held_side} pixels square\n")
    print(table(_HEADS, [_row(one) for one in figures]))
    return finish({"forms": figures}, options.json)


def _row(one: Figures) -> list[object]:
    counted, (first, last) = one["counted"] * _EDITED, one["peak"]
    return [one["name"], one["delay"], counted, f"{one['held']:.1f}", f"{last:.0f}", f"{last - first:.1f}"]


@dataclass
class Bench:
    """What processors are made from, and the frames that they get.

    Attributes:
        forms: by name.
        items: the frames that are different.
    """

    forms: dict[str, Form]
    items: list[FaceFrame]
    _analyser: FaceAnalyser
    _sessions: Any
    _resources: ExitStack

    def processor(self, name: str) -> Processor:
        """Return a new processor."""
        form = self.forms[name]
        _, roles = cast(self._analyser, form.options, Path("out.mp4"), self._sessions.kept)
        context = ProcessorContext(form.options, roles[0].sources, self._sessions, roles, resources=self._resources)
        return form.made(context)

    def clip(self, frames: int) -> Iterator[FaceFrame]:
        """Yield so many frames, a few different ones over and over, none the same object."""
        for number in range(frames):
            item = self.items[number % len(self.items)]
            frame = Frame(number, number, 1, Fraction(1, RATE), item.frame.image.copy())
            faces = tuple(replace(face, track_id=number // (2 * RATE)) for face in item.faces)
            yield FaceFrame(frame, faces).with_frame(frame.with_image(np.minimum(frame.image, 246) + np.uint8(9)))

    def grown(self, name: str, *seconds: float) -> Figures:
        """Return the peaks of the process's memory, in MiB, while a processor edits clips of some lengths."""
        processor, done, peaks = self.processor(name), 0, []
        clip = self.clip(round(max(seconds) * RATE))
        _forget_peak()
        for length in seconds:
            while batch := list(islice(clip, min(2, round(length * RATE) - done))):
                done += len(batch)
                run_processor(processor, batch)
            peaks.append(_peak() / _MIB)
        form = self.forms[name]
        counted = spec_held(form.spec, form.options)
        return {"name": name, "delay": delay_of(processor), "counted": counted, "peak": peaks}

    def held(self, name: str) -> float:
        """Return the bytes for each pixel of a frame that a processor holds when it holds as much as it ever will."""
        processor = self.processor(name)
        before = held_bytes(processor)
        for item in self.clip(_DIFFERENT // 2):
            run_processor(processor, [item])
        height, width = self.items[0].frame.image.shape[:2]
        return float(max(0, held_bytes(processor) - before) / (height * width))


class _Opened:
    def __init__(self, side: int) -> None:
        self._side = side
        self._resources = ExitStack()

    def __enter__(self) -> Bench:
        resources = self._resources
        folder = Path(resources.enter_context(TemporaryDirectory()))
        options = Options()
        sessions = resources.enter_context(WarmParts().sessions(options, 0, lambda note: None))
        made = forms(folder, talking_clip(folder, 1), TARGET)
        analyser, enricher = FaceAnalyser.create(options.faces, sessions), FaceEnricher(options.faces, sessions)
        needs = frozenset(need for form in made.values() for need in form.spec.needs)
        tracker, items = FaceTracker(analyser), []
        for number, image in enumerate(_pictures(self._side)):
            frame = Frame(number, number, 1, Fraction(1, RATE), image)
            found = tracker.update(image, number / RATE)
            items.append(FaceFrame(frame, tuple(enricher.enrich([FaceView(image, face) for face in found], needs))))
        return Bench(made, items, analyser, sessions, resources)

    def __exit__(self, *raised: object) -> None:
        self._resources.close()


def _pictures(side: int) -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Yield frames of a head that drifts before two walls."""
    portrait = read_picture(SOURCE, Options().limits).image
    noise = np.random.default_rng(0)
    walls = [
        np.asarray(cv2.resize(noise.integers(0, 256, (9, 9, 3), np.uint8), (side, side)), np.uint8) for _ in range(2)
    ]
    for number in range(_DIFFERENT):
        image = walls[number * 2 // _DIFFERENT].copy()
        head = portrait[30:190, 100 + number : 260 + number]
        start = (side - _FACE) // 2
        image[start : start + _FACE, start : start + _FACE] = cv2.resize(head, (_FACE, _FACE))
        yield image


def held_bytes(processor: Processor) -> int:
    """Return the bytes of all arrays that a processor leads to, each counted once."""
    seen: set[int] = set()
    waiting: list[Any] = [processor]
    arrays: dict[int, int] = {}
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            while isinstance(each.base, np.ndarray):
                each = each.base
            arrays[id(each)] = each.nbytes
        else:
            waiting += gc.get_referents(each)
    return sum(arrays.values())


def _peak() -> int:
    """Return the most bytes of memory that this process had since `_forget_peak`."""
    status = Path("/proc/self/status").read_text("ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def _forget_peak() -> None:
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", "ascii")


if __name__ == "__main__":
    command(main)
