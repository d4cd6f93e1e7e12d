"""What a chain's links are to the engine: which processor, by which options, when and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from facefusion.faces.types import Face
from facefusion.options import Link, Options
from facefusion.options.moments import Stretch
from facefusion.processors.base import FaceFrame, Processor, ProcessorSpec
from facefusion.processors.chained.region import Region
from facefusion.processors.chained.regional import RegionalProcessor
from facefusion.processors.chained.timed import TimedProcessor
from facefusion.processors.files import files_of


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One link.

    Attributes:
        spec: of the processor.
        options: all options as they hold for it.
        stretches: in which it works, counted from the first frame of the result; in all frames where there are none.
        region: in which its edit is seen; everywhere when None.
        number: how many links before it have the same processor.
        is_first: whether it is the chain's first.
    """

    spec: ProcessorSpec
    options: Options
    stretches: tuple[Stretch, ...] = ()
    region: Region | None = None
    number: int = 0
    is_first: bool = True

    @property
    def is_limited(self) -> bool:
        """Whether it works in some frames alone, or in a part of them."""
        return bool(self.stretches) or self.region is not None

    @property
    def limit(self) -> str:
        """What limits it first, as users call it."""
        return "when" if self.stretches else "region"

    @property
    def is_given_faces(self) -> bool:
        """Whether faces are looked for on its account."""
        return self.spec.is_given_faces(self.options)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it reads, beside what shows sources and references."""
        return files_of(self.spec, self.options)

    def faces_of(self, item: FaceFrame, since: Fraction) -> tuple[Face, ...]:
        """Return those faces of a frame that it works on.

        Args:
            item: the frame, and all faces that are to be worked on.
            since: when it is shown, in seconds from the first frame of the result.
        """
        if not self.is_given_faces:
            return ()
        if self.stretches and not any(each.holds(item.frame.index, since) for each in self.stretches):
            return ()
        if self.region is None:
            return item.faces
        height, width = item.frame.image.shape[:2]
        return tuple(face for face in item.faces if self.region.concerns(face, height, width))

    def limited(self, processor: Processor) -> Processor:
        """Return its processor so that it works when and where it should."""
        if self.region is not None:
            processor = RegionalProcessor(processor, self.region)
        return TimedProcessor(processor, self.stretches) if self.stretches else processor


def chain_links(options: Options, specs: Sequence[ProcessorSpec]) -> tuple[ChainLink, ...]:
    """Return the links of a job.

    Args:
        options: all options.
        specs: its processors, in their order.

    Raises:
        OptionsError: what is said of a link is impossible.
    """
    names = [spec.name for spec in specs]
    links = options.links if names == list(options.processors) else tuple(Link(processor=name) for name in names)
    return tuple(
        ChainLink(
            spec,
            options.for_link(link),
            tuple(map(Stretch.parse, link.when)),
            _region(link),
            names[:place].count(spec.name),
            place == 0,
        )
        for place, (spec, link) in enumerate(zip(specs, links, strict=True))
    )


def edited_faces(links: Sequence[ChainLink], item: FaceFrame, since: Fraction) -> tuple[Face, ...]:
    """Return those faces of a frame that any of the links works on; arguments as of `ChainLink.faces_of`."""
    if not any(link.is_limited for link in links):
        return item.faces
    edited = {id(face) for link in links for face in link.faces_of(item, since)}
    return tuple(face for face in item.faces if id(face) in edited)


def _region(link: Link) -> Region | None:
    if not link.region:
        return None
    x, y, width, height = link.region
    return Region((x, y, width, height), link.feather)
