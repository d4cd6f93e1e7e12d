"""What networks are given and what is made of what they give, in plain NumPy, written from the models' contracts."""
