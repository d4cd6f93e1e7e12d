"""What the metadata of an output say about how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from facefusion.errors import DisclosureError

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's word for what was there before and was altered by a trained model."""
GENERATED = "1"
"""GB 45438-2025, appendix E: the content belongs to what is generated or synthesised; 2 is possibly, 3 suspected."""
FIELDS = (
    *("Label", "ContentProducer", "ProduceID", "ReservedCode1"),
    *("ContentPropagator", "PropagateID", "ReservedCode2"),
)
"""Of the AIGC object, in the order of the standard."""
LONGEST_VALUE = 1024
"""Characters of one field; the standard names no bound."""

_ESCAPED = '"\\'  # JSON writes these with a backslash before them, which checkers of the standard take in two ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the metadata of an output say about how it was made; fields that a file does not have are empty.

    Attributes:
        label: of the AIGC object: 1 belongs to, 2 possibly is, 3 is suspected to be generated or synthesised content.
        content_producer: who made it: a name or the code of a registered provider.
        produce_id: number that the producer has given it.
        reserved_code1: for the producer's own protection of the fields, such as a digest or a signature.
        content_propagator: who spreads it.
        propagate_id: number that the propagator has given it.
        reserved_code2: as `reserved_code1`, of the propagator.
        source_type: IPTC digital source type.
        tool: program that made it, with its version.
        models: names of the models that edited it.
    """

    label: str = GENERATED
    content_producer: str = ""
    produce_id: str = ""
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code2: str = ""
    source_type: str = COMPOSITE
    tool: str = ""
    models: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The values of the AIGC object, in the order of `FIELDS`."""
        return (
            *(self.label, self.content_producer, self.produce_id, self.reserved_code1),
            *(self.content_propagator, self.propagate_id, self.reserved_code2),
        )

    @property
    def aigc(self) -> str:
        """The AIGC object (GB 45438-2025, appendix E) as JSON; empty where no field of it is known."""
        if not any(self.fields):
            return ""
        return json.dumps(dict(zip(FIELDS, self.fields, strict=True)), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of(
        cls, aigc: Mapping[str, str], *, source_type: str = "", tool: str = "", models: tuple[str, ...] = ()
    ) -> Self:
        """Make marks of what was read: the AIGC object and the properties beside it."""
        values = (aigc.get(name, "") for name in FIELDS)
        names = ("label", "content_producer", "produce_id", "reserved_code1", "content_propagator", "propagate_id")
        found = dict(zip((*names, "reserved_code2"), values, strict=True))
        return cls(**found, source_type=source_type, tool=tool, models=models)

    def check(self) -> None:
        """Make sure that these may be written.

        Raises:
            DisclosureError: the producer or the number is missing, or a field of the AIGC object holds a character
                that appendix E does not allow: it takes visible ASCII, no spaces and no Chinese.
        """
        if not self.aigc:
            return
        for name, value in zip(FIELDS, self.fields, strict=True):
            if not value and name in FIELDS[:3]:
                raise DisclosureError(f"The AIGC object has no {name}", "Name the producer with --content-producer")
            if len(value) > LONGEST_VALUE or any(not "!" <= letter <= "~" or letter in _ESCAPED for letter in value):
                raise DisclosureError(
                    f"The AIGC object cannot hold {name} {value[:50]!r}",
                    "Use letters, digits and signs of ASCII without spaces and quotes, such as a code or example.com",
                )


def parsed_aigc(text: str) -> dict[str, str] | None:
    """Read an AIGC object, as this package and others write it; None where it is none.

    Args:
        text: JSON, the object itself or one that holds it under the name AIGC.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and isinstance(value.get("AIGC"), dict):
        value = value["AIGC"]
    if not isinstance(value, dict) or not any(name in value for name in FIELDS):
        return None
    return {name: str(value[name])[:LONGEST_VALUE] for name in FIELDS if isinstance(value.get(name), str | int)}
