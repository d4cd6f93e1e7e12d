"""One random job: by which way in, with what, under which rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeVar

from benchmarks.disclosing.material import MOVING, PICTURES
from benchmarks.disclosing.plugins import NAMES as THEIRS

T = TypeVar("T")
ENTRIES: Final = {
    "call": 30,
    "mapping": 10,
    "set_options": 10,
    "engine": 16,
    "batch": 8,
    "command": 10,
    "preview": 6,
    "preview command": 4,
    "live": 4,
    "live file": 2,
}
"""Ways in, and how often each is taken."""
POLICIES: Final = {
    "personal": 20,
    "eu": 14,
    "cn": 14,
    "studio": 10,
    "strict": 8,
    "bare": 8,
    "throughout": 6,
    "locked": 4,
    "blind": 2,
    "silent": 2,
    "missing": 1,
    "hosted": 1,
    "unacknowledged": 2,
}
STILLS: Final = {".png": 10, ".jpg": 8, ".webp": 5, ".tiff": 4, ".avif": 2}
FILMS: Final = {
    ".mp4": 10,
    ".mkv": 8,
    ".mov": 5,
    ".m4v": 2,
    ".webm": 1,
    ".gif": 2,
    ".apng": 2,
    ".webp": 2,
    "/%04d.png": 4,
    "/%03d.jpg": 4,
    "/%02d.tiff": 1,
    "/%02d.webp": 1,
}
HOOKS: Final = {
    "none": 60,
    "negative": 8,
    "same array": 6,
    "keeps and wipes": 6,
    "both": 5,
    "white": 5,
    "wrong size": 2,
    "raises": 3,
    "stops": 2,
}
LOOKS: Final = {"clean": 90, "explicit at first": 3, "explicit later": 4, "unchecked": 2, "real": 3}


@dataclass(frozen=True, slots=True)
class Case:
    """A job.

    Attributes:
        number: of it, by which it is drawn again.
        entry: way in, of `ENTRIES`, or `segments`.
        policy: name, of `POLICIES`.
        target: name of the material.
        output: ending of the output.
        hooks: what steps of the caller do, of `HOOKS`.
        looks: what the content check finds, of `LOOKS`.
        is_there: whether something lies where the output goes.
        values: further options; paths among them are names of files.
    """

    number: int
    entry: str
    policy: str
    target: str
    output: str
    hooks: str
    looks: str
    is_there: bool
    values: Mapping[str, Any]

    @property
    def is_moving(self) -> bool:
        """Whether the target is a video."""
        return self.target in MOVING


def draw(number: int, seed: int = 0) -> Case:
    """Return the case of a number, the same for the same seed."""
    random = Random(f"{seed}/{number}")
    entry, looks = _one(random, ENTRIES), _one(random, LOOKS)
    is_moving = entry.startswith("live") or random.random() < 0.4
    target = "clip.mp4" if entry.startswith("live") else random.choice(MOVING if is_moving else PICTURES)
    output = _one(random, FILMS if is_moving else STILLS)
    if entry in {"preview", "preview command"}:
        output = _one(random, STILLS)
    if entry == "live file":
        output = random.choice((".mkv", ".mp4", ".mov"))
    hooks = _one(random, HOOKS) if entry in {"call", "mapping", "set_options", "engine"} else "none"
    values = _values(random, entry, is_moving=is_moving, output=output)
    if random.random() < 0.02:
        output = random.choice((".txt", ".mp4", ".png"))
    policy = _one(random, POLICIES)
    return Case(number, entry, policy, target, output, hooks, looks, random.random() < 0.2, values)


def _values(random: Random, entry: str, *, is_moving: bool, output: str) -> dict[str, Any]:
    values = _work(random, is_cold=entry in {"command", "preview", "preview command", "live", "live file"}) | _chosen(
        random, _TRUST
    )
    if is_moving and not entry.startswith(("live", "preview")):
        values |= _chosen(random, _FILM) | _chosen(random, _BESIDE)
    if not entry.startswith("live"):
        values |= _chosen(random, _ANY)
    if entry.startswith("live"):
        values |= _chosen(random, _LIVE)
    if "%" in output or output in {".gif", ".apng", ".webp"}:
        values.pop("output_video_encoder", None)
    return values


def _work(random: Random, *, is_cold: bool) -> dict[str, Any]:
    """Return which processors work, and with whose face; less often with any where models are loaded each time."""
    faces = {"swap": 2, "both": 1} if is_cold else {"swap": 8, "both": 3}
    kind = _one(random, {"none": 45, "theirs": 43, "unknown": 2} | faces)
    if kind == "none":
        return {"processors": []}
    if kind == "theirs":
        return {"processors": random.sample(THEIRS, random.choice((1, 1, 1, 2)))}
    if kind == "unknown":
        return {"processors": ["no_such_processor"]}
    processors = ["face_swapper"] if kind == "swap" else ["face_swapper", random.choice(THEIRS)]
    return {"processors": processors, "source_paths": [random.choice(("consented", "other"))]}


_TRUST: Final[Mapping[str, tuple[float, Sequence[Any]]]] = {
    "label": (0.15, ("start", "ends", "throughout")),
    "label_place": (0.15, ("top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right")),
    "label_language": (0.15, ("en", "zh", "both")),
    "label_text": (0.1, ("by Ann", "一部电影", "\U0001f600", "x" * 40, " ", "child porn")),
    "content_producer": (0.1, ("example.com", "91310000MA1FL2D")),
    "content_every": (0.1, (0.1, 1.0, 10.0)),
    "tenant": (0.1, ("acme", "default")),
    "actor": (0.1, ("Ann", "a" * 200)),
    "project": (0.1, ("film",)),
    "territory": (0.1, ("DE", "CN")),
    "encrypt_output_key": (0.06, ("key",)),
    "trust_dir": (0.05, ("elsewhere",)),
    "license_policy": (0.05, ("any", "commercial")),
}
_ANY: Final[Mapping[str, tuple[float, Sequence[Any]]]] = {
    "output_image_quality": (0.1, (25, 60, 100)),
    "crop": (0.1, ([8, 8, 88, 72], [0, 0, 1000, 1000])),
    "fill_region": (0.08, ([90, 60, 30, 30], [0, 0, 128, 96])),
    "overwrite": (0.1, (True, False)),
    "max_pixels": (0.03, (5000, 10_000_000)),
    "face_selector_mode": (0.05, ("one", "many")),
}
_FILM: Final[Mapping[str, tuple[float, Sequence[Any]]]] = {
    "output_video_encoder": (0.1, ("libx264", "libx265", "ffv1", "prores")),
    "output_video_quality": (0.1, (0, 50, 100)),
    "output_video_size": (0.15, ("64x48", "50%", "320x240")),
    "output_video_fps": (0.12, ("5", "50")),
    "keep_audio": (0.1, (False,)),
    "keep_metadata": (0.1, (False,)),
    "resume": (0.1, (True,)),
    "trim_start": (0.1, ("0.04", "1")),
    "trim_end": (0.1, ("0.08", "2.5")),
    "deinterlace": (0.03, (True,)),
    "max_frames": (0.03, (1, 100)),
    "frame_sampling": (0.05, (1, "auto")),
    "sequence_start": (0.05, (7,)),
    "execution_batch_size": (0.05, (1, 4)),
}
_BESIDE: Final[Mapping[str, tuple[float, Sequence[Any]]]] = {
    "thumbnail": (0.15, ("thumb.jpg", "thumb.png", "thumb.webp")),
    "contact_sheet": (0.15, ("sheet.jpg", "sheet.tiff")),
    "renditions": (0.12, (["half.mp4 size=50%"], ["small.mkv size=64x48", "more/%02d.png"], ["small.mov sound=no"])),
}
_LIVE: Final[Mapping[str, tuple[float, Sequence[Any]]]] = {
    "live_output_format": (0.7, ("y4m", "rawvideo", "matroska", "mpegts")),
    "content_every_live": (0.2, (1, 5)),
}


def _chosen(random: Random, options: Mapping[str, tuple[float, Sequence[Any]]]) -> dict[str, Any]:
    return {name: random.choice(values) for name, (share, values) in options.items() if random.random() < share}


def _one(random: Random, shares: Mapping[str, int]) -> str:
    return random.choices(list(shares), list(shares.values()))[0]
