"""`python server.py …` is `facefusion serve …`."""

import sys

from facefusion.__main__ import main

if __name__ == "__main__":
    sys.argv[1:1] = ["serve"]
    sys.exit(main())
