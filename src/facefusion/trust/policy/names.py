"""The profiles that come with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

PROFILES: Final = ("personal", "studio", "hosted", "eu", "cn")


def is_profile(name_or_path: str | Path) -> bool:
    """Return whether this names a profile; a file of that name is `./studio`."""
    return str(name_or_path) in PROFILES


def profile_text(name: str) -> str:
    """Return the TOML text of a profile."""
    return (resources.files("facefusion.trust.policy") / "profiles" / f"{name}.toml").read_text("utf-8")
