"""What adapters do to pixels and vectors, once more in plain NumPy, written from what is published of the models."""
