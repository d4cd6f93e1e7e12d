"""Showing what a job would give, frame by frame, as sliders need it."""
