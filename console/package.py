"""Sees to it that no package is made without the pages of the console."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface[Any]):
    """Refuses to build where they are missing; a checkout that is installed as it is may have none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Look before a package is made.

        Raises:
            SystemExit: they are missing.
        """
        if version != "editable" and not (Path(self.root) / "src/facefusion/ui/static/index.html").is_file():
            raise SystemExit("The pages of the console are missing: run `make console` first")
