"""The processor around the lip syncers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from facefusion.errors import OptionsError
from facefusion.faces.crops import Pixels
from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.templates import TemplateName
from facefusion.options.masks import MaskType
from facefusion.processors.base import ProcessorContext
from facefusion.processors.crop_editing import CropJob, CropProcessor
from facefusion.processors.lip_syncer.base import TASK, LipSyncer, Reach
from facefusion.processors.lip_syncer.voice.extraction import TASK as EXTRACTION
from facefusion.processors.lip_syncer.voice.extraction import VoiceExtractor
from facefusion.processors.lip_syncer.voice.voice import Voice

_HEEDED: Final[tuple[MaskType, ...]] = ("occlusion",)


class LipEditor:
    """Moves mouths to what is heard while their frame is shown.

    Args:
        syncer: the network.
        voice: what is heard.
        weight: how far mouths move, 0 to 1.

    Attributes:
        template: how crops are cut out.
        size: their side in pixels.
    """

    def __init__(self, syncer: LipSyncer, voice: Voice, weight: float) -> None:
        self._syncer = syncer
        self._voice = voice
        self._weight = weight
        self.template: TemplateName = syncer.template
        self.size: int = syncer.size

    def edit(self, jobs: Sequence[CropJob]) -> Sequence[Pixels]:
        """Return each crop with another mouth, RGB uint8 (size, size, 3)."""
        times = [job.item.frame.time for job in jobs]
        heard = {time: self._voice.mel(time) for time in set(times)}
        return self._syncer.sync([job.crop for job in jobs], [heard[time] for time in times], self._weight)


def create(context: ProcessorContext) -> CropProcessor:
    """Make the processor for a job. The speech is read once, into a file without a name that is gone with the job.

    Raises:
        OptionsError: there is no speech.
        ModelError: a model cannot be used; the error says what to do.
        InputError: the speech is damaged.
        DiskFullError: no space is left for it.
    """
    if context.speech is None:
        raise OptionsError("There is no speech for lips to follow", "Name some with --source-audio")
    options = context.options.lip_syncer
    syncer: LipSyncer = context.sessions.load(options.lip_syncer_model, TASK)
    extractor: VoiceExtractor | None = None
    if options.voice_extractor_model is not None:
        extractor = context.sessions.load(options.voice_extractor_model, EXTRACTION)
    voice = Voice.record(context.speech, extractor, folder=context.speech.folder())
    return CropProcessor(LipEditor(syncer, voice, options.lip_syncer_weight), lip_masker(context, syncer.reach))


def lip_masker(context: ProcessorContext, reach: Reach) -> FaceMasker:
    """Make the mask of what a network draws anew; of the masks that the options ask for, occlusion counts.

    Args:
        context: options and models.
        reach: how much of a crop is drawn anew.

    Raises:
        ModelError: a model cannot be used.
    """
    options = context.options.face_masks
    if reach == "box":
        return FaceMasker.create(options, context.sessions, always=("box",), only=_HEEDED)
    lower = options.model_copy(update={"face_mask_areas": ("lower-face",)})
    return FaceMasker.create(lower, context.sessions, always=("area",), only=_HEEDED)
