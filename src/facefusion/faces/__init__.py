"""What a face is, and how it is found, measured and followed."""
