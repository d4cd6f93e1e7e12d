"""Glasses in a single picture: whether a face wears any, and which pixels their frame covers."""
