"""How one output is written, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import av

from facefusion.media.encoding.encoders import FFV1, EncoderSpec
from facefusion.media.encoding.parameters import lossless_options
from facefusion.media.forms import Form
from facefusion.media.hdr import HdrMetadata
from facefusion.media.info import FieldOrder
from facefusion.media.planes.fit import Pixels


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one output is written.

    Attributes:
        form: the container, or the pictures of a sequence or an animation.
        encoder: what encodes; of sequences and animations, what keeps their frames until the end.
        pixels: size, pixel format and colour tags.
        frame_rate: frames a second on average.
        time_base: seconds per tick of the frames' times.
        sample_aspect: width of a pixel over its height.
        field_order: whether frames are interlaced, and which field comes first.
        hdr: the display that the colours were mastered on, where it is known.
        codec_options: the encoder's own.
        bit_rate: bits a second to aim at; None where a quality is meant.
        passes: 1 or 2.
        is_final: whether the segments hold the packets of the output; else they are lossless, and encoded when joined.
        threads: of the encoder, by which its bytes may differ; as many as the machine suggests when None.
        notes: what the user should know; one sentence each.
    """

    form: Form
    encoder: EncoderSpec
    pixels: Pixels
    frame_rate: Fraction
    time_base: Fraction
    sample_aspect: Fraction = Fraction(1)
    field_order: FieldOrder = "progressive"
    hdr: HdrMetadata | None = None
    codec_options: Mapping[str, str] = field(default_factory=dict, hash=False)
    bit_rate: int | None = None
    passes: int = 1
    is_final: bool = True
    threads: int | None = None
    notes: tuple[str, ...] = ()

    def key(self) -> dict[str, Any]:
        """Return everything that decides the bytes of the segments, as JSON values."""
        values = (self.pixels, self.frame_rate, self.time_base, self.sample_aspect, self.field_order, self.hdr)
        return {
            "form": self.form.name,
            "encoder": self.encoder.name,
            "library": av.__version__,  # another one may write other parameters: segments would not fit together
            "values": [repr(value) for value in values],
            "options": dict(self.codec_options),
            "rate": [self.bit_rate, self.passes, self.is_final],
        } | ({} if self.threads is None else {"threads": self.threads})

    def kept(self) -> Encoding:
        """Return how the frames of the segments are kept: lossless, where the output is encoded only at the end."""
        if self.is_final:
            return self
        options = lossless_options(self.pixels)
        return replace(self, encoder=FFV1, codec_options=options, bit_rate=None, passes=1, is_final=True)
