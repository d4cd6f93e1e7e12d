"""What happens when: the events of a clip and the state of the person that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from talking_portrait.curves import drift, plateau, smoothstep
from talking_portrait.voice import Voice

Kind = Literal["turn", "nod", "tilt", "move", "blink", "speech", "light", "hand"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a person does or that happens to them.

    Attributes:
        kind: what happens.
        start: seconds from the beginning of the clip.
        duration: seconds.
        amount: how much, at its height. `turn`, `nod`, `tilt`: degrees (positive: nose to the right of the picture,
            nose up, clockwise); `move`: share of the face's width, to the right; `blink`: 1 closes the eyes;
            `speech`: loudness, 1 is normal; `light`: 1 dims the room to a third while a lamp passes from left to
            right; `hand`: 1 comes from the right, -1 from the left.
    """

    kind: Kind
    start: float
    duration: float
    amount: float = 1.0

    def __post_init__(self) -> None:
        """Refuse events that take no time.

        Raises:
            ValueError: the duration is not positive.
        """
        if self.duration <= 0:
            raise ValueError(f"an event lasts longer than nothing, not {self.duration} s")

    def progress(self, t: float) -> float | None:
        """Tell how far the event has come, 0 to 1; None while it is not on."""
        u = (t - self.start) / self.duration
        return u if 0 <= u <= 1 else None


@dataclass(frozen=True, slots=True)
class State:
    """Everything about one person at one moment.

    Attributes:
        yaw: turn in degrees, positive when the nose points to the right of the picture.
        pitch: nod in degrees, positive when the nose points up.
        roll: tilt in degrees, positive clockwise.
        shift: way of the head to the right and down, in face widths.
        blink: 0 eyes as in the portrait, 1 closed.
        speaking: 0 mouth as in the portrait, 1 mouth follows the voice.
        mouth: opening asked for by the voice, 0 to 1.
        lamp: where the lamp stands, -1 left to 1 right.
        dimming: 0 portrait's own light, 1 darkest.
        hand: how far a hand has come on its way, 0 to 1; None when there is none.
        hand_side: 1 when it comes from the right, -1 from the left.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    blink: float = 0.0
    speaking: float = 0.0
    mouth: float = 0.0
    lamp: float = 0.0
    dimming: float = 0.0
    hand: float | None = None
    hand_side: float = 1.0


class Script:
    """The events of one person, and the small motions that a living head never stops making.

    Args:
        events: what happens, in any order.
        seed: decides the idle motion and what the voice says.
        liveliness: size of the idle motion; 0 for none.
    """

    def __init__(self, events: Sequence[Event], *, seed: int = 0, liveliness: float = 1.0) -> None:
        self.events = tuple(events)
        self.liveliness = liveliness
        self.voice = Voice([(e.start, e.duration, e.amount) for e in self._of("speech")], seed=seed)
        self._phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, (5, 3))

    def at(self, t: float) -> State:
        """Return the state at `t` seconds."""
        idle = [self.liveliness * drift(t, phases) for phases in self._phases]
        mouth = self.voice.mouth(t)
        emphasis = mouth * self.liveliness
        hand = next((e for e in self._of("hand") if e.progress(t) is not None), None)
        lamp, dimming = self._light(t)
        return State(
            yaw=self._sum("turn", t, ramp=0.35) + 1.6 * idle[0],
            pitch=self._sum("nod", t, ramp=0.5) + 1.0 * idle[1] - 1.2 * emphasis,
            roll=self._sum("tilt", t, ramp=0.4) + 0.9 * idle[2],
            shift=(self._sum("move", t, ramp=0.4) + 0.014 * idle[3], 0.010 * idle[4] - 0.006 * emphasis),
            blink=self._blink(t),
            speaking=self.voice.presence(t),
            mouth=mouth,
            lamp=lamp,
            dimming=dimming,
            hand=hand.progress(t) if hand else None,
            hand_side=float(np.sign(hand.amount)) if hand else 1.0,
        )

    def _of(self, kind: Kind) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def _sum(self, kind: Kind, t: float, *, ramp: float) -> float:
        under_way = ((event, event.progress(t)) for event in self._of(kind))
        return sum(event.amount * plateau(u, ramp) for event, u in under_way if u is not None)

    def _blink(self, t: float) -> float:
        """Close fast, stay shut for a moment, open more slowly."""
        values = [0.0]
        for event in self._of("blink"):
            u = event.progress(t)
            if u is not None:
                values.append(event.amount * float(smoothstep(0, 0.3, u) * smoothstep(0, 0.45, 1 - u)))
        return min(max(values), 1.0)

    def _light(self, t: float) -> tuple[float, float]:
        for event in self._of("light"):
            u = event.progress(t)
            if u is not None:
                return 2 * float(smoothstep(0.1, 0.9, u)) - 1, event.amount * plateau(u, 0.25)
        return 0.0, 0.0


def default_events(seconds: float) -> list[Event]:
    """Fill `seconds` with everything that makes face work hard; longer clips repeat a round of ten seconds."""
    rounds = max(1, round(seconds / 10))
    length = seconds / rounds
    return [event for i in range(rounds) for event in _one_round(i * length, length)]


def _one_round(start: float, length: float) -> list[Event]:
    def event(kind: Kind, begin: float, end: float, amount: float = 1.0) -> Event:
        return Event(kind, start + begin * length, (end - begin) * length, amount)

    blinks = [Event("blink", start + part * length, 0.36) for part in (0.05, 0.19, 0.37, 0.56, 0.70, 0.95)]
    speech = [event("speech", *span) for span in ((0.02, 0.22), (0.26, 0.52), (0.56, 0.97))]
    return [
        event("turn", 0.06, 0.28, 28),
        event("turn", 0.28, 0.50, -28),
        event("nod", 0.50, 0.57, -12),
        event("nod", 0.57, 0.62, 6),
        event("tilt", 0.10, 0.40, 4),
        event("tilt", 0.44, 0.66, -4),
        event("move", 0.42, 0.64, 0.035),
        event("light", 0.58, 0.80),
        event("hand", 0.78, 0.97),
        *blinks,
        *speech,
    ]
