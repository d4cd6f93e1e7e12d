"""`python -m facefusion`, and the command `facefusion`."""

import sys


def main() -> int:
    """Run the command line; Ctrl-C counts from the first import on."""
    try:
        from facefusion.cli.main import main as run  # noqa: PLC0415 - what takes time is imported under the guard
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
