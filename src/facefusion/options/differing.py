"""Which options may differ from link to link of a chain, and from person to person."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from facefusion.errors import OptionsError
from facefusion.options.face_swapper import FaceSwapperOptions
from facefusion.options.masks import FaceMaskOptions

_OF_A_PERSON = ("source_face_position", "reference_face_position", "reference_face_distance")
"""Options of the selection that may differ from person to person; those of the swapper and of masks all may."""
_ALL_OF_A_PERSON = ("face_swapper", "face_masks")
_OF_ALL_LINKS = "face_masks"
"""Group of options that any link may have, beside that of its processor."""
_OF_THE_JOB = ("source_audio",)
"""Options of a processor that concern more than the processor: the result has this sound."""


def check_of_a_link(processor: str, group: str, values: object, own: Collection[str]) -> None:
    """Make sure that options may differ from link to link.

    Args:
        processor: of the link.
        group: that the options belong to.
        values: of options, by name; an option itself where it belongs to no group.
        own: what options the processor has.

    Raises:
        OptionsError: one may not.
    """
    names = list(values) if isinstance(values, Mapping) else [group]
    if group not in (processor, _OF_ALL_LINKS):
        raise OptionsError(f"{names[0].replace('_', '-')} is no option of {processor}", f"It has {', '.join(own)}")
    for name in names:
        if name in _OF_THE_JOB:
            raise OptionsError(
                f"{name.replace('_', '-')} holds for the whole job", "Give it beside the chain, not in a link"
            )


def check_of_a_person(group: str, values: object) -> None:
    """Make sure that options may differ from person to person; arguments as of `check_of_a_link`.

    Raises:
        OptionsError: one may not.
    """
    names = list(values) if isinstance(values, Mapping) else [group]
    wrong = [name for name in names if group not in _ALL_OF_A_PERSON and name not in _OF_A_PERSON]
    if wrong:
        ours = ", ".join((*FaceSwapperOptions.model_fields, *FaceMaskOptions.model_fields))
        raise OptionsError(
            f"{wrong[0].replace('_', '-')} cannot differ from person to person",
            f"These can: {ours}, {', '.join(_OF_A_PERSON)}",
        )
