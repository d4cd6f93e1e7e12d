"""Live mode over a WebSocket: frames of a camera somewhere else, edited as they come."""
