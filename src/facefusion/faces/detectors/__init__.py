"""Detectors: where faces are."""
