"""Presets: values for many options by one word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

Preset = Literal["fast", "balanced", "premium", "lite"]

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "fast": {"frame_sampling": "auto", "output_video_preset": "ultrafast"},
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


def with_preset(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return values of options with those that their preset adds, where nothing else is said of an option.

    Args:
        values: by any of the options' spellings; without a preset they stay as they are.
        names: the options' own names by those spellings, with underscores.
    """
    said = {names.get(key.replace("-", "_"), key): value for key, value in values.items()}
    added = PRESETS.get(str(said.get("preset")), {})
    return dict(values) | {name: value for name, value in added.items() if name not in said}
