"""`python run.py …` is `facefusion …`."""

import sys

from facefusion.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
