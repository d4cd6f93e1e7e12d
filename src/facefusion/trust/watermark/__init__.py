"""The mark that is not seen: 64 bits in every frame, which survive re-encoding, scaling, crops and turns.

Frames are marked one by one (`Watermark`) and read together (`read_watermark`): quantisation index modulation of low
frequencies of a canonical luma. What it withstands, and what it does not, is in docs/watermark.md.
"""

from facefusion.trust.watermark.geometry import Geometry
from facefusion.trust.watermark.mark import Watermark
from facefusion.trust.watermark.payload import check_payload, new_payload
from facefusion.trust.watermark.read import Reading, read_watermark

__all__ = ["Geometry", "Reading", "Watermark", "check_payload", "new_payload", "read_watermark"]
