"""Jobs that find generated models: in a folder of the user's own, entered there."""

from __future__ import annotations

import json

_FIELDS = ("name", "task", "family", "file", "sha256", "bytes", "licence", "commercial", "requires")


def install(shelf):
    """Write the entries of a shelf beside its weights; return the options by which jobs find them."""
    lines = []
    for card in shelf.cards:
        values = card.model_dump(mode="json")
        lines += ["[[model]]", *(f"{name} = {json.dumps(values[name])}" for name in _FIELDS)]
        lines += ["[model.settings]", *(f"{name} = {json.dumps(value)}" for name, value in values["settings"].items())]
    (shelf.folder / "models.toml").write_text("\n".join(lines))
    return {"models_dir": shelf.folder}
