"""Encoding: which encoder, with which settings, and segments of packets on the disk."""
