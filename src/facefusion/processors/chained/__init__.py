"""Links of a chain: processors that work in some of the frames, or in a part of each."""
