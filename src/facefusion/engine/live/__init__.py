"""Live mode: the newest frame, edited, with a latency that stays bounded."""
