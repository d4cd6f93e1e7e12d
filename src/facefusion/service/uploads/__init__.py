"""Files that clients send: in one piece, in several, or straight into storage."""
