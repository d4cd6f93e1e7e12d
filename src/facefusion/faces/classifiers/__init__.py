"""Classifiers: what somebody is taken for by looks."""
