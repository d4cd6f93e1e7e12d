"""Models of the catalogue."""

from __future__ import annotations

from facefusion.client.values.base import Value


class Model(Value):
    """A model of the catalogue.

    Attributes:
        name: by which jobs name it.
        task: what it is for.
        state: whether it can run, such as `ready`.
    """

    name: str
    task: str
    state: str
