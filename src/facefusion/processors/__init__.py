"""Processors: frames and faces in, frames out."""
