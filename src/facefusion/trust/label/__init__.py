"""The visible label that says on the picture itself that it was made with artificial intelligence."""

from facefusion.trust.label.label import Label
from facefusion.trust.label.settings import LabelSettings
from facefusion.trust.label.wording import disclosure

__all__ = ["Label", "LabelSettings", "disclosure"]
