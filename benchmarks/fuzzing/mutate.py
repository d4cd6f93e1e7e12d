"""Damage to files: seeded, and the same again for the same number."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.fuzzing.checksums import repaired
from benchmarks.fuzzing.pieces import Piece, grow, pieces, replaced
from benchmarks.fuzzing.seed import Seed

_HEAD = 512
_REPAIRED = 0.85
"""Share of the files whose checksums are made right again."""
_STEPS = (1, 1, 1, 2, 2, 3, 5, 12)
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged file.

    Attributes:
        number: of it; with the seed of the run it tells everything.
        seed: what it was made of.
        content: its bytes.
        steps: what was done, in order.
    """

    number: int
    seed: Seed
    content: bytes
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Work:
    """What a step works with."""

    content: bytearray
    chance: random.Random
    form: str
    others: Sequence[Seed]

    def place(self) -> int:
        """Choose a byte: one of the first, one of a small piece, or any."""
        size = len(self.content)
        way = self.chance.random()
        if way < 0.35 and (piece := self.piece()) is not None:
            return self.chance.randrange(piece.start, min(piece.end, piece.body + 64, size))
        return self.chance.randrange(min(size, _HEAD) if way < 0.6 else size)

    def piece(self) -> Piece | None:
        """Choose a piece."""
        found = [piece for piece in pieces(self.content, self.form) if piece.start < piece.end <= len(self.content)]
        return self.chance.choice(found) if found else None


def mutant(seeds: Sequence[Seed], seed: int, number: int) -> Mutant:
    """Make one damaged file.

    Args:
        seeds: the sound files; each has its turn.
        seed: of the run.
        number: of the file, from 0.
    """
    chance = random.Random(f"{seed}:{number}")
    chosen = seeds[number % len(seeds)]
    alike = [other for other in seeds if other.form == chosen.form and other != chosen]
    content = bytearray(chosen.content)
    names: list[str] = []
    for _ in range(chance.choice(_STEPS)):
        step = chance.choice(STEPS)
        work = _Work(content, chance, chosen.form, alike)
        content = step(work)[:_MOST_BYTES] or bytearray(b"\0")
        names.append(step.__name__)
    if chance.random() < _REPAIRED:
        content = repaired(content, chosen.form)
    return Mutant(number, chosen, bytes(content), tuple(names))


def flip_bits(work: _Work) -> bytearray:
    """Flip one to eight bits."""
    for _ in range(work.chance.choice((1, 1, 2, 8))):
        work.content[work.place()] ^= 1 << work.chance.randrange(8)
    return work.content


def overwrite(work: _Work) -> bytearray:
    """Overwrite a run by chance, or with one value."""
    at, length = work.place(), work.chance.choice((1, 2, 4, 16, 200))
    value = work.chance.choice((None, None, 0, 0xFF, 0x80))
    run = work.chance.randbytes(length) if value is None else bytes([value]) * length
    work.content[at : at + length] = run[: len(work.content) - at]
    return work.content


def extreme_number(work: _Work) -> bytearray:
    """Put an extreme number where two, four or eight bytes may be one."""
    width = work.chance.choice((2, 4, 4, 8))
    work.content[(at := work.place()) : at + width] = _extreme(work.chance, width)
    return work.content


def truncate(work: _Work) -> bytearray:
    """Cut the end off."""
    return work.content[: max(work.place(), work.chance.choice((1, 40, 200)))]


def insert(work: _Work) -> bytearray:
    """Insert bytes of the file itself, or of none."""
    at, length = work.place(), work.chance.choice((1, 2, 8, 100, 3000))
    start = work.chance.randrange(len(work.content))
    new = work.chance.randbytes(length) if work.chance.random() < 0.5 else work.content[start : start + length]
    work.content[at:at] = new
    return work.content


def cut_out(work: _Work) -> bytearray:
    """Leave bytes out."""
    at = work.place()
    del work.content[at : at + work.chance.choice((1, 2, 8, 100, 3000))]
    return work.content


def resize(work: _Work) -> bytearray:
    """Have a piece state another length."""
    piece = work.piece()
    if piece is None or piece.field is None:
        return extreme_number(work)
    at, width = piece.field
    if work.chance.random() < 0.5:
        work.content[at : at + width] = _extreme(work.chance, width)
    else:
        grow(work.content, piece, work.chance.choice((-8, -4, -1, 1, 4, 8, 1000, -1000)))
    return work.content


def delete_piece(work: _Work) -> bytearray:
    """Leave a piece out."""
    piece = work.piece()
    return cut_out(work) if piece is None else _replaced(work, piece, b"")


def double_piece(work: _Work) -> bytearray:
    """Have a piece several times."""
    piece = work.piece()
    if piece is None:
        return insert(work)
    times = work.chance.choice((2, 2, 3, 40))
    return _replaced(work, piece, bytes(work.content[piece.start : piece.end]) * times)


def swap_pieces(work: _Work) -> bytearray:
    """Have two pieces in each other's place."""
    one, other = work.piece(), work.piece()
    if one is None or other is None:
        return overwrite(work)
    first, second = sorted((one, other), key=lambda piece: piece.start)
    if second.start < first.end:
        return double_piece(work)
    content = work.content
    return (
        content[: first.start]
        + content[second.start : second.end]
        + content[first.end : second.start]
        + content[first.start : first.end]
        + content[second.end :]
    )


def transplant(work: _Work) -> bytearray:
    """Put a piece of another file of the form in the place of one of this."""
    piece = work.piece()
    if piece is None or not work.others:
        return splice(work)
    donor = work.chance.choice(work.others)
    given = work.chance.choice(pieces(donor.content, donor.form) or [Piece(0, 0, len(donor.content))])
    return _replaced(work, piece, donor.content[given.start : given.end])


def splice(work: _Work) -> bytearray:
    """Have the head of this file before the tail of another of the form."""
    donor = work.chance.choice(work.others).content if work.others else bytes(work.content)
    at = work.place()
    return work.content[:at] + donor[min(at, len(donor)) if work.chance.random() < 0.5 else len(donor) // 2 :]


def damage_body(work: _Work) -> bytearray:
    """Overwrite bytes in the content of one piece."""
    piece = work.piece()
    if piece is None or piece.body >= piece.end:
        return flip_bits(work)
    for _ in range(work.chance.choice((1, 2, 6))):
        work.content[work.chance.randrange(piece.body, piece.end)] = work.chance.randrange(256)
    return work.content


STEPS: tuple[Callable[[_Work], bytearray], ...] = (
    *(flip_bits, overwrite, extreme_number, truncate, insert, cut_out, resize, delete_piece, double_piece),
    *(swap_pieces, transplant, splice, damage_body, damage_body, extreme_number),
)


def _extreme(chance: random.Random, width: int) -> bytes:
    """Return a number at the edge of what so many bytes hold, in one order of bytes or the other."""
    top = 1 << 8 * width
    value = chance.choice((0, 1, 2, 7, top - 1, top - 2, top // 2, top // 2 - 1, top // 2 + 1, top // 4, top // 256))
    return (value % top).to_bytes(width, chance.choice(("big", "little")))


def _replaced(work: _Work, piece: Piece, new: bytes) -> bytearray:
    """Put other bytes in the place of a piece; mostly, what holds it states its new length then."""
    return replaced(work.content, work.form, piece, new, is_told=work.chance.random() < 0.7)
