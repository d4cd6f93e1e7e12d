"""Files that are damaged on purpose, and a watch over what reading them does."""
