"""A place for outputs of work that writes nothing."""

import os
from pathlib import Path
from typing import Final

NOWHERE: Final = Path(os.devnull, "nothing")
"""Nothing can be written there, so that no picture of a problem is."""
