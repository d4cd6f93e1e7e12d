"""Chains of any processors that run without weights: whatever is in them, no frame is lost and no cut shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import frames_around
import numpy as np
import pytest
from benchmarks.chain_memory import held_bytes
from benchmarks.weightless import NAMES, Form, forms, uncovered
from hypothesis import given, settings
from hypothesis import strategies as st

from facefusion.engine.casting import cast
from facefusion.engine.clock import StageClock
from facefusion.engine.notes import Notes
from facefusion.engine.overlap import Overlap
from facefusion.engine.run import enriched_role
from facefusion.engine.work import Work
from facefusion.faces.enrich import FaceEnricher
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.options.moments import Stretch
from facefusion.processors.base import (
    FaceFrame,
    Processor,
    ProcessorContext,
    delay_of,
    finish_processor,
    run_processor,
    spec_delay,
)
from facefusion.processors.chained.links import ChainLink
from facefusion.processors.chained.region import Region
from facefusion.state import pack, unpack
from facefusion.testing import check_processor
from material import CAPTAIN

SIDE = 96
SCENES = 12, 4, 3, 13
"""Frames of one head, of another, of nobody, and of the first again."""
AROUND = {spec.name: Form(spec.name, spec, Options()) for spec in (frames_around.NEAR, frames_around.FAR)}
FIRST, ENLARGING = "portrait_animator", "frame_enhancer edge_filters_x2"
BEHIND = sorted({*NAMES, *AROUND} - {FIRST, ENLARGING})
LIMITS = {
    "": {},
    "when": {"stretches": (Stretch.parse("3f-9f"), Stretch.parse("14f-"))},
    "region": {"region": Region((0.3, 0, 0.7, 0.6), 0.05)},
    "both": {"stretches": (Stretch.parse("-17f"),), "region": Region((0, 0.4, 1, 0.6), 0)},
    "beside": {"region": Region((0, 0, 0.02, 0.02), 0)},
}


@dataclass(frozen=True)
class Asked:
    """A link that is asked for."""

    name: str
    limit: str = ""

    def __repr__(self) -> str:
        return f"{self.name} {self.limit}".strip()


def chains_of(most: int) -> st.SearchStrategy[list[Asked]]:
    """Any chains: first perhaps who shows another picture, somewhere perhaps who makes frames larger."""
    others = st.lists(st.builds(Asked, st.sampled_from(BEHIND), st.sampled_from(sorted(LIMITS))), max_size=most)
    first = st.sampled_from([[], [], [], [Asked(FIRST)]])
    larger = st.sampled_from([None, None, None, 0, 1])

    def joined(parts) -> list[Asked]:
        before, behind, place = parts
        behind = behind if place is None else [*behind[:place], Asked(ENLARGING), *behind[place:]]
        return [*before, *behind]

    return st.tuples(first, others, larger).map(joined).filter(bool)


class Chains:
    """Makes chains, and runs a clip through them in any pieces."""

    def __init__(self, items, made, analyser, sessions, resources) -> None:
        self.items, self.forms = items, made
        self._analyser, self._sessions, self._resources = analyser, sessions, resources
        self._contexts = {name: self._context(form) for name, form in made.items()}

    def made(self, chain: Sequence[Asked]) -> list[Processor]:
        """Return new processors."""
        return [self._made(asked) for asked in chain]

    def _made(self, asked: Asked) -> Processor:
        form = self.forms[asked.name]
        link = ChainLink(form.spec, form.options, **LIMITS[asked.limit])
        return link.limited(form.made(self._contexts[asked.name]))

    def _context(self, form: Form) -> ProcessorContext:
        """Return what a job makes a processor from."""
        options, kept = form.options, self._sessions.kept
        _, roles = cast(self._analyser, options, Path("out.mp4"), kept)
        enricher = FaceEnricher(options.faces, self._sessions)
        roles = tuple(enriched_role(role, enricher, form.spec.needs, kept) for role in roles)
        return ProcessorContext(options, roles[0].sources, self._sessions, roles, resources=self._resources)

    def in_turn(self, chain: Sequence[Asked], items: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return a clip edited by one processor after the other, each of which gets all of it at once."""
        edited = list(items)
        for processor in self.made(chain):
            edited = [*run_processor(processor, edited), *finish_processor(processor)]
        return [item.settled() for item in edited]

    def streamed(
        self, chain: Sequence[Asked], items: Sequence[FaceFrame], sizes: Sequence[int], goes_on: Sequence[int] = ()
    ) -> list[FaceFrame]:
        """Return a clip edited as a job does it.

        Args:
            chain: what edits.
            items: the clip.
            sizes: of the first batches; all other frames are in one.
            goes_on: numbers of batches before which everything goes on in another process.
        """
        processors, edited = self.made(chain), []
        batches = list(pieces(items, sizes))
        for number, batch in enumerate(batches):
            if number in goes_on:
                states = [unpack(pack(processor.state())) for processor in processors]
                processors = self.made(chain)
                for processor, state in zip(processors, states, strict=True):
                    processor.restore(state)
            work = Work(None, tuple(processors), None, None, StageClock(), Notes())
            with Overlap(work, 1, max(map(len, batches))) as overlap:
                overlap.start(batch)
                edited += overlap.take()
                came = sum(map(len, batches[: number + 1]))
                assert came - len(edited) <= work.delay, "more is kept back than was said"
                if number == len(batches) - 1:
                    edited += [item for rest in overlap.rest() for item in rest]
        return edited


