"""Processors of single frames: each made once for the options that concern it, and always at the beginning of a job."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from facefusion.engine.links import create_link
from facefusion.engine.plan import Plan
from facefusion.engine.preview.recent import Recent
from facefusion.engine.preview.target import mark
from facefusion.engine.speech import job_speech
from facefusion.inference.session import SessionFactory
from facefusion.options.base import OptionGroup
from facefusion.processors.base import (
    FaceFrame,
    Processor,
    ProcessorContext,
    Role,
    begin_processor,
    finish_processor,
    run_processor,
)
from facefusion.processors.chained.links import ChainLink
from facefusion.processors.registry import processor_names
from facefusion.state import State

_SHOWN_ONLY = frozenset({"output", "runtime", "models"})
"""Groups that no processor goes by but through what opens its models, which is a part of every key."""

_OF_LINKS = frozenset({"chain", "when", "region"})
"""Options of which each link's key has its own part."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A processor, what it remembered when it was new, and what it keeps open."""

    processor: Processor
    new: State
    resources: ExitStack


class Processing:
    """Runs processors over single frames.

    Args:
        results: edited frames that are kept.
        work: returns the folder for what processors keep while they are there, given how many bytes that takes.
    """

    def __init__(self, results: int, work: Callable[[int], Path]) -> None:
        self._work = work
        self._ready: Recent[_Ready] = Recent(8, lambda ready: ready.resources.close())
        self._results: Recent[FaceFrame] = Recent(results)
        self._names = frozenset(processor_names())

    def run(
        self,
        plan: Plan,
        sessions: SessionFactory,
        roles: tuple[Role, ...],
        items: Sequence[FaceFrame],
        key: Hashable,
        *,
        begin: Fraction,
        place: int = -1,
    ) -> FaceFrame:
        """Return a frame as the processors give it at the beginning of a job.

        What the first of them gave of a single frame is kept: where only options of the later ones changed, they alone
        run again.

        Args:
            plan: the job.
            sessions: opens models.
            roles: who plays what; none where no processor needs faces.
            items: the job's first frames and their faces.
            key: what tells them, and the one that is wanted, from others.
            begin: when the target's first frame is shown, in seconds.
            place: which of them is wanted.
        """
        links = plan.links
        keys = [_key(link, sessions, roles, self._names) for link in links]
        makers = [partial(_make, link, plan, sessions, roles, work=self._work, begin=begin) for link in links]
        if len(items) > 1:
            wanted = list(zip(keys, makers, strict=True))
            return self._results.get((key, *keys), lambda: self._series(wanted, items, items[place].frame.index))
        [item] = items
        for own, make in zip(keys, makers, strict=True):
            key = (key, own)
            item = self._results.get(key, partial(self._single, own, make, item))
        return item.settled()

    def close(self) -> None:
        """Let go of everything."""
        self._results.clear()
        self._ready.clear()

    def _single(self, key: Hashable, make: Callable[[], _Ready], item: FaceFrame) -> FaceFrame:
        return _last(self._begun(key, make), [item])[0]

    def _series(
        self, wanted: Sequence[tuple[Hashable, Callable[[], _Ready]]], items: Sequence[FaceFrame], index: int
    ) -> FaceFrame:
        """Run frames through all processors, one after the other, and return the one with an index."""
        processors = [self._begun(key, make) for key, make in wanted]
        for item in items[:-1]:
            given = [item]
            for processor in processors:
                given = [edited for one in given for edited in run_processor(processor, [one])]
            found = [edited for edited in given if edited.frame.index == index]
            if found:
                return found[0].settled()
        given = [items[-1]]
        for processor in processors:
            given = _last(processor, given)
        return next(edited for edited in given if edited.frame.index == index).settled()

    def _begun(self, key: Hashable, make: Callable[[], _Ready]) -> Processor:
        """Return a processor as it is when a job begins."""
        ready = self._ready.get(key, make)
        ready.processor.restore(ready.new)
        return ready.processor


def _last(processor: Processor, items: Sequence[FaceFrame]) -> list[FaceFrame]:
    """Run frames through a processor that none follow, one after the other; with them comes what it kept back."""
    edited = [each for item in items for each in run_processor(processor, [item])]
    return [*edited, *finish_processor(processor)]


def _make(
    link: ChainLink,
    plan: Plan,
    sessions: SessionFactory,
    roles: tuple[Role, ...],
    *,
    work: Callable[[int], Path],
    begin: Fraction,
) -> _Ready:
    """Make a processor as a job does; one that works in a part of the time knows when that is."""
    with ExitStack() as resources:
        others = roles[0].sources if roles and (plan.options.source_paths or not plan.options.face_map) else ()
        speech = job_speech(plan, lambda: False, work) if link.spec.needs_speech else None
        context = ProcessorContext(plan.options, others, sessions, roles, speech, resources)
        processor = create_link(link, context)
        if link.stretches:
            begin_processor(processor, begin)
        return _Ready(processor, processor.state(), resources.pop_all())


def _key(link: ChainLink, sessions: SessionFactory, roles: tuple[Role, ...], names: frozenset[str]) -> Hashable:
    """Return what decides what a processor does: its own options and those that all share, and the sources.

    Each processor of ours goes by the group of its name; other packages' have theirs in `processor_options`. What a
    chain says of the others does not matter to it; two links that say the same are two processors all the same.
    """
    left_out = (names - {link.spec.name}) | _SHOWN_ONLY | _OF_LINKS
    shared = tuple(_text(value) for name, value in link.options if name not in left_out)
    own = link.spec.name, link.stretches, link.region, link.number
    return own, sessions, shared, tuple(role.sources for role in roles), link.is_first, _marks(link)


def _text(value: object) -> str:
    return value.model_dump_json() if isinstance(value, OptionGroup) else repr(value)


def _marks(link: ChainLink) -> Hashable:
    """Return what tells files that a processor reads by itself."""
    return tuple(map(mark, (link.options.target_path, link.options.lip_syncer.source_audio, *link.files)))
