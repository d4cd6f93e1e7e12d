"""Landmarkers: the points of a face."""