def pieces(items: Sequence[FaceFrame], sizes: Sequence[int]) -> Iterator[list[FaceFrame]]:
    start = 0
    for size in sizes:
        if items[start : start + size]:
            yield list(items[start : start + size])
        start += size
    if items[start:]:
        yield list(items[start:])


def views(astronaut, captain, captain_face) -> list[np.ndarray]:
    """A head that drifts, a cut, another one, a wall, and the first one again."""
    left, top, side = *(captain_face.box[:2] - 60).astype(int), int(captain_face.width + 120)
    other = cv2.resize(captain[max(0, top) : top + side, max(0, left) : left + side], (SIDE, SIDE))
    wall = np.random.default_rng(2).integers(90, 110, (SIDE, SIDE, 3), np.uint8)

    def drifting(count: int) -> list[np.ndarray]:
        parts = (astronaut[30:190, 130 + step : 290 + step] for step in range(count))
        return [cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for part in parts]

    made = [drifting(SCENES[0]), [np.roll(other, step, axis=1) for step in range(SCENES[1])]]
    return [*made[0], *made[1], *[np.roll(wall, step, axis=0) for step in range(SCENES[2])], *drifting(SCENES[3])]


@pytest.fixture(scope="module")
def clip(astronaut, captain, captain_face):
    return views(astronaut, captain, captain_face)


@pytest.fixture(scope="module")
def chains(analyser, clip, warm, moving_portrait, tmp_path_factory):
    """A short clip with faces, cuts and uneven times, and all that is needed to edit it."""
    made = AROUND | forms(tmp_path_factory.mktemp("tables"), moving_portrait, CAPTAIN)
    options = Options()
    with ExitStack() as resources:
        sessions = resources.enter_context(warm.sessions(options, 0, lambda note: None))
        tracker, enricher = FaceTracker(analyser), FaceEnricher(options.faces, sessions)
        needs = frozenset(need for form in made.values() for need in form.spec.needs)
        items = []
        for number, view in enumerate(clip):
            frame = Frame(number, 3 * number * number, 6 * number + 3, Fraction(1, 90), np.ascontiguousarray(view))
            faces = tracker.update(frame.image, float(frame.time))
            items.append(
                FaceFrame(frame, tuple(enricher.enrich([FaceView(frame.image, each) for each in faces], needs)))
            )
        nobody = range(sum(SCENES[:2]), sum(SCENES[:3]))
        assert [number for number, item in enumerate(items) if not item.faces] == list(nobody)
        yield Chains(items, made, analyser, sessions, resources)


def test_every_processor_that_needs_no_weights_is_among_them():
    assert uncovered() == []


@pytest.mark.parametrize("name", [*NAMES, *AROUND])
def test_a_processor_keeps_back_no_more_than_is_known_before_any_work(chains, name):
    [processor] = chains.made([Asked(name)])
    form = chains.forms[name]
    assert delay_of(processor) <= spec_delay(form.spec, form.options) <= 12


@dataclass(frozen=True)
class Case:
    """A chain, a part of the clip, and how that is cut: see `Chains.streamed`."""

    chain: list[Asked]
    first: int
    count: int
    sizes: list[int]
    goes_on: set[int]


def cases(most: int, frames: int) -> st.SearchStrategy[Case]:
    """Any case of so many links and frames at most."""
    return st.builds(
        Case,
        chains_of(most),
        st.integers(0, 20),
        st.integers(1, frames),
        st.lists(st.integers(1, 6), max_size=5),
        st.sets(st.integers(1, 5), max_size=2),
    )


