"""Drawing stacks as a flame graph: no scripts in it, the names of functions, and nothing of the machine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Self

PACKAGE = "facefusion/"
COLOURS = {
    "media": "#9ecae1",
    "faces": "#a1d99b",
    "processors": "#fdae6b",
    "inference": "#dadaeb",
    "engine": "#fdd0a2",
    "libraries": "#d9d9d9",
}
WIDTH, ROW, MARGIN, HEAD = 1200, 18, 8, 52
LETTER = 6.1
"""Width of a letter in pixels."""
NARROWEST = 0.0012
"""Share of the whole below which nothing is drawn."""
_FRAME = re.compile(r"^(?P<name>.*) \((?P<file>.*?)(?::\d+)?\)$")


@dataclass(frozen=True, slots=True, order=True)
class Frame:
    """A function.

    Attributes:
        name: with its class, where it has one.
        module: within the package, as in `engine/run`; of others the name of the library alone.
    """

    name: str
    module: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Read `function (file:line)`, as py-spy writes it."""
        found = _FRAME.match(text)
        name, file = (found["name"], found["file"]) if found else (text, "")
        if PACKAGE in file:
            return cls(name, file.rpartition(PACKAGE)[2].removesuffix(".py").removesuffix("/__init__"))
        return cls(name, file.lstrip("/").partition("/")[0].removesuffix(".py") if not file.startswith("/") else "")

    @property
    def layer(self) -> str:
        """Which of `COLOURS` it has."""
        first = self.module.partition("/")[0]
        return first if first in COLOURS else "libraries"


Stack = tuple[Frame, ...]


@dataclass(slots=True)
class Node:
    """A function as called by those below it.

    Attributes:
        count: samples in it and in what it calls.
        callees: by function.
    """

    count: int = 0
    callees: dict[Frame, Node] = field(default_factory=dict)


def grown(stacks: Counter[Stack]) -> Node:
    """Return the tree of all stacks."""
    root = Node()
    for stack, count in stacks.items():
        node = root
        node.count += count
        for frame in stack:
            node = node.callees.setdefault(frame, Node())
            node.count += count
    return root


def draw(root: Node, title: str) -> str:
    """Return the tree as SVG, callers below what they call."""
    boxes = list(_boxes(root, 0.0, 0, root.count))
    depth = 1 + max((level for _, _, level, _ in boxes), default=0)
    height = HEAD + depth * ROW + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        ' font-family="monospace" font-size="10">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="18" font-size="13">{escape(title)}</text>',
        *_legend(),
        *(_box(*box, height=height, whole=root.count) for box in boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _boxes(node: Node, start: float, level: int, whole: int) -> Iterator[tuple[Frame, float, int, int]]:
    """Yield function, place (as a share of the whole), level and samples of everything wide enough."""
    for frame, callee in sorted(node.callees.items(), key=lambda each: each[0]):
        if callee.count / whole >= NARROWEST:
            yield frame, start, level, callee.count
            yield from _boxes(callee, start, level + 1, whole)
        start += callee.count / whole


def _box(frame: Frame, start: float, level: int, count: int, *, height: int, whole: int) -> str:
    width = (WIDTH - 2 * MARGIN) * count / whole
    x, y = MARGIN + (WIDTH - 2 * MARGIN) * start, height - MARGIN - (level + 1) * ROW
    letters = int((width - 4) / LETTER)
    shown = frame.name if len(frame.name) <= letters else f"{frame.name[: letters - 1]}…"
    about = f"{frame.name}, {frame.module}: {100 * count / whole:.1f} %" if frame.module else frame.name
    label = f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(shown)}</text>' if letters > 2 else ""
    shape = f'<rect x="{x:.1f}" y="{y}" width="{max(width - 0.5, 0.3):.1f}" height="{ROW - 1}"'
    return f'<g><title>{escape(about)}</title>{shape} fill="{COLOURS[frame.layer]}"/>{label}</g>'


def _legend() -> Iterator[str]:
    x = MARGIN
    for layer, colour in COLOURS.items():
        yield f'<rect x="{x}" y="27" width="12" height="12" fill="{colour}"/><text x="{x + 16}" y="37">{layer}</text>'
        x += 30 + int(LETTER * len(layer)) + 12
