"""Options of monitoring: where figures are shown, and where traces go."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from facefusion.options.base import OptionGroup


def _address(text: str) -> str:
    found = urlsplit(text)
    if found.scheme not in {"http", "https"} or not found.hostname:
        raise ValueError(f"{text!r} is no address such as http://127.0.0.1:4318")
    return text


class MonitoringOptions(OptionGroup):
    """What is told of the running system, and to whom."""

    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="port on which GET /metrics shows figures to Prometheus; 0 takes any that is free, and none are"
        " taken when not given",
    )
    metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="address on which it does; whoever reaches it reads them"
    )
    trace_endpoint: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        max_length=1000,
        description="address of an OpenTelemetry collector that takes traces by OTLP over HTTP, such as"
        " http://127.0.0.1:4318; none are sent when not given",
    )
    trace_share: float = Field(
        default=1.0, ge=0, le=1, description="share of the traces that begin here which are sent"
    )
