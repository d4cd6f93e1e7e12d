"""`python run.py …` is `facefusion …`."""

from facefusion.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
