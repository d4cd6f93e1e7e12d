"""The demonstration behind `make demo`: makes a talking clip, swaps a face in it and says where to look."""

from __future__ import annotations

import sys
import time
from fractions import Fraction
from pathlib import Path

from contact_sheet import write_sheet
from facefusion import FaceFusionError, Progress, process_video
from talking_portrait import make_scene, truth_path, write_clip
from talking_portrait.__main__ import show_progress

HERE = Path(__file__).resolve().parent
SOURCE, TARGET = HERE / "portraits" / "astronaut.png", HERE / "portraits" / "grace_hopper.jpg"
SECONDS, FPS = 9.0, Fraction(25)


def main() -> int:
    """Run the demonstration in the working directory; return the exit code."""
    started = time.perf_counter()
    out = Path("out")
    clip, result, sheet = out / "talking.mp4", out / "swapped.mp4", out / "swapped.png"
    try:
        out.mkdir(exist_ok=True)
        _make_clip(clip)
        print("2/3  Swapping the face ...", flush=True)
        job = process_video(clip, result, source_paths=SOURCE, progress=_show, acknowledge=True)
        print("3/3  Laying out the hard moments ...", flush=True)
        moments = write_sheet(sheet, before=clip, after=result, truth=truth_path(clip), source=SOURCE)
    except FaceFusionError as error:
        print(f"\nThe demonstration stopped: {error}", file=sys.stderr)
        return error.exit_code
    except (OSError, ValueError) as error:
        print(f"\nThe demonstration stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demonstration was stopped.", file=sys.stderr)
        return 130
    print(f"""
Done in {time.perf_counter() - started:.0f} s. {job.faces} faces in {job.frames} frames of 1280x720 were swapped in \
{job.seconds:.1f} s: {job.frames / job.seconds:.1f} frames
a second, with reading and writing the video.

Where to look:
  {result.resolve()}
      the result, with sound
  {clip.resolve()}
      the clip that it was made from, an animated portrait
  {sheet.resolve()}
      before and after at the hard moments: {", ".join(moments)}

With pictures and videos of your own (only of people who have agreed to it):
  .venv/bin/facefusion process --source FACE.jpg --target VIDEO.mp4 --output RESULT.mp4""")
    return 0


def _make_clip(clip: Path) -> None:
    """Draw the clip, unless it is there already and newer than all that it is made from."""
    if _is_fresh(clip):
        print(f"1/3  Using {clip}, drawn before.", flush=True)
        return
    print("1/3  Animating a portrait into a talking clip ...", flush=True)
    scene = make_scene([TARGET], seconds=SECONDS)
    write_clip(clip, scene, seconds=SECONDS, fps=FPS, progress=show_progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _is_fresh(clip: Path) -> bool:
    made = [clip, truth_path(clip)]
    makers = [TARGET, Path(__file__), *(HERE / "talking_portrait").glob("*.py")]
    return all(path.is_file() for path in made) and min(map(_age, made)) > max(map(_age, makers))


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _show(progress: Progress) -> None:
    """Show how far the swap is, on a terminal in place."""
    if not sys.stderr.isatty() or not progress.total:
        return
    done = progress.done >= progress.total
    line = f"  {progress.stage}: {progress.done} of {progress.total} frames, {progress.rate:.0f} a second"
    print(f"\r{line:<60}", end="\n" if done else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
