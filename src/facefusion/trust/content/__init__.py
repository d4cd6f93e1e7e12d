"""What is shown and written: explicit content, apparent minors and texts that are refused in every policy.

`ContentCheck` looks at pictures and faces, `ContentWatch` and `AgeWatch` say at which of a video, `TermList` reads what
users write. `refuse`, `refuse_minors` and `TermList.refuse` raise what people see. What cannot be checked is refused.
"""

from facefusion.trust.content.active import ActiveChecks, active_checks
from facefusion.trust.content.age_watch import AgeWatch
from facefusion.trust.content.ages import MINOR_BELOW, minor_below
from facefusion.trust.content.check import ContentCheck
from facefusion.trust.content.finding import Finding, Verdict
from facefusion.trust.content.refusal import refuse, refuse_minors, where_in_source, where_in_video
from facefusion.trust.content.terms import Term, TermList
from facefusion.trust.content.watch import ContentWatch

__all__ = [
    "MINOR_BELOW",
    "ActiveChecks",
    "AgeWatch",
    "ContentCheck",
    "ContentWatch",
    "Finding",
    "Term",
    "TermList",
    "Verdict",
    "active_checks",
    "minor_below",
    "refuse",
    "refuse_minors",
    "where_in_source",
    "where_in_video",
]
