from __future__ import annotations

import pytest
from manifests import KUBERNETES, OVERLAYS, Manifest, rendered


@pytest.fixture(params=OVERLAYS, scope="session")
def overlay(request: pytest.FixtureRequest) -> list[Manifest]:
    """What an overlay comes to; nobody changes it."""
    return rendered(KUBERNETES / "overlays" / request.param)
