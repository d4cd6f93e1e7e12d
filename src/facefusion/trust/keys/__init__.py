"""The one secret of this place, and every key that is made of it."""

from facefusion.trust.keys.ring import KeyRing

__all__ = ["KeyRing"]
