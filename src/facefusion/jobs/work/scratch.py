"""The scratch folder of a machine: what is there only while somebody works."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from facefusion.errors import OptionsError

_MISREAD: Final = frozenset(",%")  # lists of paths are cut at commas, and a % stands for numbers of pictures


def scratch_folder(chosen: Path | None) -> Path:
    """Return the scratch folder of this machine.

    Raises:
        OptionsError: its name would be misread.
    """
    if chosen is None:
        owner = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
        return Path(tempfile.gettempdir()) / f"facefusion-scratch{owner}"
    path = chosen.absolute()
    if _MISREAD & set(str(path)):
        raise OptionsError(f"The scratch folder {path} has a comma or a percent sign", "Choose another --scratch-dir")
    return path
