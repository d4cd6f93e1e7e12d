"""Recognisers: whose face it is."""
