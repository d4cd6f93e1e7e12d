"""A step with the frames that it looks at: what came, what is kept back, what went out."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from facefusion.processors.film_restorer.motion import Motion, measured
from facefusion.processors.film_restorer.step import Moment, Step, Window
from facefusion.processors.kept import kept_frames, kept_state
from facefusion.state import State


class Stage:
    """Gives a step each frame with those around it, never over the end of a shot.

    Args:
        step: the step.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._past: deque[Moment] = deque(maxlen=step.reach.before)
        self._waiting: deque[Moment] = deque()
        self._last: Moment | None = None

    def push(self, moment: Moment) -> list[Moment]:
        """Take the next frame; return those that are done with it, in order."""
        done = self.flush() if moment.begins else []
        if moment.begins:
            self._past.clear()
        self._waiting.append(self._with_motion(moment))
        self._last = self._waiting[-1].kept() if self._step.needs_motion else None
        while len(self._waiting) > self._step.reach.after:
            done.append(self._work())
        return done

    def flush(self) -> list[Moment]:
        """Return those that are kept back, done without the frames that would follow."""
        return [self._work() for _ in range(len(self._waiting))]

    def state(self) -> State:
        """Return the frames and what the step remembers, as copies."""
        return {
            "step": self._step.state(),
            "past": [_moment_state(moment) for moment in self._past],
            "waiting": [_moment_state(moment) for moment in self._waiting],
            "last": None if self._last is None else _moment_state(self._last),
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._step.restore(state["step"])
        self._past = deque((_moment_of(each) for each in state["past"]), maxlen=self._step.reach.before)
        self._waiting = deque(_moment_of(each) for each in state["waiting"])
        self._last = None if state["last"] is None else _moment_of(state["last"])

    def _with_motion(self, moment: Moment) -> Moment:
        if self._step.moves and not self._step.needs_motion:
            return replace(moment, motion=None)  # nobody behind asks for it any more
        if not self._step.needs_motion or moment.begins or moment.motion is not None or self._last is None:
            return moment
        return replace(moment, motion=measured(self._last.image, moment.image))

    def _work(self) -> Moment:
        """Have the step work on the frame that has waited longest."""
        moment = self._waiting[0]
        reach = self._step.reach.after + 1
        seen = (*self._past, *list(self._waiting)[:reach])
        image = self._step.apply(Window(seen, len(self._past), moment.begins))
        past = self._waiting.popleft().kept()
        self._past.append(past if self._step.needs_motion else replace(past, motion=None))
        return replace(moment, image=image, motion=None if self._step.moves else moment.motion)


def _moment_state(moment: Moment) -> State:
    """Return a moment as state; a picture that no step has changed is kept once, as that of the frame."""
    is_view = moment.item is not None and moment.image is moment.item.frame.image
    return {
        "image": None if is_view else moment.image.copy(),
        "begins": moment.begins,
        "motion": None if moment.motion is None else moment.motion.state(),
        "item": [] if moment.item is None else kept_state([moment.item]),
    }


def _moment_of(state: State) -> Moment:
    item = next(iter(kept_frames(state["item"])), None)
    motion = None if state["motion"] is None else Motion.of(state["motion"])
    image = item.frame.image if item is not None and state["image"] is None else state["image"].copy()
    return Moment(image, state["begins"], motion, item)
