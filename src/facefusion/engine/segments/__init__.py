"""Segments: how a long job is kept on the disk while it runs, and gone on with when it was interrupted."""
