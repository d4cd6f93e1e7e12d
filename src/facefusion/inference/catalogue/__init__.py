"""The catalogue: what each model is, as data."""

from facefusion.inference.catalogue.card import ModelCard
from facefusion.inference.catalogue.catalogue import Catalogue, read_cards
from facefusion.inference.catalogue.further import cards_in, full_catalogue

__all__ = ["Catalogue", "ModelCard", "cards_in", "full_catalogue", "read_cards"]
