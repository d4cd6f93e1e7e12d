"""Random jobs, by every way in, of which everything that comes out is held against what it has to bear."""
