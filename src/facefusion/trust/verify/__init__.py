"""Looking at a file: which marks it bears, which of them hold, and what was taken away."""
