"""Outputs are written by the doors alone: whoever else can write a file is known here, with the reason why it may."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import facefusion

SOURCE = Path(facefusion.__file__).parent
WRITERS = {
    *("atomic_output", "write_picture", "open_segment", "SegmentWriter", "SequenceSegmentWriter", "PacketFile"),
    *("EncodedSink", "PlainSink", "DeviceSink", "WindowSink", "pipe_sink"),
    *("write_animation", "join", "join_apart", "joined_sequence", "isolation"),
}
"""What writes pictures and films, or puts files in their place."""
METHODS = {"write_bytes", "write_text", "imwrite", "imsave", "tofile", "save", "savez"}
"""What writes a file by other means."""
MECHANISM = ("media/", "inference/", "trust/audit/", "trust/policy/", "trust/keys/")
"""How files are written, which nobody uses but those below; weights; and what is kept of people and rules."""
KNOWN = {
    "engine/doors/leaving.py": "the way out itself",
    "engine/finish.py": "writes to where the way out says",
    "engine/segments/sink.py": "frames of a job that is not finished, with their mark, in its hidden folder",
    "engine/segments/folder.py": "what a job remembers, in its hidden folder",
    "engine/live/run.py": "asks whether a sink keeps a file, and gives it the way out",
    "cli/commands/live.py": "chooses the sink that live mode then lets frames out to",
    "engine/inspect.py": "an input, with boxes around the faces that were found",
    "engine/problem.py": "an input in which no face was found",
    "engine/facefile/file.py": "numbers that tell a source, which no picture is made of",
    "engine/facefile/sheet.py": "the pictures of a source",
    "engine/batch/report.py": "a table of what became of jobs",
    "engine/plan.py": "asks in a process of its own what a file holds",
    "state.py": "what stages remember, in memory",
    "jobs/work/task.py": "a plan",
    "options/chain_files.py": "a chain that somebody saves: settings",
    "jobs/exporting.py": "a table of jobs that failed, or were measured",
    "jobs/migrations/__main__.py": "a version of the schema, while the package is worked on",
    "jobs/storage/folder.py": "files of jobs that have left by the doors, or are inputs",
    "jobs/storage/streams.py": "files of jobs that have left by the doors, or are inputs",
    "service/uploads/receiving.py": "an input",
    "service/uploads/store.py": "an input",
    "service/backup/creating.py": "what a backup says of itself, and of files in storage",
    "service/backup/restoring.py": "jobs, records and keys, as a backup has them",
    "service/routes/faces.py": "the picture of a face file, which tells a source",
    "service/routes/consents.py": "the picture of a signature, as it was sent",
    "service/document.py": "the document of the API",
    "client/downloading.py": "an output that has left by the doors of the service",
    "cli/commands/audit.py": "the audit log",
    "trust/privacy/logs.py": "log lines",
    "cli/commands/consent.py": "consents and their evidence",
    "trust/privacy/envelope.py": "encrypts a sealed file, and decrypts one",
    "trust/metadata/splice.py": "seals a file that is not in its place yet",
    "trust/provenance/signing.py": "seals a file that is not in its place yet",
}


def names(tree: ast.AST) -> Iterator[str]:
    """Names by which a module could write a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("facefusion"):
            yield from (alias.name for alias in node.names if alias.name in WRITERS and node.module != "os.path")
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            modes = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if called in METHODS or (
                called in {"open", "fdopen"} and any(set(m) & set("wxa+") for m in modes if len(m) < 4)
            ):
                yield called


def test_whoever_can_write_a_file_is_known_and_why():
    writers = {}
    for path in sorted(SOURCE.rglob("*.py")):
        where = path.relative_to(SOURCE).as_posix()
        if not where.startswith(MECHANISM) and (found := set(names(ast.parse(path.read_text("utf-8"))))):
            writers[where] = found
    assert set(writers) - set(KNOWN) == set(), "outputs leave by engine.doors; say here why another may write a file"
    assert set(KNOWN) - set(writers) == set(), "no longer writes a file"


def test_live_frames_are_shown_by_one_door():
    shown = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "show" and ast.unparse(node.value).endswith("sink")
    }
    assert shown == {"engine/live/door.py"}


def test_nothing_that_edits_frames_can_write_any():
    for package in ("processors", "faces"):
        for path in (SOURCE / package).rglob("*.py"):
            assert not set(names(ast.parse(path.read_text("utf-8")))), path
