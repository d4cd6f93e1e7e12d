"""Masks: which part of an edited crop is to be seen."""
