"""Many jobs in one warm process: which there are, whether they go together, doing them, and what became of each."""
