"""Links by which somebody without a key may fetch one result for a time."""
