"""A session: one model, loaded and ready."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from facefusion.inference.catalogue import Catalogue
from facefusion.inference.providers import check_started, resolve_providers
from facefusion.inference.runtime import onnxruntime
from facefusion.inference.store import ModelStore

Tensor = npt.NDArray[np.float32]


class Session:
    """A network that maps one batch to named outputs.

    Args:
        weights: a serialised ONNX model with one input whose first dimension is the batch.
        providers: ONNX Runtime's names of execution providers, in order of preference.
    """

    def __init__(self, weights: bytes, providers: Sequence[str]) -> None:
        options = onnxruntime.SessionOptions()
        # The bundled networks are so small that handing work between threads costs more than it saves.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(weights, options, providers=list(providers))
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def providers(self) -> list[str]:
        """ONNX Runtime's names of the execution providers that could be started."""
        return list(self._session.get_providers())

    def run(self, batch: Tensor) -> dict[str, Tensor]:
        """Run the network.

        Args:
            batch: float32, first dimension the batch.

        Returns:
            Outputs by name, each with the batch first.
        """
        values = self._session.run(self._outputs, {self._input: batch})
        return dict(zip(self._outputs, values, strict=True))


class SessionFactory:
    """Opens sessions by model name, each at most once.

    Args:
        providers: names people use (`auto`, `cuda`, `cpu`).
        catalogue: models by name; the bundled ones when None.
        store: where the weights lie; the bundled pack when None.

    Raises:
        ProviderError: a provider is not there.
    """

    def __init__(
        self,
        providers: Sequence[str] = ("auto",),
        *,
        catalogue: Catalogue | None = None,
        store: ModelStore | None = None,
    ) -> None:
        self._providers = resolve_providers(providers)
        self._required = () if "auto" in providers else tuple(self._providers)
        self._catalogue = catalogue or Catalogue.bundled()
        self._store = store or ModelStore()
        self._sessions: dict[str, Session] = {}

    def open(self, model: str) -> Session:
        """Return the session of a model, verified and loaded on first use.

        Raises:
            ModelUnknownError: no such model.
            ModelDamagedError: its weights are missing or altered.
            ProviderError: a provider that was asked for by name cannot be started.
        """
        if model not in self._sessions:
            session = Session(self._store.read(self._catalogue[model]), self._providers)
            check_started(self._required, session.providers)
            self._sessions[model] = session
        return self._sessions[model]
