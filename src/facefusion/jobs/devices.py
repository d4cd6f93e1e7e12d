"""Which graphics cards a worker process sees, and how much of their memory it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from facefusion.errors import OptionsError
from facefusion.options import Options

_VARIABLE: Final = "CUDA_VISIBLE_DEVICES"
_MIG: Final = "MIG-"
_GIB: Final = 1 << 30
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card, or a part of one.

    Attributes:
        name: number, UUID or MIG identifier.
        share: of its memory that one process may take, above 0 and 1 at most; None where nothing limits it.
    """

    name: str
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a text of the option `devices` means, such as `0`, `GPU-8932f937` or `0:0.5`."""
        name, colon, share = text.partition(":")
        return cls(name, float(share) if colon else None)


def visible(devices: Sequence[str]) -> Mapping[str, str]:
    """Return the variables by which a process sees some cards alone; none where it sees all.

    They must be set before anything in the process looks for cards, as what the driver sees first holds from then on.
    A process that is to be forked must not look at all: its children could not use any card.

    Args:
        devices: as the option has them.
    """
    return {_VARIABLE: ",".join(Card.parse(each).name for each in devices)} if devices else {}


def device_shares(devices: Sequence[str], workers: int) -> list[tuple[str, ...]]:
    """Share out graphics cards among workers: each gets one in turn, or several where there are more of them.

    Args:
        devices: as the option has them.
        workers: how many processes there are.

    Raises:
        OptionsError: a card is given out more than once over; or one process would get two MIG instances, of which CUDA
            shows a process the first alone, or one card twice.
    """
    if not devices:
        return [()] * workers
    shares: list[tuple[str, ...]] = [
        tuple(devices[number::workers]) if workers < len(devices) else (devices[number % len(devices)],)
        for number in range(workers)
    ]
    _check_shares([Card.parse(each) for share in shares for each in share])
    for share in shares:
        _check_one([Card.parse(each).name for each in share])
    return shares


def with_devices(options: Options, share: Sequence[str], memory: Callable[[int], int | None] | None = None) -> Options:
    """Return options under which a process that sees some cards alone uses all of them, and of each its share.

    Called in that process, once it sees them alone.

    Args:
        options: of the place.
        share: the cards, as the option has them.
        memory: tells the bytes of memory of the cards that are seen, by number; the driver when None.

    Raises:
        OptionsError: a card is shared out by its memory, and its driver does not tell how much that is, or the share is
            less than 1 GiB.
    """
    cards = [Card.parse(each) for each in share]
    update: dict[str, object] = {}
    if len(cards) > 1:
        update["execution_device_id"] = tuple(range(len(cards)))
    limits = [_limit(number, card, memory) for number, card in enumerate(cards) if card.share is not None]
    if limits:
        given = options.runtime.max_device_memory
        update["max_device_memory"] = min([*limits, *([] if given is None else [given])])
    if not update:
        return options
    return options.model_copy(update={"runtime": options.runtime.model_copy(update=update)})


def _limit(number: int, card: Card, memory: Callable[[int], int | None] | None) -> float:
    """Return how many GiB of a card a process may take; errors as of `with_devices`."""
    if memory is None:
        from facefusion.inference.device_memory import cuda_memory  # noqa: PLC0415 - only where cards are asked for

        memory = cuda_memory
    size = memory(number)
    if size is None:
        raise OptionsError(
            f"How much memory card {card.name} has is not known, so that it cannot be shared out",
            "Check nvidia-smi, or leave the share out and set --max-device-memory",
        )
    limit = (card.share or 1.0) * size / _GIB
    if limit < 1:
        raise OptionsError(
            f"{card.share:g} of card {card.name} is {limit:.2f} GiB, and no network runs in less than 1",
            "Begin fewer workers with a larger share each",
        )
    return limit


def _check_shares(cards: Sequence[Card]) -> None:
    """Make sure that no card is given out more than once over; errors as of `device_shares`."""
    for name in dict.fromkeys(card.name for card in cards):
        shares = [card.share for card in cards if card.name == name]
        known = [share for share in shares if share is not None]
        if known and len(known) < len(shares):
            raise OptionsError(
                f"Card {name} is given out whole and in parts", f"Give each its share, as in {name}:0.5,{name}:0.5"
            )
        if sum(known) > 1 + _ROUNDING:
            raise OptionsError(
                f"Of card {name} {sum(known):g} times its memory is given out, to {len(known)} workers",
                "Begin fewer workers, or give each a smaller share",
            )


def _check_one(names: Sequence[str]) -> None:
    """Make sure that CUDA shows one process all of these; errors as of `device_shares`."""
    if len(names) > 1 and any(name.startswith(_MIG) for name in names):
        raise OptionsError(
            "A process sees one MIG instance alone", f"Begin a worker for each, with --workers {len(names)} or more"
        )
    if len(set(names)) < len(names):
        raise OptionsError("A process would get one card twice", "Begin more workers, or name each card once")
