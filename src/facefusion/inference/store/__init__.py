"""The store: weights on disk, how they get there, and how it is known that they are what the catalogue says."""

from facefusion.inference.store.store import Holding, ModelStore

__all__ = ["Holding", "ModelStore"]
