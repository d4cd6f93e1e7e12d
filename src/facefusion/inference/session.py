"""Sessions: models, loaded and ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from facefusion.errors import ModelUnknownError
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.contract import Binding, Contract
from facefusion.inference.families import Families
from facefusion.inference.family import Model
from facefusion.inference.graph import TensorInfo, read_graph
from facefusion.inference.providers import check_started, resolve_providers
from facefusion.inference.runtime import onnxruntime
from facefusion.inference.store import ModelStore

Tensor = npt.NDArray[Any]
_BATCH = "batch"


class Session:
    """A network that maps named inputs to named outputs, the batch first.

    Args:
        weights: a serialised ONNX model.
        providers: ONNX Runtime's names of execution providers, in order of preference.
        contract: what the network's family takes and gives, whose names count from then on; None for a network with one
            input whose own names are used.
        name: of the model, for messages.

    Raises:
        ModelUnsafeError: the file is something that is never loaded. Only looked for where there is a contract.
        ModelUnfitError: it does not fit the contract.
    """

    def __init__(
        self, weights: bytes, providers: Sequence[str], *, contract: Contract | None = None, name: str = "model"
    ) -> None:
        self._contract = contract
        self._binding = None if contract is None else contract.bind(read_graph(weights, name), name)
        options = onnxruntime.SessionOptions()
        # The bundled networks are so small that handing work between threads costs more than it saves.
        if contract is None:
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

    @property
    def inputs(self) -> Mapping[str, TensorInfo]:
        """What the file has for the contract's inputs, by the contract's names."""
        return {} if self._binding is None else self._binding.inputs

    def run(self, inputs: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network.

        Args:
            inputs: arrays by name; an array alone is the only input.

        Returns:
            Outputs by name; floating ones as float32.
        """
        if self._binding is None or self._contract is None:
            values = self._session.run(self._outputs, {self._input: inputs})
            return dict(zip(self._outputs, values, strict=True))
        if not isinstance(inputs, Mapping):
            inputs = {next(iter(self._binding.inputs)): inputs}
        return self._run_bound(self._contract, self._binding, inputs)

    def _run_bound(self, contract: Contract, binding: Binding, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run a network that has a contract: in one go, or one by one where the file fixes its batch at 1."""
        batched = [spec.name for spec in contract.inputs if spec.shape[:1] == (_BATCH,) and spec.name in inputs]
        fixed = any(binding.inputs[name].shape[0] == 1 for name in batched)
        if not fixed or not batched or len(inputs[batched[0]]) == 1:
            return self._run_once(binding, inputs)
        parts = [
            self._run_once(binding, {k: v[i : i + 1] if k in batched else v for k, v in inputs.items()})
            for i in range(len(inputs[batched[0]]))
        ]
        return {name: np.concatenate([np.atleast_1d(part[name]) for part in parts]) for name in parts[0]}

    def _run_once(self, binding: Binding, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        feeds = {
            info.name: np.ascontiguousarray(inputs[name], dtype=info.dtype)
            for name, info in binding.inputs.items()
            if name in inputs
        }
        values = self._session.run([info.name for info in binding.outputs.values()], feeds)
        named = zip(binding.outputs, values, strict=True)
        return {
            name: value.astype(np.float32, copy=False) if value.dtype.kind == "f" else value for name, value in named
        }


class _Needed(Mapping[str, Any]):
    """The adapters of models, each loaded when it is first asked for: not every job needs all of them.

    Args:
        names: of the models.
        load: returns an adapter; called as often as it is asked for.
    """

    def __init__(self, names: Sequence[str], load: Callable[[str], Any]) -> None:
        self._names = tuple(names)
        self._load = load

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._load(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class SessionFactory:
    """Opens models by name, each at most once.

    Args:
        providers: names people use (`auto`, `cuda`, `cpu`).
        catalogue: models by name; all that ship with the package when None.
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
        self.catalogue = catalogue or Catalogue.known()
        self._store = store or ModelStore()
        self._families = Families()
        self._sessions: dict[str, Session] = {}
        self._adapters: dict[str, Any] = {}

    def open(self, model: str) -> Session:
        """Return the session of a bundled model, verified and loaded on first use.

        Raises:
            ModelUnknownError: no such model.
            ModelDamagedError: its weights are missing or altered.
            ProviderError: a provider that was asked for by name cannot be started.
        """
        if model not in self._sessions:
            self._sessions[model] = self._session(self.catalogue[model], None)
        return self._sessions[model]

    def load(self, model: str, task: str) -> Any:
        """Return the adapter of a model, with the models that it requires, verified and loaded on first use.

        Args:
            model: its name.
            task: what it is to be used for; each task has a Protocol that its adapters follow.

        Raises:
            ModelUnknownError: no such model for this task.
            ModelError: it cannot be used; see `facefusion.errors`.
            ProviderError: a provider that was asked for by name cannot be started.
        """
        card = self.catalogue[model]
        if card.task != task:
            others = ", ".join(other.name for other in self.catalogue.of_task(task))
            raise ModelUnknownError(f"Model {model!r} is a {card.task}, not a {task}", f"There is: {others or 'none'}")
        if model not in self._adapters:
            self._adapters[model] = self._adapter(card)
        return self._adapters[model]

    def _adapter(self, card: ModelCard) -> Any:
        family = self._families[card.family]
        settings = family.read_settings(card)
        needed = _Needed(card.requires, lambda name: self.load(name, self.catalogue[name].task))
        session = self._session(card, family.contract(settings))
        return family.create(Model(card, settings, session, needed))

    def _session(self, card: ModelCard, contract: Contract | None) -> Session:
        session = Session(self._store.read(card), self._providers, contract=contract, name=card.name)
        check_started(self._required, session.providers)
        return session
