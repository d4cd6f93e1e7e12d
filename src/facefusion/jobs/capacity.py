"""How long work takes and what it needs, going by what was measured; no job is looked at.

All figures of processors are of one machine, with two cores of a best rate of 230 GFLOP/s (docs/performance.md has the
tables they are taken from, and tests hold them against those). Cores that multiply twice as fast take about half as
long. Of graphics cards nothing was measured: whoever has one measures what one worker does, and says it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from facefusion.errors import OptionsError

_MEGAPIXELS: Final = (0.9216, 2.0736)  # 1280×720 and 1920×1080


@dataclass(frozen=True, slots=True)
class Measured:
    """Something that was measured at 720 and at 1080 lines.

    Attributes:
        at_720, at_1080: the figures.
    """

    at_720: float
    at_1080: float

    def at(self, megapixels: float) -> float:
        """Return the figure at another size, on the straight line through both; never below a tenth of the first."""
        slope = (self.at_1080 - self.at_720) / (_MEGAPIXELS[1] - _MEGAPIXELS[0])
        return max(self.at_720 / 10, self.at_720 + slope * (megapixels - _MEGAPIXELS[0]))


DECODE: Final = Measured(5.80, 12.53)
"""CPU milliseconds for each frame; as those that follow."""
ENCODE: Final = Measured(19.76, 37.73)
ANALYSE: Final = Measured(6.66, 7.19)
PROCESS: Final = Measured(31.37, 34.29)
"""With the bundled swapper, for each face."""
MODELS: Final = Measured(10.01, 9.23)
"""Networks of analysis and of the bundled swapper, for each face."""
OTHERWISE: Final = Measured(0.72, 0.82)
PROCESS_OF_NETWORK: Final = Measured(5.49, 10.43)
"""What is left of `PROCESS` with a network in the bundled swapper's place."""
OUTPUT_BYTES: Final = Measured(20_992_899 / 2500, 36_990_721 / 2500)
"""For each frame of a talking portrait at the usual quality; films with more movement take several times that."""
NETWORK_RATES: Final = ((2.013, 73.53), (121.261, 108.84))
"""GMAC of a network for each face, and the GFLOP a second of processor time at which it ran."""
BUSY: Final = 0.68
"""Share of a worker's two cores that the bundled swapper's job kept busy; the rest waits for the slowest stage."""
BUSY_WITH_NETWORK: Final = 0.90
AT_WORK: Final = 0.95
"""Share of the time of 64 workers that went into work, with segments of four seconds; with longer ones it is more."""
CORES: Final = 2
"""Of a worker, as it was measured."""
_GIB: Final = float(1 << 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done, and with what.

    Attributes:
        frames: of all videos together.
        megapixels: of a frame.
        faces: in a frame, on average.
        gmac: of the network that swaps a face, in thousand million multiplications; 0 for the bundled swapper.
        fps: frames in a second of video.
        workers: that do it; None where a time is given.
        hours: in which it is to be done; None where workers are given.
        rate: frames a second of one worker, as somebody measured it, in place of the measured processor.
        speed: of the cores, against those that were measured.
        bitrate_in, bitrate_out: megabits a second of the videos; those of the talking portrait when None.
        segment_frames: frames in a segment.
        price_hour: of one worker for an hour.
        price_month: of a GiB of storage for a month.
        keep_days: for which inputs and results are kept.
    """

    frames: int
    megapixels: float
    faces: float = 1.0
    gmac: float = 0.0
    fps: float = 25.0
    workers: int | None = None
    hours: float | None = None
    rate: float | None = None
    speed: float = 1.0
    bitrate_in: float | None = None
    bitrate_out: float | None = None
    segment_frames: int = 500
    price_hour: float = 0.0
    price_month: float = 0.0
    keep_days: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what is no work.

        Raises:
            OptionsError: a value is out of its range, or neither or both of workers and hours are given.
        """
        numbers = (self.frames, self.megapixels, self.fps, self.speed, self.segment_frames)
        more = (
            each
            for each in (self.rate, self.hours, self.workers, self.bitrate_in, self.bitrate_out)
            if each is not None
        )
        if any(not math.isfinite(each) or each <= 0 for each in (*numbers, *more)):
            raise OptionsError("Frames, sizes, rates, times and workers are above 0", "Mend the one that is not")
        if any(each < 0 for each in (self.faces, self.gmac, self.price_hour, self.price_month, self.keep_days)):
            raise OptionsError("Faces, networks, prices and days are not below 0", "Mend the one that is")
        if (self.workers is None) == (self.hours is None):
            raise OptionsError(
                "Either the workers or the time is asked for", "Give --workers or --cores, or --deadline, not both"
            )


@dataclass(frozen=True, slots=True)
class Capacity:
    """What work takes.

    Attributes:
        cpu_ms: processor time for each frame; None where a rate was given.
        cpu_hours: of all of it; None where a rate was given.
        rate: frames a second of one worker.
        workers: that do it.
        hours: in which they do.
        segments: into which it is cut.
        input_gib, output_gib: of the videos.
        peak_gib: in storage when the last is joined: inputs, segments and results.
        work_cost, storage_cost: by the prices given; storage for as long as inputs and results are kept.
    """

    cpu_ms: float | None
    cpu_hours: float | None
    rate: float
    workers: int
    hours: float
    segments: int
    input_gib: float
    output_gib: float
    peak_gib: float
    work_cost: float
    storage_cost: float


def capacity(work: Work) -> Capacity:
    """Return what work takes."""
    cost = cpu_ms(work)
    busy = BUSY_WITH_NETWORK if work.gmac else BUSY
    rate = work.rate or CORES * busy * 1000 / cost
    seconds = work.frames / (rate * AT_WORK)
    workers = work.workers or max(1, math.ceil(seconds / 3600 / (work.hours or 1)))
    hours = seconds / 3600 / workers
    taken, given = _gib(work, work.bitrate_in), _gib(work, work.bitrate_out)
    is_measured = work.rate is None
    return Capacity(
        cpu_ms=cost if is_measured else None,
        cpu_hours=work.frames * cost / 3_600_000 if is_measured else None,
        rate=rate,
        workers=workers,
        hours=hours,
        segments=math.ceil(work.frames / work.segment_frames),
        input_gib=taken,
        output_gib=given,
        peak_gib=taken + 2 * given,
        work_cost=hours * workers * work.price_hour,
        storage_cost=(taken + given) * work.price_month * work.keep_days / 30,
    )


def cpu_ms(work: Work) -> float:
    """Return the processor time of a frame in milliseconds."""
    size = work.megapixels
    frame = DECODE.at(size) + ENCODE.at(size) + ANALYSE.at(size) + OTHERWISE.at(size)
    if work.gmac:
        face = PROCESS_OF_NETWORK.at(size) + MODELS.at(size) + 2 * work.gmac / _network_rate(work.gmac) * 1000
    else:
        face = PROCESS.at(size) + MODELS.at(size)
    return (frame + work.faces * face) / work.speed


def _network_rate(gmac: float) -> float:
    """Return GFLOP a second of processor time, between those that were measured by the logarithm of the size."""
    (small, low), (large, high) = NETWORK_RATES
    share = (math.log(gmac) - math.log(small)) / (math.log(large) - math.log(small))
    return low + (high - low) * min(1.0, max(0.0, share))


def _gib(work: Work, bitrate: float | None) -> float:
    if bitrate is None:
        return work.frames * OUTPUT_BYTES.at(work.megapixels) / _GIB
    return work.frames / work.fps * bitrate * 1e6 / 8 / _GIB
