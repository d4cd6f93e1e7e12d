"""What records and encryption cost: entries of the audit log, its verification, and files that are encrypted."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.common import command, finish, parser, table
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.privacy.envelope import decrypted, encrypted

_IMPORT = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"
_MODULES = ("facefusion.trust.database", "facefusion.trust.audit", "facefusion.trust.privacy.envelope")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("audit", __doc__)
    made.add_argument("--entries", type=int, default=1000, help="entries to write (default: %(default)s)")
    made.add_argument("--megabytes", type=int, default=256, help="of the file to encrypt (default: %(default)s)")
    options = made.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures = _log(Path(folder), options.entries) | _files(Path(folder), options.megabytes)
    figures |= {f"import {name}, ms": round(_imported(name) * 1000) for name in _MODULES}
    print(table(("what", "figure"), list(figures.items())))
    return finish(figures, options.json)


def _log(folder: Path, count: int) -> dict[str, float]:
    """Write and verify a log; milliseconds of wall and CPU time for each entry."""
    log = AuditLog.open(folder, AuditKeys(bytes(32), Ed25519PrivateKey.generate()))
    digest = hashlib.sha256(b"").hexdigest()
    facts = {"job": "0" * 32, "policy": {"name": "studio", "digest": digest}, "consents": ["consent"]}
    facts |= {"inputs": [digest] * 2, "outputs": [digest], "models": [{"name": "mesh", "digest": digest}] * 5}

    def append() -> None:
        log.append("published", tenant="default", actor="operator", facts=facts)

    append()
    times = sorted(_timed(append)[0] for _ in range(count))
    _, cpu = _timed(lambda: [append() for _ in range(100)])
    _, cpu_verified = _timed(log.verify)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    entries = count + 101
    log.close()
    return {
        "an entry, median, ms": round(times[count // 2] * 1000, 2),
        "an entry, 99 of 100, ms": round(times[count * 99 // 100] * 1000, 2),
        "an entry, CPU, ms": round(cpu * 10, 2),
        "an entry verified, CPU, ms": round(cpu_verified * 1000 / entries, 3),
        "an entry on the disk, KB": round(size / entries / 1000, 2),
    }


def _files(folder: Path, megabytes: int) -> dict[str, float]:
    plain, sealed, again = (folder / name for name in ("plain", "sealed", "again"))
    with plain.open("wb") as file:
        file.truncate(megabytes << 20)
    _, there = _timed(lambda: encrypted(plain, sealed, bytes(32)))
    _, back = _timed(lambda: decrypted(sealed, again, bytes(32)))
    return {
        "encrypted, MB a CPU second": round(megabytes / there),
        "decrypted, MB a CPU second": round(megabytes / back),
    }


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of wall and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _imported(module: str) -> float:
    done = subprocess.run([sys.executable, "-c", _IMPORT.format(module)], capture_output=True, check=True, text=True)
    return float(done.stdout)


if __name__ == "__main__":
    command(main)
