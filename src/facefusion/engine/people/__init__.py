"""Who is to be seen in a target: one entry for each person, though their tracks break."""
