"""A whole job with the network unplugged, everything read-only but one folder, as a user without any rights.

The network is one of our own, in a namespace, in which every address of the world leads back to the same machine: so
whatever wants to leave, an inquiry for a name too, is sent, counted and lost. The folders are those of this machine,
read-only, in a namespace too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from facefusion.media.reader import VideoReader
from material import CAPTAIN, LIMITS

ROOT = Path(__file__).parents[2]
NOBODY = 65534
PLACES = ("/mnt", "/media", "/srv", "/opt")
REAL = "ext2|ext3|ext4|xfs|btrfs|overlay|zfs|f2fs|9p|virtiofs|fuse.*|nfs.*"

# Arguments: the place that can be written, the folder of inputs, folders that must be reached, the user, the command.
SCRIPT = r"""
set -eu
place=$1 inputs=$2 reached=$3 user=$4; shift 4

# The network: nothing of IPv6, which speaks unasked.
for each in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >"$each" 2>/dev/null || true; done
ip link set lo up
ip route add local default dev lo

# One folder in memory to write to, with the inputs in it.
mount -t tmpfs -o mode=0755 tmpfs "$place"
mkdir "$place/hold" "$place/job"
cp "$inputs"/* "$place/job"

# What lies in folders that only their owner may enter is put where it is once more, for all.
for folder in $reached; do
    blocked=$folder
    while [ "$(dirname "$blocked")" != / ]; do blocked=$(dirname "$blocked"); done
    if [ ! -e "$place/hold$blocked" ]; then
        mkdir -p "$place/hold$blocked"
        mount -t tmpfs -o mode=0755 tmpfs "$place/hold$blocked"
    fi
    mkdir -p "$place/hold$folder"
    mount --bind "$folder" "$place/hold$folder"
done
for blocked in "$place"/hold/*; do
    if [ -d "$blocked" ]; then mount --rbind "$blocked" "/$(basename "$blocked")"; fi
done
chown -R "$user" "$place/job"

awk '$3 ~ /^(REAL)$/ {print $2}' /proc/self/mounts | while read -r point; do
    mount -o remount,bind,ro "$point" 2>/dev/null || true
done
if touch "ROOT/written" 2>/dev/null; then rm "ROOT/written"; echo "it can still be written" >&2; exit 77; fi

packets() { awk -F'[: ]+' 'NR > 2 {sum += $4 + $12} END {print sum + 0}' /proc/net/dev; }
before=$(packets)
cd "$place/job"
HOME=$place/job TMPDIR=$place/job setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs \
    --inh-caps=-all --bounding-set=-all "$@" >&2
after=$(packets)

# The counter counts.
PYTHON -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.11.12.9", 9))'
sleep 0.2
echo "PACKETS $((after - before)) CONTROL $(($(packets) - after))" >&2
find "$place/job" -type f -printf 'WROTE %P\n' >&2
cat "$place/job/out.mp4"
"""


def is_open(path: Path) -> bool:
    """Whether anybody may go there."""
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


@pytest.fixture(scope="module")
def place() -> str:
    """A folder of the system that nothing needs, for the namespace to put its own in its place."""
    missing = [name for name in ("unshare", "setpriv", "ip", "mount", "awk") if shutil.which(name) is None]
    if sys.platform != "linux" or missing:
        pytest.skip(f"namespaces of Linux, and {', '.join(missing) or 'programs'} to use them, are not here")
    if os.getuid() != 0 or subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("making a namespace of networks and folders is not permitted here")
    needed = [str(path) for path in (ROOT, Path(sys.prefix), Path(sys.base_prefix))]
    free = [each for each in PLACES if Path(each).is_dir() and not any(path.startswith(each) for path in needed)]
    if not free:
        pytest.skip(f"none of {', '.join(PLACES)} is free to be put aside")
    return free[0]


def unplugged(place, inputs, *arguments):
    """Run a job there; the output's bytes, and what was said."""
    wanted = {Path(sys.base_prefix), Path(sys.prefix), ROOT, *map(Path, os.environ.get("PYTHONPATH", "").split(":"))}
    reached = " ".join(sorted(str(path) for path in wanted if path.is_absolute() and not is_open(path)))
    script = SCRIPT.replace("REAL", REAL).replace("ROOT", str(ROOT)).replace("PYTHON", sys.executable)
    job = [sys.executable, "-m", "facefusion", *arguments]
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    begin = ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", script, "sh"]
    done = subprocess.run(
        [*begin, place, str(inputs), reached, str(NOBODY), *job], env=environment, capture_output=True, check=False
    )
    said = done.stderr.decode(errors="replace")
    if done.returncode == 77:
        pytest.skip(f"the namespace cannot be furnished here: {said.strip()}")
    assert done.returncode == 0, said
    return done.stdout, said


@pytest.mark.slow
def test_a_whole_job_sends_nothing_and_writes_nothing_but_its_own(place, tmp_path, moving_portrait):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    shutil.copy(CAPTAIN, inputs / "source.jpg")
    shutil.copy(moving_portrait, inputs / "target.mp4")
    output, said = unplugged(
        *(place, inputs, "-s", "source.jpg", "-t", "target.mp4", "-o", "out.mp4"),
        *("--processors", "face_swapper", "--acknowledge", "--log-file", "run.jsonl"),
    )
    [counted] = [line.split() for line in said.splitlines() if line.startswith("PACKETS")]
    assert counted[1] == "0"
    assert int(counted[3]) > 0, "what is sent is not counted"
    wrote = {line.removeprefix("WROTE ") for line in said.splitlines() if line.startswith("WROTE")}
    assert {"out.mp4", "run.jsonl"} <= wrote
    own = (".local/share/facefusion/", ".cache/facefusion/")
    others = wrote - {"source.jpg", "target.mp4", "out.mp4", "run.jsonl"}
    assert [path for path in others if not path.startswith(own)] == []
    assert any(path.startswith(".local/share/facefusion/trust/audit/") for path in others), "no entry was written"
    (tmp_path / "out.mp4").write_bytes(output)
    with VideoReader(tmp_path / "out.mp4", LIMITS) as reader:
        assert sum(1 for _ in reader) == 20
