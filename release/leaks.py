"""Looks for secrets in all files of the checkout, by the detectors of detect-secrets.

    python -m release.leaks

The detectors read every line many times over, so git first tells the files in which a line could be one at all. What is
known to be none, such as keys that tests make up, is in `.secrets.baseline`; after looking at a new one, add it by
`detect-secrets scan --baseline .secrets.baseline FILE …`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release.source import ROOT, SourceError

_ONLY_MOVED = 3
BASELINE = ROOT / ".secrets.baseline"
HINTS = (
    "(A3T|AKIA|ABIA|ACCA|ASIA)[A-Z0-9]{16}",
    "AccountKey=",
    "://[^/ ]+:[^/ ]+@",
    "gh[pousr]_[A-Za-z0-9]{30}",
    "gl[a-z]*-[A-Za-z0-9_-]{20}",
    "eyJ[A-Za-z0-9]",
    "_authToken",
    "T3BlbkFJ",
    "PRIVATE KEY|PuTTY-User-Key",
    "pypi-AgE",
    "SG\\.[A-Za-z0-9_-]{20}",
    "xox[a-z]-",
    "hooks\\.slack\\.com",
    "[rs]k_live_",
    "[0-9]{8,10}:[A-Za-z0-9_-]{35}",
    "(AC|SK)[a-z0-9]{32}",
    "sq0[a-z]{3}-",
    "[0-9a-z]{32}-us[0-9]",
    "[MNO][A-Za-z0-9_-]{23,25}\\.[A-Za-z0-9_-]{6}\\.",
)
"""What a line holds at the least for one of the detectors to take it for a secret, as `git grep -E` reads it."""


def suspects(root: Path = ROOT) -> list[str]:
    """Return the files of a checkout that may hold a secret, those that are not committed yet among them.

    Raises:
        SourceError: git does not answer, as where there is no checkout.
    """
    command = ["git", "-C", str(root), "grep", "-I", "-l", "-z", "--untracked", "-E", "-e", "|".join(HINTS)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SourceError("git is not installed") from error
    if done.returncode > 1:
        raise SourceError(f"git grep failed: {done.stderr.strip()}")
    return [name for name in done.stdout.split("\0") if name]


def find(root: Path = ROOT, baseline: Path = BASELINE) -> str:
    """Return what detect-secrets says of new secrets in a checkout; nothing where there is none.

    Raises:
        SourceError: git does not answer.
    """
    names = suspects(root)
    if not names:
        return ""
    hook = "from detect_secrets.pre_commit_hook import main; import sys; sys.exit(main(sys.argv[1:]))"
    with tempfile.TemporaryDirectory() as folder:
        known = shutil.copy(baseline, folder)  # it is written to where a known line has moved
        command = [sys.executable, "-c", hook, "--no-verify", "--baseline", known, *names]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return "" if done.returncode in (0, _ONLY_MOVED) else done.stdout + done.stderr


def main() -> str | None:
    """Look through the checkout; return what was found, if anything was."""
    try:
        return find() or None
    except SourceError as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main())
