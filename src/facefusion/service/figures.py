"""Figures of a process of the service, as they are when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from facefusion.service.gateway.gateway import Gateway
from facefusion.service.parts import ServiceParts
from facefusion.telemetry import catalogue
from facefusion.telemetry.exposition import Figure


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """Gives them.

    Attributes:
        parts: of the service.
        gateway: in front of it.
        name: of this source.
    """

    parts: ServiceParts
    gateway: Gateway
    name: str = "service"

    def figures(self) -> Iterator[Figure]:
        """Yield them."""
        parts = self.parts
        yield Figure(catalogue.PREVIEWS_OPEN, {(): len(parts.shown)})
        yield Figure(catalogue.LIVE_SESSIONS, {(): len(parts.live)})
        yield Figure(catalogue.LIVE_PLACES, {(): parts.live.most})
        yield Figure(catalogue.AUDIT_STUCK, {(): float(self.gateway.is_stuck)})
        health = [each.health for each in parts.beside]
        yield Figure(catalogue.BACKGROUND_FAILURES, {(each.name,): each.failures for each in health})
