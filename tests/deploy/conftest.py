from __future__ import annotations

import pytest
from manifests import KUBERNETES, OVERLAYS, Manifest, rendered


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> list[Manifest]:
    """What an overlay comes to."""
    return rendered(KUBERNETES / "overlays" / request.param)
