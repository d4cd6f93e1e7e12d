"""Animates a portrait into a talking clip: `python examples/make_clip.py portrait.jpg -o clip.mp4`."""

import sys

from talking_portrait.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
