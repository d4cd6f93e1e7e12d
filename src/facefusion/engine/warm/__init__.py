"""What jobs of one process share, so that the second does not pay for what the first has loaded."""
