"""The store: weights on disk, loaded only when they are what the catalogue says."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

from facefusion.errors import ModelDamagedError
from facefusion.inference.catalogue import ModelCard

_REPAIR = "Install the package again: pip install --force-reinstall facefusion"


class ModelStore:
    """A folder of weights.

    Args:
        folder: where the weights lie; the pack inside the package when None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(str(resources.files("facefusion.inference") / "pack"))

    def path(self, card: ModelCard) -> Path:
        """Return where the weights of a model lie, without looking into them.

        Raises:
            ModelDamagedError: the file is missing.
        """
        path = self.folder / card.file
        if not path.is_file():
            raise ModelDamagedError(f"The weights of model {card.name} are missing ({path})", _REPAIR)
        return path

    def read(self, card: ModelCard) -> bytes:
        """Return the weights of a model, verified against its digest.

        Raises:
            ModelDamagedError: the file is missing or altered.
        """
        path = self.path(card)
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise ModelDamagedError(f"The weights of model {card.name} are not the catalogue's ({path})", _REPAIR)
        return content
