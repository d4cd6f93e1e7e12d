"""Where a trace goes on: the header `traceparent` of W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 1


@dataclass(frozen=True, slots=True)
class TraceParent:
    """A place in a trace.

    Attributes:
        trace: identifier of the trace, 32 hexadecimal digits.
        span: identifier of the span that goes on, 16 hexadecimal digits.
        is_sampled: whether whoever began it keeps it.
    """

    trace: str
    span: str
    is_sampled: bool = True

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the place that a header tells; None where it is none, as of what is malformed nothing may be used."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        version, trace, span, flags, more = found.groups()
        is_known = version != "ff" and not (version == "00" and more)
        if not is_known or not int(trace, 16) or not int(span, 16):
            return None
        return cls(trace, span, bool(int(flags, 16) & _SAMPLED))

    def __str__(self) -> str:
        """Return it as the header has it."""
        return f"00-{self.trace}-{self.span}-{int(self.is_sampled):02x}"
