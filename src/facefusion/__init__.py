"""Edits faces in pictures and video, privately, on your own machine."""
