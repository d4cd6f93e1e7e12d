"""Logs that tests write and change."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.audit.growth import references_of, row_of

SECRET = b"s" * 32
SIGNING = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
JOB = "0123456789abcdef"


def own_keys():
    return AuditKeys(SECRET, SIGNING)


class Clock:
    """A clock that goes a second with each look."""

    def __init__(self, start=datetime(2026, 10, 31, 23, 59, 50, tzinfo=UTC), step=timedelta(seconds=1)):
        self.now = start
        self.step = step

    def __call__(self):
        self.now += self.step
        return self.now


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def job_facts(job=JOB, **more):
    facts = {
        "job": job,
        "policy": {"name": "studio", "digest": sha256("policy")},
        "processors": ["face_swapper"],
        "models": [{"name": "mesh", "digest": sha256("mesh")}],
        "consents": ["consent of Ada"],
        "subjects": ["Ada Lovelace"],
        "inputs": [sha256("portrait"), sha256("clip")],
    }
    return facts | more


def open_log(home, keys=None, **more):
    home.mkdir(exist_ok=True)
    return AuditLog.open(home, keys or own_keys(), **more)


def publish(log, number, **more):
    facts = job_facts(outputs=[sha256(f"output {number}")], frames=number, **more)
    return log.append("published", tenant="default", actor="operator", facts=facts)


def written_log(home, count=6, **more):
    """A log of some entries, closed."""
    log = open_log(home, clock=Clock(), **more)
    for number in range(1, count + 1):
        publish(log, number)
    log.close()
    return home


def database(home: Path) -> sqlite3.Connection:
    """The log's table, as somebody with the file has it."""
    return sqlite3.connect(home / "trust.db", isolation_level=None)


def line_files(home: Path) -> list[Path]:
    return sorted((home / "audit").glob("*.jsonl"))


def lines_of(home: Path) -> list[str]:
    return [line for path in line_files(home) for line in path.read_text().splitlines(keepends=True)]


def put_lines(home: Path, lines: list[str]) -> None:
    """All lines in one file, the first."""
    first, *rest = line_files(home)
    first.write_text("".join(lines))
    for path in rest:
        path.unlink()


def put_row(home: Path, entry) -> None:
    """An entry in the table in place of the one with its number, findable as any."""
    row = row_of(entry)
    with database(home) as connection:
        connection.execute("DELETE FROM audit_entry WHERE sequence = ?", (entry.sequence,))
        connection.execute("DELETE FROM audit_reference WHERE sequence = ?", (entry.sequence,))
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO audit_entry ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        for what, value in references_of(entry.facts):
            connection.execute("INSERT INTO audit_reference VALUES (?, ?, ?)", (entry.sequence, what, value))
    connection.close()


def everything(home: Path) -> str:
    """All that is on the disk of a log, as text."""
    return "".join(path.read_bytes().decode("latin-1") for path in home.rglob("*") if path.is_file())
