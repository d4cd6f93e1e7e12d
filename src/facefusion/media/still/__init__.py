"""Pictures beyond 8-bit RGB: samples of 16 bits, TIFF, and what tells a picture from an animation."""
