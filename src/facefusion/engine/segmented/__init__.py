"""Jobs in segments that are done apart: by any process or machine of a place, in any order, as often as one likes.

`plan_job` finds out once what must be known of the whole video, `run_segment` makes one segment of it, `merge_segments`
puts all of them together and lets the outputs leave.
"""

from facefusion.engine.segmented.made import SegmentMade
from facefusion.engine.segmented.merging import merge_segments
from facefusion.engine.segmented.planning import LEAD_FRAMES, SEGMENT_FRAMES, plan_job
from facefusion.engine.segmented.ranges import SegmentRange
from facefusion.engine.segmented.running import run_segment
from facefusion.engine.segmented.value import SegmentedPlan

__all__ = [
    "LEAD_FRAMES",
    "SEGMENT_FRAMES",
    "SegmentMade",
    "SegmentRange",
    "SegmentedPlan",
    "merge_segments",
    "plan_job",
    "run_segment",
]
