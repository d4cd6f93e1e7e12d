"""Post-processing: what is done to a video beside its faces, in the same pass."""
