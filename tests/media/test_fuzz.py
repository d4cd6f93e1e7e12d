"""Damaged and hostile files: read, or refused in the product's own words, and nothing else happens.

The files, and the watch over the process that reads them, are those of `python -m benchmarks.fuzz`, which reads more.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.fuzzing import trace
from benchmarks.fuzzing.case import KINDS, Case, Result
from benchmarks.fuzzing.checksums import repaired
from benchmarks.fuzzing.mutate import STEPS, mutant
from benchmarks.fuzzing.pieces import pieces, replaced
from benchmarks.fuzzing.report import figures
from benchmarks.fuzzing.seed import Seed, all_seeds
from benchmarks.fuzzing.series import Series, crafted, listening, mutants, sound_files
from benchmarks.fuzzing.watch import Bounds, Watched

from facefusion.media import forms

BOUNDS = Bounds(seconds=20, memory=1536, limits={})
SMALL = Bounds(seconds=20, memory=1536, limits={"max_pixels": 1_000_000, "max_frames": 500, "max_duration": 3600.0})

needs_strace = pytest.mark.skipif(not trace.is_available(), reason="strace is not installed, so nobody could tell")


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    """Small sound files of every form."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SVT_LOG", "1")
        return all_seeds()


def read(cases: Iterator[Case], seeds: list[Seed], folder: Path, bounds: Bounds) -> list[Result]:
    return Series(folder, seeds, bounds, jobs=1).run(cases, lambda _: None)


def wrong(results: list[Result]) -> list[tuple[str, str, dict[str, str]]]:
    return [(result.case.name, result.outcome, result.troubles) for result in results if result.is_failure]


def test_there_are_sound_files_of_every_form(seeds: list[Seed]) -> None:
    # A WebM is a Matroska file to whoever reads it.
    assert {seed.form for seed in seeds} == {form.name for form in forms.FORMS} - {forms.WEBM.name}
    assert len({seed.name for seed in seeds}) == len(seeds) > 100


def test_the_same_number_is_the_same_damage(seeds: list[Seed]) -> None:
    some = [mutant(seeds, 1, number) for number in range(300)]
    assert some == [mutant(seeds, 1, number) for number in range(300)]
    assert {step for made in some for step in made.steps} == {step.__name__ for step in STEPS}
    assert sum(made.content == made.seed.content for made in some) < 10
    assert sum(made.content == mutant(seeds, 2, made.number).content for made in some) < 10


@pytest.mark.parametrize("name", ["rgb.png", "moving.png", "vp8.ogv", "mpeg2.ts"])
def test_checksums_are_made_right_again(seeds: list[Seed], name: str) -> None:
    seed = next(seed for seed in seeds if seed.name == name)
    content = bytearray(seed.content)
    assert repaired(bytearray(content), seed.form) == seed.content
    first = pieces(content, seed.form)[2 if name == "mpeg2.ts" else 0]
    place = {"mpeg2.ts": first.end - 1, "vp8.ogv": first.start + 22}.get(name, first.end - 1)
    if name == "mpeg2.ts":  # the table is shorter than its packet
        place = first.start + 8 + int.from_bytes(content[first.start + 6 : first.start + 8]) % 4096 - 1
    content[place] ^= 0xFF
    assert bytes(content) != seed.content
    assert repaired(content, seed.form) == seed.content


def test_a_damaged_chunk_has_the_checksum_of_what_it_holds(seeds: list[Seed]) -> None:
    seed = next(seed for seed in seeds if seed.name == "rgb.png")
    content = bytearray(seed.content)
    content[20] ^= 1
    header = repaired(content, seed.form)[8:33]
    assert int.from_bytes(header[-4:]) == zlib.crc32(header[4:-4])


@pytest.mark.parametrize("name", ["rich.mp4", "rich.mkv", "mjpeg.avi", "moving.webp", "rgb.png"])
def test_what_holds_a_piece_states_its_new_length(seeds: list[Seed], name: str) -> None:
    seed = next(seed for seed in seeds if seed.name == name)
    found = pieces(seed.content, seed.form)
    inner = next(piece for piece in reversed(found) if any(other.holds(piece) for other in found) or name == "rgb.png")
    outer = [piece for piece in found if piece.holds(inner)]
    twice = seed.content[inner.start : inner.end] * 2
    grown = pieces(replaced(bytearray(seed.content), seed.form, inner, twice), seed.form)
    assert len(grown) == len(found) + 1
    starts = {piece.start: piece for piece in grown}
    assert all(starts[piece.start].end == piece.end + inner.end - inner.start for piece in outer)


