"""A long clip over several workers, of which some are killed: what `python -m benchmarks.film` measures."""
