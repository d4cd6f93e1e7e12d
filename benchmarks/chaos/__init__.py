"""Everything is killed, cut off and filled up while jobs are done; at the end each must be done once, and right."""
