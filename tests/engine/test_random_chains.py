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
from facefusion.options import Options, iter_leaves
from facefusion.processors.base import (
    FaceFrame,
    Processor,
    ProcessorContext,
    ProcessorSpec,
    delay_of,
    spec_delay,
)
from facefusion.processors.registry import installed_processors, package_of_processor
from facefusion.state import pack, unpack
from material import CAPTAIN

SCENES = 9, 7
"""Frames before a cut, and behind it."""


@dataclass(frozen=True)
class Link:
    """A processor as it is in chains: what announces it, and the options that it is made with."""

    spec: ProcessorSpec
    options: Options

    def __repr__(self) -> str:
        return self.spec.name


def links() -> dict[str, Link]:
    """All processors of this package that need no weights, with each model that is none, and some of these tests."""
    found = {spec.name: Link(spec, Options()) for spec in (frames_around.NEAR, frames_around.FAR, frames_around.BRIGHT)}
    names = {leaf.name for leaf in iter_leaves(Options)}
    for spec in installed_processors().values():
        if package_of_processor(spec) is not None or spec.needs_speech:
            continue
        values = {"source_paths": CAPTAIN, "processors": (spec.name,)}
        if (reference := f"{spec.name}_reference") in names:
            values[reference] = CAPTAIN
        if not spec.model_option:
            found[spec.name] = Link(spec, Options.parse(values))
        for model in spec.without_weights:
            found[f"{spec.name} {model}"] = Link(spec, Options.parse(values | {spec.model_option: model}))
    return found


LINKS = links()


class Chains:
    """Makes chains, and runs a short clip through them in any pieces."""

    def __init__(self, items, analyser, sessions, resources) -> None:
        self.items = items
        self._analyser, self._sessions, self._resources = analyser, sessions, resources

    def made(self, chain: Sequence[str]) -> list[Processor]:
        """Return new processors."""
        return [LINKS[name].spec.create(self._context(LINKS[name])) for name in chain]

    def _context(self, link: Link) -> ProcessorContext:
        """Return what a job makes a processor from."""
        options, kept = link.options, self._sessions.kept
        _, roles = cast(self._analyser, options, Path("out.mp4"), kept)
        enricher = FaceEnricher(options.faces, self._sessions)
        roles = tuple(enriched_role(role, enricher, link.spec.needs, kept) for role in roles)
        return ProcessorContext(options, roles[0].sources, self._sessions, roles, resources=self._resources)

    def run(self, chain: Sequence[str], sizes: Sequence[int] = (), goes_on: Sequence[int] = ()) -> list[FaceFrame]:
        """Return the clip edited.

        Args:
            chain: names of links.
            sizes: of the first batches; all other frames are in one.
            goes_on: numbers of batches before which everything goes on in another process.
        """
        processors, edited = self.made(chain), []
        batches = list(pieces(self.items, sizes))
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


@pytest.fixture(scope="module")
def chains(analyser, astronaut, captain, captain_face, warm):
    """A head that drifts, a cut, and another one."""
    views = [astronaut[30:190, 130 + step : 290 + step] for step in range(SCENES[0])]
    left, top, side = *(captain_face.box[:2] - 60).astype(int), int(captain_face.width + 120)
    around = captain[max(0, top) : top + side, max(0, left) : left + side]
    views += [np.roll(cv2.resize(around, (160, 160)), step, axis=1) for step in range(SCENES[1])]
    options = Options()
    with ExitStack() as resources:
        sessions = resources.enter_context(warm.sessions(options, 0, lambda note: None))
        tracker, enricher = FaceTracker(analyser), FaceEnricher(options.faces, sessions)
        needs = frozenset(need for link in LINKS.values() for need in link.spec.needs)
        items = []
        for number, view in enumerate(views):
            frame = Frame(number, 3 * number * number, 6 * number + 3, Fraction(1, 90), np.ascontiguousarray(view))
            faces = tracker.update(frame.image, float(frame.time))
            items.append(
                FaceFrame(frame, tuple(enricher.enrich([FaceView(frame.image, each) for each in faces], needs)))
            )
        assert all(item.faces for item in items)
        yield Chains(items, analyser, sessions, resources)


def test_there_are_processors_that_need_no_weights():
    assert {"near", "far", "bright", "face_swapper mesh"} <= LINKS.keys()


@pytest.mark.parametrize("name", LINKS)
def test_a_processor_keeps_back_no_more_than_is_known_before_any_work(chains, name):
    [processor] = chains.made([name])
    assert delay_of(processor) <= spec_delay(LINKS[name].spec, LINKS[name].options) <= 12


@settings(max_examples=15)
@given(
    chain=st.lists(st.sampled_from(sorted(LINKS)), min_size=1, max_size=3),
    sizes=st.lists(st.integers(1, 6), max_size=6),
    goes_on=st.sets(st.integers(1, 6), max_size=2),
)
def test_no_chain_loses_a_frame_or_shows_where_it_was_cut(chains, chain, sizes, goes_on):
    before = [item.frame.image.copy() for item in chains.items]
    whole, cut = chains.run(chain), chains.run(chain, sizes, sorted(goes_on))
    assert [told(item) for item in whole] == [told(item) for item in cut] == [told(item) for item in chains.items]
    for item, image in zip(chains.items, before, strict=True):
        assert np.array_equal(item.frame.image, image), "the pixels that came in were changed"
    for one, other in zip(whole, cut, strict=True):
        assert np.array_equal(one.frame.image, other.frame.image), f"frame {one.frame.index} is another"
        assert one.frame.image.shape == whole[0].frame.image.shape
        assert one.held is None


def told(item: FaceFrame) -> tuple[int, int, int, Fraction, int]:
    frame = item.frame
    return frame.index, frame.pts, frame.duration, frame.time_base, frame.copies


@settings(max_examples=3)
@given(chain=st.lists(st.sampled_from(sorted(LINKS)), min_size=1, max_size=2))
def test_a_frame_alone_comes_out_at_once_in_every_chain(chains, chain):
    processors = chains.made(chain)
    work = Work(None, tuple(processors), None, None, StageClock(), Notes())
    for item in chains.items[:3]:
        [edited] = work.edit([item])
        assert told(edited) == told(item)
    [empty] = work.edit([replace(chains.items[3], faces=())])
    assert told(empty) == told(chains.items[3])
