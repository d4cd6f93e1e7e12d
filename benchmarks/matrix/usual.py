"""Pictures, sounds and settings that many of the made files share."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from benchmarks.matrix.clip import Pictures, Sound
from benchmarks.matrix.tags import BT709, Tags

SDR = Tags.all_of(BT709)
X264: Mapping[str, str] = {"crf": "4", "preset": "veryfast", "mbtree": "0"}  # that differs each time on some processors
VPX: Mapping[str, str] = {"crf": "4", "b": "5000000", "deadline": "realtime"}
VP9: Mapping[str, str] = {"crf": "4", "b": "0", "deadline": "realtime", "cpu-used": "8"}
MPEG: Mapping[str, str] = {"b": "20000000", "g": "6"}
H264 = Pictures(tags=SDR, options=X264)
AAC = Sound("aac")
UNEVEN = (0, 3, 4, 9, 11, 16, 17, 30, 31, 33, 40, 41)
HUNDREDTHS = Fraction(1, 100)


def x265(*parameters: str) -> Mapping[str, str]:
    """Return settings of x265, with parameters of its own such as `keyint=6`."""
    return {"crf": "4", "preset": "ultrafast", "x265-params": ":".join(("log-level=error:info=0", *parameters))}
