"""Jobs: what is to be done, by whom it is being done, and what became of it, in a database that is the one truth."""