def check(chains: Chains, case: Case) -> None:
    """Make sure that a chain does with a part of the clip what its processors do one after the other."""
    items = chains.items[case.first : case.first + case.count]
    before = [item.frame.image.copy() for item in items]
    alone = chains.in_turn(case.chain, items)
    made = chains.streamed(case.chain, items, case.sizes, sorted(case.goes_on))
    assert [told(item) for item in alone] == [told(item) for item in made] == [told(item) for item in items]
    for item, image in zip(items, before, strict=True):
        assert np.array_equal(item.frame.image, image), "the pixels that came in were changed"
    for one, other in zip(alone, made, strict=True):
        assert np.array_equal(one.frame.image, other.frame.image), f"frame {one.frame.index} is another"
        assert one.frame.image.shape == alone[0].frame.image.shape and one.frame.image.dtype == np.uint8
        assert other.held is None


@settings(max_examples=10)
@given(case=cases(2, 16))
def test_no_chain_loses_a_frame_or_shows_where_it_was_cut(chains, case):
    check(chains, case)


@pytest.mark.slow
@settings(max_examples=25)
@given(case=cases(4, sum(SCENES)))
def test_no_longer_chain_does_either(chains, case):
    check(chains, case)


def told(item: FaceFrame) -> tuple[int, int, int, Fraction, int]:
    frame = item.frame
    return frame.index, frame.pts, frame.duration, frame.time_base, frame.copies


@settings(max_examples=4)
@given(chain=chains_of(2))
def test_a_frame_alone_comes_out_at_once_in_every_chain(chains, chain):
    processors = chains.made([replace(asked, limit="" if "when" in asked.limit else asked.limit) for asked in chain])
    work = Work(None, tuple(processors), None, None, StageClock(), Notes())
    for item in chains.items[:3]:
        [edited] = work.edit([item])
        assert told(edited) == told(item)
    [empty] = work.edit([replace(chains.items[3], faces=())])
    assert told(empty) == told(chains.items[3])


@pytest.mark.parametrize(
    "chain", [["face_swapper mesh", "face_enhancer clarity"], ["face_enhancer clarity", "face_enhancer clarity, half"]]
)
def test_crops_that_are_handed_on_become_what_they_become_in_frames(chains, chain):
    asked = [Asked(name) for name in chain]
    at_once, items = chains.in_turn(asked, chains.items[:3]), chains.items[:3]
    for processor in chains.made(asked):
        items = [item.settled() for item in processor.process(items)]
    for one, other in zip(at_once, items, strict=True):
        off = np.abs(one.frame.image.astype(int) - other.frame.image)
        assert off.mean() < 0.5, "all that differs is one resampling"


ODD = [(1, 1), (1, 700), (700, 1), (2, 3), (17, 5), (33, 31)]


@pytest.mark.parametrize("name", NAMES)
def test_frames_of_any_size_and_faces_that_lie_outside_of_them(chains, name):
    for height, width in ODD if name.startswith("film") else ODD[:1] + ODD[-2:]:
        noise = np.random.default_rng(height)
        items = []
        for number in range(4):
            image = noise.integers(0, 256, (height, width, 3), np.uint8) if number % 3 else np.zeros((height, width, 3))
            faces = [] if number == 1 else [face.moved(20.0 * place, 0) for place, face in enumerate(three(chains))]
            frame = Frame(number, number, 1, Fraction(1, 25), image.astype(np.uint8))
            items.append(FaceFrame(frame, tuple(faces)))
        check_processor(lambda: chains.made([Asked(name)])[0], items)


def three(chains: Chains):
    [face] = chains.items[0].faces
    return [replace(face, track_id=number) for number in range(3)]


@pytest.mark.parametrize("name", {name.split()[0]: name for name in reversed(NAMES)}.values())
def test_forty_faces_in_a_frame(chains, name):
    [face] = chains.items[0].faces
    image = np.tile(chains.items[0].frame.image, (5, 8, 1))
    small = [replace(face.moved(SIDE * (number % 8), SIDE * (number // 8)), track_id=number) for number in range(40)]
    items = [FaceFrame(Frame(number, number, 1, Fraction(1, 25), image), tuple(small)) for number in range(2)]
    edited = chains.in_turn([Asked(name)], items)
    assert [told(item) for item in edited] == [told(item) for item in items]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_held_does_not_grow_with_the_clip(chains, name):
    [processor] = chains.made([Asked(name)])
    held, items = [], chains.items[8:22]
    for turn in range(3):
        for item in items:
            frame = replace(item.frame, index=item.frame.index + 50 * turn, pts=item.frame.pts + 10_000 * turn)
            run_processor(processor, [replace(item, frame=frame)])
        held.append(held_bytes(processor))
    assert held[2] <= held[1] + 4096
