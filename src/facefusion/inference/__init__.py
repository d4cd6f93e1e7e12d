"""Model catalogue, bundled weights, sessions and execution providers."""