@needs_strace
def test_every_trespass_is_seen(tmp_path: Path) -> None:
    """A worker that does what must not be done, by native code where it can."""
    script = tmp_path / "trespasser.py"
    script.write_text(TRESPASSER, "utf-8")
    bounds = Bounds(seconds=3, memory=500, limits={})
    with Watched(tmp_path / "work", [], bounds, [sys.executable, str(script)]) as watched:
        results = {
            number: watched.read(Case(number, "trespass", ".mp4", b"x", name, outcomes=("read",)))
            for number, name in enumerate(TRESPASSES)
        }
        for number, kind, call in watched.trespasses():
            results[number].add(kind, call)
    seen = {result.case.name: set(result.troubles) for result in results.values()}
    assert seen == {name: {kind} if kind else set() for name, kind in TRESPASSES.items()}
    assert set(TRESPASSES.values()) - {""} == set(KINDS)
    row = figures(list(results.values()), called=False, seconds=1, seed=1)["forms"]["all"]
    assert (row["crashes"], row["hangs"], row["sockets"]) == (1, 1, 1)


TRESPASSES = {
    "reads it": "",
    "crashes": "crash",
    "hangs": "hang",
    "raises": "error",
    "prints": "stderr",
    "fills the memory": "memory",
    "opens another": "opened",
    "opens one beside": "opened",
    "writes": "written",
    "removes": "written",
    "calls": "socket",
    "starts": "process",
    "reads it again": "",
}
TRESPASSER = f"""
import ctypes, json, os, sys, time
names = {list(TRESPASSES)!r}
libc = ctypes.CDLL(None)
print(json.dumps({{"pid": os.getpid()}}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    libc.open(b"{trace.MARK}%d" % task["number"], 0)
    name, path, verdict = names[task["number"]], task["path"].encode(), {{"stage": "probe", "says": "", "wrong": ""}}
    libc.close(libc.open(path, 0))
    if name == "crashes":
        os.abort()
    elif name == "hangs":
        time.sleep(60)
    elif name == "raises":
        verdict["wrong"] = "KeyError"
    elif name == "prints":
        libc.dprintf(2, b"oops")
    elif name == "fills the memory":
        bytearray(600 << 20)
    elif name == "opens another":
        libc.close(libc.open(b"/etc/passwd", 0))
    elif name == "opens one beside":
        libc.open(path + b"/../0.mp4", 0)
    elif name == "writes":
        libc.close(libc.open(b"/dev/null", 1))
    elif name == "removes":
        libc.unlink(b"/nowhere/at/all")
    elif name == "calls":
        libc.close(libc.socket(2, 1, 0))
    elif name == "starts":
        os.waitpid(os.fork() or os._exit(0), 0)
    print(json.dumps({{"outcome": "read", **verdict}}), flush=True)
"""


@pytest.mark.slow
def test_files_made_by_hand_lead_nowhere(tmp_path: Path, seeds: list[Seed]) -> None:
    """Playlists, references to other files, bombs, wrong endings: each has its refusal, with a hint what to do."""
    with listening() as (url, was_called):
        results = read(crafted(seeds, url), seeds, tmp_path, BOUNDS)
        assert not was_called()
    assert wrong(results) == []
    assert len(results) > 200
    followed = [result for result in results if "playlist as" in result.case.name]
    assert followed
    assert all("which names other files and is never followed" in result.says for result in followed)


@pytest.mark.slow
def test_sound_files_are_read(tmp_path: Path, seeds: list[Seed]) -> None:
    assert wrong(read(sound_files(seeds), seeds, tmp_path, BOUNDS)) == []


@pytest.mark.slow
def test_damaged_files_are_read_or_refused(tmp_path: Path, seeds: list[Seed]) -> None:
    results = read(mutants(seeds, 7, range(6 * len(seeds))), seeds, tmp_path, SMALL)
    assert wrong(results) == []
    outcomes = [result.outcome for result in results]
    assert all(outcomes.count(name) > 20 for name in ("read", "InputDamagedError", "InputTypeError"))
