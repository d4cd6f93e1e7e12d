"""`python -m facefusion`."""

from facefusion.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
