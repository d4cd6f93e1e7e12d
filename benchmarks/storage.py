"""How fast files go into a storage and out of it: python -m benchmarks.storage [ADDRESS] [--mib 1024] [--endpoint URL].

Without an address it measures a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from facefusion.jobs.storage import StorageSettings, open_storage

_MIB = 1 << 20


def main() -> None:
    """Put a file in, get it back, and print how fast that went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", nargs="?", help="of a storage; a temporary folder when it is left out")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file")
    parser.add_argument("--endpoint", help="of a server of S3 that is not AWS")
    parser.add_argument("--key-file", type=Path, help="a customer's key, to measure encryption too")
    options = parser.parse_args()
    settings = StorageSettings(endpoint=options.endpoint, key_file=options.key_file)
    with tempfile.TemporaryDirectory() as folder:
        source, got = Path(folder, "source"), Path(folder, "got")
        block = os.urandom(_MIB)
        with source.open("wb") as file:
            for _ in range(options.mib):
                file.write(block)
        storage = open_storage(options.address or f"{folder}/storage", settings)
        key = f"benchmark/{os.urandom(8).hex()}"
        begin = time.perf_counter()
        stored = storage.put(source, key)
        middle = time.perf_counter()
        storage.get(stored, got)
        end = time.perf_counter()
        storage.delete(key)
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // _MIB
    put, got_back = options.mib / (middle - begin), options.mib / (end - middle)
    print(f"{options.mib} MiB: put {put:.0f} MiB/s, get {got_back:.0f} MiB/s")
    print(f"largest memory of the process: {memory} MiB")


if __name__ == "__main__":
    main()
