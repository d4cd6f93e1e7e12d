"""`python -m facefusion`, and the command `facefusion`."""

import os
import sys

_ONE_THREAD = ("OPENCV_FOR_THREADS_NUM", "OPENBLAS_NUM_THREADS")
"""Asked by OpenCV and by NumPy's algebra how many threads to use, when they are imported."""


def main() -> int:
    """Run the command line; Ctrl-C counts from the first import on.

    Fields are so small that a second thread for each mostly waits, at up to a third of the CPU time; decoding, editing
    and encoding run side by side in any case. The process is the program's own, so it may say so; a library may not.
    """
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    try:
        from facefusion.cli.imports import quick_imports  # noqa: PLC0415 - what takes time is imported under the guard

        with quick_imports():
            from facefusion.cli.main import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
