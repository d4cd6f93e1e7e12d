"""Check what must not change: pixels outside the face, and of a video the frames' times and every packet of sound."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.clips import SOURCE, talking_clip
from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from benchmarks.streams import frame_times, sound_packets
from facefusion import FaceFusionError, process_image, process_video
from facefusion.face_analyser import get_many_faces
from facefusion.media.frame import Image
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions

PICTURES = (
    "pictures/synthetic/sfhq_04_redhead_woman.jpg",
    "pictures/synthetic/sfhq_12_asian_man_slight_turn.jpg",
    "pictures/synthetic/sfhq_16_white_beard_long_hair_man.jpg",
    "pictures/synthetic/sfhq_18_older_woman_green_hair_turned.jpg",
    "pictures/cc_by/intel_female_turned.png",
    "pictures/cc_by/intel_two_people_tilted.png",
    "pictures/usgov/two_people_obama_biden.jpg",
    "pictures/derived/roll35.jpg",
    "pictures/derived/upside_down.jpg",
    "pictures/derived/group_12_faces.jpg",
    "pictures/derived/rgba_ellipse_alpha.png",
    "pictures/derived/cut_by_frame.jpg",
)
VIDEOS = ("video/*.mp4", "video/*.mkv", "talk/*.mp4")
Mask = npt.NDArray[np.bool_]
_STILLS = ("picture", "faces", "pixels changed", "of them outside", "furthest, pixels")
_CLIPS = ("video", "frames", "faces", "frames in result", "times differing", "sound packets", "differing")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit code 1 when something changed that must not."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stills = [check_picture(assets(*name.split("/")), Path(folder)) for name in options.pictures]
        _print(_STILLS, stills)
        clips = [check_video(path, Path(folder)) for path in _videos(options)]
        _print(_CLIPS, clips)
    wrong = sum(row["outside"] for row in stills) + sum(row["times"] + row["sound"] for row in clips)
    print("Nothing else changed." if not wrong else f"{wrong} differences that must not be.")
    finish({"pictures": stills, "videos": clips, "wrong": wrong}, options.json)
    return 1 if wrong else 0


def _print(heads: Sequence[str], rows: Sequence[Figures]) -> None:
    if rows:
        print(table(heads, [list(row.values()) for row in rows]) + "\n")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("outside", __doc__)
    made.add_argument("--pictures", nargs="*", default=PICTURES, help="paths below the test material")
    made.add_argument("--videos", nargs="*", default=VIDEOS, help="patterns below the test material")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where the drawn clip is kept (%(default)s)"
    )
    made.add_argument("--seconds", type=float, default=10, help="length of the drawn clip; 0 leaves it out")
    return made.parse_args(arguments)


def _videos(options: argparse.Namespace) -> Iterator[Path]:
    for pattern in options.videos:
        folder, name = pattern.rsplit("/", 1)
        found = sorted(assets(folder).glob(name))
        if not found:
            raise MissingAssetsError(f"nothing matches {pattern} in the test material")
        yield from found
    if options.seconds:
        yield talking_clip(options.clips, options.seconds)


def check_picture(path: Path, folder: Path) -> Figures:
    """Swap the faces of a picture into a PNG and count changed pixels, and those that lie on no face."""
    output = folder / f"{path.stem}.png"
    try:
        job = process_image(path, output, source_paths=SOURCE)
    except FaceFusionError as error:
        refused = f"refused: {type(error).__name__}"
        return {"name": path.name, "faces": refused, "changed": 0, "outside": 0, "furthest": 0.0}
    before, after = (read_picture(name, LimitOptions()).image for name in (path, output))
    changed = (before != after).any(axis=2)
    allowed = on_faces(before)
    outside = changed & ~allowed
    away = cv2.distanceTransform((~allowed).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return {
        "name": path.name,
        "faces": str(job.faces),
        "changed": int(changed.sum()),
        "outside": int(outside.sum()),
        "furthest": float(away[outside].max(initial=0)),
    }


def on_faces(image: Image) -> Mask:
    """Return which pixels lie within the outline of a face's mesh, its own pixels included, bool (H, W).

    The outline is that of the whole mesh, which in a turned face reaches further than its oval.
    """
    drawn = np.zeros(image.shape[:2], np.uint8)
    for face in get_many_faces(image):
        hull = cv2.convexHull(np.ascontiguousarray(face.mesh[:, :2]))
        cv2.fillConvexPoly(drawn, np.round(hull * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    return drawn > 0


def check_video(path: Path, folder: Path) -> Figures:
    """Swap the faces of a video and count frames and packets of sound that are not as they were."""
    output = folder / f"{path.stem}.result{path.suffix}"
    try:
        job = process_video(path, output, source_paths=SOURCE)
    except FaceFusionError as error:
        refused = f"refused: {type(error).__name__}"
        return {"name": path.name, "frames": 0, "faces": refused, "written": 0, "times": 0, "packets": 0, "sound": 0}
    times = [frame_times(name) for name in (path, output)]
    sound = [sound_packets(name) for name in (path, output)]
    output.unlink()
    return {
        "name": path.name,
        "frames": len(times[0]),
        "faces": str(job.faces),
        "written": len(times[1]),
        "times": _differing(*times),
        "packets": len(sound[0]),
        "sound": _differing(*sound),
    }


def _differing(before: Sequence[object], after: Sequence[object]) -> int:
    return sum(one != other for one, other in zip_longest(before, after, fillvalue=()))


if __name__ == "__main__":
    command(main)
