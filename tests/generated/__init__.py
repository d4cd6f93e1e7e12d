"""Small networks with the exact inputs and outputs of public families, made on the spot with a seed."""
