"""The records of a cluster: keys for who asks for jobs, and what the audit log says afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from benchmarks.chaos.scene import TENANTS, Scene
from facefusion.service.gateway.keys.store import PURPOSE, KeyStore
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing


def keys_of(scene: Scene) -> dict[str, str]:
    """Make a key of the service for each tenant, and return them."""
    store = KeyStore(scene.engine, KeyRing.open(trust_home(scene.trust)).derived(PURPOSE))
    lives = timedelta(days=1)
    made = {
        tenant: store.create(tenant=tenant, name="chaos", by="chaos", lives=lives, role="operator")
        for tenant in TENANTS
    }
    return {tenant: text.text for tenant, (_, text) in made.items()}


def audit_fault(scene: Scene) -> str | None:
    """Return what `facefusion audit verify` finds to be wrong; None where the log holds."""
    variables = {"FACEFUSION_TRUST_DIR": str(scene.trust)}
    if scene.direct_records is not None:
        variables["FACEFUSION_TRUST_DATABASE"] = scene.direct_records
    command = [sys.executable, "-m", "facefusion", "audit", "verify"]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{done.stdout}{done.stderr}".strip()


def recorded(scene: Scene) -> Counter[tuple[str, str]]:
    """Return how many entries say that a job published an output, by job and SHA-256."""
    home = trust_home(scene.trust)
    place: Path | str = home / "trust.db" if scene.direct_records is None else scene.direct_records
    with closing(AuditLog.open(home, AuditKeys.of(KeyRing.open(home)), database=place)) as log:
        found = [entry.facts for entry in log.entries() if entry.facts["kind"] == "published"]
    return Counter((facts["job"], digest) for facts in found for digest in facts["outputs"])
