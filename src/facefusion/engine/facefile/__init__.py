"""Face files: all that swappers need to know of a person, made once and kept in one file."""
