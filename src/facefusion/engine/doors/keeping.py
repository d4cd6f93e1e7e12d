"""For how long outputs are kept, where the policy says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from facefusion.engine.doors.place import Place
from facefusion.trust.database import open_database
from facefusion.trust.privacy.lifecycle import Lifecycle


def keep_for(place: Place, paths: Sequence[Path], tenant: str) -> None:
    """Note for how long outputs are kept; `facefusion storage sweep` removes those whose time is over.

    Args:
        place: whose policy says.
        paths: of the outputs.
        tenant: whose they are.

    Raises:
        AuditError: it cannot be noted.
    """
    hours = place.policy.privacy.output_hours.value
    if not hours:
        return
    engine = open_database(place.database)
    try:
        lifecycle = Lifecycle(engine, place.ring.derived("storage"))
        for path in paths:
            lifecycle.keep(path, "output", timedelta(hours=hours), tenant=tenant)
    finally:
        engine.dispose()
