"""Frames between: those of slow scenes that get their edit from the frames before and after them."""
