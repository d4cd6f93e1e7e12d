"""Judging swaps: what a viewer would notice, in figures."""
