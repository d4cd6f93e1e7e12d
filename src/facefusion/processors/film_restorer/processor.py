"""The processor around the steps of the restoration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.film_restorer.shots import Shots
from facefusion.processors.film_restorer.stage import Stage
from facefusion.processors.film_restorer.step import Moment, Step
from facefusion.processors.film_restorer.steps import delay_of_steps, past_of_steps, steps_of
from facefusion.state import State


class FilmRestorer:
    """Sends frames through the steps, one after the other; each keeps back as many as it has to see ahead.

    Args:
        steps: in the order in which they work.

    Attributes:
        delay: most frames that are kept back at one time.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._stages = [Stage(step) for step in steps]
        self._shots = Shots()
        self.delay = delay_of_steps(steps)

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job."""
        return cls(steps_of(context.options.film_restorer))

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return those frames that are done, in order; see `DelayingProcessor`."""
        return self._finished(self._through([self._entered(item) for item in batch]))

    def finish(self) -> list[FaceFrame]:
        """Return the frames that are kept back, done without those that would follow."""
        moments: list[Moment] = []
        for stage in self._stages:
            moments = [done for moment in moments for done in stage.push(moment)] + stage.flush()
        return self._finished(moments)

    def state(self) -> State:
        """Return what is remembered of the shot, with the frames that are kept back."""
        return {"shots": self._shots.state(), "stages": [stage.state() for stage in self._stages]}

    def restore(self, state: State) -> None:
        """Go on from a state of a processor with the same options."""
        self._shots.restore(state["shots"])
        for stage, own in zip(self._stages, state["stages"], strict=True):
            stage.restore(own)

    def _entered(self, item: FaceFrame) -> Moment:
        return Moment(item.frame.image, self._shots.begins(item.frame.image), None, item)

    def _through(self, moments: list[Moment]) -> list[Moment]:
        for stage in self._stages:
            moments = [done for moment in moments for done in stage.push(moment)]
        return moments

    def _finished(self, moments: Iterable[Moment]) -> list[FaceFrame]:
        return [_edited(moment.item, moment) for moment in moments if moment.item is not None]


def _edited(item: FaceFrame, moment: Moment) -> FaceFrame:
    """Return a frame with the picture that the steps made; the frame itself where they changed nothing."""
    return item if moment.image is item.frame.image else item.with_frame(item.frame.with_image(moment.image))


def kept_back(options: Options) -> int:
    """Return how many frames are kept back at most; see `ProcessorSpec.delay`."""
    return delay_of_steps(steps_of(options.film_restorer))


def remembered(options: Options) -> int:
    """Return how many frames that went out are still looked at; see `ProcessorSpec.remembers`."""
    return past_of_steps(steps_of(options.film_restorer))
