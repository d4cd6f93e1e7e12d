"""Decoded planes: looked at as RGB, edited there, and written back without touching what was not edited."""
