"""Measure the mark that is not seen: what it withstands, changes and costs, and how often it is found in vain."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from math import inf, log10
from pathlib import Path

import cv2
import numpy as np

from benchmarks.common import ROOT, Figures, assets, command, finish, parser, pictures, table
from benchmarks.marked import ATTACKS, Attack, Clip, Plane, planes
from benchmarks.unmarked import false_positives, false_table
from facefusion.cli.allocator import keep_memory_level
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions
from facefusion.trust.watermark import Watermark, new_payload, read_watermark

FRAMES = 24
_KEY, _OTHER = bytes(range(32)), bytes(range(1, 33))
_PAYLOAD = new_payload(_KEY, 123_456_789_012)
_BITS = 64
_LARGE = 720
_ALIKE = ("male_with_espeak_audio_mux", "hand_occlusion_asl_brother", "hand_occlusion_asl_thanks")
"""Clips of the same scene as others."""
_COSTS = {"1280 × 720": (720, 1280), "1920 × 1080": (1080, 1920), "3840 × 2160": (2160, 3840)}
_REPEATS = 25
_PAGE = ROOT / "docs" / "watermark.md"
_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    cv2.setNumThreads(1)  # as the program has it, and the heap
    keep_memory_level()
    mark = Watermark(_KEY, _PAYLOAD)
    found = sorted([*assets("video").glob("*.m*"), *assets("talk").glob("*.mp4")])
    clips = [path for path in found if path.stem not in _ALIKE]
    attacks = dict(list(ATTACKS.items())[: options.attacks])
    figures: Figures = {"cost": [_cost(mark, name) for name in list(_COSTS)[: options.clips]], "clips": []}
    for path in clips[: options.clips]:
        clip = planes(path, FRAMES)
        figures["clips"] += [_attacked(path.stem, each, mark, attacks) for each in (clip, _enlarged(clip))]
    portraits = pictures("pictures/synthetic", "pictures/usgov")
    figures["pictures"] = [_picture(path, mark) for path in portraits[: options.clips]]
    figures["false positives"] = false_positives(clips[: options.clips], _KEY, _OTHER, options.unmarked)
    text = "\n\n".join(
        show(figures) for show in (_robustness, _missed, _distortion, _cost_table, _picture_line, _false)
    )
    print(text)
    if options.write:
        _write(text)
    return finish(figures, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("watermark", __doc__)
    made.add_argument("--clips", type=int, help="how many clips, pictures and sizes (default: all)")
    made.add_argument("--attacks", type=int, help="how many of what is done to clips (default: all)")
    made.add_argument("--unmarked", type=int, default=5400, help="frames without the mark (default: %(default)s)")
    made.add_argument("--write", action="store_true", help="write the tables into docs/watermark.md as well")
    return made.parse_args(arguments)


def _attacked(name: str, clip: Clip, mark: Watermark, attacks: Mapping[str, Attack]) -> Figures:
    """Return what is read of one clip after everything that is done to it."""
    marked = [(y.copy(), u, v) for y, u, v in clip]
    for luma, _, _ in marked:
        mark.mark_luma(luma)
    levels = [_psnr(before[0], after[0]) for before, after in zip(clip, marked, strict=True)]
    height, width = clip[0][0].shape
    reads = {attack: _read([picture[0] for picture in change(marked)]) for attack, change in attacks.items()}
    return {
        "clip": name,
        "size": f"{width} × {height}",
        "large": height >= _LARGE,
        "psnr": min(levels),
        "reads": reads,
    }


def _read(lumas: Sequence[Plane]) -> Figures:
    """Return bits that are wrong, 64 where nothing was read, and the bound on chance."""
    start = time.process_time()
    found = read_watermark(lumas, _KEY)
    seconds = time.process_time() - start
    wrong = (found.payload ^ _PAYLOAD).bit_count() if found else _BITS
    return {"wrong": wrong, "found": found is not None, "chance": found.chance if found else None, "seconds": seconds}


def _picture(path: Path, mark: Watermark) -> Figures:
    image = read_picture(path, LimitOptions()).image
    marked = mark.mark_rgb(image)
    encoded = cv2.imencode(".jpg", marked[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    luma = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return {"picture": path.name, "psnr": _psnr(image, marked), **_read([luma])}


def _enlarged(clip: Clip) -> Clip:
    """Return a clip of 720 lines."""
    factor = _LARGE / clip[0][0].shape[0]
    sizes = [(round(plane.shape[1] * factor / 4) * 4, round(plane.shape[0] * factor)) for plane in clip[0]]
    sizes = [sizes[0], *[(sizes[0][0] // 2, sizes[0][1] // 2)] * 2]

    def grown(plane: Plane, number: int) -> Plane:
        return np.asarray(cv2.resize(plane, sizes[number], interpolation=cv2.INTER_CUBIC), np.uint8)

    return [(grown(y, 0), grown(u, 1), grown(v, 2)) for y, u, v in clip]


def _cost(mark: Watermark, name: str) -> Figures:
    """Return the CPU time of a frame: the median of several."""
    noise = np.random.default_rng(0).integers(16, 236, (90, 160)).astype(np.uint8)
    height, width = _COSTS[name]
    luma = np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    image = np.repeat(luma[..., None], 3, 2)
    times: list[list[float]] = [[], []]
    for _ in range(_REPEATS):
        for kept, call in zip(times, (lambda: mark.mark_luma(luma), lambda: mark.mark_rgb(image)), strict=True):
            start = time.process_time()
            call()
            kept.append(1e3 * (time.process_time() - start))
    return {"size": name, "luma": float(np.median(times[0])), "rgb": float(np.median(times[1]))}


def _psnr(before: Plane, after: Plane) -> float:
    error = float(((before.astype(np.float32) - after) ** 2).mean())
    return 10 * log10(255**2 / error) if error else inf


def _robustness(figures: Figures) -> str:
    groups = [[each for each in figures["clips"] if each["large"] == large] for large in (False, True)]
    done = [attack for attack in ATTACKS if attack in figures["clips"][0]["reads"]]
    rows = [[attack, *(cell for group in groups for cell in _cells(group, attack))] for attack in done]
    heads = (
        "done to the clip",
        *("as it is: read", "wrong bits", "chance, at most"),
        *("720 lines: read", "wrong bits"),
    )
    return table((*heads, "chance, at most"), rows)


def _missed(figures: Figures) -> str:
    """Return what was not read, one line for each."""
    lines = [
        f"* {attack}: {each['clip']}, {each['size']}"
        for attack in ATTACKS
        for each in figures["clips"]
        if attack in each["reads"] and not each["reads"][attack]["found"]
    ]
    return "\n".join(["Not read:" if lines else "Nothing was left unread.", *([""] if lines else []), *lines])


def _cells(group: Sequence[Figures], attack: str) -> tuple[str, ...]:
    reads = [each["reads"][attack] for each in group]
    found = [read for read in reads if read["found"]]
    worst = max((read["chance"] for read in found), default=1.0)
    return f"{len(found)} of {len(reads)}", str(sum(read["wrong"] for read in found)), f"{worst:.0e}"


def _distortion(figures: Figures) -> str:
    rows = [[each["clip"], each["size"], f"{each['psnr']:.1f}"] for each in figures["clips"]]
    return table(("clip", "size", "PSNR of the worst frame, dB"), rows)


def _cost_table(figures: Figures) -> str:
    rows = [[each["size"], f"{each['luma']:.1f}", f"{each['rgb']:.1f}"] for each in figures["cost"]]
    seconds = [read["seconds"] for each in figures["clips"] for read in each["reads"].values()]
    quick, slow = float(np.median(seconds)), max(seconds)
    return (
        table(("frame", "luma, CPU ms", "RGB, CPU ms"), rows)
        + f"\n\nReading: {quick:.1f} s, at most {slow:.0f} s (CPU)."
    )


def _picture_line(figures: Figures) -> str:
    made = figures["pictures"]
    read = sum(each["found"] and not each["wrong"] for each in made)
    worst = min(each["psnr"] for each in made)
    return (
        f"Single pictures, RGB, JPEG 50: {read} of {len(made)} read without a wrong bit; PSNR {worst:.1f} dB or more."
    )


def _false(figures: Figures) -> str:
    return false_table(figures["false positives"])


def _write(text: str) -> None:
    page = _PAGE.read_text("utf-8")
    before, rest = page.split(_BEGIN, 1)
    _PAGE.write_text(f"{before}{_BEGIN}\n{text}\n\n{_END}{rest.split(_END, 1)[1]}", "utf-8")


if __name__ == "__main__":
    command(main)
