"""A process that reads files one after the other, and says of each what became of it.

It is handed a line of JSON for each on its standard input, and answers with one. Before it reads a file it looks for
one of a name that is not there: so that whoever watches its calls to the system sees which belong to which file.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import resource
import sys
import warnings
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.reading import EVERY_WAY, Product, Verdict
from facefusion.options import LimitOptions

MARK = "/facefusion-fuzz/"
"""Folder that is nowhere; names in it are numbers of files."""
_MOST_ADDRESSES = 8 << 30


def main() -> None:
    """Read until there is nothing more to read."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    # What native code prints must not get among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
    limits = LimitOptions(**order["limits"])
    sound = [Path(path) for path in order["sound"]]
    product = Product(Path(order["folder"]), sound[0], limits, lambda: mark(-1))
    for number, path in enumerate(sound * 2):  # so that everything is loaded
        product.read(path, number * EVERY_WAY)
    unraised: list[str] = []
    _warn_of_everything(unraised)
    gc.collect()
    gc.freeze()
    print(json.dumps({"pid": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        mark(task["number"])
        verdict = product.read(Path(task["path"]), task["ways"])
        gc.collect()
        mark(-1)
        wrong = "\n".join([verdict.wrong, *unraised]).strip()
        unraised.clear()
        print(
            json.dumps(asdict(Verdict(verdict.outcome, verdict.stage, verdict.says, wrong))), file=answers, flush=True
        )


def mark(number: int) -> None:
    """Leave a mark among the calls to the system."""
    with suppress(OSError):
        os.close(os.open(f"{MARK}{number}", os.O_RDONLY))


def _warn_of_everything(unraised: list[str]) -> None:
    """Make errors of warnings, and keep those that Python cannot raise."""
    warnings.simplefilter("error")
    sys.unraisablehook = lambda found: unraised.append(f"not raised: {found.exc_value!r} in {found.object!r}")


if __name__ == "__main__":
    main()
