"""The catalogue: what each model is, as data."""

from facefusion.inference.catalogue.card import ModelCard
from facefusion.inference.catalogue.catalogue import Catalogue

__all__ = ["Catalogue", "ModelCard"]
