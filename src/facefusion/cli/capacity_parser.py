"""What may be typed behind `capacity`."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import add_json

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_SIZES: Final = {"360p": (640, 360), "480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
_LARGER: Final = {"1440p": (2560, 1440), "2160p": (3840, 2160), "4k": (3840, 2160)}
_EPILOG: Final = """\
Figures of processors are measured ones (docs/deploy/capacity.md says how). Of a
graphics card nothing is known here: measure what one worker does on yours and
give it with --rate. Prices are your own, in any currency.
"""


def add_capacity_flags(parser: Parser) -> None:
    """Add what is to be done, with what, and at what prices."""
    parser.epilog = _EPILOG
    work = parser.add_argument_group("what is to be done")
    much = work.add_mutually_exclusive_group(required=True)
    much.add_argument("--frames", type=int, metavar="N", help="frames of all videos together")
    much.add_argument("--hours", type=float, metavar="X", help="hours of video instead")
    work.add_argument("--fps", type=float, default=25.0, metavar="X", help="frames a second of the videos [25]")
    work.add_argument(
        "--resolution", type=_size, default=_SIZES["1080p"], metavar="SIZE",
        help="360p, 480p, 720p, 1080p, 1440p, 2160p or such as 1920x800 [1080p]",
    )  # fmt: skip
    work.add_argument("--faces", type=float, default=1.0, metavar="X", help="faces in a frame, on average [1]")
    work.add_argument(
        "--network-gmac", type=float, default=0.0, metavar="X",
        help="of a neural swapper: GMAC for each face, such as 121 of inswapper_128 [0: the bundled one]",
    )  # fmt: skip
    work.add_argument("--bitrate-in", type=float, metavar="X", help="Mbit a second of the videos as they come")
    work.add_argument("--bitrate-out", type=float, metavar="X", help="Mbit a second of the results")
    _add_means(parser)
    add_json(parser.add_argument_group("capacity"))


def _add_means(parser: Parser) -> None:
    means = parser.add_argument_group("with what")
    who = means.add_mutually_exclusive_group(required=True)
    who.add_argument("--workers", type=int, metavar="N", help="workers that do it, of two cores each")
    who.add_argument("--cores", type=int, metavar="N", help="cores that do it instead")
    who.add_argument("--deadline", type=float, metavar="X", help="hours in which it is to be done instead")
    means.add_argument("--speed", type=float, default=1.0, metavar="X", help="of a core, against the measured ones [1]")
    means.add_argument(
        "--rate", type=float, metavar="X", help="frames a second that you measured of one worker, such as on a card"
    )
    prices = parser.add_argument_group("prices")
    prices.add_argument("--price-hour", type=float, default=0.0, metavar="X", help="of a worker for an hour [0]")
    prices.add_argument("--price-month", type=float, default=0.0, metavar="X", help="of a GiB for 30 days [0]")
    prices.add_argument(
        "--keep-days", type=float, default=30.0, metavar="X", help="days that inputs and results are kept [30]"
    )


def _size(text: str) -> tuple[int, int]:
    named = {**_SIZES, **_LARGER}.get(text.lower())
    if named is not None:
        return named
    found = re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1080p or 1920x800")
    return int(found[1]), int(found[2])
