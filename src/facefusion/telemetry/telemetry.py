"""What whoever does something is handed to tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import version

from facefusion.errors import OptionsError
from facefusion.options import ServingOptions
from facefusion.telemetry.gathering import is_gathered
from facefusion.telemetry.recording import Recorded, Recorder, Unrecorded
from facefusion.telemetry.tracing import Tracer, Untraced


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Takes figures and traces; neither where nobody asked for them.

    Attributes:
        figures: takes what is counted.
        traces: takes what was done, and because of what.
    """

    figures: Recorder = field(default_factory=Unrecorded)
    traces: Tracer = field(default_factory=Untraced)

    @classmethod
    def of(cls, serving: ServingOptions, role: str) -> Telemetry:
        """Return what a process of the service uses.

        Figures are taken where a process of this group shows them; see `facefusion.telemetry.gathering`.

        Args:
            serving: options of the service.
            role: what this process is: `service` or `worker`.

        Raises:
            OptionsError: a library is missing.
        """
        figures = _recorder() if is_gathered() else Unrecorded()
        said = serving.monitoring
        if said.trace_endpoint is None:
            return cls(figures)
        return cls(figures, _tracer(said.trace_endpoint, said.trace_share, role))


def _recorder() -> Recorder:
    try:
        return Recorded()
    except ModuleNotFoundError as error:
        raise missing("Figures", error, "service") from error


def _tracer(endpoint: str, share: float, role: str) -> Tracer:
    try:
        from facefusion.telemetry.otlp import OtlpTracer  # noqa: PLC0415 - an extra, only where it is wanted
    except ModuleNotFoundError as error:
        raise missing("Traces", error, "tracing") from error
    return OtlpTracer(endpoint, share=share, role=role, version=version("facefusion"))


def missing(what: str, error: ModuleNotFoundError, extra: str) -> OptionsError:
    """Return the error that says which extra something needs."""
    return OptionsError(
        f"{what} need the package {error.name}, which is not installed", f"Run pip install 'facefusion[{extra}]'"
    )
