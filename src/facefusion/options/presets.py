"""Presets: values for many options by one word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

Preset = Literal["fast", "balanced", "premium", "lite"]

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "fast": {"frame_sampling": "auto", "output_video_preset": "superfast"},
        "balanced": {},
        "premium": {
            "detect_every": 1,
            "face_detector_tiles": 2,
            "output_video_preset": "slow",
            "output_video_quality": 14,
        },
        "lite": {
            "max_device_memory": 4.0,
            "execution_batch_size": 1,
            "output_video_preset": "superfast",
        },
    }
)
"""What each preset says of options of which nothing else is said."""

_INSTEAD: Final = MappingProxyType({"output_video_bitrate": "output_video_quality"})
"""Options by which something is said of others, too: only one of both may be given."""


def of_another_preset(before: str, preset: str, values: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that change where one preset gives way to another.

    Args:
        before: the preset that held.
        preset: the one that holds from now on.
        values: those of all options that presets concern; what is not as the preset before has it was said, and stays.
        usual: the same of a job of which nothing is said.
    """
    old, new = ({**usual, **PRESETS[name]} for name in (before, preset))
    silenced = {other for name, other in _INSTEAD.items() if values[name] is not None}
    return {name: new[name] for name in old if values[name] == old[name] != new[name] and name not in silenced}


def with_preset(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return values of options with those that their preset adds, where nothing else is said of an option.

    Args:
        values: by any of the options' spellings; without a preset they stay as they are.
        names: the options' own names by those spellings, with underscores.
    """
    said = {names.get(key.replace("-", "_"), key): value for key, value in values.items()}
    added = PRESETS.get(str(said.get("preset")), {})
    silenced = {other for name, other in _INSTEAD.items() if said.get(name) is not None}
    return dict(values) | {name: value for name, value in added.items() if name not in said.keys() | silenced}
