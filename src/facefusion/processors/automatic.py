"""The model `auto`: a network where its weights are here, and else what needs none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from facefusion.inference.session import SessionFactory

AUTO: Final = "auto"


def first_ready(models: Sequence[str], is_ready: Callable[[str], bool]) -> str:
    """Return the first model that can run now, else the last.

    Args:
        models: by name, the best first; the last needs no weights.
        is_ready: whether one of the others can run.
    """
    return next((model for model in models[:-1] if is_ready(model)), models[-1])


def chosen(model: str, models: Sequence[str], sessions: SessionFactory) -> str:
    """Return the model that an option stands for.

    Args:
        model: what the option says.
        models: what `auto` stands for; see `first_ready`.
        sessions: opens models.

    Raises:
        ModelError: a file that is there is something that is never loaded.
    """
    if model != AUTO:
        return model
    return first_ready(models, lambda name: name in sessions.catalogue and sessions.is_here(name))
